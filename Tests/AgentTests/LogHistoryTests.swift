import Telemetry
import Testing

@testable import Agent

@Suite struct LogHistoryTests {
    private func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    @Test func `the last hundred lines are kept, the newest last`() {
        var history = LogHistory()
        for number in 1...250 { history.add(Notice(.info, "\(number)"), at: instant(Double(number))) }
        #expect(history.lines.map(\.text) == (151...250).map { "\($0)" })
        #expect(history.lines.last?.instant == instant(250))
    }

    @Test func `a long line is cut between two characters`() {
        var history = LogHistory()
        history.add(Notice(.info, String(repeating: "a", count: 511) + "éé"), at: .zero)
        history.add(Notice(.info, String(repeating: "é", count: 256)), at: .zero)
        history.add(Notice(.info, String(repeating: "é", count: 257)), at: .zero)
        #expect(history.lines.map { $0.text.utf8.count } == [511, 512, 512])
    }

    @Test func `one line a second goes out and says how many did not`() throws {
        var publishing = LogPublishing()
        publishing.add(Notice(.info, "a"), at: instant(1), isConnected: true)
        publishing.add(Notice(.info, "b"), at: instant(1), isConnected: true)
        let taken = publishing.take(at: instant(1))
        let first = try #require(taken)
        #expect(first.line.text == "a")
        #expect(first.dropped == 1)
        publishing.add(Notice(.info, "c"), at: instant(1.9), isConnected: true)
        let early = publishing.take(at: instant(1.9))
        #expect(early == nil)
        publishing.add(Notice(.info, "d"), at: instant(2), isConnected: true)
        let takenNext = publishing.take(at: instant(2))
        let second = try #require(takenNext)
        #expect(second.line.text == "d")
        #expect(second.dropped == 1)
    }

    @Test func `without a connection lines are counted, and so is one that waited when it was lost`() throws {
        var publishing = LogPublishing()
        publishing.add(Notice(.info, "a"), at: instant(1), isConnected: false)
        publishing.add(Notice(.info, "b"), at: instant(2), isConnected: true)
        publishing.drop()
        publishing.drop()
        publishing.add(Notice(.info, "c"), at: instant(3), isConnected: true)
        let taken = publishing.take(at: instant(3))
        let line = try #require(taken)
        #expect(line.line.text == "c")
        #expect(line.dropped == 2)
        let none = publishing.take(at: instant(9))
        #expect(none == nil)
    }
}
