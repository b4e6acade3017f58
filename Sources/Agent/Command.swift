internal import Alerts
internal import Configuration
package import Outputs
internal import Payloads
package import Telemetry

/// What can be asked of the daemon, by `P/command` and by the control socket alike (docs/mqtt.md, "Commands").
package enum Command: Hashable, Sendable {
    case ping
    case status
    case metrics
    case losses
    case logs
    case reload
    case read(sensor: String)
    case acknowledge(alert: String)
    case mute(alert: String, lasting: Duration)
    /// `expires`: past it nothing is done.
    case output(id: String, OutputCommand, expires: WallTime?)

    /// As in the request's `command`.
    package var name: String {
        switch self {
        case .ping: "ping"
        case .status: "status"
        case .metrics: "metrics"
        case .losses: "losses"
        case .logs: "logs"
        case .reload: "reload"
        case .read: "read"
        case .acknowledge: "acknowledge"
        case .mute: "mute"
        case .output: "output"
        }
    }

    /// Every name, in the order in which they are listed to a person, with the members that the request may have.
    static let members: [(name: String, members: [String])] = [
        ("ping", []), ("status", []), ("metrics", []), ("losses", []), ("logs", []), ("reload", []),
        ("read", ["sensor"]), ("acknowledge", ["alert"]), ("mute", ["alert", "for"]),
        ("output", ["output", "state", "for", "expires"]),
    ]

    /// - Throws: what is wrong with the request, and what to write.
    init(_ request: CommandRequest) throws(CommandRefusal) {
        guard let known = Self.members.first(where: { $0.name == request.command }) else {
            throw CommandRefusal(
                "unknown command '\(shown(request.command))'"
                    + Suggestion.nextStep(for: request.command, among: Self.members.map { $0.name }, what: "commands"))
        }
        try request.body.checkMembers(known.members + ["command", "id"], of: "command '\(known.name)'")
        switch known.name {
        case "ping": self = .ping
        case "status": self = .status
        case "metrics": self = .metrics
        case "losses": self = .losses
        case "logs": self = .logs
        case "reload": self = .reload
        case "read": self = .read(sensor: try request.body.neededText("sensor", example: "air"))
        case "acknowledge": self = .acknowledge(alert: try request.body.neededText("alert", example: "frost"))
        case "mute":
            let alert = try request.body.neededText("alert", example: "frost")
            guard let duration = try request.body.duration("for", .zero...AlertEngine.maximumMute, range: "0 s ... 31 d") else {
                throw CommandRefusal(#"'for' is missing; write how long it is to be muted, as in "for":"8 h""#)
            }
            self = .mute(alert: alert, lasting: duration)
        default:
            // `id` names the request; where `output` is left out it names the output as well: `output id=siren state=on`.
            let id: String
            if request.body["output"] == nil, let named = request.id {
                id = named
            } else {
                id = try request.body.neededText("output", example: "siren")
            }
            let order = try OutputRequest(request.body)
            self = .output(id: id, order.command, expires: order.expires)
        }
    }
}

/// Why a command is not done, for a person.
struct CommandRefusal: Error, Hashable, Sendable {
    var text: String
    init(_ text: String) { self.text = text }
}

extension JSONValue {
    /// A member that nobody knows may be one that was meant to change everything (`fro` for `for`): nothing is ignored.
    func checkMembers(_ known: [String], of what: String) throws(CommandRefusal) {
        for member in members where !known.contains(member.name) {
            throw CommandRefusal(
                "unknown '\(shown(member.name))' in \(what)"
                    + Suggestion.nextStep(for: member.name, among: known, what: "members"))
        }
    }

    /// A text; nil where it is left out or null.
    func optionalText(_ name: String, example: String) throws(CommandRefusal) -> String? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let text = value.text else {
            throw CommandRefusal(#"'\#(name)' is no text; write it as in "\#(name)":"\#(example)""#)
        }
        return text
    }

    func neededText(_ name: String, example: String) throws(CommandRefusal) -> String {
        guard let text = try optionalText(name, example: example) else {
            throw CommandRefusal(#"'\#(name)' is missing; write it as in "\#(name)":"\#(example)""#)
        }
        return text
    }

    /// Nil where it is left out or null.
    /// - Parameter range: the limits for a person.
    func duration(_ name: String, _ limits: ClosedRange<Duration>, range: String) throws(CommandRefusal) -> Duration? {
        guard let text = try optionalText(name, example: "5 min") else { return nil }
        let duration: Duration
        do throws(ValueError) {
            duration = try Units.duration(text)
        } catch {
            throw CommandRefusal("'\(name)': \(error.text)")
        }
        guard limits.contains(duration) else { throw CommandRefusal("'\(name)': \(shown(text)) is outside \(range)") }
        return duration
    }
}
