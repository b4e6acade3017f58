import Telemetry
import MQTTSession
import Outputs
import RingStore
import Sensors
import Testing

@testable import Agent

struct CommandsTests {
    private let origin = CommandOrigin(client: 4, id: "a")

    @Test func `read answers with the next reading of the sensor`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(60))])
        bench.run(for: .seconds(1))
        bench.ask(origin, .read(sensor: "n"))
        bench.run(for: .seconds(1))
        #expect(bench.responses.count == 1)
        #expect(bench.responses[0].hasPrefix("{\"id\":\"a\",\"command\":\"read\",\"ok\":true,\"result\":{"))
        #expect(bench.responses[0].contains("\"value\":"))
    }

    @Test func `read of a sensor that does not exist names those that do`() {
        var bench = Bench()
        bench.ask(origin, .read(sensor: "m"))
        #expect(bench.responses == [#"{"id":"a","ok":false,"error":"no sensor 'm'; there are: n"}"#])
        bench.ask(origin, .read(sensor: "garden"))
        #expect(bench.responses[1] == #"{"id":"a","ok":false,"error":"no sensor 'garden'; there are: n"}"#)
        var two = Bench(sensors: [Bench.counter(id: "garden"), Bench.counter(id: "cellar")])
        two.ask(origin, .read(sensor: "gaden"))
        #expect(two.responses == [#"{"id":"a","ok":false,"error":"no sensor 'gaden'; did you mean 'garden'?"}"#])
    }

    @Test func `status and metrics are the metrics object`() {
        var bench = Bench()
        bench.run(for: .seconds(1))
        bench.ask(origin, .status)
        bench.ask(origin, .metrics)
        #expect(bench.responses[0].hasPrefix(#"{"id":"a","command":"status","ok":true,"result":{"device":"bench","#))
        #expect(bench.responses[1].hasPrefix(#"{"id":"a","command":"metrics","ok":true,"result":{"device":"bench","#))
        #expect(bench.responses[0].contains(#""ignored_commands":0"#))
    }

    @Test func `losses are told as they were published`() throws {
        // Nothing is acknowledged, and the memory is small: readings are evicted.
        var bench = Bench(sensors: [Bench.counter(every: .milliseconds(1))]) {
            $0.ring.size = 256 << 10
            $0.ring.memory = 64 << 10
            $0.session.reconnectMaximum = .seconds(1)
        }
        bench.brokerAnswers = false
        while bench.agent.ring.status.evicted == 0, bench.clock.instant < Instant(nanoseconds: 300_000_000_000) {
            bench.run(for: .seconds(1))
        }
        bench.ask(origin, .losses)
        #expect(bench.responses[0].hasSuffix(#""result":{"losses":[]}}"#))
        bench.brokerAnswers = true
        while bench.payloads(on: "godwit/bench/losses").isEmpty, bench.clock.instant < Instant(nanoseconds: 600_000_000_000) {
            bench.run(for: .milliseconds(100))
        }
        let published = bench.payloads(on: "godwit/bench/losses")
        try #require(!published.isEmpty)
        bench.ask(origin, .losses)
        let last = try #require(published.last)
        #expect(bench.responses[1].contains(last))
    }

    @Test func `an output that does not exist is told with those that do`() {
        var bench = Bench { $0.outputs = [ReceivingTests.siren] }
        bench.ask(origin, .output(id: "sirene", .off, expires: nil))
        #expect(bench.responses == [#"{"id":"a","ok":false,"error":"no output 'sirene'; did you mean 'siren'?"}"#])
        var none = Bench()
        none.ask(origin, .output(id: "siren", .off, expires: nil))
        #expect(none.responses == [#"{"id":"a","ok":false,"error":"no output 'siren'; none is configured"}"#])
    }

    @Test func `an alert that does not exist is told, also where there is none`() {
        var bench = Bench()
        bench.ask(origin, .acknowledge(alert: "frost"))
        bench.ask(origin, .mute(alert: "frost", lasting: .seconds(1)))
        let refusal = #"{"id":"a","ok":false,"error":"no alert 'frost'; none is configured"}"#
        #expect(bench.responses == [refusal, refusal])
    }

    @Test func `an output command that has expired is not done`() {
        var bench = Bench { $0.outputs = [ReceivingTests.siren] }
        bench.ask(origin, .output(id: "siren", .on(lasting: nil), expires: bench.clock.wallTime))
        #expect(bench.responses[0].contains("a command that expired at"))
    }
}
