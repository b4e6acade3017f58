import Foundation
import TestSupport
import Testing

/// Alerts of the real daemon at a real broker. A synthetic square wave goes from 0 to 10 and back, 2 s each.
struct AlertTests {
    private func configuration(port: UInt16, alerts: String, sensors: String = "") -> String {
        """
        device: {id: bench, name: Bench}
        broker: {url: "mqtt://127.0.0.1:\(port)", keep_alive: 5 s, reconnect: {minimum: 200 ms, maximum: 1 s}}
        publish: {clock: trust}
        sensors:
          - {id: wave, model: synthetic, waveform: square, minimum: 0, maximum: 10, period: 4 s, every: 100 ms}
        \(sensors)
        alerts:
        \(alerts)
        """
    }

    private func events(_ subscriber: Subscriber, _ alert: String) -> [Published] {
        subscriber.lines.filter { $0.topic == "godwit/bench/alerts/\(alert)" }.compactMap {
            Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)
        }
    }

    private func states(_ events: [Published]) -> [String] { events.compactMap { $0.fields["state"] as? String } }

    @Test(arguments: Build.built)
    func `raise and clear come retained, with message, reading and their own times, also those of an outage`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let relay = try Relay(to: broker.port)
            defer { relay.stop() }
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build, configuration: configuration(port: relay.port, alerts: "  - {id: high, series: wave.value, above: 5, flapping: {changes: 1000, within: 10 min}}"))
            try daemon.start()
            #expect(waitUntil(30) { events(subscriber, "high").count >= 2 })
            let first = try #require(events(subscriber, "high").first)
            #expect(first.fields["state"] as? String == "raised")
            #expect(first.fields["message"] as? String == "Bench: wave value 10.000, above 5")
            #expect(first.fields["limit"] as? Int == 5)
            let reading = try #require(first.fields["reading"] as? [String: Any])
            let named = subscriber.lines.first {
                $0.topic == "godwit/bench/sensors/wave" && $0.payload.contains("\"seq\":\(reading["seq"] as? Int ?? -1),")
            }
            #expect(named?.payload.contains("\"value\":10.000") == true)

            // The daemon comes back behind the subscriber, which would miss what is sent before.
            relay.set(.refusing)
            broker.kill()
            Thread.sleep(forTimeInterval: 9)
            let restarted = Date().timeIntervalSince1970
            try broker.start()
            try subscriber.waitUntilSubscribed()
            relay.set(.open)
            #expect(waitUntil(30) { events(subscriber, "high").contains { $0.arrivedAt > restarted && ($0.time ?? .infinity) < restarted } })
            #expect(waitUntil(30) { subscriber.lines.contains { $0.topic == "godwit/bench/sensors/wave" && $0.arrivedAt > restarted } })
            Thread.sleep(forTimeInterval: 1)
            let stopped = daemon.stop()
            #expect(stopped.status == 0)

            let all = firstArrivals(events(subscriber, "high"))
            #expect(all.map(\.sequence) == Array(1...all.count))
            #expect(states(all) == (0..<all.count).map { $0 % 2 == 0 ? "raised" : "cleared" })
            let late = all.filter { $0.arrivedAt > restarted && ($0.time ?? 0) < restarted - 0.5 }
            #expect(late.count >= 3, "the outage of 9 s saw four changes")
            // Ahead of every reading of the outage.
            let lines = subscriber.lines.filter { $0.arrivedAt > restarted }
            let lastLate = lines.lastIndex { $0.topic == "godwit/bench/alerts/high" && late.last?.payload == $0.payload } ?? .max
            let firstReading = lines.firstIndex { $0.topic == "godwit/bench/sensors/wave" } ?? -1
            #expect(lastLate < firstReading)
            // The newest is what a new subscriber is given.
            let newcomer = try Subscriber(broker, ["godwit/bench/alerts/high"])
            defer { newcomer.stop() }
            #expect(newcomer.wait(within: 10) { !$0.isEmpty })
            #expect(newcomer.lines.first?.payload == all.last?.payload)
        }
    }

    @Test(arguments: Build.built)
    func `after kill -9 an alert that is still raised is not raised again, and a pending time goes on`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build,
                configuration: configuration(
                    port: broker.port,
                    alerts: """
                          - {id: low, series: level.value, below: 5}
                          - {id: later, series: level.value, below: 5, for: 30 s}
                        """,
                    sensors: "  - {id: level, model: synthetic, waveform: square, minimum: 1, maximum: 1, every: 100 ms}"))
            try daemon.start()
            #expect(waitUntil(30) { events(subscriber, "low").count == 1 })
            let begun = try #require(events(subscriber, "low").first?.time)
            // The pending time is kept within `sync`, 5 s.
            Thread.sleep(forTimeInterval: 8)
            daemon.kill()
            Thread.sleep(forTimeInterval: 2)
            try daemon.start()
            #expect(waitUntil(60) { events(subscriber, "later").count == 1 })
            let raised = try #require(events(subscriber, "later").first)
            #expect(abs((raised.time ?? 0) - begun - 30) < 1.5, "\((raised.time ?? 0) - begun) s after the condition began")
            #expect(events(subscriber, "low").count == 1)
            #expect(try daemon.status()["alerts"] as? [String: String] == ["low": "raised", "later": "raised"])
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a sensor that fails makes its rules silent, never cleared`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            // A line that no chip has: every reading fails.
            let daemon = try Daemon(
                build,
                configuration: configuration(
                    port: broker.port, alerts: "  - {id: cold, series: air.temperature, below: 5}",
                    sensors: "  - {id: air, model: am2302, line: GODWIT-NO-SUCH-LINE, every: 2 s}"))
            try daemon.start()
            #expect(waitUntil(60) { !events(subscriber, "cold").isEmpty })
            #expect(states(events(subscriber, "cold")) == ["silent"])
            #expect(daemon.stop().status == 0)
        }
    }
}
