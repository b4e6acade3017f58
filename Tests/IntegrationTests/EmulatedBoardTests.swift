import Foundation
import TestSupport
import Testing

/// The executables for boards, under an emulator of their processor: one black-box test of each kind. All other tests of
/// the executables run on what is compiled for this machine.
@Suite(.enabled(if: EmulatedBoard.missing == nil || EmulatedBoard.isExpected, Comment(rawValue: EmulatedBoard.missing ?? "")))
struct EmulatedBoardTests {
    @Test func `all that they need is here`() {
        #expect(EmulatedBoard.missing == nil)
    }

    private func godwit(_ arguments: [String], program: String = "godwit") throws -> Outcome {
        try run(Build.emulated.executable(program), arguments, folder: Build.root)
    }

    @Test func `they tell their version and their help`() throws {
        for program in ["godwit", "godwitd"] {
            let version = try godwit(["--version"], program: program)
            #expect(version.status == 0, "\(version)")
            #expect(version.output.hasPrefix("\(program) "))
            let help = try godwit(["--help"], program: program)
            #expect(help.status == 0 && help.output.contains("--version"), "\(help)")
            let unknown = try godwit(["--nonsense"], program: program)
            #expect(unknown.status == 64 && unknown.error.contains("--nonsense"), "\(unknown)")
        }
    }

