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

    @Test func `a reading's message carries its name`() {
        var bench = Bench()
        bench.run(for: .seconds(2))
        let reading = bench.published.first { $0.topic == "godwit/bench/sensors/n" }
        #expect(reading?.reading?.sequence == .first)
        #expect(bench.payloads(on: "godwit/bench/sensors/n")[0].contains("\"\(reading?.reading?.stream.text ?? "none")\""))
        #expect(reading?.contentType == "application/json")
    }

    @Test func `the Will Message says offline, retained, on the status topic`() {
        let bench = Bench()
        let will = Agent.willMessage(for: bench.agent.configuration)
        #expect(will == Message(topic: "godwit/bench/status", payload: Array("offline".utf8), qos: 1, retain: true))
    }

    private func qos2(_ change: (inout AgentConfiguration) -> Void = { _ in }) -> Bench {
        Bench {
            $0.session.qos = 2
            change(&$0)
        }
    }

    @Test func `with qos 2 readings go with it, and what is retained does not`() {
        var bench = qos2()
        bench.run(for: .seconds(3))
        let readings = bench.published.filter { $0.topic == "godwit/bench/sensors/n" }
        #expect(readings.count == 4 && readings.allSatisfy { $0.qos == 2 })
        #expect(bench.published.filter(\.retain).allSatisfy { $0.qos == 1 })
        #expect(bench.agent.ring.status.unacknowledged == 0)
    }

    @Test func `with qos 2 what is in flight over a loss is settled by the next connection, and sent once`() {
        var bench = qos2()
        bench.run(for: .seconds(2))
        bench.acknowledges = false
        bench.run(for: .seconds(5))
        #expect(bench.agent.ring.status.unacknowledged == 5)
        bench.loseConnection()
        bench.acknowledges = true
        bench.run(for: .seconds(30))
        #expect(bench.agent.ring.status.unacknowledged == 0)
        let numbers = bench.sequences(on: "godwit/bench/sensors/n")
        #expect(numbers == Array(1...numbers.count) && numbers.count > 30)
        #expect(bench.agent.session.counters.duplicatesPossible == 0)
    }

    @Test func `with qos 2 what is in flight comes again when the broker has not kept the session`() {
        var bench = qos2()
        bench.run(for: .seconds(2))
        bench.acknowledges = false
        bench.run(for: .seconds(5))
        bench.keepsSession = false
        bench.loseConnection()
        bench.acknowledges = true
        bench.run(for: .seconds(30))
        #expect(bench.agent.ring.status.unacknowledged == 0)
        let numbers = bench.sequences(on: "godwit/bench/sensors/n")
        #expect(Array(numbers.prefix(14)) == Array(1...8) + Array(4...9))
        #expect(bench.agent.session.counters.duplicatesPossible == 5)
    }

    @Test func `with qos 2 a batch that is not full waits over a loss, and what it holds is sent once`() {
        var bench = qos2 { $0.batch = BatchLimits(readings: 4, age: .seconds(600)) }
        bench.run(for: .seconds(6))
        bench.acknowledges = false
        bench.run(for: .seconds(3))
        bench.loseConnection()
        bench.acknowledges = true
        bench.run(for: .seconds(30))
        let messages = bench.published.filter { $0.topic == "godwit/bench/readings" }
        let numbers = messages.flatMap { message in
            String(decoding: message.payload, as: UTF8.self).split(separator: "},{").compactMap { Bench.integer("seq", in: String($0)) }
        }
        #expect(numbers == Array(1...numbers.count) && messages.allSatisfy { $0.qos == 2 })
        #expect(bench.agent.ring.status.unacknowledged < 4)
    }
}
