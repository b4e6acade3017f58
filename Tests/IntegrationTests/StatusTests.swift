import Foundation
import TestSupport
import Testing

/// What `P/status` says, whatever happens to the daemon.
@Suite(.serialized) struct StatusTests {
    private func configuration(port: UInt16) -> String {
        """
        device: {id: status}
        broker: {url: "mqtt://127.0.0.1:\(port)", reconnect: {minimum: 100 ms, maximum: 200 ms}}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: count, model: synthetic, waveform: counter, every: 100 ms}
        """
    }

    private func states(_ subscriber: Subscriber) -> [String] {
        subscriber.lines.filter { $0.topic == "godwit/status/status" }.map(\.payload)
    }

    @Test(arguments: Build.built)
    func `online, offline at a stop, and offline by the Will Message after a kill, all retained`(
        build: Build
    ) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/status/status", "godwit/status/sensors/#"])
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            try daemon.start()
            #expect(subscriber.wait { _ in self.states(subscriber) == ["online"] })
            #expect(daemon.stop().status == 0)
            #expect(subscriber.wait { _ in self.states(subscriber) == ["online", "offline"] })
            // The broker saw a DISCONNECT, so it was the daemon that said it and not the Will Message.
            #expect(broker.log.contains("Received DISCONNECT from godwit-status"))

            try daemon.start()
            #expect(subscriber.wait { _ in self.states(subscriber).last == "online" })
            daemon.kill()
            #expect(subscriber.wait { _ in self.states(subscriber) == ["online", "offline", "online", "offline"] })
            let late = try Subscriber(broker, ["godwit/status/status"])
            #expect(late.wait { $0.contains { $0.isRetained && $0.payload == "offline" } })
        }
    }

    @Test(arguments: Build.built)
    func `godwit status ends with what went wrong lately, each problem once, with a configuration that was refused`(
        build: Build
    ) async throws {
        try await background {
            // Nobody listens there.
            let daemon = try Daemon(build, configuration: configuration(port: try freePort()))
            try daemon.start()
            #expect(daemon.waitForLog("cannot connect"), "\(daemon.log)")
            _ = try daemon.folder.write("bogus: 1\n", to: "godwit.yaml")
            func problems() throws -> [String] {
                let text = try run(build.executable("godwit"), ["status", "--state-directory", daemon.stateFolder]).output
                let parts = text.components(separatedBy: "the latest problems (all of the log: godwit command logs)\n")
                return parts.count < 2 ? [] : parts[1].split(separator: "\n").map(String.init)
            }
            for _ in 0..<2 {
                daemon.signal(SIGHUP)
                #expect(waitUntil(10) { (try? problems())?.contains { $0.contains("unknown key 'bogus'") } == true }, "\(daemon.log)")
            }
            let lines = try problems()
            #expect(lines.contains { $0.contains("  warning: cannot connect: unreachable: ") } && lines.count <= 5, "\(lines)")
            #expect(lines.filter { $0.contains("unknown key 'bogus'") }.count == 1, "\(lines)")
            _ = daemon.stop()
        }
    }

    @Test(arguments: Build.built)
    func `a day of connections, one a minute, leaves no descriptor and no memory behind`(build: Build) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                // Gone in turn before CONNACK, after it, and after readings.
                if connection.number % 3 > 0 { try connection.acceptConnect() } else { _ = try connection.readConnect() }
                if connection.number % 3 > 1 { for _ in 0..<3 { _ = try connection.readPublish() } }
            }
            let daemon = try Daemon(
                build,
                configuration: configuration(port: broker.port).replacingOccurrences(
                    of: "minimum: 100 ms, maximum: 200 ms", with: "minimum: 10 ms, maximum: 20 ms"))
            try daemon.start()
            func descriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.identifier)/fd").count
            }
            func residentKilobytes() throws -> Int {
                let status = try String(contentsOfFile: "/proc/\(daemon.identifier)/status", encoding: .utf8)
                let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
                return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? -1
            }
            // In fast motion: 1,440 after the first 150, in which caches fill.
            #expect(waitUntil(60) { broker.connectionCount > 150 }, "\(daemon.log)")
            let before = try (descriptors(), residentKilobytes())
            #expect(waitUntil(400) { broker.connectionCount > 150 + 1440 }, "\(daemon.log)")
            let after = try (descriptors(), residentKilobytes())
            // One connection more or less may stand at the moment: its socket, the library's pair, the helper's copy.
            #expect(abs(after.0 - before.0) <= 4, "\(before) \(after)")
            #expect(Double(after.1) <= 1.05 * Double(before.1), "\(before) \(after) kB")
            _ = daemon.stop()
        }
    }
}
