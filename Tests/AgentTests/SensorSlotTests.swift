import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct SensorSlotTests {
    @Test func `a line that is missing is said once, and is asked for again with longer and longer delays`() {
        var bench = Bench(sensors: [Bench.contact()])
        bench.lineAnswer = .lineFailed(NoReading(.missing, detail: "no line 'GPIO17'"))
        bench.run(for: .seconds(300))
        let payloads = bench.payloads(on: "godwit/bench/sensors/door")
        #expect(payloads.count == 1, "the next with the heartbeat, after 10 min")
        #expect(payloads.allSatisfy { $0.contains("\"error\":\"missing\",\"detail\":\"no line 'GPIO17'\"") })
        // 0, 1, 3, 7, 15, 31, 63, 123, 183, 243 s
        #expect((9...11).contains(bench.configured.count))
        bench.lineAnswer = .lineReady(isActive: true)
        bench.run(for: .seconds(61))
        #expect(bench.payloads(on: "godwit/bench/sensors/door").last?.contains("\"state\":") == true)
    }

    @Test func `a sensor that fails does not stop the others`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter()])
        bench.lineAnswer = .lineFailed(NoReading(.busy, detail: "held by 'other'"))
        bench.run(for: .seconds(10))
        #expect(bench.payloads(on: "godwit/bench/sensors/n").count >= 10)
    }

    @Test func `the same failure is logged once, and its end too`() {
        var bench = Bench(sensors: [Bench.contact()])
        bench.lineAnswer = .lineFailed(NoReading(.missing, detail: "no line"))
        bench.run(for: .seconds(100))
        #expect(bench.log.filter { $0.text.contains("no reading sensor=door") }.count == 1)
        bench.lineAnswer = .lineReady(isActive: false)
        bench.run(for: .seconds(61))
        #expect(bench.log.filter { $0.text.contains("reading again sensor=door") }.count == 1)
    }

    @Test func `lost edges are counted`() {
        var bench = Bench(sensors: [Bench.contact()])
        bench.run(for: .seconds(1))
        bench.give(.sensor(0, .edges([], lostBefore: 3), lostIsExact: false))
        bench.ask(CommandOrigin(client: 1, id: nil), .status)
        #expect(bench.responses.last?.contains("\"lost_edges\":3,\"lost_edges_exact\":false") == true)
    }
}
