internal import Telemetry

/// The nearest of the known words to one that is not known.
package enum Suggestion {
    /// What is longer than this is compared with nothing: it is no slip of the finger, and the time is bounded.
    static let maximumBytes = 64
    /// Of a long list of ids only so many are compared, and fewer listed: each message has an end, and so has the time
    /// that a thousand of them take.
    static let maximumCompared = 256
    static let maximumListed = 40

    /// The known word with the fewest edits, if those are few for its length; of equals the first.
    package static func nearest(to word: String, among known: [String]) -> String? {
        let typed = lowercased(word)
        guard !typed.isEmpty, typed.count <= maximumBytes else { return nil }
        var best: (word: String, edits: Int)?
        for candidate in known.prefix(maximumCompared) {
            let length = candidate.utf8.count
            guard length <= maximumBytes else { continue }
            let limit = length <= 2 ? 1 : max(1, (length + 1) / 3)
            let edits = distance(typed, lowercased(candidate))
            if edits <= limit, edits < length, edits < best?.edits ?? .max { best = (candidate, edits) }
        }
        return best?.word
    }

    /// `; did you mean 'WORD'?`, or else `; known WHAT: a, b, c`.
    package static func nextStep(for word: String, among known: [String], what: String) -> String {
        if let nearest = nearest(to: word, among: known) { return "; did you mean '\(nearest)'?" }
        let rest = known.count > maximumListed ? ", ..." : ""
        return "; known \(what): \(known.prefix(maximumListed).joined(separator: ", "))\(rest)"
    }

    /// Optimal string alignment: insertions, deletions, replacements, and two neighbours that changed places.
    package static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [Int](repeating: 0, count: b.count + 1)
            row[0] = i
            for j in 1...b.count {
                let same = a[i - 1] == b[j - 1]
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
