import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct ReportingTests {
    @Test func `metrics are published after each connect and at their interval, while connected`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(60))], metricsEvery: .seconds(300))
        bench.run(for: .seconds(1000))
        #expect(bench.payloads(on: "godwit/bench/metrics").count == 4)
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.run(for: .seconds(1000))
        #expect(bench.payloads(on: "godwit/bench/metrics").count == 4)
    }

    @Test func `the metrics hold every key of the contract`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.ask(CommandOrigin(client: 1, id: nil), .metrics)
        let answer = bench.responses.last ?? ""
        for key in [
            "device", "time", "clock", "clock_source", "boot", "stream", "version", "uptime", "connected", "protocol",
            "reconnects", "connect_failures", "last_disconnect", "published", "acknowledged", "duplicates_possible",
            "rejected", "held", "unrouted", "losses", "bytes_sent", "bytes_received", "buffer", "records", "bytes",
            "capacity_bytes", "oldest_age", "in_memory", "evicted", "damaged", "written_bytes", "syncs", "sensors",
            "readings", "failures", "lost_edges", "lost_edges_exact", "last_age", "last_error", "alerts", "outputs",
            "rss_bytes", "wakeups",
        ] {
            #expect(answer.contains("\"\(key)\":"), "\(key)")
        }
        #expect(answer.contains("\"connected\":true,\"protocol\":\"5\""))
        #expect(answer.contains("\"rss_bytes\":1,\"wakeups\":2"))
    }

    @Test func `info names the sensors with their models, quantities and units`() {
        var bench = Bench()
        bench.run(for: .seconds(1))
        let info = bench.payloads(on: "godwit/bench/info")[0]
        #expect(info.contains("\"n\":{\"name\":\"n\",\"model\":\"synthetic\",\"quantities\":{\"value\":{\"unit\":\"1\",\"decimals\":3}}}"))
        #expect(info.contains("\"config\":{\"hash\":\"00000000\",\"loaded\":\"2026-"))
    }

    @Test func `without a connection metrics say so and name the last failure`() {
        var bench = Bench()
        bench.run(for: .seconds(1))
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.run(for: .seconds(1))
        bench.ask(CommandOrigin(client: 1, id: nil), .status)
        #expect(bench.responses.last?.contains("\"connected\":false,\"protocol\":null") == true)
        #expect(bench.responses.last?.contains("\"last_disconnect\":{\"reason\":\"test\"") == true)
    }
}
