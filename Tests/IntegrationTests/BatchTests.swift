import Foundation
import TestSupport
import Testing

/// `publish.batch` with the real godwitd.
struct BatchTests {
    private func configuration(_ port: UInt16, every: String, batch: String) -> String {
        """
        device: {id: x}
        broker: {url: "mqtt://127.0.0.1:\(port)", keep_alive: 5 s, reconnect: {minimum: 50 ms, maximum: 200 ms}}
        publish: {clock: trust, metrics_every: 0 s, batch: \(batch)}
        buffer: {sync: 5 s, size: 1 MiB}
        sensors:
          - {id: n, model: synthetic, waveform: counter, every: \(every)}
        """
    }

    private static let topic = "godwit/x/readings"

    /// The numbers that one message carries.
    private static func numbers(_ payload: String) -> [Int] {
        let items = (try? JSONSerialization.jsonObject(with: Data(payload.utf8))) as? [[String: Any]] ?? []
        return items.compactMap { $0["device"] as? String == "x" && $0["sensor"] as? String == "n" ? $0["seq"] as? Int : nil }
    }

    @Test(arguments: Build.built)
    func `a mosquitto that is killed and started again gets all, in batches, in order`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let relay = try Relay(to: broker.port)
            defer { relay.stop() }
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(build, configuration: configuration(relay.port, every: "2 ms", batch: "{readings: 25, age: 500 ms}"))
            try daemon.start()
            func batches() -> [[Int]] { subscriber.lines.filter { $0.topic == Self.topic }.map { Self.numbers($0.payload) } }
            #expect(waitUntil(20) { batches().count >= 20 }, "\(daemon.log)")
            // What the subscriber would miss would be the subscriber's loss: the relay opens when it is back.
            relay.set(.refusing)
            Thread.sleep(forTimeInterval: 0.5)
            broker.kill()
            Thread.sleep(forTimeInterval: 3)
            try broker.start()
            try subscriber.waitUntilSubscribed()
            let before = batches().count
            relay.set(.open)
            #expect(waitUntil(20) { batches().count >= before + 100 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0, "\(daemon.log)")
            _ = subscriber.wait(within: 5) { $0.last?.payload == "offline" }
            let all = batches()
            #expect(all.allSatisfy { (1...25).contains($0.count) && $0 == Array($0[0]..<$0[0] + $0.count) })
            var firsts: [Int] = []
            var seen: Set<Int> = []
            for number in all.joined() where seen.insert(number).inserted { firsts.append(number) }
            #expect(firsts == Array(1...max(firsts.count, 1)) && firsts.count > 2500)
            #expect(!subscriber.lines.contains { $0.topic == "godwit/x/losses" || $0.topic == "godwit/x/sensors/n" })
            let ring = try daemon.ringStatus()
            #expect(ring["unacknowledged"] as? Int == 0, "\(ring)")
        }
    }

    @Test(arguments: Build.built)
    func `an acknowledgement removes what its message carried, and nothing else`(build: Build) async throws {
        try await background {
            let batches = Shared<[[[Int]]]>([[], []])
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                while true {
                    let publish = try connection.readPublish()
                    guard publish.topic == Self.topic else {
                        try connection.acknowledge(publish)
                        continue
                    }
                    let count = batches.with { batches in
                        batches[min(connection.number, 1)].append(Self.numbers(publish.text))
                        return batches[0].count
                    }
                    // Of the first connection the second and the fourth of five.
                    if connection.number > 0 || count == 2 || count == 4 { try connection.acknowledge(publish) }
                    if connection.number == 0, count == 5 {
                        // Behind the PUBACKs, so that they arrive.
                        try connection.staySilent(for: 0.5)
                        return
                    }
                }
            }
            defer { broker.stop() }
            let daemon = try Daemon(build, configuration: configuration(broker.port, every: "10 ms", batch: "{readings: 10, age: 1 s}"))
            try daemon.start()
            #expect(waitUntil(20) { batches.current[1].joined().count >= 100 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0, "\(daemon.log)")
            let first = batches.current[0]
            try #require(first.count == 5)
            #expect(first.joined().map { $0 } == Array(1...50))
            let settled = Set(first[1] + first[3])
            let again = batches.current[1].joined().map { $0 }
            #expect(again == (1...(again.max() ?? 1)).filter { !settled.contains($0) }, "\(again.prefix(60))")
            #expect(broker.errors == [])
        }
    }
}
