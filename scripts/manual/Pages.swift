/// The man pages.
struct Pages {
    var version: String
    /// `2026-11-01`.
    var date: String

    private func head(_ name: String, _ section: Int, _ summary: String) -> String {
        """
        .\\" Made by scripts/make-manual.
        .TH \(roff(name.uppercased())) \(section) \(date) "Godwit \(version)" "Godwit manual"
        .SH NAME
        \(roff(name)) \\- \(roff(summary))

        """
    }

    private func seeAlso(_ pages: [(String, Int)]) -> String {
        ".SH \"SEE ALSO\"\n"
            + pages.map { ".BR \(roff($0.0)) (\($0.1))" }.joined(separator: ",\n") + "\n"
    }

    private func option(_ name: String, _ value: String?, _ summary: String) -> String {
        ".TP\n.B \\-\\-\(roff(name))\(value.map { " \\fI\(roff($0))\\fR" } ?? "")\n\(inline(sentence(summary)))\n"
    }

    private func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

    func godwit() -> String {
        var text = head("godwit", 1, "ask and check a Godwit agent: configuration, lines, sensors, readings")
        text += ".SH SYNOPSIS\n.B godwit\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
        text += """
            .SH DESCRIPTION
            .B godwit
            is the command of a person beside the daemon
            .BR godwitd (8),
            which reads sensors and sends every reading to an MQTT broker.
            Commands that ask the daemon do so through its control socket.
            .SH COMMANDS

            """
        for command in commands {
            text += ".SS \"godwit \(roff(command.name))\(command.usage.isEmpty ? "" : " " + roff(command.usage))\"\n"
            text += inline(sentence(command.summary)) + "\n"
            if let more = prose[command.name] { text += ".PP\n" + inline(more) + "\n" }
            if command.name == "command" {
                text += ".PP\n\\fINAME\\fR is one of \(daemonCommands.map { "\\fB\($0)\\fR" }.joined(separator: ", ")).\n"
            }
            if !command.isBuilt { text += ".PP\nThis version does not have it yet.\n" }
            for entry in command.options { text += option(entry.name, entry.value, entry.summary) }
        }
        text += ".SH OPTIONS\nEvery command takes these.\n"
        for entry in commonOptions { text += option(entry.name, entry.value, entry.summary) }
        text += """
            .PP
            The control socket, \\fBgodwit.sock\\fR, is looked for in \\fB\\-\\-state\\-directory\\fR, \\fB$RUNTIME_DIRECTORY\\fR, /run/godwit,
            \\fB$STATE_DIRECTORY\\fR and /var/lib/godwit, in this order.
            .SH "EXIT STATUS"

            """
        for (status, meaning) in exitStatuses { text += ".TP\n.B \(status)\n\(inline(sentence(meaning)))\n" }
        text += """
            .SH EXAMPLES
            .PP
            .RS 4
            .nf
            godwit check /etc/godwit/godwit.yaml
            godwit sensors dht22
            godwit read air \\-\\-count 3
            godwit command output id=siren state=on for="5 s"
            .fi
            .RE
            .SH FILES
            .TP
            .I /etc/godwit/godwit.yaml
            The configuration, with the files of /etc/godwit/godwit.d.
            .TP
            .I /var/lib/godwit
            The state of the daemon: the ring, the last good configuration.

            """
        return text + seeAlso([("godwit.yaml", 5), ("godwit\\-ring", 5), ("godwitd", 8)].map { ($0.0 == "godwit\\-ring" ? "godwit-ring" : $0.0, $0.1) })
    }

    func godwitd() -> String {
        var text = head("godwitd", 8, "read sensors, keep every reading until the broker has it")
        text += ".SH SYNOPSIS\n.B godwitd\n"
        for entry in daemonOptions {
            text += "[\\fB\\-\\-\(roff(entry.name))\\fR\(entry.value.isEmpty ? "" : " \\fI\(entry.value)\\fR")]\n"
        }
        text += ".SH DESCRIPTION\n\(inline(daemonSummary))\n" + daemonProse + ".SH OPTIONS\n"
        for entry in daemonOptions { text += option(entry.name, entry.value.isEmpty ? nil : entry.value, entry.summary) }
        text += daemonEnd
        return text + seeAlso([("godwit", 1), ("godwit.yaml", 5), ("godwit-ring", 5), ("systemctl", 1)])
    }

