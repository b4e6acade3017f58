import Foundation
import TestSupport
import Testing

/// The total of a pulse-counter over the ends of the daemon; and what the broker keeps of a device that has another name after one.
@Suite struct TotalTests {
    /// 30 pulses a second, for ten minutes.
    private static func recording() -> String {
        var rows = "time_ns,line,level\n0,rain,1\n"
        for pulse in 0..<18_000 {
            let time = 100_000_000 + Int64(pulse) * 33_333_333
            rows += "\(time),rain,0\n\(time + 10_000_000),rain,1\n"
        }
        return rows
    }

    private func configuration(port: UInt16, device: String = "total") -> String {
        """
        device: {id: \(device)}
        broker: {url: "mqtt://127.0.0.1:\(port)", reconnect: {minimum: 100 ms, maximum: 200 ms}}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB, state_every: 1 s}
        chips: [{name: bench, replay: rain.csv}]
        sensors: [{id: rain, model: pulse-counter, line: rain, every: 1 s, debounce: 2 ms}]

        """
    }

    private struct Reading {
        var pulses: Int
        var total: Int
        var before: Int { total - pulses }
    }

    private func readings(_ subscriber: Subscriber) -> [Reading] {
        subscriber.lines.filter { $0.topic.hasSuffix("/sensors/rain") }.compactMap {
            guard let reading = Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt),
                let pulses = reading.fields["pulses"] as? Int, let total = reading.fields["total"] as? Int
            else { return nil }
            return Reading(pulses: pulses, total: total)
        }
    }

    /// Waits until what godwit.state holds is another than now.
    private func hasWrittenState(_ daemon: Daemon) -> Bool {
        let file = daemon.stateFolder + "/godwit.state"
        let before = FileManager.default.contents(atPath: file)
        return waitUntil(30) { FileManager.default.contents(atPath: file) != before }
    }

    @Test(arguments: Build.built)
    func `a clean stop keeps the total to the last pulse, and a kill loses at most what came since it was saved`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker)
            let folder = try TemporaryFolder()
            _ = try folder.write(Self.recording(), to: "rain.csv")
            let daemon = try Daemon(build, configuration: configuration(port: broker.port), folder: folder)
            try daemon.start()
            #expect(waitUntil(30) { readings(subscriber).last.map { $0.total > 60 } ?? false }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
            let first = readings(subscriber)
            // The last of them is of the stop.
            #expect(first.last?.total == first.map { $0.pulses }.reduce(0, +))

            try daemon.start()
            #expect(waitUntil(30) { readings(subscriber).count >= first.count + 5 }, "\(daemon.log)")
            let second = Array(readings(subscriber).dropFirst(first.count))
            #expect(second.first?.before == first.last?.total)
            // However slow the disk: the second content from here on was taken after the first was written.
            #expect(hasWrittenState(daemon), "\(daemon.log)")
            let written = Date()
            #expect(hasWrittenState(daemon), "\(daemon.log)")
            daemon.kill()
            let seconds = Int(Date().timeIntervalSince(written).rounded(.up))
            let counted = readings(subscriber)

            try daemon.start()
            #expect(waitUntil(30) { readings(subscriber).count > counted.count }, "\(daemon.log)")
            let third = readings(subscriber)[counted.count]
            let behind = (counted.last?.total ?? 0) - third.before
            // 30 a second.
            #expect(behind >= 0 && behind <= 30 * (seconds + 1), "\(behind) in \(seconds) s")
            #expect(third.before > (second.first?.before ?? 0))
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `with another device id after a restart the topics of the old one are cleared`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker)
            let folder = try TemporaryFolder()
            _ = try folder.write(Self.recording(), to: "rain.csv")
            let daemon = try Daemon(build, configuration: configuration(port: broker.port), folder: folder)
            try daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/total/info" } })
            #expect(daemon.stop().status == 0)
            _ = try folder.write(configuration(port: broker.port, device: "renamed"), to: "godwit.yaml")
            try daemon.start()
            #expect(
                subscriber.wait(within: 20) { lines in
                    ["status", "info"].allSatisfy { end in lines.last { $0.topic == "godwit/total/\(end)" }?.payload == "" }
                        && lines.contains { $0.topic == "godwit/renamed/info" }
                }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }
}
