import Foundation
import TestSupport
import Testing

/// Asleep and silent while the broker answers.
struct QuietTests {
    static let minutes = 10.0

    @Test(arguments: Build.built)
    func `online for 10 minutes at 1 reading a second the ring's file is written at most once`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let daemon = try Daemon(build, configuration: counterConfiguration(port: broker.port, every: "1 s"))
            try daemon.start()
            #expect(daemon.waitForLog("connected"))
            // The start makes the file; then the ten minutes begin.
            Thread.sleep(forTimeInterval: 5)
            var modified = try Self.modified(daemon.ring)
            var writes = 0
            let end = Date().addingTimeInterval(Self.minutes * 60)
            while Date() < end {
                Thread.sleep(forTimeInterval: 0.5)
                let now = try Self.modified(daemon.ring)
                if now != modified { writes += 1 }
                modified = now
            }
            #expect(writes <= 1)
            let status = try daemon.status()
            #expect((status["acknowledged"] as? Int ?? 0) >= 590)
            #expect((status["buffer"] as? [String: Any])?["records"] as? Int ?? 9 <= 1)
            #expect(daemon.stop().status == 0)
        }
    }

    /// The time of the last write to the file's contents.
    private static func modified(_ path: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    @Test(arguments: Build.built)
    func `it wakes up for its sensors and its keep-alive, and for nothing else`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let daemon = try Daemon(
                build,
                configuration: """
                    device: {id: bench}
                    broker: {url: "mqtt://127.0.0.1:\(broker.port)", keep_alive: 60 s}
                    publish: {clock: trust, metrics_every: 0 s}
                    sensors:
                      - {id: a, model: synthetic, every: 10 s}
                      - {id: b, model: synthetic, every: 10 s}
                    """)
            try daemon.start()
            #expect(daemon.waitForLog("connected"))
            Thread.sleep(forTimeInterval: 3)
            let before = try daemon.status()["wakeups"] as? Int ?? 0
            Thread.sleep(forTimeInterval: 60)
            let after = try daemon.status()["wakeups"] as? Int ?? .max
            // In 60 s: two sensors on the same grid wake it 6 times, each followed by an acknowledgement; a ping and its
            // answer; the questions of this test.
            #expect(after - before <= 6 * 3 + 4 + 6)
            #expect(daemon.stop().status == 0)
        }
    }
}
