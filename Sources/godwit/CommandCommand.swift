internal import CLinux
internal import LinuxIO
internal import Payloads
internal import Telemetry

/// `godwit command NAME [KEY=VALUE...]`: any command of `P/command`, by the socket.
func runCommand(_ invocation: Invocation) -> Int32 {
    guard let name = invocation.arguments.first else {
        return fail("command", "it takes the name of a command", "see godwit command --help", .usage)
    }
    guard daemonCommands.contains(name) else {
        let nearest = nearestName(to: name, among: daemonCommands)
        return fail(
            "command '\(name)'", nearest.map { "did you mean '\($0)'?" } ?? "there is none of this name",
            "there are: \(daemonCommands.joined(separator: ", "))", .usage)
    }
    var members: [(name: String, value: String)] = []
    for word in invocation.arguments.dropFirst() {
        guard let (key, value) = assignment(word) else {
            return fail("command \(name)", "'\(word)' is no KEY=VALUE", "write it as in state=on, or for=\"5 s\"", .usage)
        }
        if members.contains(where: { $0.name == key }) || key == "command" {
            return fail("command \(name)", "'\(key)' is given twice", "give each key once", .usage)
        }
        members.append((key, value))
    }
    // In a request `id` names the request; typed here it can only be the output that is meant.
    if name == "output", !members.contains(where: { $0.name == "output" }),
        let index = members.firstIndex(where: { $0.name == "id" })
    {
        members[index].name = "output"
    }
    do throws(DaemonFailure) {
        // A read takes up to 10 s; the daemon's own answer says more than a timeout here.
        let daemon = try Daemon(invocation, timeoutSeconds: 15)
        let result = try daemon.ask(name, members)
        if invocation.has("json") {
            var json = JSONWriter(capacity: 2048)
            json.value(result)
            write(bytes: json.bytes + [0x0A], to: 1)
        } else {
            printResult(result, of: name)
        }
        // A reading that failed is an answer, and the answer is no.
        return (name == "read" && result["error"] != nil ? ExitStatus.no : .ok).rawValue
    } catch {
        return error.report("command \(name)")
    }
}

/// The parts before and behind the first `=`; nil when there is none, or nothing before it.
private func assignment(_ word: String) -> (key: String, value: String)? {
    let bytes = word.bytes
    guard let middle = bytes.firstIndex(of: 0x3D), middle > 0 else { return nil }
    return (
        String(decoding: bytes[..<middle], as: UTF8.self), String(decoding: bytes[(middle + 1)...], as: UTF8.self)
    )
}

/// A result for people.
private func printResult(_ result: JSONValue, of name: String) {
    switch name {
    case "status", "metrics": printOut(StatusReport(result).text)
    case "read": printReading(result, asJSON: false)
    case "logs":
        for line in result["lines"]?.elements ?? [] { printOut(logLine(line)) }
    case "losses":
        let losses = result["losses"]?.elements ?? []
        if losses.isEmpty { printOut("none since the daemon started\n") }
        for loss in losses { printOut(lossText(loss)) }
    default:
        if result.members.isEmpty { printOut("done\n") }
        for member in result.members {
            var json = JSONWriter()
            json.value(member.value)
            printOut("\(member.name)  \(member.value.text ?? String(decoding: json.bytes, as: UTF8.self))\n")
        }
    }
}

/// One of the answer to `logs`.
func logLine(_ line: JSONValue) -> String {
    let when = line["time"]?.text ?? line["uptime"]?.decimal.map { "up \($0.text) s" } ?? "-"
    return "\(when)  \(line["level"]?.text ?? "-"): \(line["text"]?.text ?? "")\n"
}

private func lossText(_ loss: JSONValue) -> String {
    func number(_ name: String) -> String? { loss[name]?.unsigned.map { "\($0)" } }
    let count = number("count") ?? number("at_most").map { "at most \($0)" } ?? "an unknown number"
    var text = "stream \(loss["stream"]?.text ?? "-")  \(number("first") ?? "-") to \(number("last") ?? "-")"
    text += "  \(count) lost: \(loss["why"]?.text ?? "-")"
    let sensors = loss["sensors"]?.members ?? []
    if !sensors.isEmpty {
        text += " (" + sensors.map { "\($0.name) \($0.value.unsigned ?? 0)" }.joined(separator: ", ") + ")"
    }
    return text + "\n"
}
