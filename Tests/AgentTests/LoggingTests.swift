import MQTTSession
import Telemetry
import Testing

@testable import Agent

@Suite struct LoggingTests {
    @Test func `without the setting nothing goes to the topic of the log`() {
        var bench = Bench()
        bench.run(for: .seconds(1))
        bench.give(.notice(Notice(.error, "the disk is full")))
        #expect(bench.payloads(on: "godwit/bench/log").isEmpty)
    }

    @Test func `lines from the level on are published, unretained and at QoS 0, one a second`() throws {
        var bench = Bench { $0.logPublish = .warning }
        bench.run(for: .seconds(2))
        for text in ["a", "b", "c"] { bench.give(.notice(Notice(.warning, text))) }
        bench.give(.notice(Notice(.info, "not this")))
        bench.run(for: .seconds(1))
        bench.give(.notice(Notice(.error, "d")))
        let messages = bench.published.filter { $0.topic == "godwit/bench/log" }
        #expect(messages.allSatisfy { $0.qos == 0 && !$0.retain && $0.contentType == "application/json" })
        let payloads = bench.payloads(on: "godwit/bench/log")
        #expect(payloads.count == 2)
        #expect(payloads[0].hasSuffix(#""level":"warning","text":"a"}"#))
        #expect(payloads[1].hasSuffix(#""level":"error","text":"d","dropped":2}"#))
        #expect(payloads[0].hasPrefix(#"{"time":"2026-"#))
    }

    @Test func `what the log does not have is not published either`() {
        var bench = Bench {
            $0.logLevel = .warning
            $0.logPublish = .debug
        }
        bench.run(for: .seconds(2))
        bench.give(.notice(Notice(.info, "too fine")))
        #expect(bench.payloads(on: "godwit/bench/log").isEmpty)
        bench.give(.notice(Notice(.warning, "this")))
        #expect(bench.payloads(on: "godwit/bench/log").count == 1)
    }

    @Test func `a line of an outage is counted in the first one after it`() {
        var bench = Bench { $0.logPublish = .error }
        bench.run(for: .seconds(2))
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.give(.notice(Notice(.error, "a")))
        #expect(bench.payloads(on: "godwit/bench/log").isEmpty)
        bench.brokerAnswers = true
        bench.run(for: .seconds(300))
        bench.give(.notice(Notice(.error, "b")))
        #expect(bench.payloads(on: "godwit/bench/log").count == 1)
        #expect(bench.payloads(on: "godwit/bench/log")[0].hasSuffix(#""text":"b","dropped":1}"#))
    }

    @Test func `after offline nothing more is published`() {
        var bench = Bench { $0.logPublish = .debug }
        bench.run(for: .seconds(2))
        bench.give(.stop)
        bench.run(for: .seconds(6))
        #expect(bench.isFinished)
        #expect(bench.published.last?.topic == "godwit/bench/status")
    }

    @Test func `logs gives the lines that the log has, with the uptime while the time is not known`() {
        var bench = Bench(clockIsKnown: false)
        bench.give(.notice(Notice(.debug, "too fine")))
        bench.give(.notice(Notice(.error, "the disk is full")))
        bench.ask(CommandOrigin(client: 1, id: nil), .logs)
        #expect(bench.responses[0].contains(#"{"uptime":50.000,"level":"error","text":"the disk is full"}"#))
        #expect(!bench.responses[0].contains("too fine"))
        // Also what the agent itself says.
        #expect(bench.responses[0].contains("connected protocol=5"))
    }
}
