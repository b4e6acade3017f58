import Alerts
import MQTTSession
import Telemetry
import Testing

@testable import Agent

@Suite struct WakingTests {
    private let status = "godwit/bench/status"

    private func bench(
        every: Duration = .seconds(600), alerts: [AlertRule] = [], metricsEvery: Duration = .zero,
        sensors: [SensorSettings] = [Bench.counter(every: .seconds(10))]
    ) -> Bench {
        Bench(sensors: sensors, metricsEvery: metricsEvery, alerts: alerts) {
            $0.schedule = ConnectSchedule(every: every, forAtMost: .seconds(60))
        }
    }

    @Test func `it connects, sends, says sleeping and disconnects, on a grid`() {
        var bench = bench()
        bench.run(for: .seconds(1))
        #expect(bench.payloads(on: status) == ["online", "sleeping"])
        #expect(bench.disconnects == [true], "the Will Message stays with the broker")
        #expect(bench.statusText == "Asleep until the next connection")
        bench.run(for: .seconds(598))
        #expect(bench.connects == 1)
        bench.run(for: .seconds(2))
        #expect(bench.connects == 2)
        #expect(bench.payloads(on: status) == ["online", "sleeping", "online", "sleeping"])
        #expect(bench.sequences(on: "godwit/bench/sensors/n") == Array(1...61))
        bench.run(for: .seconds(6000))
        #expect(bench.connects == 12)
        #expect(bench.sequences(on: "godwit/bench/sensors/n") == Array(1...661))
    }

    @Test func `info says when the next connection is due`() {
        var bench = bench()
        bench.run(for: .seconds(1))
        let info = bench.payloads(on: "godwit/bench/info").last ?? ""
        #expect(info.contains("\"next_connection\":\"\(bench.clock.wallTime.advanced(by: .seconds(599)).rfc3339)\""), "\(info)")
        var always = Bench()
        always.run(for: .seconds(1))
        #expect(always.payloads(on: "godwit/bench/info").last?.contains("next_connection") == false)
    }

    @Test func `metrics go out before it sleeps`() {
        var bench = bench(metricsEvery: .seconds(300))
        bench.run(for: .seconds(601))
        #expect(bench.payloads(on: "godwit/bench/metrics").count == 2)
        #expect(bench.published.last?.topic == status)
    }

    @Test func `a broker that cannot be reached is tried for the time that is given, then it sleeps`() {
        var bench = bench()
        bench.brokerAnswers = false
        bench.run(for: .seconds(599))
        let attempts = bench.connects
        #expect((3...60).contains(attempts), "\(attempts)")
        bench.run(for: .seconds(601))
        #expect(bench.connects > attempts)
        bench.brokerAnswers = true
        bench.run(for: .seconds(600))
        #expect(bench.sequences(on: "godwit/bench/sensors/n") == Array(1...bench.sequences(on: "godwit/bench/sensors/n").count))
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count >= 120)
    }

    @Test func `a broker that acknowledges nothing holds it awake no longer than that, and all comes again`() {
        var bench = bench()
        bench.acknowledges = false
        bench.run(for: .seconds(59))
        #expect(bench.disconnects == [])
        bench.run(for: .seconds(3))
        #expect(bench.disconnects == [true])
        bench.acknowledges = true
        bench.run(for: .seconds(600))
        #expect(Set(bench.sequences(on: "godwit/bench/sensors/n")) == Set(1...61))
    }

    @Test func `an alert connects at once, and the next connection is where it was`() {
        let rule = AlertRule(
            id: "high", sensor: "n", quantity: "value", condition: .above(Decimal(12, decimals: 0), clearBelow: Decimal(12, decimals: 0)))
        var bench = bench(alerts: [rule])
        bench.run(for: .seconds(125))
        #expect(bench.connects == 1)
        bench.run(for: .seconds(6))
        #expect(bench.connects == 2)
        #expect(bench.payloads(on: "godwit/bench/alerts/high").last?.contains("raised") == true)
        #expect(bench.payloads(on: status).last == "sleeping")
        bench.run(for: .seconds(460))
        #expect(bench.connects == 2)
        bench.run(for: .seconds(15))
        #expect(bench.connects == 3)
    }

    @Test func `a stop in its sleep ends in time, without a connection`() {
        var bench = bench()
        bench.run(for: .seconds(100))
        bench.give(.stop)
        bench.run(for: .seconds(5))
        #expect(bench.isFinished && bench.connects == 1)
    }

    @Test func `a reload that changes the schedule connects anew`() {
        var bench = bench()
        bench.run(for: .seconds(100))
        var configuration = bench.agent.configuration
        configuration.schedule = nil
        bench.give(.configuration(NewConfiguration(configuration: configuration, rules: [], isConnectionChanged: true), for: nil))
        bench.run(for: .seconds(100))
        #expect(bench.connects == 2)
        #expect(bench.payloads(on: status).last == "online")
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count >= 20)
    }
}