    @Test func `they check a configuration, and name what is wrong at its place`() throws {
        let good = try godwit(["check", "config/godwit.yaml"])
        #expect(good.status == 0 && good.error == "", "\(good)")
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            broker: {url: "mqtt://localhost"}
            sensors:
              - {id: door, model: contact, line: GPIO17, debounse: 20 ms}
              - {id: load, model: synthetic, maximum: 1e300, period: 60}

            """, to: "godwit.yaml")
        for (program, arguments) in [
            ("godwit", ["check", file]), ("godwitd", ["--config", file, "--strict", "--state-directory", folder.path]),
        ] {
            let outcome = try godwit(arguments, program: program)
            #expect(outcome.status == 78, "\(outcome)")
            #expect(outcome.error.contains("\(file):3:46: error: "), "\(outcome)")
            #expect(outcome.error.contains("did you mean 'debounce'?"), "\(outcome)")
            #expect(outcome.error.contains("\(file):4:"), "all problems in one run: \(outcome)")
        }
        #expect(try godwit(["check", folder.path + "/none.yaml"]).status == 66)
    }

    @Test func `they decode a capture`() throws {
        let air = try godwit(["decode", "am2302", "config/captures/am2302.csv"])
        #expect(air.status == 0, "\(air)")
        #expect(air.output.contains(#"{"time_ns":2000000000,"temperature":21.5,"humidity":52.6}"#))
        #expect(air.output.contains(#""temperature":-1.2,"humidity":81.3}"#))
        #expect(air.output.split(separator: "\n").count == 5)
        #expect(try godwit(["decode", "am2302", "config/godwit.yaml"]).status == 65)
    }

    /// `sync` is short, so that 3 s of an outage are on the disk.
    private func configuration(port: UInt16) -> String {
        """
        device: {id: bench}
        broker: {url: "mqtt://127.0.0.1:\(port)", keep_alive: 5 s, reconnect: {minimum: 200 ms, maximum: 1 s}}
        publish: {clock: trust}
        buffer: {sync: 1 s}
        chips: [{name: climate, replay: \(Build.root.path)/config/captures/am2302.csv, loop: true}]
        sensors:
          - {id: n, model: synthetic, waveform: counter, every: 50 ms}
          - {id: air, model: am2302, line: {chip: climate, name: data}, every: 2 s}
        alerts:
          - {id: much, series: n.value, above: 10, outputs: [lamp]}
        outputs:
          - {id: lamp, line: {chip: climate, name: lamp}}
        """
    }

    private func readings(_ subscriber: Subscriber, of topics: [String] = ["sensors/n", "sensors/air"]) -> [Published] {
        firstArrivals(
            subscriber.lines.filter { line in topics.contains { line.topic == "godwit/bench/\($0)" } }
                .compactMap { Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt) })
    }

    @Test func `the daemon publishes, bears an outage and a kill -9 in one, stops, and leaves a ring that is read`() async throws {
        try await background { try daemonRun() }
    }

    private func daemonRun() throws {
        let broker = try MosquittoBroker()
        let relay = try Relay(to: broker.port)
        defer { relay.stop() }
        let subscriber = try Subscriber(broker, ["godwit/#"])
        defer { subscriber.stop() }
        let daemon = try Daemon(.emulated, configuration: configuration(port: relay.port))
        try daemon.start()
        #expect(subscriber.wait(within: 30) { _ in readings(subscriber).count >= 40 }, "\(daemon.log)")
        #expect(subscriber.wait(within: 20) { _ in !readings(subscriber, of: ["sensors/air"]).isEmpty }, "\(daemon.log)")
        let air = readings(subscriber, of: ["sensors/air"])
        #expect(air.first?.fields["temperature"] as? Double == 21.5)
        #expect(air.first?.fields["humidity"] as? Double == 52.6)
        #expect(subscriber.wait(within: 10) { $0.last { $0.topic == "godwit/bench/outputs/lamp" }?.payload == "on" }, "\(daemon.log)")

        // An outage: what was read in it comes afterwards, each number once, in order.
        let atOutage = readings(subscriber).count
        relay.set(.refusing)
        Thread.sleep(forTimeInterval: 3)
        #expect(daemon.log.contains("connection lost"))
        relay.set(.open)
        #expect(subscriber.wait(within: 30) { _ in readings(subscriber).count >= atOutage + 80 }, "\(daemon.log)")
        let firsts = readings(subscriber)
        #expect(firsts.map(\.sequence) == Array(1...max(firsts.count, 1)))
        #expect(readings(subscriber, of: ["losses"]).isEmpty)

        // A kill in a second one: what is older than `sync` comes, the rest lies in a loss.
        relay.set(.refusing)
        Thread.sleep(forTimeInterval: 4)
        daemon.kill()
        let killed = Date().timeIntervalSince1970
        try daemon.start()
        relay.set(.open)
        #expect(
            subscriber.wait(within: 30) { _ in readings(subscriber).filter { ($0.time ?? 0) > killed }.count >= 40 }, "\(daemon.log)")
        let live = try daemon.status()
        #expect(live["connected"] as? Bool == true)
        let stopped = daemon.stop()
        #expect(stopped.status == 0, "\(daemon.log)")
        #expect(subscriber.wait(within: 10) { $0.last { $0.topic == "godwit/bench/status" }?.payload == "offline" })
        try checkAfterKill(subscriber, killed: killed)
        try checkRing(daemon, arrived: readings(subscriber))
    }

    private func checkAfterKill(_ subscriber: Subscriber, killed: Double) throws {
        let all = readings(subscriber)
        #expect(Set(all.map(\.stream)).count == 1, "the ring was there: the stream goes on")
        #expect(all.map(\.sequence) == all.map(\.sequence).sorted())
        let before = all.filter { ($0.time ?? 0) <= killed }
        #expect(before.map(\.sequence) == Array(1...max(before.count, 1)))
        // 1 s of `sync`, and what a busy machine delays.
        #expect(try #require(before.last?.time) >= killed - 2.5)
        let lost = readings(subscriber, of: ["losses"])
        let covered = Set(all.map(\.sequence)).union(
            lost.flatMap { loss -> [Int] in
                guard let first = loss.fields["first"] as? Int, let last = loss.fields["last"] as? Int, first <= last else { return [] }
                return Array(first...last)
            })
        let last = try #require(all.last).sequence
        #expect(Set(1...last).subtracting(covered).isEmpty)
    }

    private func checkRing(_ daemon: Daemon, arrived: [Published]) throws {
        let status = try daemon.ringStatus()
        #expect(status["unacknowledged"] as? Int == 0)
        // `head` is one above the highest that was stored, and nothing is while the broker answers.
        #expect(status["watermark"] as? Int ?? 0 >= arrived.last?.sequence ?? 1, "\(status)")
        // What the outages have written is still there, and is what came.
        let dump = try godwit(["ring", "dump", "--all", daemon.ring])
        #expect(dump.status == 0, "\(dump)")
        let stored = dump.output.split(separator: "\n").compactMap {
            Published(topic: "", payload: String($0), arrivedAt: 0)
        }.filter { $0.sequence > 0 }
        #expect(stored.count >= 20, "\(dump.output.prefix(500))")
        let values = Dictionary(arrived.map { ($0.sequence, $0.fields["value"] as? Double) }) { first, _ in first }
        for reading in stored where reading.fields["value"] != nil {
            #expect(values[reading.sequence] == reading.fields["value"] as? Double, "\(reading.payload)")
        }
        #expect(try godwit(["ring", "verify", daemon.ring]).status == 0)
    }
}
