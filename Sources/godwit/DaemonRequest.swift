internal import CLinux
internal import LinuxIO
internal import Payloads
internal import Telemetry

/// Why the running daemon gave no result.
enum DaemonFailure: Error {
    /// There is none, as far as could be seen.
    case noDaemon
    /// Something is there that could not be talked to.
    case unreachable(why: String, ExitStatus)
    /// The daemon answered that it did not do it.
    case refused(String)
}

/// The connection to the running daemon (contract, section 7).
struct Daemon {
    private let client: ControlClient
    var path: String { client.path }

    /// - Parameter timeoutSeconds: how long one answer may take.
    init(_ invocation: Invocation, timeoutSeconds: Int) throws(DaemonFailure) {
        do throws(ControlClientError) {
            client = try ControlClient(
                paths: controlSocketPaths(stateDirectory: invocation.value("state-directory")),
                timeoutSeconds: timeoutSeconds)
        } catch {
            throw Self.failure(error)
        }
    }

    /// Sends `{"id":"1","command":…}` with what else is given, and waits for the result.
    func ask(_ command: String, _ more: [(name: String, value: String)] = []) throws(DaemonFailure) -> JSONValue {
        var request = JSONWriter()
        request.beginObject()
        if !more.contains(where: { $0.name == "id" }) { request.member("id", "1") }
        request.member("command", command)
        for entry in more { request.member(entry.name, entry.value) }
        request.endObject()
        let line: [UInt8]
        do throws(ControlClientError) {
            line = try client.ask(request.bytes)
        } catch {
            throw Self.failure(error)
        }
        let answer: JSONValue
        do throws(JSONError) {
            answer = try JSONValue(parsing: line)
        } catch {
            throw .unreachable(why: "what answers at \(path) is no godwitd: \(error.text)", .data)
        }
        if answer["ok"]?.logical == true, let result = answer["result"] { return result }
        throw .refused(answer["error"]?.text ?? "no reason is given")
    }

    private static func failure(_ error: ControlClientError) -> DaemonFailure {
        switch error {
        case .noDaemon: .noDaemon
        case .timeout(let path): .unreachable(why: "\(path): no answer in time", .unavailable)
        case .closed(let path): .unreachable(why: "\(path): the daemon closed the connection", .unavailable)
        case .system(let path, let error):
            .unreachable(why: "\(path): \(error.text)", error.isNotPermitted ? .notPermitted : .ioError)
        }
    }
}

extension DaemonFailure {
    /// Prints it and gives the exit status.
    func report(_ what: String) -> Int32 {
        switch self {
        case .noDaemon:
            return fail(
                what, "no daemon runs here", "start godwitd, or name its folder with --state-directory", .unavailable)
        case .unreachable(let why, let status):
            let next =
                status == .notPermitted ? "run it as root or as a member of the socket's group" : "see the log of godwitd"
            return fail(what, why, next, status)
        case .refused(let why): return fail(what, why, "", .no)
        }
    }
}
