internal import CLinux
internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import Telemetry

/// `godwit init [--write]`: a configuration to start from, with what is found on this board.
func runInit(_ invocation: Invocation) -> Int32 {
    if let extra = invocation.arguments.first {
        return fail("init", "unexpected argument '\(extra)'", "see godwit init --help", .usage)
    }
    let devices = CharacterDevices(withStates: true)
    let chips = devices.chips.indices.map { index in
        let (chip, states) = (devices.chips[index], devices.states[index])
        return BoardFindings.Chip(
            label: chip.label, text: chip.text, lines: chip.lines, used: ShortSet(states.indices.filter { states[$0].isUsed }))
    }
    let text = starterConfiguration(BoardFindings(chips: chips, others: busesAndDevices()))
    guard invocation.has("write") else {
        printOut(text)
        return ExitStatus.ok.rawValue
    }
    let path = invocation.value("config") ?? standardConfiguration
    if let error = createFile(path, with: text.bytes, group: "godwit") {
        if error.number == EEXIST { return fail("init", "\(path) is there already", "edit it: it is never written over", .no) }
        return error.isNotPermitted
            ? fail("init", "\(path): \(error.text)", "run it as root: sudo godwit init --write", .notPermitted)
            : fail("init", "\(path): \(error.text)", "choose another place with --config FILE", .ioError)
    }
    printOut("\(path): written\nNext: put your broker's url and your sensors in, then: godwit check && sudo systemctl restart godwitd\n")
    return ExitStatus.ok.rawValue
}
