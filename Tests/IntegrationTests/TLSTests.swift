import Foundation
import TestSupport
import Testing

/// TLS as a user meets it: the real godwitd, a real mosquitto, certificates made by openssl for the test.
@Suite(.serialized) struct TLSTests {
    private func configuration(port: UInt16, host: String = "localhost", tls: String) -> String {
        """
        device: {id: tls}
        broker:
          url: mqtts://\(host):\(port)
          \(tls)
          reconnect: {minimum: 100 ms, maximum: 300 ms}
        publish: {clock: trust, metrics_every: 0 s}
        buffer: {sync: 100 ms, size: 256 KiB}
        sensors:
          - {id: count, model: synthetic, waveform: counter, every: 50 ms}
        """
    }

    /// Numbers of the readings, in the order in which they came.
    private func numbers(_ subscriber: Subscriber) -> [Int] {
        subscriber.lines.compactMap {
            Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)?.sequence
        }
    }

    @Test(arguments: Build.built)
    func `an unknown CA and a wrong name are refused with a line that says which, and nothing is lost`(
        build: Build
    ) async throws {
        try await background {
            let authority = try Certificates()
            let stranger = try Certificates(name: "Another CA")
            // One broker for the observer, one listener with TLS for the device.
            let port = try freePort()
            let pair = try authority.issue(["DNS:broker.example"])
            let right = try authority.issue(["DNS:localhost", "IP:127.0.0.1"])
            // Shut until the subscriber is there: what it would miss would be its loss, not the daemon's.
            let relay = try Relay(to: port)
            defer { relay.stop() }
            func broker(_ pair: Certificates.Pair) throws -> MosquittoBroker {
                var options = MosquittoBroker.Options()
                options.lines = ["listener \(port) 127.0.0.1", "certfile \(pair.certificate)", "keyfile \(pair.key)"]
                return try MosquittoBroker(options)
            }
            let folder = try TemporaryFolder()
            let caFile = folder.url.appendingPathComponent("ca.pem")
            try FileManager.default.copyItem(at: URL(fileURLWithPath: stranger.ca), to: caFile)

            let wrongName = try broker(pair)
            let daemon = try Daemon(
                build, configuration: configuration(port: relay.port, tls: "tls: {ca_file: ca.pem}"), folder: folder)
            try daemon.start()
            #expect(daemon.waitForLog("unknown CA"), "\(daemon.log)")
            #expect(daemon.log.contains(caFile.path), "\(daemon.log)")

            // The CA file is read at each attempt: with the right one the name is what is wrong.
            try Data(contentsOf: URL(fileURLWithPath: authority.ca)).write(to: caFile)
            #expect(
                daemon.waitForLog("wrong name: the certificate is for broker.example, not for localhost"),
                "\(daemon.log)")
            #expect(!wrongName.log.contains("as godwit-tls"), "CONNECT was sent to a broker that was not verified")
            relay.set(.refusing)
            wrongName.stop()

            let rightName = try broker(right)
            let subscriber = try Subscriber(rightName, ["godwit/tls/sensors/#", "godwit/tls/losses"])
            relay.set(.open)
            #expect(subscriber.wait(within: 20) { $0.count >= 60 }, "\(daemon.log)")
            let (status, _) = daemon.stop()
            #expect(status == 0)
            let numbers = numbers(subscriber)
            #expect(numbers == Array(1...numbers.count), "\(numbers)")
            #expect(daemon.log.components(separatedBy: "unknown CA").count == 2, "one line for one failure")
        }
    }

    enum Refused: String, CaseIterable, CustomTestStringConvertible {
        case expired, notYetValid, oldVersion
        var testDescription: String { rawValue }

        /// What the log says.
        var line: String {
            switch self {
            case .expired: "expired: the certificate ended at 20"
            case .notYetValid: "not yet valid: the clock says 20"
            case .oldVersion: "the broker has no TLS 1.2 or later"
            }
        }
    }

    @Test(arguments: Build.built, Refused.allCases)
    func `a certificate out of its time and an old version are refused with a line that says which, and nothing is lost`(
        build: Build, refused: Refused
    ) async throws {
        try await background {
            let authority = try Certificates()
            let right = try authority.issue(["DNS:localhost"])
            let port = try freePort()
            // Shut until the subscriber is there: what it would miss would be its loss, not the daemon's.
            let relay = try Relay(to: port)
            defer { relay.stop() }
            func broker(_ pair: Certificates.Pair) throws -> MosquittoBroker {
                var options = MosquittoBroker.Options()
                options.lines = ["listener \(port) 127.0.0.1", "certfile \(pair.certificate)", "keyfile \(pair.key)"]
                return try MosquittoBroker(options)
            }
            let folder = try TemporaryFolder()
            try FileManager.default.copyItem(at: URL(fileURLWithPath: authority.ca), to: folder.url.appendingPathComponent("ca.pem"))
            let daemon = try Daemon(build, configuration: configuration(port: relay.port, tls: "tls: {ca_file: ca.pem}"), folder: folder)
            do {
                let wrong: MosquittoBroker?
                let old: Child?
                switch refused {
                case .expired: (wrong, old) = (try broker(authority.issue(["DNS:localhost"], from: -10, days: 5)), nil)
                case .notYetValid: (wrong, old) = (try broker(authority.issue(["DNS:localhost"], from: 5)), nil)
                case .oldVersion:
                    wrong = nil
                    old = try Child(
                        "openssl",
                        [
                            "s_server", "-accept", "\(port)", "-cert", right.certificate, "-key", right.key, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0",
                            "-quiet",
                        ])
                }
                try daemon.start()
                #expect(daemon.waitForLog(refused.line), "\(daemon.log)")
                #expect(wrong?.log.contains("as godwit-tls") != true, "CONNECT was sent to a broker that was not verified")
                relay.set(.refusing)
                wrong?.stop()
                old?.terminate()
            }
            // As when the certificate is renewed, the clock is set, the broker is brought up to date.
            let observed = try broker(right)
            let subscriber = try Subscriber(observed, ["godwit/tls/sensors/#", "godwit/tls/losses"])
            relay.set(.open)
            #expect(subscriber.wait(within: 20) { $0.count >= 60 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
            let numbers = numbers(subscriber)
            #expect(numbers == Array(1...numbers.count), "\(numbers)")
        }
    }

    @Test(arguments: Build.built)
    func `without ca_file the system's store decides and mqtts is never plain text`(build: Build) async throws {
        try await background {
            let authority = try Certificates()
            var options = MosquittoBroker.Options()
            options.tls = try authority.issue(["DNS:localhost"])
            let broker = try MosquittoBroker(options)
            let daemon = try Daemon(build, configuration: configuration(port: broker.port, tls: "keep_alive: 60 s"))
            try daemon.start()
            #expect(daemon.waitForLog("unknown CA: the broker's certificate is signed by none that the system's store holds"), "\(daemon.log)")
            #expect(daemon.stop().status == 0)

            let plain = try ScriptedBroker { _ = try $0.read(within: 5) }
            let other = try Daemon(build, configuration: configuration(port: plain.port, tls: "keep_alive: 60 s"))
            try other.start()
            #expect(waitUntil(10) { plain.connectionCount > 0 })
            usleep(200_000)
            #expect(plain.connects.isEmpty)
            #expect(other.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a stop while the handshake stalls is over in time`(build: Build) async throws {
        try await background {
            let silent = try ScriptedBroker { try $0.staySilentRaw() }
            let daemon = try Daemon(build, configuration: configuration(port: silent.port, tls: "keep_alive: 60 s"))
            try daemon.start()
            #expect(waitUntil(10) { silent.connectionCount == 1 })
            let (status, seconds) = daemon.stop()
            #expect(status == 0 && seconds < 5, "\(String(describing: status)) after \(seconds) s: \(daemon.log)")
        }
    }
}
