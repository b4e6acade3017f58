import Foundation
import TestSupport
import Testing

/// A new configuration for a daemon that runs: real daemons, a real broker, recordings in place of lines.
@Suite(.serialized) struct ReloadTests {
    /// 30 pulses a second for a quarter of a minute, from half a second on.
    private static let pulses = 450
    private static func recording() -> String {
        var rows = "time_ns,line,level\n0,rain,1\n0,wind,1\n"
        for pulse in 0..<pulses {
            let time = 500_000_000 + Int64(pulse) * 33_333_333
            rows += "\(time),rain,0\n\(time),wind,0\n\(time + 10_000_000),rain,1\n\(time + 10_000_000),wind,1\n"
        }
        return rows
    }

    private func configuration(port: UInt16, sensors: String, device: String = "reload", more: String = "", broker: String = "") -> String {
        """
        device: {id: \(device)}
        broker: {url: "mqtt://127.0.0.1:\(port)", reconnect: {minimum: 100 ms, maximum: 200 ms}\(broker)}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        chips: [{name: bench, replay: rain.csv}]
        \(more)
        sensors:
        \(sensors)
        """
    }
    private func pulses(_ id: String, every: Int = 1) -> String {
        "  - {id: \(id), model: pulse-counter, line: \(id), every: \(every) s, debounce: 2 ms}\n"
    }
    private func counter(_ id: String) -> String { "  - {id: \(id), model: synthetic, waveform: counter, every: 200 ms}\n" }

    private func started(_ build: Build, _ text: String) throws -> Daemon {
        let folder = try TemporaryFolder()
        _ = try folder.write(Self.recording(), to: "rain.csv")
        return try Daemon(build, configuration: text, folder: folder)
    }

    private func reload(_ daemon: Daemon, _ text: String) throws {
        let before = daemon.log.components(separatedBy: "configuration reloaded").count
        _ = try daemon.folder.write(text, to: "godwit.yaml")
        daemon.signal(SIGHUP)
        #expect(waitUntil(20) { daemon.log.components(separatedBy: "configuration reloaded").count > before }, "\(daemon.log)")
    }

