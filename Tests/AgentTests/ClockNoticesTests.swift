import RingStore
import Telemetry
import Testing

@testable import Agent

struct ClockNoticesTests {
    private func said(_ bench: Bench) -> [String] {
        bench.log.filter { $0.text.hasPrefix("the time is") }.map { "\($0.level.text): \($0.text)" }
    }

    @Test func `a clock that is known from the start is not talked about`() {
        var bench = Bench()
        bench.run(for: .seconds(120))
        #expect(said(bench).isEmpty)
    }

    @Test func `a start without a time is said once, and that it is known once more`() {
        var bench = Bench(clockIsKnown: false, waitForClock: .seconds(60))
        bench.run(for: .seconds(50))
        #expect(said(bench).count == 1)
        #expect(said(bench)[0].hasPrefix("info: the time is not known yet: readings wait for it, until 60 s (publish.wait_for_clock)"))
        bench.clock.isKnown = true
        bench.run(for: .seconds(120))
        #expect(said(bench).count == 2)
        #expect(said(bench).last == "info: the time is known now")
    }

    @Test func `the end of wait_for_clock is a warning, once, though the connection is lost in between`() {
        var bench = Bench(clockIsKnown: false, waitForClock: .seconds(60))
        bench.run(for: .seconds(59))
        #expect(!said(bench).contains { $0.hasPrefix("warning") })
        bench.run(for: .seconds(3))
        #expect(bench.agent.lastError?.hasPrefix("the time is still not known") == true)
        bench.loseConnection()
        bench.run(for: .seconds(90))
        #expect(said(bench).count == 2)
        #expect(said(bench).last?.hasPrefix("warning: the time is still not known, 60 s after the broker was reached") == true)
    }

    @Test func `without a broker there is no end of the wait`() {
        var bench = Bench(clockIsKnown: false, waitForClock: .seconds(60))
        bench.brokerAnswers = false
        bench.run(for: .seconds(120))
        #expect(said(bench).count == 1)
    }

    @Test func `a restart in a boot whose time the ring knows says nothing`() {
        var bench = Bench()
        bench.run(for: .seconds(20))
        bench.give(.stop)
        bench.run(for: .seconds(6))
        var next = bench.restarted(clockIsKnown: false)
        next.run(for: .seconds(200))
        #expect(said(next).isEmpty)
    }
}
