import Foundation

/// A private mosquitto on a free port of the loopback interface; it keeps nothing.
package final class MosquittoBroker: @unchecked Sendable {
    package struct Options: Sendable {
        /// Certificate and key of the broker; nil: plain.
        package var tls: Certificates.Pair?
        package var username: String?
        package var password: String?
        /// More lines for its configuration: `max_packet_size 100`, `acl_file …`.
        package var lines: [String] = []
        /// At its start; 0: a free one.
        package var port: UInt16 = 0
        package init() {}
    }

    package let port: UInt16
    private let folder: TemporaryFolder
    private let configuration: String
    private var process: Child?

    /// Starts it, and waits until it accepts connections.
    package init(_ options: Options = Options()) throws {
        folder = try TemporaryFolder()
        port = options.port == 0 ? try freePort() : options.port
        var lines = ["listener \(port) 127.0.0.1", "persistence false", "log_dest stderr", "log_type all"]
        if let tls = options.tls {
            lines += ["certfile \(tls.certificate)", "keyfile \(tls.key)"]
        }
        if let username = options.username, let password = options.password {
            let file = folder.file("passwords")
            _ = FileManager.default.createFile(atPath: file, contents: Data())
            try runProgram("mosquitto_passwd", ["-b", file, username, password])
            lines += ["allow_anonymous false", "password_file \(file)"]
        } else {
            lines.append("allow_anonymous true")
        }
        // A subscriber that is slower than what is drained loses nothing: the broker's own limit is 1,000. Not 0, which is to
        // mean none: with that mosquitto 2.0.11 of Debian 12 closes a connection after each message that it denies.
        lines.append("max_queued_messages 1000000")
        // Running as root it would give up the right to read the files of the test.
        lines.append("user \(NSUserName())")
        configuration = try folder.write((lines + options.lines).joined(separator: "\n") + "\n", to: "mosquitto.conf")
        try start()
    }

    deinit { kill() }

    /// Starts it again on the same port.
    package func start() throws {
        guard process == nil else { return }
        let startsBefore = log.components(separatedBy: " running").count
        let log = open(folder.file("mosquitto.log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let process = try Child("mosquitto", ["-c", configuration], output: log, errors: log)
        close(log)
        self.process = process
        // A listener on the port need not be this one: it says itself when it runs.
        let isUp = eventually(within: 10) {
            process.isRunning && self.log.components(separatedBy: " running").count > startsBefore
        }
        guard isUp else { throw PeerError.unexpected("mosquitto did not start: \(self.log)") }
    }

    /// SIGTERM, and waits for its end.
    package func stop() {
        process?.terminate()
        process = nil
    }
    /// SIGKILL, and waits for its end.
    package func kill() {
        process?.signal(SIGKILL)
        process?.wait()
        process = nil
    }
    /// SIGSTOP: its sockets stay open and the kernel still accepts connections, but nothing moves.
    package func pause() { process?.signal(SIGSTOP) }
    package func resume() { process?.signal(SIGCONT) }

    /// All that it has logged.
    package var log: String {
        (try? String(contentsOfFile: folder.file("mosquitto.log"), encoding: .utf8)) ?? ""
    }

    /// mosquitto_pub.
    package func publish(_ payload: String, to topic: String, retain: Bool = false, _ more: [String] = []) throws {
        let arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-t", topic, "-m", payload, "-q", "1"]
        let result = try runProgram("mosquitto_pub", arguments + (retain ? ["-r"] : []) + more)
        guard result.status == 0 else { throw PeerError.unexpected("mosquitto_pub: \(result.errors)") }
    }
}

/// Keys and certificates made by openssl for one test.
package struct Certificates: Sendable {
    package struct Pair: Sendable {
        package var certificate: String
        package var key: String
        let folder: TemporaryFolder
    }

    package let folder: TemporaryFolder
    /// The certificate of the authority (PEM): what a client's `ca_file` names.
    package let ca: String

    package init(name: String = "Godwit test CA") throws {
        folder = try TemporaryFolder()
        ca = folder.file("ca.pem")
        try Self.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            folder.file("ca.key"), "-out", ca, "-days", "30", "-subj", "/CN=\(name)",
        ])
    }

    /// - Parameter names: as in subjectAltName: `DNS:localhost`, `IP:127.0.0.1`.
    /// - Parameter days: of validity, from `from` on (days from now; negative: in the past).
    package func issue(_ names: [String], from: Int = -1, days: Int = 30) throws -> Pair {
        let id = UUID().uuidString.prefix(8)
        let pair = Pair(certificate: folder.file("\(id).pem"), key: folder.file("\(id).key"), folder: folder)
        let request = folder.file("\(id).csr")
        try Self.openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", pair.key, "-out",
            request, "-subj", "/CN=broker",
        ])
        let extensions = try folder.write("subjectAltName=\(names.joined(separator: ","))\n", to: "\(id).ext")
        // `openssl ca` is the form that takes both ends of the validity.
        let database = folder.file("\(id).index")
        _ = FileManager.default.createFile(atPath: database, contents: Data())
        let configuration = try folder.write(
            """
            [ca]
            default_ca = test
            [test]
            database = \(database)
            new_certs_dir = \(folder.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            [any]
            commonName = supplied

            """, to: "\(id).cnf")
        let format = DateFormatter()
        format.dateFormat = "yyyyMMddHHmmss'Z'"
        format.timeZone = TimeZone(identifier: "UTC")
        let begin = Date().addingTimeInterval(Double(from) * 86400)
        try Self.openssl([
            "ca", "-batch", "-notext", "-config", configuration, "-cert", ca, "-keyfile", folder.file("ca.key"), "-in",
            request, "-out", pair.certificate, "-startdate", format.string(from: begin), "-enddate",
            format.string(from: begin.addingTimeInterval(Double(days) * 86400)), "-extfile", extensions,
        ])
        return pair
    }

    private static func openssl(_ arguments: [String]) throws {
        let result = try runProgram("openssl", arguments)
        guard result.status == 0 else { throw PeerError.unexpected("openssl: \(result.errors)") }
    }
}
