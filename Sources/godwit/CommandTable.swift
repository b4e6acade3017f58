/// Every command of `godwit` (contract, section 7); the only list.
let commands: [Command] = [
    Command(
        name: "init", usage: "", summary: "write a configuration to start from",
        options: [Option("write", "create \(standardConfiguration), never over an old one")], run: notSupportedYet),
    Command(
        name: "check", usage: "[FILE|-]", summary: "all problems of a configuration at once, or FILE: ok",
        options: [
            Option("base", value: "DIR", "what relative paths are relative to (the folder of FILE)"),
            Option("print", "the merged configuration, secrets masked"),
        ],
        run: runCheck),
    Command(
        name: "lines", usage: "[CHIP]", summary: "the GPIO lines of this board", options: [], run: notSupportedYet),
    Command(
        name: "sensors", usage: "[MODEL]", summary: "the sensors that Godwit knows, or all about one", options: [],
        run: runSensors),
    Command(
        name: "read", usage: "SENSOR", summary: "readings now, by the running daemon or from the line",
        options: [Option("count", value: "N", "how many readings, a second apart (1)")], run: runRead),
    Command(
        name: "decode", usage: "MODEL CAPTURE", summary: "the readings of a recording",
        options: [Option("line", value: "NAME", "which line of the recording, where it has several")], run: runDecode),
    Command(
        name: "ring", usage: "status|dump|verify|export FILE", summary: "what a ring file holds",
        options: [Option("all", "dump: every stored reading, not only the unacknowledged")], run: runRing),
    Command(name: "status", usage: "", summary: "how the running daemon is", options: [], run: runStatus),
    Command(
        name: "watch", usage: "", summary: "readings and states as they come",
        options: [
            Option("broker", value: "URL", "of any device, at its broker"),
            Option("username", value: "U", "at the broker"),
            Option("password-file", value: "F", "holds the password at the broker"),
        ],
        run: notSupportedYet),
    Command(
        name: "command", usage: "NAME [KEY=VALUE...]",
        summary: "give the running daemon a command: ping, status, metrics, losses, logs, reload, read, acknowledge, mute, output", options: [],
        run: runCommand),
    Command(
        name: "doctor", usage: "", summary: "what keeps readings from the broker, step by step", options: [],
        run: notSupportedYet),
]

func notSupportedYet(_ invocation: Invocation) -> Int32 {
    fail(invocation.command, "not supported yet", "a later version will have it", .unavailable)
}
