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

    /// Nothing is on its way and nothing is to be written: only the lines take their time.
    @Test(arguments: [false, true]) func `the states that a stop leaves are told before offline`(lineFails: Bool) {
        let outputs = [
            OutputSettings(id: "siren", line: .name("GPIO27"), onExit: true), OutputSettings(id: "lamp", line: .name("GPIO22")),
        ]
        var bench = Bench(sensors: [Bench.counter(every: .seconds(3600))], outputs: outputs)
        bench.run(for: .seconds(30))
        bench.lineIsSlow = true
        bench.give(.stop)
        #expect(!bench.payloads(on: "godwit/bench/status").contains("offline"))
        bench.run(for: .milliseconds(500))
        #expect(!bench.isFinished)
        bench.lineIsSlow = false
        bench.outputAnswer = lineFails ? .failed(NoReading(.missing, detail: "gone")) : .ready
        bench.answerLines()
        bench.run(for: .milliseconds(100))
        #expect(bench.isFinished)
        #expect(bench.payloads(on: "godwit/bench/outputs/siren") == ["off", lineFails ? "" : "on"])
        #expect(bench.published.last?.topic == "godwit/bench/status")
        #expect(bench.payloads(on: "godwit/bench/status") == ["online", "offline"])
    }

    @Test func `a line that never answers does not hold the stop beyond 5 s`() {
        var bench = Bench(outputs: [OutputSettings(id: "siren", line: .name("GPIO27"), onExit: true)])
        bench.run(for: .seconds(3))
        bench.lineIsSlow = true
        let begun = bench.clock.instant
        bench.give(.stop)
        while !bench.isFinished, begun.duration(to: bench.clock.instant) < .seconds(10) { bench.run(for: .milliseconds(50)) }
        #expect(bench.isFinished && begun.duration(to: bench.clock.instant) <= .seconds(5))
        #expect(bench.payloads(on: "godwit/bench/status") == ["online", "offline"])
    }
}
