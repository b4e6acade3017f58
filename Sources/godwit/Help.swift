internal import Telemetry

/// `godwit --help`.
func generalHelp() -> String {
    var text = "Usage: godwit COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n"
    let width = commands.map { $0.name.utf8.count }.max() ?? 0
    for command in commands {
        text += "  \(padded(command.name, to: width))  \(command.summary)\(command.isBuilt ? "" : " (not yet)")\n"
    }
    text += "\nEvery command takes:\n\(optionLines(commonOptions))"
    text += "\nExit status: 0 done, 1 the answer is no, 64 usage, 65 bad data, 66 no such file, 69 not available,\n"
    text += "74 input/output error, 77 not permitted, 78 configuration.\n"
    return text
}

/// `godwit COMMAND --help`.
func help(of command: Command) -> String {
    var text = "Usage: godwit \(command.name)"
    for option in command.options {
        text += " [--\(option.name)\(option.value.map { " \($0)" } ?? "")]"
    }
    if !command.usage.isEmpty { text += " \(command.usage)" }
    text += "\n\nDoes: \(command.summary)\n"
    if command.name == "command" { text += "NAME: \(daemonCommands.joined(separator: ", "))\n" }
    text += "\nOptions:\n\(optionLines(command.options + commonOptions))"
    return text
}

private func optionLines(_ options: [Option]) -> String {
    let names = options.map { "--\($0.name)\($0.value.map { " \($0)" } ?? "")" }
    let width = names.map { $0.utf8.count }.max() ?? 0
    var text = ""
    for (name, option) in zip(names, options) { text += "  \(padded(name, to: width))  \(option.summary)\n" }
    return text
}

func padded(_ text: String, to width: Int) -> String {
    let missing = width - text.utf8.count
    return missing > 0 ? text + String(repeating: " ", count: missing) : text
}
