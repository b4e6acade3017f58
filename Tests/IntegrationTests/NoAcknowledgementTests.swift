import Foundation
import TestSupport
import Testing

/// No acknowledgement, no removal: the real godwitd against a broker that takes everything and answers as the test says.
@Suite(.serialized) struct NoAcknowledgementTests {
    private func configuration(
        port: UInt16, broker: String = "keep_alive: 60 s", every: String = "50 ms", name: String = "Counter"
    ) -> String {
        """
        device: {id: ack}
        broker:
          url: mqtt://127.0.0.1:\(port)
          \(broker)
          reconnect: {minimum: 100 ms, maximum: 500 ms}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: count, model: synthetic, waveform: counter, every: \(every)}
        """
    }

    private func numbers(_ publishes: [ClientPacket.Publish]) -> [Int] {
        publishes.filter { $0.topic == "godwit/ack/sensors/count" }.compactMap {
            Published(topic: $0.topic, payload: $0.text, arrivedAt: 0)?.sequence
        }
    }

    private func number(_ status: [String: Any], _ key: String) -> Int { status[key] as? Int ?? -1 }

    /// How many readings the daemon keeps because they are not acknowledged.
    private func kept(_ daemon: Daemon) -> Int {
        ((try? daemon.status())?["buffer"] as? [String: Any])?["records"] as? Int ?? -1
    }

