import Alerts
import MQTTSession
import RingStore
import Sensors
import Telemetry
import Testing

@testable import Agent

/// The synthetic counter gives 0, 1, 2 … once a second: `n.value` with 3 decimals.
func above(_ limit: Int64, id: String = "high", hold: Duration = .zero, outputs: [String] = []) -> AlertRule {
    AlertRule(
        id: id, sensor: "n", quantity: "value", condition: .above(Decimal(limit, decimals: 0), clearBelow: nil),
        holdFor: hold, outputs: outputs)
}

/// A contact that tests open and close: without a class its state is 1 while it is closed.
func doorOpen(hold: Duration = .zero, id: String = "door-open") -> AlertRule {
    AlertRule(
        id: id, sensor: "door", quantity: "state", condition: .equals(.zero, word: "open"), holdFor: hold,
        flapping: .init(changes: 1000, within: .seconds(1)))
}

extension Bench {
    mutating func door(isActive: Bool) {
        let kind: EdgeEvent.Kind = isActive ? .rising : .falling
        give(.sensor(0, .edges([EdgeEvent(instant: clock.instant, kind: kind, lineSequence: 0)], lostBefore: 0), lostIsExact: true))
        run(for: .milliseconds(100))
    }

    func states(of alert: String) -> [String] {
        payloads(on: "godwit/bench/alerts/\(alert)").map { payload in
            ["raised", "cleared", "silent"].first { payload.contains("\"state\":\"\($0)\"") } ?? payload
        }
    }

    /// Kinds of what was published, in order: `a` an alert, `r` a reading.
    var order: String {
        published.compactMap { $0.topic.contains("/alerts/") ? "a" : $0.topic.contains("/sensors/") ? "r" : nil }.joined()
    }
}

@Suite struct AlertingTests {
    @Test func `a reading that was taken before the ring was open is named too`() {
        var bench = Bench(alerts: [above(-1)])
        bench.silentFiles = [.readings]
        bench.run(for: .seconds(3))
        #expect(bench.agent.alerting.outbox.isEmpty)
        bench.silentFiles = []
        bench.answerAgain()
        bench.run(for: .seconds(3))
        let payload = bench.payloads(on: "godwit/bench/alerts/high")
        #expect(payload.count == 1)
        #expect(payload.first?.contains("\"reading\":{\"stream\":\"\(bench.agent.ring.status.stream.text)\",\"seq\":1}") == true)
    }

    @Test func `where there are no rules there is no alert ring and nothing is kept`() {
        var bench = Bench()
        bench.run(for: .seconds(60))
        #expect(bench.diskSizes[.alerts] == nil)
        // Which topics it has left with the broker, once in its life.
        #expect(bench.writes[.state] == 1)
    }

    @Test func `what is still raised is not raised again by a restart, nor by another boot`() {
        let sensors = [Bench.contact()]
        for otherBoot in [false, true] {
            var bench = Bench(sensors: sensors, alerts: [doorOpen()])
            bench.lineAnswer = .lineReady(isActive: false)
            bench.run(for: .seconds(5))
            #expect(bench.states(of: "door-open") == ["raised"])
            var next = bench.restarted(sensors: sensors, alerts: [doorOpen()], otherBoot: otherBoot)
            next.lineAnswer = .lineReady(isActive: false)
            next.run(for: .seconds(60))
            #expect(next.states(of: "door-open") == [])
            next.door(isActive: true)
            next.run(for: .seconds(5))
            #expect(next.states(of: "door-open") == ["cleared"])
            let last = next.payloads(on: "godwit/bench/alerts/door-open").last!
            #expect(Bench.integer("seq", in: last)! > 1)
        }
    }

