import Configuration
import Testing

@Suite struct SuggestionTests {
    @Test(arguments: [("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ca", "abc", 3)])
    func `two neighbours that changed places are one edit`(a: String, b: String, edits: Int) {
        #expect(Suggestion.distance(Array(a.utf8), Array(b.utf8)) == edits)
        #expect(Suggestion.distance(Array(b.utf8), Array(a.utf8)) == edits)
    }

    @Test(arguments: [
        ("debounse", "debounce"), ("heartbaet", "heartbeat"), ("sensor", "sensors"), ("Debounce", "debounce"), ("qso", "qos"),
        ("device", nil), ("x", nil), ("", nil), ("debounce_period_us", nil),
    ] as [(String, String?)])
    func `only a word that is near is suggested`(typed: String, nearest: String?) {
        #expect(Suggestion.nearest(to: typed, among: ["debounce", "heartbeat", "sensors", "qos", "line"]) == nearest)
    }

    @Test func `a word that is like no other gets the list`() {
        #expect(Suggestion.nextStep(for: "zzz", among: ["a", "b"], what: "keys") == "; known keys: a, b")
    }

    @Test func `a list without end is cut`() {
        let known = (0..<10_000).map { "sensor-number-\($0)" }
        #expect(Suggestion.nextStep(for: "zzz", among: known, what: "sensors").utf8.count < 1000)
        #expect(Suggestion.nextStep(for: "zzz", among: known, what: "sensors").hasSuffix(", ..."))
    }

    @Test func `a word without end is not compared`() {
        let long = String(repeating: "a", count: 1_000_000)
        #expect(Suggestion.nearest(to: long, among: [long]) == nil)
    }
}
