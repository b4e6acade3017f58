import Foundation
import TestSupport
import Testing

/// `broker.connect: {every, for_at_most}` with the real godwitd and mosquitto.
struct ScheduledConnectionTests {
    private func configuration(_ port: UInt16, _ version: String) -> String {
        """
        device: {id: nap}
        broker: {url: "mqtt://127.0.0.1:\(port)", protocol: \(version), connect: {every: 10 s, for_at_most: 5 s}}
        publish: {clock: trust, metrics_every: 5 min}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: n, model: synthetic, waveform: counter, every: 500 ms}
        """
    }

    @Test(arguments: Build.built, ["5", "3.1.1"])
    func `it sleeps between connections, loses nothing, and is offline only when it does not come back`(
        build: Build, version: String
    ) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/nap/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(build, configuration: configuration(broker.port, version))
            try daemon.start()
            func statuses() -> [String] { subscriber.lines.filter { $0.topic == "godwit/nap/status" }.map { $0.payload } }
            #expect(subscriber.wait(within: 35) { _ in statuses().count >= 6 }, "\(daemon.log)")
            #expect(statuses().prefix(6) == ["online", "sleeping", "online", "sleeping", "online", "sleeping"])
            let status = try daemon.status()
            #expect(status["connected"] as? Bool == false)
            let bytes = (status["bytes_sent"] as? Int ?? 0) + (status["bytes_received"] as? Int ?? 0)
            // 3 connections, some 20 readings each.
            #expect((1000...60_000).contains(bytes), "\(bytes)")
            let readings = subscriber.lines.compactMap { Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt) }
                .filter { $0.topic == "godwit/nap/sensors/n" }.map { $0.sequence }
            #expect(readings.count >= 38 && Set(readings) == Set(1...readings.count), "\(readings)")
            // Asleep, and gone.
            daemon.kill()
            let died = Date()
            if version == "5" {
                #expect(subscriber.wait(within: 35) { _ in statuses().last == "offline" })
                #expect(Date().timeIntervalSince(died) > 8, "not before the time has come at which it was to be back")
                #expect(statuses().filter { $0 == "offline" }.count == 1)
            } else {
                Thread.sleep(forTimeInterval: 5)
                #expect(statuses().last == "sleeping")
            }
        }
    }
}
