import Foundation
import MQTTSession
import MQTTTransport
import Telemetry
import Testing
import TestSupport

/// What the client shows of itself in TLS: a certificate, or a pre-shared key.
@Suite(.serialized) struct ClientIdentityTests {
    private let key: [UInt8] = (0..<32).map { $0 }
    private var hexadecimal: String { key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    private func pskBroker(_ folder: TemporaryFolder) throws -> MosquittoBroker {
        var options = MosquittoBroker.Options()
        let file = try folder.write("greenhouse-1:\(hexadecimal)\n", to: "psk")
        options.lines = ["psk_hint godwit", "psk_file \(file)", "use_identity_as_username true"]
        return try MosquittoBroker(options)
    }

    /// What the first failure of TLS says. What a broker says against a client's certificate comes after the handshake, and is lost
    /// when the end of the connection overtakes it: then the next attempt says it.
    private func refusal(_ port: UInt16, _ tls: BrokerAddress.TLSSettings) -> String {
        let driver = Driver(port: port, host: "localhost") { $0.tls = tls }
        driver.start()
        #expect(driver.run { if case .tls = $0.session.lastFailure { true } else { $0.session.isOnline } })
        #expect(!driver.session.isOnline)
        guard case .tls(let what) = driver.session.lastFailure else { return "\(String(describing: driver.session.lastFailure))" }
        return what
    }

    private func settles(_ driver: Driver) -> Bool {
        guard driver.startAndConnect() else { return false }
        let tag = driver.publish("x")
        return driver.run { $0.isSettled(tag) }
    }

    @Test func `a client certificate connects where the broker wants one`() throws {
        let authority = try Certificates()
        var options = MosquittoBroker.Options()
        options.tls = try authority.issue(["DNS:localhost"])
        options.lines = ["cafile \(authority.ca)", "require_certificate true", "use_identity_as_username true"]
        let broker = try MosquittoBroker(options)
        let mine = try authority.issue(["DNS:greenhouse-1"])
        let driver = Driver(port: broker.port, host: "localhost") {
            $0.tls = .init(caFile: authority.ca, certificateFile: mine.certificate, privateKeyFile: mine.key)
        }
        #expect(settles(driver), "\(driver.notices)")
        #expect(broker.log.contains("u'broker'"), "the common name of the certificate is the user name")

        let without = refusal(broker.port, .init(caFile: authority.ca))
        #expect(without.contains("the broker wants a client certificate"), "\(without)")
        let stranger = try Certificates(name: "Another CA").issue(["DNS:greenhouse-1"])
        let unknown = refusal(
            broker.port, .init(caFile: authority.ca, certificateFile: stranger.certificate, privateKeyFile: stranger.key))
        #expect(unknown.contains("does not know the authority"), "\(unknown)")
    }

    @Test func `a certificate or key that cannot be used is said, and no passphrase is asked for`() throws {
        let authority = try Certificates()
        let mine = try authority.issue(["DNS:a"])
        let other = try authority.issue(["DNS:b"])
        let locked = authority.folder.file("locked.key")
        try runProgram("openssl", ["ec", "-in", mine.key, "-aes256", "-passout", "pass:tiger", "-out", locked])
        let empty = try authority.folder.write("nothing\n", to: "empty.pem")
        let missing = authority.folder.file("missing.pem")
        let broker = try ScriptedBroker { try $0.staySilentRaw() }
        for (certificate, key, said) in [
            (missing, mine.key, "certificate_file \(missing): No such file or directory"),
            (mine.certificate, missing, "private_key_file \(missing): No such file or directory"),
            (empty, mine.key, "certificate_file \(empty) holds no certificate that can be read (PEM is wanted)"),
            (mine.certificate, empty, "private_key_file \(empty) holds no key that can be read (PEM without a passphrase is wanted)"),
            (mine.certificate, locked, "private_key_file \(locked) holds no key that can be read (PEM without a passphrase is wanted)"),
            (mine.certificate, other.key, "private_key_file \(other.key) does not belong to the certificate"),
        ] {
            let tls = BrokerAddress.TLSSettings(caFile: authority.ca, certificateFile: certificate, privateKeyFile: key)
            #expect(refusal(broker.port, tls) == said)
        }
    }

    @Test func `a PSK connects, and the broker knows who it is`() throws {
        let folder = try TemporaryFolder()
        let broker = try pskBroker(folder)
        let driver = Driver(port: broker.port, host: "localhost") {
            $0.tls = .init(psk: .init(identity: "greenhouse-1", key: key))
        }
        #expect(settles(driver), "\(driver.notices)")
        #expect(broker.log.contains("u'greenhouse-1'"))
    }

    @Test func `a wrong PSK and an unknown identity are refused`() throws {
        let folder = try TemporaryFolder()
        let broker = try pskBroker(folder)
        for (identity, key) in [("greenhouse-1", Array(repeating: 7, count: 32)), ("greenhouse-2", self.key)] as [(String, [UInt8])] {
            let what = refusal(broker.port, .init(psk: .init(identity: identity, key: key)))
            #expect(what.contains("does not know tls.psk_identity, or has another tls.psk"), "\(what)")
        }
        #expect(!broker.log.contains("as godwit-test"))
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `with a PSK no certificate will do, not even one that the system trusts`(version: String) throws {
        // Everything but a PSK is in the middle here: OpenSSL's own server with a certificate, and all its suites.
        let pair = try Certificates().issue(["DNS:localhost"])
        let port = try freePort()
        let server = try Child(
            "openssl", ["s_server", "-accept", "\(port)", "-cert", pair.certificate, "-key", pair.key, version, "-quiet"])
        defer { server.terminate() }
        #expect(eventually { (try? runProgram("bash", ["-c", ": < /dev/tcp/127.0.0.1/\(port)"]).status) == 0 })
        let what = refusal(port, .init(psk: .init(identity: "greenhouse-1", key: key)))
        #expect(what.contains("no PSK") || what.contains("TLS 1.2"), "\(what)")
    }

    @Test func `a server that has only RSA beside a PSK is refused: its certificate was checked by nobody`() throws {
        let folder = try TemporaryFolder()
        let rsa = folder.file("rsa.pem")
        try runProgram(
            "openssl",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", rsa + ".key", "-out", rsa, "-days", "2", "-subj", "/CN=x"])
        let port = try freePort()
        let server = try Child(
            "openssl",
            ["s_server", "-accept", "\(port)", "-cert", rsa, "-key", rsa + ".key", "-psk", hexadecimal, "-cipher", "kRSAPSK", "-tls1_2",
             "-quiet"])
        defer { server.terminate() }
        #expect(eventually { (try? runProgram("bash", ["-c", ": < /dev/tcp/127.0.0.1/\(port)"]).status) == 0 })
        let what = refusal(port, .init(psk: .init(identity: "Client_identity", key: key)))
        #expect(what.contains("no PSK"), "\(what)")
    }
}