    @Test(arguments: Build.built)
    func `what is never acknowledged stays in the ring and comes again after the reconnect`(build: Build) async throws {
        try await background {
            let isSilent = Shared(true)
            let drop = Shared(false)
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.serve { publish in
                    if connection.number == 0, drop.current { throw PeerError.closed }
                    // Status and info are acknowledged, so that the readings are what waits.
                    return isSilent.current && !publish.isRetained ? nil : 0
                }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            try daemon.start()
            // The window: 20, of which one is kept for status.
            #expect(waitUntil(15) { self.numbers(broker.publishes).count == 19 }, "\(daemon.log)")
            #expect(numbers(broker.publishes) == Array(1...19))
            #expect(waitUntil(10) { self.kept(daemon) >= 25 }, "\(daemon.log)")
            #expect(
                waitUntil(10) { self.number((try? daemon.ringStatus()) ?? [:], "unacknowledged") >= 25 },
                "\((try? daemon.ringStatus()) ?? [:])")
            let before = try daemon.ringStatus()
            #expect(number(before, "watermark") == 0 && number(before, "tail") == 1, "\(before)")

            // The connection goes; the next one is answered.
            isSilent.with { $0 = false }
            drop.with { $0 = true }
            broker.closeAll()
            #expect(waitUntil(15) { self.numbers(broker.publishes(of: 1)).count >= 40 })
            let again = numbers(broker.publishes(of: 1))
            #expect(again == Array(1...again.count), "all come again, in order")
            #expect(broker.publishes(of: 1).allSatisfy { !$0.isDuplicate }, "as new publishes")
            #expect(waitUntil(10) { (0...1).contains(self.kept(daemon)) }, "\(kept(daemon)) are kept")
            #expect(daemon.stop().status == 0)
            let after = try daemon.ringStatus()
            #expect(number(after, "unacknowledged") == 0 && number(after, "watermark") >= again.count, "\(after)")
            #expect(broker.errors == [])
        }
    }

    @Test(arguments: Build.built)
    func `an explicit refusal of MQTT 5 falls back to 3_1_1 and all arrives`(build: Build) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                if try connection.readConnect().level == 5 {
                    try connection.send(ServerPacket.connectionAcknowledgement(level: 5, reason: 0x84))
                } else {
                    try connection.send(ServerPacket.connectionAcknowledgement(level: 4, reason: 0))
                    try connection.serve()
                }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            try daemon.start()
            #expect(waitUntil(15) { self.numbers(broker.publishes).count >= 10 }, "\(daemon.log)")
            #expect(broker.connects.map(\.level) == [5, 4])
            #expect(try daemon.status()["protocol"] as? String == "3.1.1")
            #expect(daemon.stop().status == 0)
            let numbers = numbers(broker.publishes)
            #expect(numbers == Array(1...numbers.count))
        }
    }

    @Test(arguments: Build.built, [0x80, 0x83, 0x87, 0x97] as [UInt8])
    func `a reading that is refused for now is said, and comes again before any higher number`(
        build: Build, reason: UInt8
    ) async throws {
        try await background {
            let refusals = Shared(0)
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.serve { publish in
                    // Reading 3 is refused three times.
                    guard self.numbers([publish]) == [3] else { return 0 }
                    return refusals.with { $0 += 1; return $0 <= 3 ? reason : 0 }
                }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port, every: "200 ms"))
            try daemon.start()
            #expect(waitUntil(20) { self.numbers(broker.publishes).contains(8) }, "\(daemon.log)")
            let number = "0x" + String(reason, radix: 16, uppercase: true)
            #expect(daemon.log.contains(reason == 0x87 ? "holding" : "tried again in") && daemon.log.contains(number), "\(daemon.log)")
            let status = try daemon.status()
            #expect(status["held"] as? Int == 3, "\(status)")
            #expect(daemon.stop().status == 0)
            let numbers = numbers(broker.publishes)
            #expect(numbers.filter { $0 == 3 }.count >= 4)
            // Each number was first handed over in its order.
            var firsts: [Int] = []
            for number in numbers where !firsts.contains(number) { firsts.append(number) }
            #expect(firsts == Array(1...firsts.count), "\(numbers)")
            #expect(broker.connectionCount == 1, "a hold keeps the connection")
        }
    }

    @Test(arguments: Build.built)
    func `Receive Maximum 1 is kept to`(build: Build) async throws {
        try await background {
            let unanswered = Shared(0)
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect(.init(receiveMaximum: 1))
                while true {
                    let publish = try connection.readPublish()
                    guard publish.qos > 0 else { continue }
                    // Whatever else the client has sent already would be here within 20 ms.
                    if connection.hasMore(within: 0.02) { unanswered.with { $0 += 1 } }
                    try connection.acknowledge(publish)
                }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port, every: "10 ms"))
            try daemon.start()
            #expect(waitUntil(20) { self.numbers(broker.publishes).count >= 50 }, "\(daemon.log)")
            #expect(unanswered.current == 0)
            _ = daemon.stop()
        }
    }

    @Test(arguments: Build.built)
    func `a Maximum Packet Size that nothing fits holds, and all but the rejected arrive when the limit is gone`(
        build: Build
    ) async throws {
        try await background {
            let isNarrow = Shared(true)
            let broker = try ScriptedBroker { connection in
                // `online` fits, `info` and readings do not.
                try connection.acceptConnect(isNarrow.current ? .init(maximumPacketSize: 60) : .init())
                try connection.serve()
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port, every: "100 ms"))
            try daemon.start()
            #expect(daemon.waitForLog("packet too large"), "\(daemon.log)")
            usleep(1_000_000)
            #expect(broker.publishes.allSatisfy { $0.packetSize <= 60 })
            #expect(numbers(broker.publishes) == [])
            #expect(kept(daemon) >= 10)
            isNarrow.with { $0 = false }
            broker.closeAll()
            #expect(waitUntil(20) { self.numbers(broker.publishes).count >= 20 }, "\(daemon.log)")
            let numbers = numbers(broker.publishes)
            let first = numbers.first ?? 0
            #expect((2...10).contains(first) && numbers == Array(first..<first + numbers.count), "\(numbers)")
            // Each of the others was told, before the first that came.
            let losses = broker.publishes.filter { $0.topic == "godwit/ack/losses" }.map(\.text)
            #expect(losses.count == first - 1 && losses.allSatisfy { $0.contains("\"why\":\"rejected\"") }, "\(losses)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a stop without PUBACK ends in time, with the Will Message`(build: Build) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.staySilent()
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            try daemon.start()
            #expect(waitUntil(15) { self.numbers(broker.publishes).count > 3 || broker.publishes.count > 1 })
            let (status, seconds) = daemon.stop()
            #expect(status == 0 && seconds < 5, "\(seconds) s")
            #expect(waitUntil(5) { broker.received.last?.packet == .disconnect(reason: 4) }, "\(String(describing: broker.received.last))")
            let will = try #require(broker.connects.first?.will)
            #expect(will.topic == "godwit/ack/status" && will.text == "offline" && will.isRetained && will.qos == 1)
        }
    }
}
