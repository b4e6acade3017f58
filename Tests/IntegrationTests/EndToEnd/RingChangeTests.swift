import Foundation
import RingStore
import TestSupport
import Testing

/// What happens to the ring's file between two starts, or under the daemon, and what a ring does that is full: the real daemon, a real file.
struct RingChangeTests {
    /// An outage with a daemon whose broker may come back.
    private final class Outage {
        let broker: MosquittoBroker
        let relay: Relay
        let subscriber: Subscriber
        let daemon: Daemon
        private let folder: TemporaryFolder

        init(_ build: Build, buffer: String, sensors: Int = 1, every: String = "10 ms") throws {
            broker = try MosquittoBroker()
            relay = try Relay(to: broker.port, mode: .refusing)
            subscriber = try Subscriber(broker, ["godwit/#"])
            folder = try TemporaryFolder()
            daemon = try Daemon(build, configuration: "", folder: folder)
            try configure(buffer, sensors, every)
        }

        deinit {
            subscriber.stop()
            relay.stop()
        }

        func configure(_ buffer: String, _ sensors: Int = 1, _ every: String = "10 ms") throws {
            let list = (0..<sensors).map { "  - {id: n\($0), model: synthetic, waveform: counter, every: \(every)}" }
            _ = try folder.write(
                """
                device: {id: bench}
                broker: {url: "mqtt://127.0.0.1:\(relay.port)", reconnect: {minimum: 200 ms, maximum: 1 s}}
                publish: {clock: trust, metrics_every: 0 s}
                buffer: {sync: 1 s, \(buffer)}
                sensors:
                \(list.joined(separator: "\n"))
                """, to: "godwit.yaml")
        }

        func start(seconds: Double) throws {
            try daemon.start()
            Thread.sleep(forTimeInterval: seconds)
        }

        /// The broker is there again, and nothing waits any more.
        func end() throws {
            relay.set(.open)
            #expect(waitUntil(60, every: 0.5) { ((try? daemon.ringStatus())?["unacknowledged"] as? Int) == 0 && published.count > 10 })
            #expect(daemon.stop().status == 0)
            _ = subscriber.wait(within: 5) { $0.last?.payload == "offline" }
        }

        var published: [Published] {
            subscriber.lines.filter { $0.topic.contains("/sensors/") || $0.topic.hasSuffix("/losses") }.compactMap {
                Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)
            }
        }
        var readings: [Published] { firstArrivals(published.filter { !$0.topic.hasSuffix("/losses") }) }
        var losses: [Published] { published.filter { $0.topic.hasSuffix("/losses") } }

        /// Each number of the stream below the highest came, or lies in a loss; and how many lie in one.
        func lost(of stream: String) -> Int? {
            let numbers = Set(readings.filter { $0.stream == stream }.map(\.sequence))
            let ranges = losses.filter { $0.stream == stream }.compactMap { loss -> ClosedRange<Int>? in
                guard let first = loss.fields["first"] as? Int, let last = loss.fields["last"] as? Int, first <= last else { return nil }
                return first...last
            }
            let missing = (1...max(numbers.max() ?? 1, 1)).filter { !numbers.contains($0) }
            guard missing.allSatisfy({ number in ranges.contains { $0.contains(number) } }) else { return nil }
            return missing.count
        }

