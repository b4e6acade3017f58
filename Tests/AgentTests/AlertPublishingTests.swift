import Alerts
import MQTTSession
import RingStore
import Sensors
import Telemetry
import Testing

@testable import Agent

@Suite struct AlertPublishingTests {
    @Test func `a rule raises, the event is stored, published retained at QoS 1, and settled`() {
        var bench = Bench(alerts: [above(3)])
        bench.run(for: .seconds(10))
        let message = bench.published.first { $0.topic == "godwit/bench/alerts/high" }
        #expect(message?.qos == 1 && message?.retain == true)
        let payload = bench.payloads(on: "godwit/bench/alerts/high")
        #expect(payload.count == 1)
        #expect(payload[0].contains("\"state\":\"raised\""))
        #expect(payload[0].contains("\"seq\":1"))
        #expect(payload[0].contains("\"value\":4.000"))
        #expect(payload[0].contains("\"reading\":{\"stream\":\"\(bench.agent.ring.status.stream.text)\",\"seq\":5}"))
        #expect(bench.agent.alerting.ring.status.unacknowledged == 0)
        #expect(bench.agent.alerting.ring.status.stream != bench.agent.ring.status.stream)
        #expect(bench.log.contains { $0.text.contains("alert raised alert=high") })
    }

    @Test func `events of an outage come first, in order, with their own times`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter()], alerts: [doorOpen()])
        bench.lineAnswer = .lineReady(isActive: true)
        bench.run(for: .seconds(5))
        bench.brokerAnswers = false
        bench.loseConnection()
        let start = bench.clock.wallTime
        for index in 0..<6 {
            bench.run(for: .seconds(10))
            bench.door(isActive: index % 2 == 1)
        }
        bench.brokerAnswers = true
        let before = bench.published.count
        bench.run(for: .seconds(300))
        let after = Array(bench.published[before...])
        bench.published = after
        #expect(bench.states(of: "door-open") == ["raised", "cleared", "raised", "cleared", "raised", "cleared"])
        #expect(bench.order.hasPrefix("aaaaaar"), "\(bench.order.prefix(20))")
        let times = bench.payloads(on: "godwit/bench/alerts/door-open").map { $0.contains(start.advanced(by: .seconds(10)).rfc3339.prefix(16)) }
        #expect(times.first == true)
    }

    @Test func `an event goes ahead of readings that are not yet handed over`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter(every: .milliseconds(100))], inFlight: 2, alerts: [doorOpen()])
        bench.lineAnswer = .lineReady(isActive: true)
        bench.run(for: .seconds(2))
        bench.acknowledges = false
        bench.run(for: .seconds(3))
        bench.door(isActive: false)
        let before = bench.published.count
        // The slot that is kept for it.
        #expect(bench.published.last?.topic == "godwit/bench/alerts/door-open")
        bench.acknowledges = true
        bench.loseConnection()
        bench.run(for: .seconds(10))
        bench.published = Array(bench.published[before...])
        #expect(bench.order.hasPrefix("ar"))
    }

    @Test func `a refused event is held, and not sent again at the speed of the network`() {
        var bench = Bench(sensors: [Bench.contact()], alerts: [doorOpen()])
        bench.run(for: .seconds(1))
        bench.acknowledges = false
        bench.door(isActive: true)
        bench.door(isActive: false)
        let tag = UInt64(bench.published.count)
        let before = bench.published.count
        bench.give(.session(.acknowledged(MessageTag(tag), reason: 0x87)))
        bench.run(for: .milliseconds(500))
        #expect(bench.published.count == before)
        bench.acknowledges = true
        bench.run(for: .seconds(600))
        #expect(bench.agent.alerting.ring.status.unacknowledged == 0)
    }

    @Test func `an event without a known clock carries boot and uptime at once`() {
        var bench = Bench(sensors: [Bench.contact()], clockIsKnown: false, alerts: [doorOpen()])
        bench.run(for: .seconds(5))
        let payload = bench.payloads(on: "godwit/bench/alerts/door-open")
        #expect(payload.count == 1)
        #expect(payload[0].contains("\"clock\":\"unknown\",\"boot\":\"0000b007\",\"uptime\":50"))
        #expect(payload[0].contains("\"since\":null"))
    }

    @Test func `after a reconnect the states are told again to the byte, at the first connect of a process they are not`() {
        let sensors = [Bench.contact()]
        var bench = Bench(sensors: sensors, alerts: [doorOpen()])
        bench.run(for: .seconds(5))
        #expect(bench.states(of: "door-open") == ["raised"])
        bench.loseConnection()
        bench.run(for: .seconds(60))
        let payloads = bench.payloads(on: "godwit/bench/alerts/door-open")
        #expect(payloads.count == 2 && Set(payloads).count == 1)
        // What has changed meanwhile comes behind it and is what stays.
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.door(isActive: true)
        bench.brokerAnswers = true
        bench.run(for: .seconds(300))
        #expect(bench.states(of: "door-open").last == "cleared")
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()])
        next.lineAnswer = .lineReady(isActive: true)
        next.run(for: .seconds(60))
        #expect(next.states(of: "door-open") == [])
    }
}