    /// Of pages whose text comes from the guides.
    private var sources: String { ".PP\nPages that are named as \\fINAME.md\\fR are in the folder docs of the sources.\n" }

    /// - Parameters:
    ///   - guide: docs/configuration.md
    ///   - example: config/godwit.yaml, which has every key with its default
    func configuration(guide: String, example: String) -> String {
        var text = head("godwit.yaml", 5, "the configuration of godwitd and godwit")
        text += Markdown(guide).text
        text += ".SH \"EVERY KEY\"\nEvery value that stands here without being required is the default.\n.PP\n.nf\n"
        for line in example.split(separator: "\n", omittingEmptySubsequences: false) {
            text += line.isEmpty ? "\\&\n" : roff(String(line)) + "\n"
        }
        text += ".fi\n.SH FILES\n.TP\n.I /etc/godwit/godwit.yaml\n.TQ\n.I /etc/godwit/godwit.d/*.yaml\nWhere it is looked for.\n"
        text += ".TP\n.I /usr/share/doc/godwit/examples/godwit.yaml\nEvery key, as above.\n"
        return text + sources + seeAlso([("godwit", 1), ("godwit-ring", 5), ("godwitd", 8)])
    }

    /// - Parameter guide: docs/ring-format.md
    func ring(guide: String) -> String {
        head("godwit-ring", 5, "the file that keeps readings until the broker has them") + Markdown(guide).text
            + sources + seeAlso([("godwit", 1), ("godwit.yaml", 5), ("godwitd", 8)])
    }
}

let exitStatuses: [(Int, String)] = [
    (0, "done"), (1, "the answer is no"), (64, "wrong usage"), (65, "bad data"), (66, "no such file"),
    (69, "not available: no daemon runs, or another one holds the ring"), (74, "input/output error"), (77, "not permitted"),
    (78, "the configuration has errors"),
]

/// What the one line of the table leaves open.
let prose: [String: String] = [
    "init": "It is annotated, names the chips and buses found here, and passes `godwit check` as it stands. Printed, unless `--write` is given.",
    "check": """
        Touches no hardware and no network. Problems go to standard error as `FILE:LINE:COLUMN: error: TEXT`; the exit status is 78 where one is an error.
        Without FILE the standard configuration is checked, with `-` standard input.
        """,
    "lines": "With the pin of the header, the name of the kernel, direction, bias, consumer, and what of the configuration wants the line.",
    "sensors": "Of one model: quantities, units, wiring, keys, an example.",
    "read": "By the running daemon through its socket, else from the line itself; it says which.",
    "decode": """
        CAPTURE is a recording: CSV, `time_ns,line,level`. The exit status is 0 where there is a reading and no error, 1 otherwise, 65 where it is no capture.
        """,
    "ring": """
        `status`: counts, ranges, bytes, watermark, damage. `dump`: the unacknowledged readings and losses in order; on a file in use too.
        `verify`: 1 where there is damage.
        """,
    "command": "`godwit command output id=siren state=on for=\"5 s\"` switches an output, whatever `remote` says.",
]

let daemonProse = """
    .PP
    It stays in the foreground, tells systemd when it is ready and keeps its watchdog, and ends with SIGTERM or SIGINT.
    SIGHUP reads the configuration again, which is taken whole or not at all.
    .PP
    With a broken configuration the last good one runs, where one is kept; log and status say so.

    """

let daemonEnd = """
    .SH "EXIT STATUS"
    .TP
    .B 0
    Stopped.
    .TP
    .B 64
    Wrong usage.
    .TP
    .B 66
    There is no configuration of this name.
    .TP
    .B 69
    Another daemon holds the ring.
    .TP
    .B 78
    The configuration has errors, and there is no last good one.
    .SH ENVIRONMENT
    .TP
    .B STATE_DIRECTORY
    Where the state is kept: the ring, the last good configuration.
    .TP
    .B RUNTIME_DIRECTORY
    Where the control socket is made; without it in the state directory.
    .TP
    .B CREDENTIALS_DIRECTORY
    Where {credential: NAME} of the configuration is looked for.
    .SH FILES
    .TP
    .I /etc/godwit/godwit.yaml
    The configuration.
    .TP
    .I /var/lib/godwit/readings.ring
    The readings that are not acknowledged.
    .TP
    .I /run/godwit/godwit.sock
    The control socket.

    """