        var file: Data { (try? Data(contentsOf: URL(fileURLWithPath: daemon.ring))) ?? Data() }
    }

    @Test(arguments: Build.built)
    func `a full ring with drop-newest keeps the oldest, and says of each new one that it found no room`(build: Build) async throws {
        try await background {
            let outage = try Outage(build, buffer: "size: 256 KiB, when_full: drop-newest", sensors: 4, every: "2 ms")
            try outage.start(seconds: 0)
            #expect(outage.daemon.waitForLog("the ring is full, new readings are refused", within: 60))
            Thread.sleep(forTimeInterval: 2)
            try outage.end()
            let stream = try #require(outage.readings.first).stream
            let losses = outage.losses
            #expect(!losses.isEmpty && losses.allSatisfy { $0.fields["why"] as? String == "evicted" })
            // The oldest are there without a hole.
            let first = try #require(losses.compactMap { $0.fields["first"] as? Int }.min())
            #expect(first > 5000 && Array(outage.readings.map(\.sequence).prefix(first - 1)) == Array(1..<first))
            let told = losses.compactMap { $0.fields["count"] as? Int }.reduce(0, +)
            let lost = try #require(outage.lost(of: stream))
            #expect(lost > 500 && told == lost)
        }
    }

    @Test(arguments: Build.built)
    func `another size is followed at a start, up and down, without a loss`(build: Build) async throws {
        try await background {
            let outage = try Outage(build, buffer: "size: 256 KiB")
            try outage.start(seconds: 4)
            #expect(outage.daemon.stop().status == 0 && outage.file.count == 256 << 10)
            for size in [1024, 384] {
                try outage.configure("size: \(size) KiB")
                try outage.start(seconds: 3)
                #expect(outage.daemon.log.contains("another size bytes=\(size << 10)"))
                #expect(outage.file.count == size << 10)
                if size == 1024 { #expect(outage.daemon.stop().status == 0) }
            }
            try outage.end()
            let stream = try #require(outage.readings.first).stream
            #expect(outage.losses.isEmpty && outage.readings.allSatisfy { $0.stream == stream })
            #expect(outage.lost(of: stream) == 0 && outage.readings.count > 800)
        }
    }

    @Test(arguments: Build.built)
    func `a ring of the format's first version is read and goes on, without a loss`(build: Build) async throws {
        try await background {
            let outage = try Outage(build, buffer: "size: 256 KiB")
            try outage.start(seconds: 4)
            #expect(outage.daemon.stop().status == 0)
            try Self.setVersion(1, outage.file).write(to: URL(fileURLWithPath: outage.daemon.ring))
            #expect(try run(build.executable("godwit"), ["ring", "verify", outage.daemon.ring]).status == 0)
            try outage.start(seconds: 3)
            try outage.end()
            let stream = try #require(outage.readings.first).stream
            #expect(outage.losses.isEmpty && outage.lost(of: stream) == 0 && outage.readings.count > 500)
            #expect(outage.readings.allSatisfy { $0.stream == stream })
        }
    }

    @Test(arguments: Build.built)
    func `a ring of a later version is refused, said and left alone, and readings go out all the same`(build: Build) async throws {
        try await background {
            let outage = try Outage(build, buffer: "size: 256 KiB")
            try outage.start(seconds: 3)
            #expect(outage.daemon.stop().status == 0)
            let later = Self.setVersion(3, outage.file)
            try later.write(to: URL(fileURLWithPath: outage.daemon.ring))
            let status = try run(build.executable("godwit"), ["ring", "status", outage.daemon.ring])
            #expect(status.status == 65 && status.error.contains("a later version of Godwit has written it"))
            try outage.start(seconds: 3)
            #expect(outage.daemon.log.contains("a later version of Godwit has written it"))
            outage.relay.set(.open)
            #expect(outage.subscriber.wait(within: 20) { $0.filter { $0.topic.contains("/sensors/") }.count > 300 })
            #expect(outage.daemon.stop().status == 0)
            #expect(outage.file == later)
        }
    }

    @Test(arguments: Build.built)
    func `a ring that is deleted under the daemon begins anew; what only it had is a loss with its count`(build: Build) async throws {
        try await background {
            let outage = try Outage(build, buffer: "size: 256 KiB")
            try outage.start(seconds: 4)
            try FileManager.default.removeItem(atPath: outage.daemon.ring)
            #expect(outage.daemon.waitForLog("was deleted, replaced or cut", within: 10))
            Thread.sleep(forTimeInterval: 3)
            #expect(outage.file.count == 256 << 10)
            try outage.end()
            let stream = try #require(outage.readings.first).stream
            let damaged = outage.losses.filter { $0.fields["why"] as? String == "damaged" }
            #expect(damaged.count == 1 && damaged.count == outage.losses.count)
            let lost = try #require(outage.lost(of: stream))
            #expect(lost > 100 && damaged.first?.fields["count"] as? Int == lost)
        }
    }

    /// Each page as another version has it, with a good checksum (docs/ring-format.md).
    private static func setVersion(_ version: UInt8, _ file: Data) -> Data {
        var bytes = [UInt8](file)
        for page in 0..<bytes.count / 4096 where Array(bytes[page * 4096 + 4..<page * 4096 + 8]) == Array("GWR1".utf8) {
            let start = page * 4096
            bytes[start + 84] = version
            // The first one had no count of rejected readings.
            if version == 1 { for offset in 388..<396 { bytes[start + offset] = 0 } }
            var sum = CRC32C()
            for offset in Array(8..<16) + Array(24..<32) { sum.update(byte: bytes[start + offset]) }
            sum.update(UInt64(page))
            sum.update(bytes, from: start + 4, to: start + 4096)
            for offset in 0..<4 { bytes[start + offset] = UInt8(truncatingIfNeeded: sum.value >> UInt32(8 * offset)) }
        }
        return Data(bytes)
    }
}
