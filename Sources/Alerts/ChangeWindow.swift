package import Telemetry

/// Whether a series has risen, or fallen, by so much within a window of time, in bounded memory.
///
/// Of the values of the window only those can ever matter to a rise that no younger value undercuts: they stand in the order
/// of time with ever higher values, and the first is the lowest of the window. A fall is the rise of the negated values.
/// At most `capacity` are kept. Beyond it the two neighbours that lie in the shortest span become one, which has the value of
/// the elder (the lower one) and lasts as long as the younger. Of 257 entries the 128 pairs behind the first lie
/// in the window and do not overlap, so the shortest span is at most 1/128 of it, and since a span counts from its first value,
/// joining again and again cannot drag a value along.
package struct ChangeWindow: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        var value: Int64
        /// The time of the value, or of the eldest of what was joined; `value` is that one's.
        var first: Instant
        /// The time until which from it is remembered.
        var last: Instant
    }

    package static let capacity = 256

    private let isRise: Bool
    /// Positive.
    private let least: Int64
    private let withinNanoseconds: Int64
    private var entries: [Entry] = []
    /// What lies before it has left the window.
    private var head = 0
    /// By how much the newest value is above the lowest (below the highest) of the window; nil before the second value.
    package private(set) var change: Int64?

    /// - Parameters:
    ///   - by: positive, a rise; negative, a fall; not zero.
    ///   - decimals: of the values.
    package init(by change: Decimal, within: Duration, decimals: UInt8) {
        precondition(change.significand != 0, "a change of nothing")
        isRise = change.significand > 0
        least = isRise ? change.ceiling(at: decimals) : Self.negated(change.floor(at: decimals))
        withinNanoseconds = within.nanoseconds
    }

    /// How many values are kept.
    package var count: Int { entries.count - head }

    /// Whether the value differs by so much from one of the window; then it becomes part of it.
    ///
    /// - Parameter instant: not before that of the value before.
    package mutating func take(_ value: Int64, at instant: Instant) -> Bool {
        let value = isRise ? value : Self.negated(value)
        while head < entries.count, entries[head].last.later(by: withinNanoseconds) < instant { head += 1 }
        change = head < entries.count ? max(0, Self.difference(value, entries[head].value)) : nil
        while entries.count > head, let last = entries.last, last.value >= value { entries.removeLast() }
        // The room of what has left is used again, before the array would grow and when nothing is left.
        if head == entries.count || head >= Self.capacity {
            entries.removeFirst(head)
            head = 0
        }
        entries.append(Entry(value: value, first: instant, last: instant))
        if count > Self.capacity { join() }
        return change.map { $0 >= least } ?? false
    }

    private mutating func join() {
        var best = head
        var shortest = Int64.max
        for index in head..<entries.count - 1 {
            let span = entries[index + 1].last.nanoseconds &- entries[index].first.nanoseconds
            if span < shortest {
                shortest = span
                best = index
            }
        }
        entries[best].last = entries[best + 1].last
        entries.remove(at: best + 1)
    }

    private static func negated(_ value: Int64) -> Int64 { value == .min ? .max : -value }

    private static func difference(_ a: Int64, _ b: Int64) -> Int64 {
        let (difference, overflow) = a.subtractingReportingOverflow(b)
        return overflow ? (a < 0 ? .min : .max) : difference
    }
}
