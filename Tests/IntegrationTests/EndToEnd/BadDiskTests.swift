import Foundation
import TestSupport
import Testing

/// What a bad file or a bad disk does to the real daemon: it goes on, says so, and never crashes.
struct BadDiskTests {
    @Test(arguments: Build.built, ["empty", "short", "zeros", "random", "half"])
    func `a ring file that is no ring is opened or kept aside, never a crash`(build: Build, kind: String) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build, configuration: counterConfiguration(port: broker.port, more: "buffer: {size: 1 MiB}"))
            try FileManager.default.createDirectory(atPath: daemon.stateFolder, withIntermediateDirectories: true)
            try Self.bytes(kind, build).write(to: URL(fileURLWithPath: daemon.ring))
            try daemon.start()
            #expect(subscriber.wait(within: 15) { $0.filter { $0.topic == "godwit/bench/sensors/n" }.count > 100 })
            let numbers = subscriber.lines.filter { $0.topic == "godwit/bench/sensors/n" }
                .compactMap { Published(topic: $0.topic, payload: $0.payload, arrivedAt: 0)?.sequence }
            #expect(numbers.prefix(100).elementsEqual(1...100))
            #expect(daemon.stop().status == 0)
            if kind == "random" || kind == "half" {
                let names = try FileManager.default.contentsOfDirectory(atPath: daemon.stateFolder)
                #expect(names.contains { $0.hasPrefix("readings.ring.damaged-") }, "\(names)")
                #expect(daemon.log.contains("damaged"))
            }
        }
    }

    private static func bytes(_ kind: String, _ build: Build) throws -> Data {
        var random = SystemRandomNumberGenerator()
        switch kind {
        case "empty": return Data()
        case "short": return Data(repeating: 0x47, count: 100)
        case "zeros": return Data(repeating: 0, count: 1 << 20)
        case "half":
            // Half a page of text, then noise: a foreign file.
            return Data("this is not a ring\n".utf8) + Data((0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) })
        default: return Data((0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    @Test(arguments: Build.built)
    func `a disk without space keeps readings in memory, says so, and nothing is lost while the broker answers`(build: Build)
        async throws
    {
        try await background {
            let disk = try SmallDisk(size: "64k")
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build,
                configuration: counterConfiguration(
                    port: broker.port, every: "20 ms", more: "buffer: {size: 1 MiB, file: \(disk.path)/readings.ring}"))
            try daemon.start()
            #expect(subscriber.wait(within: 15) { $0.filter { $0.topic == "godwit/bench/sensors/n" }.count > 100 })
            #expect(daemon.log.contains("space"), "\(daemon.log)")
            #expect(daemon.isRunning)
            #expect(daemon.stop().status == 0)
            #expect(subscriber.lines.filter { $0.topic == "godwit/bench/losses" }.isEmpty)
        }
    }

    @Test(arguments: Build.built)
    func `a state folder that cannot be written is said, and readings are published all the same`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build,
                configuration: counterConfiguration(
                    port: broker.port, more: "buffer: {file: /proc/godwit-cannot-be-here/readings.ring}"))
            try daemon.start()
            #expect(subscriber.wait(within: 15) { $0.filter { $0.topic == "godwit/bench/sensors/n" }.count > 100 })
            #expect(daemon.log.contains("error: "))
            #expect(daemon.stop().status == 0)
        }
    }
}

/// A small tmpfs, where the test may mount one.
final class SmallDisk {
    let path: String
    private let folder: TemporaryFolder

    init(size: String) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let result = try run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(size)", "godwit-test", path])
        guard result.status == 0 else { throw DaemonError.noStatus("mount: \(result.error)") }
    }

    deinit { _ = try? run("/bin/umount", ["-l", path]) }
}
