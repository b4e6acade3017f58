import MQTTSession
import RingStore
import Telemetry
import Testing

@testable import Agent

/// Sends a reading if it may go.
private func take(_ pace: inout DrainPace, _ now: Instant) -> Bool {
    guard pace.allows(at: now) else { return false }
    pace.spend()
    return true
}

struct DrainPaceTests {
    private func taken(_ limit: Int, seconds: Int, turnsEach milliseconds: Int = 1) -> [Int] {
        var pace = DrainPace(limit: limit)
        pace.connected()
        return (0..<seconds).map { second in
            var count = 0
            for turn in stride(from: 0, to: 1000, by: milliseconds) {
                let now = Instant(nanoseconds: Int64(second * 1000 + turn) * 1_000_000)
                while take(&pace, now) { count += 1 }
            }
            return count
        }
    }

    @Test(arguments: [1, 3, 9, 10, 11, 200, 12345])
    func `each second gets the limit, whatever the turns are`(limit: Int) {
        for each in [1, 7, 50] {
            let counts = taken(limit, seconds: 20, turnsEach: each)
            #expect(counts.allSatisfy { abs($0 - limit) <= max(1, limit / 10) }, "\(counts)")
            #expect(abs(counts.reduce(0, +) - 20 * limit) <= max(1, limit * 8 / 10), "\(counts)")
        }
    }

    @Test func `a pause gives no credit`() {
        var pace = DrainPace(limit: 100)
        pace.connected()
        var count = 0
        while take(&pace, Instant(nanoseconds: 3_600_000_000_000)) { count += 1 }
        #expect(count == 10)
    }

    @Test func `without a limit, and once it is drained, everything goes`() {
        var free = DrainPace(limit: nil)
        free.connected()
        #expect(!free.isDraining && (0..<1000).allSatisfy { _ in take(&free, .init(nanoseconds: 0)) } && free.deadline == nil)
        var pace = DrainPace(limit: 10)
        pace.connected()
        #expect(take(&pace, .init(nanoseconds: 0)) && !take(&pace, .init(nanoseconds: 1)))
        #expect(pace.deadline == Instant(nanoseconds: 100_000_000))
        pace.drained()
        #expect((0..<1000).allSatisfy { _ in take(&pace, .init(nanoseconds: 1)) } && pace.deadline == nil)
    }

    @Test func `a backlog goes out at the limit and in order, and what comes later at once`() {
        var bench = Bench(
            sensors: [Bench.counter(every: .milliseconds(100))], configure: { $0.rateLimit = 50 })
        bench.brokerAnswers = false
        bench.run(for: .seconds(60))
        bench.brokerAnswers = true
        func readings() -> Int { bench.published.filter { $0.topic.contains("/sensors/") }.count }
        // The next try to connect.
        while !bench.agent.session.isOnline { bench.run(for: .milliseconds(100)) }
        let before = readings()
        bench.run(for: .seconds(5))
        #expect(abs(readings() - before - 250) <= 6)
        bench.run(for: .seconds(30))
        #expect(bench.agent.ring.status.unacknowledged == 0)
        let numbers = bench.published.filter { $0.topic.contains("/sensors/") }.compactMap {
            $0.reading?.sequence.rawValue
        }
        #expect(numbers == (1...numbers.count).map { UInt64($0) })
    }

    @Test func `an alert that waits for its disk holds a paced backlog up, and the agent sleeps`() {
        var bench = Bench(
            sensors: [Bench.counter(every: .milliseconds(100))], alerts: [above(1000)], configure: { $0.rateLimit = 20 })
        bench.brokerAnswers = false
        bench.run(for: .seconds(60))
        bench.brokerAnswers = true
        while !bench.agent.session.isOnline { bench.run(for: .milliseconds(100)) }
        bench.silentFiles = [.alerts]
        func readings() -> Int { bench.published.filter { $0.topic.contains("/sensors/") }.count }
        for _ in 0..<200 where !bench.agent.alerting.ring.hasMoreToHandOver { bench.run(for: .milliseconds(100)) }
        #expect(bench.agent.alerting.ring.hasMoreToHandOver)
        let before = readings()
        // The bench traps where a deadline stays in the past.
        bench.run(for: .seconds(20))
        #expect(readings() == before)
        #expect(bench.agent.drain.isDraining)
        bench.silentFiles = []
        bench.answerAgain()
        bench.run(for: .seconds(5))
        #expect(bench.payloads(on: "godwit/bench/alerts/high").count == 1)
        #expect(readings() > before + 60)
    }
}
