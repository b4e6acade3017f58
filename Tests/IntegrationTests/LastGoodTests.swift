import Foundation
import TestSupport
import Testing

/// What runs where the configuration is broken at a start.
@Suite struct LastGoodTests {
    private func configuration(port: UInt16, sensor: String = "n") -> String {
        """
        device: {id: kept}
        broker: {url: "mqtt://127.0.0.1:\(port)", username: u, password: {file: secret}, reconnect: {minimum: 100 ms, maximum: 200 ms}}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: \(sensor), model: synthetic, waveform: counter, every: 200 ms}

        """
    }

    private func info(_ subscriber: Subscriber) -> [String: Any]? {
        subscriber.lines.last { $0.topic == "godwit/kept/info" }.flatMap {
            (try? JSONSerialization.jsonObject(with: Data($0.payload.utf8)) as? [String: Any])?["config"] as? [String: Any]
        }
    }

    @Test(arguments: Build.built)
    func `a broken file does not stop the sensors: the last good one runs, and says so, until the file is repaired`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker)
            let folder = try TemporaryFolder()
            _ = try folder.write("tiger\n", to: "secret")
            let good = configuration(port: broker.port)
            let daemon = try Daemon(build, configuration: good, folder: folder)
            let kept = daemon.stateFolder + "/last-good.yaml"

            // None is kept yet.
            _ = try folder.write(good + "nonsense: 1\n", to: "godwit.yaml")
            try daemon.start()
            #expect(daemon.waitForEnd() == 78)

            _ = try folder.write(good, to: "godwit.yaml")
            try daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/kept/sensors/n" } }, "\(daemon.log)")
            #expect(waitUntil(20) { FileManager.default.fileExists(atPath: kept) })
            #expect(try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int == 0o600)
            let text = try String(contentsOfFile: kept, encoding: .utf8)
            #expect(text.contains("password: {file: \"\(folder.path)/secret\"}") && !text.contains("tiger"))
            #expect(daemon.stop().status == 0)
            let hash = info(subscriber)?["hash"] as? String

            _ = try folder.write(good + "nonsense: 1\n", to: "godwit.yaml")
            try daemon.start()
            let place = "\(folder.path)/godwit.yaml:7:1: error: unknown key 'nonsense'"
            #expect(waitUntil(20) { (info(subscriber)?["error"] as? String)?.hasPrefix(place) == true }, "\(daemon.log)")
            #expect(daemon.log.contains("the last good one runs in its place: \(place)"))
            let count = subscriber.lines.count
            #expect(subscriber.wait(within: 20) { $0.dropFirst(count).contains { $0.topic == "godwit/kept/sensors/n" } })
            #expect(try String(contentsOfFile: kept, encoding: .utf8) == text)

            _ = try folder.write(configuration(port: broker.port, sensor: "m"), to: "godwit.yaml")
            daemon.signal(SIGHUP)
            #expect(waitUntil(20) { info(subscriber)?["error"] is NSNull }, "\(daemon.log)")
            #expect(info(subscriber)?["hash"] as? String != hash)
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/kept/sensors/m" } })
            #expect(waitUntil(20) { (try? String(contentsOfFile: kept, encoding: .utf8))?.contains("id: m") == true })
            #expect(daemon.stop().status == 0)

            _ = try folder.write("broker: [\n", to: "godwit.yaml")
            try daemon.start(arguments: ["--strict"])
            #expect(daemon.waitForEnd() == 78)
            // A broken last good one is not run, and both are named.
            try Data("broker: {}\n".utf8).write(to: URL(fileURLWithPath: kept))
            try daemon.start()
            #expect(daemon.waitForEnd() == 78)
            #expect(daemon.log.contains("\(kept):1:"))
            // Nobody wants another configuration in place of one that is not there.
            try FileManager.default.removeItem(atPath: daemon.configurationFile)
            try daemon.start()
            #expect(daemon.waitForEnd() == 66)
        }
    }

    @Test(arguments: Build.built)
    func `a password of the file's own is never kept`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let good = configuration(port: broker.port).replacingOccurrences(of: "{file: secret}", with: "leopard")
            let daemon = try Daemon(build, configuration: good)
            try daemon.start()
            let kept = daemon.stateFolder + "/last-good.yaml"
            #expect(waitUntil(20) { FileManager.default.fileExists(atPath: kept) }, "\(daemon.log)")
            #expect(try !String(contentsOfFile: kept, encoding: .utf8).contains("leopard"))
            #expect(daemon.stop().status == 0)
            _ = try daemon.folder.write(good + "nonsense: 1\n", to: "godwit.yaml")
            try daemon.start()
            #expect(daemon.waitForLog("without the password, which is kept only where it is a reference"))
            #expect(daemon.stop().status == 0)
        }
    }
}
