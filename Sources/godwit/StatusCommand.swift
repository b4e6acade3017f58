internal import LinuxIO
internal import Payloads
internal import Telemetry

func runStatus(_ invocation: Invocation) -> Int32 {
    if let extra = invocation.arguments.first {
        return fail("status", "unexpected argument '\(extra)'", "see godwit status --help", .usage)
    }
    do throws(DaemonFailure) {
        let daemon = try Daemon(invocation, timeoutSeconds: 10)
        let metrics = try daemon.ask("status")
        if invocation.has("json") {
            var json = JSONWriter(capacity: 2048)
            json.value(metrics)
            write(bytes: json.bytes + [0x0A], to: 1)
        } else {
            var report = StatusReport(metrics)
            report.addProblems(of: try daemon.ask("logs"))
            printOut(report.text)
        }
        return ExitStatus.ok.rawValue
    } catch {
        return error.report("status")
    }
}

/// The metrics object (contract, section 6) for people.
struct StatusReport {
    private let metrics: JSONValue
    private(set) var text = ""

    init(_ metrics: JSONValue) {
        self.metrics = metrics
        line("device", "\(string("device"))   godwit \(string("version")), boot \(string("boot")), stream \(string("stream"))")
        line("broker", connection)
        if let last = metrics["last_disconnect"], !last.isNull {
            let time = last["time"]?.text ?? "at a time that is not known"
            line("", "last disconnect \(time): \(last["reason"]?.text ?? "?")")
        }
        line("clock", clock)
        line("messages", messages)
        line("buffer", buffer)
        line("losses", losses)
        if let error = metrics["last_error"]?.text { line("last error", error) }
        alerts()
        outputs()
        sensors()
    }

    /// The last five different warnings and errors of the answer to `logs`, the newest last.
    mutating func addProblems(of log: JSONValue) {
        let lines = log["lines"]?.elements ?? []
        var (texts, problems) = ([String](), "")
        var index = lines.count
        while index > 0, texts.count < 5 {
            index -= 1
            let (level, text) = (lines[index]["level"]?.text ?? "", lines[index]["text"]?.text ?? "")
            guard level == "warning" || level == "error", !texts.contains(text) else { continue }
            texts.append(text)
            problems = logLine(lines[index]) + problems
        }
        if !texts.isEmpty { text += "\nthe latest problems (all of the log: godwit command logs)\n" + problems }
    }

    private mutating func line(_ label: String, _ value: String) { text += "\(padded(label, to: 10))  \(value)\n" }

    private func string(_ name: String) -> String { metrics[name]?.text ?? "not known" }
    private func number(_ name: String) -> UInt64 { metrics[name]?.unsigned ?? 0 }

    private var connection: String {
        let attempts = "reconnects \(number("reconnects")), failed attempts \(number("connect_failures"))"
        if metrics["connected"]?.logical == true { return "connected, MQTT \(string("protocol")); \(attempts)" }
        return "not connected; \(attempts)"
    }

    private var clock: String {
        let uptime = "up \(duration(metrics["uptime"]))"
        guard let time = metrics["time"]?.text else { return "not known; \(uptime)" }
        return "\(time) by \(string("clock_source")); \(uptime)"
    }

    private var messages: String {
        var text = "\(number("published")) published, \(number("acknowledged")) acknowledged"
        for (name, words) in [
            ("held", "refused for now"), ("rejected", "rejected"), ("unrouted", "without a subscriber"),
            ("duplicates_possible", "possibly sent twice"), ("ignored_commands", "commands ignored"),
        ] where number(name) > 0 { text += ", \(number(name)) \(words)" }
        return text
    }

    private var buffer: String {
        guard let buffer = metrics["buffer"] else { return "not known" }
        func value(_ name: String) -> UInt64 { buffer[name]?.unsigned ?? 0 }
        var text = "\(value("records")) readings, \(size(value("bytes"))) of \(size(value("capacity_bytes")))"
        if let age = buffer["oldest_age"], !age.isNull { text += ", the oldest \(duration(age)) old" }
        if value("in_memory") > 0 { text += ", \(value("in_memory")) in memory only" }
        if value("damaged") > 0 { text += ", \(value("damaged")) damaged" }
        return text + "; \(size(value("written_bytes"))) written in \(value("syncs")) syncs"
    }

