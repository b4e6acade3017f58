// All that help, man pages and completions are made from. `scripts/make-manual` compiles this file for itself, with those of
// its own folder and without the rest of the program: it imports nothing.

/// One option of a command, as the help and the parser both see it.
struct Option: Sendable {
    /// Without the dashes.
    var name: String
    /// What stands for its value in the help; nil: the option is a flag.
    var value: String?
    var summary: String

    init(_ name: String, value: String? = nil, _ summary: String) {
        self.name = name
        self.value = value
        self.summary = summary
    }
}

/// One row of the table.
struct Command: Sendable {
    var name: String
    /// What follows the name, in the notation of man pages: `SENSOR`, `[MODEL]`.
    var usage = ""
    /// One line, without a full stop.
    var summary: String
    var options: [Option] = []
    var isBuilt = true
}

let standardConfiguration = "/etc/godwit/godwit.yaml"

/// Every command takes these.
let commonOptions = [
    Option("config", value: "FILE", "the configuration (/etc/godwit/godwit.yaml)"),
    Option("state-directory", value: "DIR", "where the daemon keeps its state and its socket"),
    Option("json", "one JSON value a line, for programs"),
    Option("help", "this text"),
    Option("version", "the version"),
]

/// What `godwit command` takes as NAME: the commands of `P/command`.
let daemonCommands = [
    "ping", "status", "metrics", "losses", "logs", "reload", "read", "acknowledge", "mute", "output",
]

/// Every command of `godwit` (contract, section 7); the only list. `run` in CommandLine.swift does them.
let commands: [Command] = [
    Command(
        name: "init", summary: "write a configuration to start from",
        options: [Option("write", "create /etc/godwit/godwit.yaml or what --config names, never over an old one")]),
    Command(
        name: "check", usage: "[FILE|-]", summary: "all problems of a configuration at once, or FILE: ok",
        options: [
            Option("base", value: "DIR", "what relative paths are relative to (the folder of FILE)"),
            Option("print", "the merged configuration, secrets masked"),
        ]),
    Command(name: "lines", usage: "[CHIP]", summary: "the GPIO lines of this board"),
    Command(name: "sensors", usage: "[MODEL]", summary: "the sensors that Godwit knows, or all about one"),
    Command(
        name: "read", usage: "SENSOR", summary: "readings now, by the running daemon or from the line",
        options: [Option("count", value: "N", "how many readings, a second apart (1)")]),
    Command(
        name: "decode", usage: "MODEL CAPTURE", summary: "the readings of a recording",
        options: [Option("line", value: "NAME", "which line of the recording, where it has several")]),
    Command(
        name: "ring", usage: "status|dump|verify|export FILE", summary: "what a ring file holds",
        options: [
            Option("all", "dump: every stored reading, not only the unacknowledged"),
            Option("format", value: "F", "export: csv, json-lines or senml (json-lines)"),
        ]),
    Command(name: "status", summary: "how the running daemon is"),
    Command(
        name: "watch", summary: "readings and states as they come",
        options: [
            Option("broker", value: "URL", "of any device, at its broker"),
            Option("username", value: "U", "at the broker"),
            Option("password-file", value: "F", "holds the password at the broker"),
        ], isBuilt: false),
    Command(name: "command", usage: "NAME [KEY=VALUE...]", summary: "give the running daemon a command"),
    Command(name: "doctor", summary: "what keeps readings from the broker, step by step", isBuilt: false),
]
