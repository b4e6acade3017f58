import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct PublishingTests {
    @Test func `online and info come before the first reading`() {
        var bench = Bench()
        bench.run(for: .seconds(2))
        #expect(bench.published.prefix(2).map(\.topic) == ["godwit/bench/status", "godwit/bench/info"])
        #expect(bench.published[0].retain && bench.published[0].qos == 1)
        #expect(bench.payloads(on: "godwit/bench/status") == ["online"])
    }

    @Test(arguments: [1, 2, 20]) func `no more than the window waits for an acknowledgement`(inFlight: Int) {
        var bench = Bench(inFlight: inFlight)
        bench.acknowledges = false
        bench.run(for: .seconds(40))
        #expect(bench.published.filter { $0.qos > 0 }.count <= inFlight)
    }

    @Test func `a refused reading is held and comes again with all behind it, in order`() {
        var bench = Bench()
        bench.acknowledges = false
        bench.run(for: .seconds(3))
        let before = bench.published.count
        // The status and the info are settled, the first reading is refused: not authorized.
        bench.give(.session(.acknowledged(MessageTag(1), reason: 0)))
        bench.give(.session(.acknowledged(MessageTag(2), reason: 0)))
        bench.give(.session(.acknowledged(MessageTag(3), reason: 0x87)))
        bench.acknowledges = true
        bench.run(for: .seconds(600))
        let again = bench.published.dropFirst(before).filter { $0.topic == "godwit/bench/sensors/n" }
            .compactMap { Bench.integer("seq", in: String(decoding: $0.payload, as: UTF8.self)) }
        #expect(again == Array(1...max(again.count, 1)))
        #expect(bench.agent.ring.status.unacknowledged == 0)
        #expect(bench.agent.ring.status.lost == 0)
    }

    @Test func `identify puts device and sensor into a reading`() {
        var bench = Bench(identify: true)
        bench.run(for: .seconds(2))
        #expect(bench.payloads(on: "godwit/bench/sensors/n")[0].contains("\"device\":\"bench\",\"sensor\":\"n\""))
    }

    @Test func `a reading carries its name as user properties`() {
        var bench = Bench()
        bench.run(for: .seconds(2))
        let reading = bench.published.first { $0.topic == "godwit/bench/sensors/n" }
        #expect(reading?.userProperties.map(\.name) == ["stream", "seq"])
        #expect(reading?.userProperties.last?.value == "1")
        #expect(reading?.contentType == "application/json")
    }

    @Test func `the Will Message says offline, retained, on the status topic`() {
        let bench = Bench()
        let will = Agent.willMessage(for: bench.agent.configuration)
        #expect(will == Message(topic: "godwit/bench/status", payload: Array("offline".utf8), qos: 1, retain: true))
    }
}
