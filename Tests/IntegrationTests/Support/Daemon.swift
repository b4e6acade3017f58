import Foundation
import TestSupport

/// The real godwitd with a configuration and a state folder of its own.
final class Daemon: @unchecked Sendable {
    let build: Build
    let folder: TemporaryFolder
    let configurationFile: String
    private var process: Child?
    private let logFile: URL
    private let environment: [String: String]

    /// - Parameter configuration: the YAML; `{environment: …}` may name what `environment` gives.
    init(_ build: Build, configuration: String, folder: TemporaryFolder? = nil, environment: [String: String] = [:]) throws {
        self.build = build
        self.folder = try folder ?? TemporaryFolder()
        self.environment = environment
        configurationFile = try self.folder.write(configuration, to: "godwit.yaml")
        logFile = self.folder.url.appendingPathComponent("log")
        FileManager.default.createFile(atPath: logFile.path, contents: nil)
    }

    deinit { kill() }

    var stateFolder: String { folder.path + "/state" }
    var ring: String { stateFolder + "/readings.ring" }

    func start(arguments: [String] = []) throws {
        let log = open(logFile.path, O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(log) }
        process = try Child(
            build.executable("godwitd"),
            ["--config", configurationFile, "--state-directory", stateFolder] + arguments, output: log, errors: log,
            environment: environment)
    }

    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }
    var isRunning: Bool { process?.isRunning ?? false }
    var identifier: Int32 { process?.processIdentifier ?? 0 }

    func waitForLog(_ text: String, within seconds: Double = 15) -> Bool {
        waitUntil(seconds) { log.contains(text) }
    }

    func signal(_ number: Int32) { process?.signal(number) }

    /// SIGTERM, and the exit status; nil when it did not end within 10 s. Of one that a signal ended 128 and more.
    func stop() -> (status: Int32?, seconds: Double) {
        guard let process else { return (nil, 0) }
        let begun = Date()
        signal(SIGTERM)
        let status = process.wait(within: 10)
        if status == nil { kill() }
        return (status, Date().timeIntervalSince(begun))
    }

    /// The exit status of a daemon that ends by itself; of one that a signal ended 128 and more.
    func waitForEnd(within seconds: Double = 15) -> Int32? { process?.wait(within: seconds) }

    func kill() {
        signal(SIGCONT)
        signal(SIGKILL)
        process?.wait()
    }

    /// The metrics object, by `godwit status --json`.
    func status() throws -> [String: Any] {
        let result = try run(
            build.executable("godwit"), ["status", "--json", "--state-directory", stateFolder])
        guard result.status == 0, let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)),
            let status = object as? [String: Any]
        else { throw DaemonError.noStatus(result.output + result.error) }
        return status
    }

    /// `godwit ring status --json`, on the file in use.
    func ringStatus() throws -> [String: Any] {
        let result = try run(build.executable("godwit"), ["ring", "status", "--json", ring])
        guard let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)),
            let status = object as? [String: Any]
        else { throw DaemonError.noStatus(result.output + result.error) }
        return status
    }
}

enum DaemonError: Error { case noStatus(String) }

/// A published reading or loss, as a subscriber sees it.
struct Published {
    var topic: String
    var payload: String
    var fields: [String: Any]
    var arrivedAt: Double

    init?(topic: String, payload: String, arrivedAt: Double) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(payload.utf8)), let fields = object as? [String: Any]
        else { return nil }
        self.topic = topic
        self.payload = payload
        self.fields = fields
        self.arrivedAt = arrivedAt
    }

    var stream: String { fields["stream"] as? String ?? "" }
    var sequence: Int { fields["seq"] as? Int ?? -1 }
    /// Seconds since 1970.
    var time: Double? { (fields["time"] as? String).flatMap(Published.seconds) }

    static func seconds(_ text: String) -> Double? {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return format.date(from: text)?.timeIntervalSince1970
    }
}
