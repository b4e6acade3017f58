import Foundation
import TestSupport
import Testing

/// `publish.qos: 2`: 10,000 readings through a line that is cut 200 times, each time behind another byte; none missing, none twice.
/// `GODWIT_CUT_SEED=N` plays one run again.
struct ExactlyOnceTests {
    static let readings = 10_000
    static let cuts = 200

    enum Broker: String, CaseIterable, CustomTestStringConvertible {
        case mosquitto, mosquitto311, scripted
        var testDescription: String { rawValue }
    }

    @Test(arguments: Build.built, Broker.allCases)
    func `ten thousand readings over two hundred cuts arrive once each`(build: Build, broker: Broker) async throws {
        try await background {
            let seed = ProcessInfo.processInfo.environment["GODWIT_CUT_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...99_999)
            print("exactly once, \(build.rawValue), \(broker.rawValue): GODWIT_CUT_SEED=\(seed)")
            switch broker {
            case .mosquitto: try mosquitto(build, "5", seed)
            case .mosquitto311: try mosquitto(build, "3.1.1", seed)
            case .scripted: try scripted(build, seed)
            }
        }
    }

    /// The other side of it: the same line makes repeats where nothing keeps them away.
    @Test func `with QoS 1 the same cuts lose nothing and make repeats, each of which is counted`() async throws {
        try await background {
            let seed = UInt64.random(in: 1...99_999)
            print("at least once: GODWIT_CUT_SEED=\(seed)")
            try scripted(.regular, seed, qos: 1)
        }
    }

    private func mosquitto(_ build: Build, _ version: String, _ seed: UInt64) throws {
        let broker = try MosquittoBroker()
        let subscriber = try Subscriber(broker, ["godwit/#"])
        defer { subscriber.stop() }
        try play(build, version, seed, port: broker.port) {
            subscriber.lines.filter { $0.topic.hasPrefix("godwit/x/sensors/") }.map(\.payload)
        }
    }

    /// It takes a message for what it is when its PUBLISH comes, as strict brokers do, and knows it by its Packet Identifier until PUBREL.
    private func scripted(_ build: Build, _ seed: UInt64, qos: Int = 2) throws {
        let session = Shared((exists: false, taken: [UInt16: Bool](), payloads: [String](), errors: [String]()))
        let broker = try ScriptedBroker { connection in
            let connect = try connection.readConnect()
            let isPresent = session.with { session in
                if connect.isCleanStart { session.taken = [:] }
                defer { session.exists = !connect.isCleanStart }
                return session.exists && !connect.isCleanStart
            }
            try connection.send(
                ServerPacket.connectionAcknowledgement(level: connection.level, reason: 0, sessionPresent: isPresent))
            while true {
                let packet = try connection.read()
                switch packet {
                case .publish(let publish):
                    session.with { session in
                        let isKnown = publish.qos == 2 && session.taken[publish.packetIdentifier] != nil
                        if isKnown, !publish.isDuplicate { session.errors.append("\(publish.packetIdentifier) is in use") }
                        guard !isKnown else { return }
                        if publish.qos == 2 { session.taken[publish.packetIdentifier] = true }
                        if publish.topic.hasPrefix("godwit/x/sensors/") { session.payloads.append(publish.text) }
                    }
                    try connection.acknowledge(publish)
                case .release(let identifier):
                    session.with { $0.taken[identifier] = nil }
                    try connection.answer(packet)
                default: try connection.answer(packet)
                }
            }
        }
        defer { broker.stop() }
        try play(build, "5", seed, port: broker.port, qos: qos) { session.current.payloads }
        #expect(session.current.errors == [] && broker.errors == [])
    }

    /// - Parameter payloads: of the readings that the broker has given on, in order.
    private func play(
        _ build: Build, _ version: String, _ seed: UInt64, port: UInt16, qos: Int = 2, payloads: () -> [String]
    ) throws {
        let proxy = try FaultProxy(to: port) { number in
            var random = Random(state: seed &* 1_000_003 &+ UInt64(number))
            var faults = FaultProxy.Faults()
            guard number < Self.cuts else { return faults }
            let end: FaultProxy.Direction.End = random.next() % 4 == 0 ? .reset : .cut
            // What it says is a twentieth of what it hears.
            if random.next() % 2 == 0 {
                faults.fromClient = .after(1 + Int(random.next() % 20_000), end)
            } else {
                faults.fromBroker = .after(1 + Int(random.next() % 800), end)
            }
            return faults
        }
        defer { proxy.stop() }
        let sensors = (0..<10).map { "  - {id: n\($0), model: synthetic, waveform: counter, every: 10 ms}" }
        let daemon = try Daemon(
            build,
            configuration: """
                device: {id: x}
                broker:
                  url: mqtt://127.0.0.1:\(proxy.port)
                  protocol: \(version)
                  keep_alive: 5 s
                  reconnect: {minimum: 10 ms, maximum: 50 ms}
                publish: {clock: trust, metrics_every: 0 s, qos: \(qos)}
                buffer: {sync: 1 s, size: 4 MiB}
                sensors:
                \(sensors.joined(separator: "\n"))
                """)
        try daemon.start()
        let isDone = waitUntil(240) { proxy.connectionCount > Self.cuts && payloads().count >= Self.readings }
        #expect(isDone, "\(proxy.connectionCount) connections, \(payloads().count) readings: \(daemon.log.suffix(2000))")
        let duplicatesPossible = try daemon.status()["duplicates_possible"] as? Int ?? -1
        #expect(daemon.stop().status == 0, "\(daemon.log.suffix(2000))")
        // mosquitto_sub may be a little behind.
        Thread.sleep(forTimeInterval: 1)
        let numbers = payloads().compactMap { Published(topic: "", payload: $0, arrivedAt: 0)?.sequence }
        let repeats = numbers.count - Set(numbers).count
        if qos == 2 {
            #expect(repeats == 0, "twice: \(repeated(numbers).prefix(20))")
            #expect(duplicatesPossible == 0)
        } else {
            #expect(repeats > 0 && duplicatesPossible >= repeats, "\(repeats) repeats, \(duplicatesPossible) counted")
        }
        #expect(Set(numbers) == Set(1...max(numbers.max() ?? 1, Self.readings)), "missing: \(missing(numbers).prefix(20))")
    }

    private func repeated(_ numbers: [Int]) -> [Int] {
        var seen: Set<Int> = []
        return numbers.filter { !seen.insert($0).inserted }
    }

    private func missing(_ numbers: [Int]) -> [Int] { Set(1...max(numbers.max() ?? 1, Self.readings)).subtracting(numbers).sorted() }

    /// SplitMix64.
    private struct Random {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
