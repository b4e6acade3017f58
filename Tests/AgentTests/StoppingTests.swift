import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct StoppingTests {
    @Test func `a stop sends what it can, says offline and finishes`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.give(.stop)
        bench.run(for: .seconds(5))
        #expect(bench.isFinished)
        #expect(bench.payloads(on: "godwit/bench/status") == ["online", "offline"])
        #expect(bench.disconnects == [false])
    }

    @Test func `a broker that does not answer does not hold the stop beyond 5 s, and the Will says it`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.acknowledges = false
        bench.run(for: .seconds(2))
        let begun = bench.clock.instant
        bench.give(.stop)
        while !bench.isFinished, begun.duration(to: bench.clock.instant) < .seconds(10) { bench.run(for: .milliseconds(50)) }
        #expect(bench.isFinished)
        #expect(begun.duration(to: bench.clock.instant) <= .seconds(5))
        #expect(bench.disconnects == [true])
    }

    @Test func `without a connection a stop only syncs`() {
        var bench = Bench()
        bench.brokerAnswers = false
        bench.run(for: .seconds(3))
        let begun = bench.clock.instant
        bench.give(.stop)
        bench.run(for: .milliseconds(100))
        #expect(bench.isFinished)
        #expect(begun.duration(to: bench.clock.instant) < .seconds(1))
        #expect(bench.published.isEmpty)
    }

    @Test func `sensors are not read after the stop has begun`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.acknowledges = false
        let count = bench.agent.ring.status.head
        bench.give(.stop)
        bench.run(for: .seconds(4))
        #expect(bench.agent.ring.status.head == count)
    }
}