    @Test func `a pending time goes on over a restart in the same boot`() {
        let sensors = [Bench.contact()]
        var bench = Bench(sensors: sensors, alerts: [doorOpen(hold: .seconds(60))])
        bench.run(for: .seconds(20))
        #expect(bench.states(of: "door-open") == [])
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen(hold: .seconds(60))], away: .seconds(10))
        next.run(for: .seconds(28))
        #expect(next.states(of: "door-open") == [])
        next.run(for: .seconds(4))
        #expect(next.states(of: "door-open") == ["raised"])
    }

    @Test func `eviction never takes the newest event of an alert, and does not tell it twice`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter()], alerts: [doorOpen(), above(2)])
        bench.run(for: .seconds(10))
        #expect(bench.states(of: "high") == ["raised"])
        for index in 0..<3600 { bench.door(isActive: index % 2 == 0) }
        #expect(bench.agent.alerting.ring.status.tail.rawValue > 100)
        let newest = bench.agent.alerting.newest["high"]!
        #expect(newest.name.sequence >= bench.agent.alerting.ring.status.tail)
        #expect(bench.states(of: "high") == ["raised"])
        #expect(bench.agent.alerting.ring.status.unacknowledged == 0)
    }

    @Test func `in an outage with more events than the ring holds the newest of each alert still arrives`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter()], alerts: [doorOpen(), above(20)])
        bench.run(for: .seconds(10))
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.run(for: .seconds(30))
        for index in 0..<3600 { bench.door(isActive: index % 2 == 0) }
        bench.brokerAnswers = true
        bench.run(for: .seconds(300))
        #expect(bench.states(of: "high") == ["raised"])
        #expect(bench.states(of: "door-open").last == "raised")
        #expect(bench.payloads(on: "godwit/bench/losses").contains { $0.contains("evicted") && $0.contains("door-open") })
        bench.ask(CommandOrigin(client: 1, id: nil), .losses)
        #expect(bench.responses.last?.contains("\"door-open\":") == true)
    }

    @Test func `a disk that fails keeps no event from the broker`() {
        var bench = Bench(sensors: [Bench.contact()], alerts: [doorOpen()])
        bench.diskError = .noSpace
        bench.run(for: .seconds(10))
        bench.door(isActive: true)
        bench.run(for: .seconds(10))
        #expect(bench.states(of: "door-open") == ["raised", "cleared"])
    }

    @Test func `acknowledge and mute are events of their own, and a wrong id is refused`() {
        var bench = Bench(sensors: [Bench.contact()], alerts: [doorOpen()])
        bench.run(for: .seconds(5))
        bench.inTurn { $0.acknowledgeAlert("door-open", from: CommandOrigin(client: 1, id: nil)) }
        bench.inTurn { $0.muteAlert("door-open", lasting: .seconds(30), from: CommandOrigin(client: 1, id: nil)) }
        bench.run(for: .seconds(60))
        let payloads = bench.payloads(on: "godwit/bench/alerts/door-open")
        #expect(payloads.count == 4)
        #expect(payloads.allSatisfy { $0.contains("\"state\":\"raised\"") })
        #expect(payloads[1].contains("\"acknowledged\":\"20"))
        #expect(payloads[2].contains("\"muted_until\":\"20"))
        #expect(payloads[3].contains("\"muted_until\":null"))
    }

    @Test func `a stop before the alert ring is open leaves its events to the next process, each under one number`() {
        let sensors = [Bench.contact()]
        var bench = Bench(sensors: sensors, alerts: [doorOpen()])
        bench.silentFiles = [.alerts]
        bench.run(for: .seconds(3))
        bench.silentFiles = []
        bench.give(.stop)
        bench.answerAgain()
        bench.run(for: .seconds(6))
        #expect(bench.isFinished)
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()])
        next.run(for: .seconds(60))
        let all = bench.payloads(on: "godwit/bench/alerts/door-open") + next.payloads(on: "godwit/bench/alerts/door-open")
        #expect(Set(all.compactMap { Bench.integer("seq", in: $0) }).count == 1, "\(all)")
    }
}