    private func fields(_ subscriber: Subscriber, _ topic: String) -> [[String: Any]] {
        subscriber.lines.filter { $0.topic == topic }.compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.payload.utf8)) as? [String: Any]
        }
    }

    private func expectNoGap(_ subscriber: Subscriber) {
        var numbers: Set<Int> = []
        for line in subscriber.lines where line.topic.contains("/sensors/") {
            if let reading = Published(topic: line.topic, payload: line.payload, arrivedAt: line.arrivedAt) { numbers.insert(reading.sequence) }
        }
        let highest = numbers.max() ?? 0
        #expect(highest > 0 && numbers.count == highest && numbers.min() == 1, "\(numbers.count) of \(highest)")
    }

    @Test(arguments: Build.built)
    func `reloads while pulses come miss none of them, keep the total and the connection`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker)
            let daemon = try started(build, configuration(port: broker.port, sensors: pulses("rain") + pulses("wind")))
            try daemon.start()
            #expect(subscriber.wait(within: 20) { !$0.isEmpty })
            #expect(waitUntil(20) { broker.log.contains("as godwit-reload") })
            let connected = broker.log.components(separatedBy: "as godwit-reload").count
            for round in 0..<8 {
                let others = Array(0...(round % 3)).map { self.counter("n\(round)-\($0)") }.joined()
                // The rain gauge stays as it is; the wind gauge is another one each time, and its line is asked for again.
                let gauges = pulses("rain") + pulses("wind", every: 1 + (round + 1) % 2)
                try reload(daemon, configuration(port: broker.port, sensors: gauges + others))
                Thread.sleep(forTimeInterval: 0.4)
            }
            func sum(_ id: String) -> Int { fields(subscriber, "godwit/reload/sensors/\(id)").compactMap { $0["pulses"] as? Int }.reduce(0, +) }
            func total(_ id: String) -> Int? { fields(subscriber, "godwit/reload/sensors/\(id)").compactMap { $0["total"] as? Int }.last }
            #expect(waitUntil(40) { sum("rain") >= Self.pulses }, "\(sum("rain")) of \(Self.pulses)\n\(daemon.log)")
            Thread.sleep(forTimeInterval: 2.5)
            #expect(sum("rain") == Self.pulses && total("rain") == Self.pulses)
            // A pulse whose debounce time was not over when the line was let go is lost with the request, and no more.
            #expect((Self.pulses - 8...Self.pulses).contains(sum("wind")), "\(sum("wind"))")
            #expect(total("wind") == sum("wind"))
            #expect(broker.log.components(separatedBy: "as godwit-reload").count == connected, "the connection was touched")
            // What was there in between has come, and the numbers have no gap.
            expectNoGap(subscriber)
            #expect(subscriber.lines.contains { $0.topic == "godwit/reload/sensors/n7-1" })
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a broken file is not taken, is said everywhere, and a repaired one is`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker)
            let good = configuration(port: broker.port, sensors: counter("n"))
            let daemon = try started(build, good)
            try daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/reload/sensors/n" } })
            _ = try daemon.folder.write(good + "  - {id: n, model: synthetic}\nnonsense: 1\n", to: "godwit.yaml")
            daemon.signal(SIGHUP)
            func error() -> String? { (fields(subscriber, "godwit/reload/info").last?["config"] as? [String: Any])?["error"] as? String }
            #expect(waitUntil(20) { error()?.contains("duplicate id 'n'") == true }, "\(daemon.log)")
            #expect(daemon.log.contains("the configuration was not taken, what runs goes on: \(daemon.configurationFile):"))
            let refused = try run(build.executable("godwit"), ["command", "--state-directory", daemon.stateFolder, "reload"])
            #expect(refused.status != 0 && (refused.output + refused.error).contains("duplicate id 'n'"), "\(refused)")
            let count = subscriber.lines.count
            #expect(subscriber.wait(within: 20) { $0.count > count + 5 }, "readings go on")
            _ = try daemon.folder.write(good + counter("m"), to: "godwit.yaml")
            let taken = try run(build.executable("godwit"), ["command", "--state-directory", daemon.stateFolder, "reload"])
            #expect(taken.status == 0, "\(taken)")
            #expect(waitUntil(20) { error() == nil && subscriber.lines.contains { $0.topic == "godwit/reload/sensors/m" } }, "\(daemon.log)")
            // What cannot change while it runs.
            _ = try daemon.folder.write(good.replacingOccurrences(of: "256 KiB", with: "512 KiB"), to: "godwit.yaml")
            let fixed = try run(build.executable("godwit"), ["command", "--state-directory", daemon.stateFolder, "reload"])
            #expect((fixed.output + fixed.error).contains("buffer.size cannot change while godwitd runs; restart godwitd"), "\(fixed)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `with another device id the old topics are said offline and cleared, and with another keep-alive it connects anew`(
        build: Build
    ) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker)
            let daemon = try started(build, configuration(port: broker.port, sensors: counter("n")))
            try daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/reload/sensors/n" } })
            try reload(daemon, configuration(port: broker.port, sensors: counter("n"), device: "moved"))
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/moved/sensors/n" } })
            func states(_ topic: String) -> [String] { subscriber.lines.filter { $0.topic == topic }.map { $0.payload } }
            #expect(waitUntil(20) { states("godwit/reload/status") == ["online", "offline", ""] }, "\(states("godwit/reload/status"))")
            #expect(states("godwit/moved/status") == ["online"])
            try reload(daemon, configuration(port: broker.port, sensors: counter("n"), device: "moved", broker: ", keep_alive: 30 s"))
            #expect(waitUntil(20) { states("godwit/moved/status") == ["online", "offline", "online"] })
            // The DISCONNECT was a clean one: it was not the Will Message that said offline.
            #expect(broker.log.contains("Received DISCONNECT from godwit-moved"))
            Thread.sleep(forTimeInterval: 1)
            let late = try Subscriber(broker)
            #expect(late.wait(within: 20) { $0.contains { $0.topic == "godwit/moved/info" && $0.isRetained } })
            #expect(!late.lines.contains { $0.topic.hasPrefix("godwit/reload/") && $0.isRetained }, "\(late.lines)")
            expectNoGap(subscriber)
            #expect(daemon.stop().status == 0)
        }
    }
}
