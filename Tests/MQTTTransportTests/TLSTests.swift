import Foundation
import MQTTSession
import MQTTTransport
import Telemetry
import Testing
import TestSupport

@Suite(.serialized) struct TLSTests {
    private func broker(_ pair: Certificates.Pair, _ lines: [String] = []) throws -> MosquittoBroker {
        var options = MosquittoBroker.Options()
        options.tls = pair
        options.lines = lines
        return try MosquittoBroker(options)
    }

    /// What the first failure says, after CA, name and times were checked.
    private func refusal(_ broker: MosquittoBroker, host: String = "localhost", caFile: String?) -> String {
        let driver = Driver(port: broker.port, host: host) { $0.tls = .init(caFile: caFile) }
        driver.start()
        #expect(driver.run { $0.session.lastFailure != nil || $0.session.isOnline })
        #expect(!driver.session.isOnline)
        #expect(!broker.log.contains("as godwit-test"), "CONNECT was sent")
        guard case .tls(let what) = driver.session.lastFailure else {
            return "not a failure of TLS: \(String(describing: driver.session.lastFailure))"
        }
        #expect(driver.notices.contains { $0.level == .warning && $0.text.contains(what) })
        return what
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `the right CA and the right name connect`(host: String) throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(["DNS:localhost", "IP:127.0.0.1"]))
        let driver = Driver(port: broker.port, host: host) { $0.tls = .init(caFile: authority.ca) }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let tags = (0..<10).map { driver.publish("\($0)") }
        #expect(driver.run { driver in tags.allSatisfy(driver.isSettled) })
        #expect(driver.transport.bytesReceived > 500)
    }

    @Test func `an unknown CA is refused and said`() throws {
        let broker = try broker(Certificates().issue(["DNS:localhost"]))
        let other = try Certificates(name: "Another CA")
        let what = refusal(broker, caFile: other.ca)
        #expect(what.hasPrefix("unknown CA"), "\(what)")
        #expect(what.contains(other.ca))
    }

    @Test func `without ca_file the system's store decides, and does not know our CA`() throws {
        let broker = try broker(Certificates().issue(["DNS:localhost"]))
        let what = refusal(broker, caFile: nil)
        #expect(what.hasPrefix("unknown CA") && what.contains("the system's store"), "\(what)")
    }

    @Test(arguments: [
        (["DNS:broker.example", "DNS:mqtt.example"], "localhost", "broker.example, mqtt.example, not for localhost"),
        (["DNS:localhost"], "127.0.0.1", "localhost, not for 127.0.0.1"),
        (["IP:127.0.0.2"], "127.0.0.1", "127.0.0.2, not for 127.0.0.1"),
    ])
    func `a wrong name is refused and both names are said`(names: [String], host: String, said: String) throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(names))
        let what = refusal(broker, host: host, caFile: authority.ca)
        #expect(what == "wrong name: the certificate is for \(said)")
    }

    @Test func `an expired certificate is refused and said with its end`() throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(["DNS:localhost"], from: -20, days: 10))
        let what = refusal(broker, caFile: authority.ca)
        #expect(what.hasPrefix("expired: the certificate ended at 20"), "\(what)")
    }

    @Test func `a certificate that is not yet valid is refused and the clock is said`() throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(["DNS:localhost"], from: 5, days: 10))
        let what = refusal(broker, caFile: authority.ca)
        #expect(what.hasPrefix("not yet valid: the clock says 20"), "\(what)")
    }

    @Test func `a ca_file that is missing or holds nothing is said`() throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(["DNS:localhost"]))
        let missing = authority.folder.file("missing.pem")
        #expect(refusal(broker, caFile: missing) == "ca_file \(missing): No such file or directory")
        let empty = try authority.folder.write("nothing\n", to: "empty.pem")
        #expect(refusal(broker, caFile: empty).hasPrefix("ca_file \(empty) holds no certificate"))
    }

    @Test func `a broker that speaks no TLS is said, and gets no CONNECT in plain text`() throws {
        let broker = try MosquittoBroker()
        let authority = try Certificates()
        let scripted = try ScriptedBroker { connection in
            let packet = try connection.read(within: 5)
            throw PeerError.unexpected("\(packet)")
        }
        let what = refusal(broker, caFile: authority.ca)
        #expect(what.contains("does it speak TLS"), "\(what)")
        let driver = Driver(port: scripted.port) { $0.tls = .init() }
        driver.start()
        _ = driver.run(within: 2) { $0.session.lastFailure != nil }
        #expect(scripted.connects.isEmpty)
    }

    @Test func `TLS 1_1 is refused`() throws {
        let authority = try Certificates()
        let pair = try authority.issue(["DNS:localhost"])
        // OpenSSL's own server, since mosquitto no longer speaks it.
        let port = try freePort()
        let server = try Child(
            "openssl",
            ["s_server", "-accept", "\(port)", "-cert", pair.certificate, "-key", pair.key, "-tls1_1", "-cipher",
             "ALL:@SECLEVEL=0", "-quiet"])
        defer { server.terminate() }
        let driver = Driver(port: port, host: "localhost") { $0.tls = .init(caFile: authority.ca) }
        driver.start()
        #expect(driver.run { if case .tls = $0.session.lastFailure { true } else { false } })
        #expect(!driver.session.isOnline)
    }

    @Test func `a handshake that stalls blocks nobody`() throws {
        let authority = try Certificates()
        let broker = try ScriptedBroker { try $0.staySilentRaw() }
        let driver = Driver(port: broker.port, host: "localhost") { $0.tls = .init(caFile: authority.ca) }
        driver.start()
        // The loop goes on turning while the helper waits for its handshake.
        let began = Date()
        for _ in 0..<10 { driver.turn(limit: 0.02) }
        #expect(Date().timeIntervalSince(began) < 1)
        broker.stop()
        #expect(driver.run { $0.session.lastFailure != nil })
    }

    @Test func `a broker with TLS that is killed is found again`() throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(["DNS:localhost"]))
        let driver = Driver(port: broker.port, host: "localhost") { $0.tls = .init(caFile: authority.ca) }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        for _ in 0..<3 {
            let count = driver.onlineEvents.count
            broker.kill()
            #expect(driver.run { !$0.session.isOnline })
            try broker.start()
            #expect(driver.run { $0.onlineEvents.count == count + 1 })
            let tag = driver.publish("again")
            #expect(driver.run { $0.isSettled(tag) })
        }
    }

    @Test func `a large backlog over TLS is all acknowledged`() throws {
        let authority = try Certificates()
        let broker = try broker(authority.issue(["DNS:localhost"]))
        let subscriberFree = Driver(port: broker.port, host: "localhost") { $0.tls = .init(caFile: authority.ca) }
        let driver = subscriberFree
        driver.whenOnline = { $0.transport.perform(.subscribe(["echo/#"]), at: Driver.now()) }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        var sent = 0
        let isDone = driver.run(within: 30) { driver in
            while sent < 2000, driver.session.readingRoom > 0 {
                // What comes back fills TLS records with many packets.
                _ = driver.publish("\(sent)", to: "echo/\(sent % 7)")
                sent += 1
            }
            return driver.session.counters.acknowledged == 2000 && driver.messages.count == 2000
        }
        #expect(isDone, "\(driver.session.counters.acknowledged) acknowledged, \(driver.messages.count) came back")
    }
}

/// Apart, so that it runs beside the others: it takes half a minute.
struct TLSTimeoutTests {
    @Test func `a handshake that stalls is given up after thirty seconds`() async throws {
        let seconds: Double = try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        let broker = try ScriptedBroker { try $0.staySilentRaw() }
                        let driver = Driver(port: broker.port) { $0.tls = .init() }
                        let began = Date()
                        driver.start()
                        guard driver.run(within: 40, until: { $0.session.lastFailure != nil }) else { return 0 }
                        guard driver.session.lastFailure == .tls(what: "the handshake was not finished in 30 s") else {
                            throw PeerError.unexpected("\(String(describing: driver.session.lastFailure))")
                        }
                        return Date().timeIntervalSince(began)
                    })
            }.start()
        }
        #expect(seconds > 29.9 && seconds < 33)
    }
}
