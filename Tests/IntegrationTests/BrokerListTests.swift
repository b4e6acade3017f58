import Foundation
import TestSupport
import Testing

/// `broker.url` as a list, and the ways in which a client shows itself in TLS, with the real godwitd.
@Suite(.serialized) struct BrokerListTests {
    private func configuration(urls: [String], more: String = "keep_alive: 60 s") -> String {
        """
        device: {id: list}
        broker:
          url: [\(urls.map { "\"\($0)\"" }.joined(separator: ", "))]
          \(more)
          reconnect: {minimum: 100 ms, maximum: 300 ms}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: count, model: synthetic, waveform: counter, every: 50 ms}
        """
    }

    private func numbers(_ publishes: [ClientPacket.Publish]) -> [Int] {
        publishes.filter { $0.topic == "godwit/list/sensors/count" }.compactMap {
            Published(topic: $0.topic, payload: $0.text, arrivedAt: 0)?.sequence
        }
    }

    @Test(arguments: Build.built)
    func `the brokers of a list stand in for each other, and nothing is lost between them`(build: Build) async throws {
        try await background {
            let serving: ScriptedBroker.Behaviour = { connection in
                try connection.acceptConnect()
                try connection.serve()
            }
            let dead = try freePort()
            let first = try ScriptedBroker(behaviour: serving)
            let second = try ScriptedBroker(behaviour: serving)
            let urls = ["mqtt://127.0.0.1:\(dead)", "mqtt://127.0.0.1:\(first.port)", "mqtt://localhost:\(second.port)"]
            let daemon = try Daemon(build, configuration: configuration(urls: urls))
            try daemon.start()
            #expect(waitUntil(15) { self.numbers(first.publishes).count >= 10 }, "\(daemon.log)")
            #expect(second.connectionCount == 0)
            #expect(daemon.log.contains("next try with the next broker broker=\(urls[0])"), "\(daemon.log)")
            first.stop()
            #expect(waitUntil(15) { self.numbers(second.publishes).count >= 10 }, "\(daemon.log)")
            // The one that comes back is found, from the front of the list on.
            let again = try ScriptedBroker(port: first.port, behaviour: serving)
            second.stop()
            #expect(waitUntil(15) { self.numbers(again.publishes).count >= 10 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
            let all = numbers(first.publishes) + numbers(second.publishes) + numbers(again.publishes)
            #expect(Set(all) == Set(1...(all.max() ?? 0)), "\(all)")
        }
    }

    @Test(arguments: Build.built)
    func `a client certificate and a PSK let the daemon in`(build: Build) async throws {
        try await background {
            let authority = try Certificates()
            let pair = try authority.issue(["DNS:localhost"])
            let mine = try authority.issue(["DNS:list"])
            let port = try freePort()
            let folder = try TemporaryFolder()
            let key = String(repeating: "5a", count: 32)
            let file = try folder.write("list:\(key)\n", to: "broker-psk")
            _ = try folder.write(key + "\n", to: "psk")
            for (listener, tls) in [
                (["certfile \(pair.certificate)", "keyfile \(pair.key)", "cafile \(authority.ca)", "require_certificate true"],
                 "tls: {ca_file: \(authority.ca), certificate_file: \(mine.certificate), private_key_file: \(mine.key)}"),
                (["psk_hint godwit", "psk_file \(file)"], "tls: {psk_identity: list, psk: {file: psk}}"),
            ] {
                var options = MosquittoBroker.Options()
                options.lines = ["listener \(port) 127.0.0.1"] + listener
                let broker = try MosquittoBroker(options)
                let subscriber = try Subscriber(broker, ["godwit/list/sensors/#"])
                let daemon = try Daemon(
                    build, configuration: configuration(urls: ["mqtts://localhost:\(port)"], more: tls), folder: folder)
                try daemon.start()
                #expect(subscriber.wait(within: 20) { $0.count >= 10 }, "\(daemon.log)")
                #expect(!daemon.log.contains(key))
                #expect(daemon.stop().status == 0)
                broker.stop()
            }
        }
    }
}
