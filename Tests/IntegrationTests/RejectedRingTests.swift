import Foundation
import TestSupport
import Testing

/// Readings that a broker will never take: the real godwitd against a scripted broker, and `godwit ring` on what it kept.
@Suite(.serialized) struct RejectedRingTests {
    private func configuration(port: UInt16, more: String = "") -> String {
        """
        device: {id: rej}
        broker:
          url: mqtt://127.0.0.1:\(port)
          reconnect: {minimum: 100 ms, maximum: 500 ms}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: count, model: synthetic, waveform: counter, every: 100 ms}
        \(more)
        """
    }

    private func number(_ publish: ClientPacket.Publish) -> Int? {
        guard publish.topic == "godwit/rej/sensors/count" else { return nil }
        return Published(topic: publish.topic, payload: publish.text, arrivedAt: 0)?.sequence
    }

    private func losses(_ broker: ScriptedBroker) throws -> [[String: Any]] {
        try broker.publishes.filter { $0.topic == "godwit/rej/losses" }.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.text.utf8)) as? [String: Any])
        }
    }

    private func lines(_ output: String) throws -> [[String: Any]] {
        try output.split(separator: "\n").map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    @Test(arguments: Build.built, [(0x90, "topic name invalid (0x90)"), (0x99, "payload format invalid (0x99)")] as [(UInt8, String)])
    func `a rejected reading is in rejected_ring with its reason, and its number is told as lost`(
        build: Build, reason: (number: UInt8, text: String)
    ) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.serve { publish in self.number(publish).map { [3, 7].contains($0) ? reason.number : 0 } ?? 0 }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            try daemon.start()
            let path = daemon.stateFolder + "/rejected.ring"
            #expect(waitUntil(15) { broker.publishes.compactMap { self.number($0) }.contains(2) }, "\(daemon.log)")
            #expect(waitUntil(15) { (try? losses(broker))?.count == 2 }, "\(daemon.log)")
            #expect(waitUntil(15) { broker.publishes.compactMap { self.number($0) }.contains(12) }, "\(daemon.log)")
            let told = try losses(broker)
            #expect(told.map { $0["first"] as? Int } == [3, 7] && told.map { $0["last"] as? Int } == [3, 7])
            #expect(told.allSatisfy { $0["why"] as? String == "rejected" && $0["count"] as? Int == 1 })
            let status = try daemon.status()
            #expect(status["rejected"] as? Int == 2 && status["held"] as? Int == 0, "\(status)")
            #expect((status["losses"] as? [String: Any])?["rejected"] as? Int == 2, "\(status)")
            // On a file in use, too.
            let dump = try run(build.executable("godwit"), ["ring", "dump", path])
            #expect(dump.status == 0)
            let copies = try lines(dump.output)
            #expect(copies.map { $0["seq"] as? Int } == [3, 7] && copies.map { $0["value"] as? Double } == [2, 6])
            #expect(copies.allSatisfy { $0["rejected"] as? String == reason.text && $0["sensor"] as? String == "count" })
            #expect(copies.first?["stream"] as? String == told.first?["stream"] as? String)
            #expect(daemon.stop().status == 0)
            #expect(try daemon.ringStatus()["unacknowledged"] as? Int == 0)
            #expect(try run(build.executable("godwit"), ["ring", "verify", path]).status == 0)
            let csv = try run(build.executable("godwit"), ["ring", "export", path, "--format", "csv"])
            #expect(csv.output.contains(",count,value,2.000,1,,rejected: \(reason.text)\n"), "\(csv.output)")
            let senml = try run(build.executable("godwit"), ["ring", "export", path, "--format", "senml"])
            let records = try #require(JSONSerialization.jsonObject(with: Data(senml.output.utf8)) as? [[String: Any]])
            #expect(records.map { $0["v"] as? Double } == [2, 6])
            let counts = try run(build.executable("godwit"), ["ring", "status", "--json", path])
            #expect(counts.output.contains("\"records\":2,"), "\(counts.output)")
            // Each came once.
            let numbers = broker.publishes.compactMap { self.number($0) }
            #expect(numbers == Array(1...numbers.count))
            #expect(broker.connectionCount == 1 && broker.errors == [])
        }
    }

    @Test(arguments: Build.built)
    func `a reading larger than the Maximum Packet Size is not sent, and the others go on`(build: Build) async throws {
        try await background {
            let long = String(repeating: "x", count: 60)
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect(.init(maximumPacketSize: 210))
                try connection.serve()
            }
            let more = "  - {id: \(long), model: synthetic, waveform: counter, every: 1 s}"
            let daemon = try Daemon(build, configuration: configuration(port: broker.port, more: more))
            try daemon.start()
            #expect(waitUntil(20) { broker.publishes.compactMap { self.number($0) }.count >= 30 }, "\(daemon.log)")
            #expect(broker.publishes.allSatisfy { !$0.topic.hasSuffix(long) })
            #expect(daemon.log.contains("packet too large (0x95)"), "\(daemon.log)")
            let dump = try run(build.executable("godwit"), ["ring", "dump", daemon.stateFolder + "/rejected.ring"])
            let copies = try lines(dump.output)
            #expect(copies.count >= 2 && copies.allSatisfy { $0["sensor"] as? String == long }, "\(dump)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `ten in a row hold, and once the broker takes them nothing more is lost`(build: Build) async throws {
        try await background {
            let isBad = Shared(true)
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.serve { publish in self.number(publish) != nil && isBad.current ? 0x99 : 0 }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            try daemon.start()
            #expect(waitUntil(20) { daemon.log.contains("holding") }, "\(daemon.log)")
            isBad.with { $0 = false }
            #expect(waitUntil(20) { broker.publishes.compactMap { self.number($0) }.contains(30) }, "\(daemon.log)")
            #expect(try daemon.status()["rejected"] as? Int == 9)
            #expect(waitUntil(10) { (try? losses(broker))?.count == 9 })
            #expect(daemon.stop().status == 0)
            let dump = try run(build.executable("godwit"), ["ring", "dump", daemon.stateFolder + "/rejected.ring"])
            #expect(try lines(dump.output).count == 9)
        }
    }

    @Test(arguments: Build.built)
    func `killed again and again while a broker rejects, each number is delivered or told, and each told one has its copy`(
        build: Build
    ) async throws {
        try await background {
            let taken = Shared(Set<Int>())
            let answersAll = Shared(false)
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.serve { publish in
                    guard let number = self.number(publish) else { return 0 }
                    if number % 5 == 0 { return 0x99 }
                    // Some answers never come.
                    if number % 7 == 0, !answersAll.current { return nil }
                    taken.with { _ = $0.insert(number) }
                    return 0
                }
            }
            let daemon = try Daemon(build, configuration: configuration(port: broker.port))
            for _ in 0..<4 {
                try daemon.start()
                usleep(2_000_000)
                daemon.kill()
            }
            answersAll.with { $0 = true }
            let last = broker.publishes.compactMap { self.number($0) }.max() ?? 0
            #expect(last > 100)
            try daemon.start()
            // Until then: before its ring is open a daemon says that nothing waits.
            let missing = {
                let told = try losses(broker)
                return (1...last).filter { number in
                    !taken.current.contains(number)
                        && !told.contains { ($0["first"] as! Int) <= number && number <= ($0["last"] as! Int) }
                }
            }
            #expect(waitUntil(30) { (try? missing().isEmpty) ?? false }, "\((try? missing()) ?? []) are neither taken nor told\n\(daemon.log)")
            #expect(daemon.stop().status == 0)
            let dump = try run(build.executable("godwit"), ["ring", "dump", daemon.stateFolder + "/rejected.ring"])
            let copies = Set(try lines(dump.output).filter { $0["rejected"] != nil }.compactMap { $0["seq"] as? Int })
            let rejected = try losses(broker).filter { $0["why"] as? String == "rejected" }.map { $0["first"] as! Int }
            #expect(!rejected.isEmpty && rejected.allSatisfy(copies.contains), "\(rejected) \(copies)")
        }
    }
}