    private var losses: String {
        let causes = (metrics["losses"]?.members ?? []).filter { ($0.value.unsigned ?? 0) > 0 }
        if causes.isEmpty { return "none" }
        return causes.map { "\($0.value.unsigned ?? 0) \($0.name)" }.joined(separator: ", ")
    }

    /// By state, what needs somebody first: `raised frost, door-open; silent air-silent; cleared tank`.
    private mutating func alerts() {
        let members = metrics["alerts"]?.members ?? []
        guard !members.isEmpty else { return }
        var parts: [String] = []
        for (state, words) in [
            ("raised", "raised"), ("silent", "silent"), ("cleared", "cleared"), (nil, "no event yet"),
        ] as [(String?, String)] {
            let ids = members.filter { $0.value.text == state }.map { $0.name }
            if !ids.isEmpty { parts.append("\(words) \(ids.joined(separator: ", "))") }
        }
        line("alerts", parts.joined(separator: "; "))
    }

    private mutating func outputs() {
        let members = metrics["outputs"]?.members ?? []
        guard !members.isEmpty else { return }
        line("outputs", members.map { "\($0.name) \($0.value.text ?? "without its line")" }.joined(separator: ", "))
    }

    private mutating func sensors() {
        let members = metrics["sensors"]?.members ?? []
        guard !members.isEmpty else { return }
        var rows = [["sensor", "readings", "failures", "lost edges", "age", "last error"]]
        for member in members {
            let lost = member.value["lost_edges"]?.unsigned.map { "\($0)" } ?? "-"
            let isExact = member.value["lost_edges_exact"]?.logical ?? true
            rows.append([
                member.name, "\(member.value["readings"]?.unsigned ?? 0)", "\(member.value["failures"]?.unsigned ?? 0)",
                isExact ? lost : "\(lost) or more", duration(member.value["last_age"]),
                member.value["last_error"]?.text ?? "-",
            ])
        }
        text += "\n" + table(rows)
    }
}

/// Columns, each as wide as its widest entry; the last one is not padded.
func table(_ rows: [[String]]) -> String {
    var widths = [Int](repeating: 0, count: rows.map { $0.count }.max() ?? 0)
    for row in rows {
        for (column, entry) in row.enumerated() { widths[column] = max(widths[column], entry.utf8.count) }
    }
    var text = ""
    for row in rows {
        for (column, entry) in row.enumerated() {
            text += column == row.count - 1 ? "\(entry)\n" : "\(padded(entry, to: widths[column]))  "
        }
    }
    return text
}

/// Seconds for people: `4.5 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
private func duration(_ value: JSONValue?) -> String {
    guard let milliseconds = value?.decimal?.scaled(to: 3) else { return "-" }
    let seconds = milliseconds / 1000
    if seconds < 60 { return "\(Decimal(milliseconds / 100, decimals: 1).text) s" }
    if seconds < 3600 { return "\(seconds / 60) min" }
    if seconds < 86400 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
    return "\(seconds / 86400) d \(seconds / 3600 % 24) h"
}

/// Bytes for people, in the units of the configuration.
private func size(_ bytes: UInt64) -> String {
    // Not a loop over pairs written out here: the compiler does not always make the same code of it (docs/building.md).
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var power = 0
    while power < units.count - 1, bytes >> UInt64(10 * (power + 1)) > 0 { power += 1 }
    guard power > 0 else { return "\(bytes) B" }
    let tenths = Int64((bytes >> UInt64(10 * (power - 1))) * 10 / 1024)
    return tenths % 10 == 0 ? "\(tenths / 10) \(units[power])" : "\(Decimal(tenths, decimals: 1).text) \(units[power])"
}
