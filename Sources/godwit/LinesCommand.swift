internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import Payloads
internal import Sensors
internal import Telemetry
internal import YAMLReader

/// `godwit lines [CHIP]`: every line of this board, and what of the configuration wants it.
func runLines(_ invocation: Invocation) -> Int32 {
    if invocation.arguments.count > 1 { return fail("lines", "it takes one chip", "see godwit lines --help", .usage) }
    let path = invocation.value("config") ?? standardConfiguration
    let loaded = loadConfiguration(path: path, catalog: sensorCatalog.map { $0.model }, unreadable: .warning)
    // The lines are worth seeing while there is no configuration yet, or a broken one; only one that was named must be there.
    if loaded.settings == nil, loaded.status != ExitStatus.noInput.rawValue || invocation.has("config") {
        printError(loaded.text(program: "godwit"))
        if loaded.status == ExitStatus.noInput.rawValue { return loaded.status }
        printError("godwit: lines: what wants a line is not shown; see godwit check\n")
    }
    let devices = CharacterDevices(withStates: true)
    if devices.chips.isEmpty, let file = devices.notPermitted.first {
        return fail("lines", "no permission to open \(file)", groupAdvice, .notPermitted)
    }
    if devices.chips.isEmpty {
        return fail("lines", "no GPIO chip is here (no /dev/gpiochip*)", "run it on the board", .unavailable)
    }
    for file in devices.notPermitted { printError("godwit: lines: no permission to open \(file); \(groupAdvice)\n") }
    let search = LineSearch(chips: devices.chips, aliases: loaded.settings.map { aliases(of: $0) } ?? [])
    var chips = Array(devices.chips.indices)
    if let name = invocation.arguments.first {
        chips = search.chips(called: name)
        if chips.isEmpty {
            return fail(
                "lines", "no chip '\(name)'", "there is \(devices.chips.map { $0.text }.joined(separator: ", "))", .unavailable)
        }
    }
    let (rows, missing) = devices.rows(chips: chips, wants: loaded.settings.map { wants(of: $0) } ?? [], search: search)
    if invocation.has("json") {
        for row in rows { write(bytes: json(of: row) + [0x0A], to: 1) }
    } else {
        printOut(lineTable(rows))
    }
    for (owner, problem) in missing { printError("godwit: lines: \(owner): \(problem.text)\n") }
    return ExitStatus.ok.rawValue
}

let groupAdvice = "run it as root, or join the group: sudo usermod -aG gpio $USER, then log in again"

private func aliases(of settings: Settings) -> [(name: String, chip: String)] {
    settings.chips.compactMap { chip in
        switch chip.source {
        case .label(let other), .device(let other): (chip.name, other)
        case .replay: nil
        }
    }
}

/// What lies on a replayed chip wants no line of the board.
private func wants(of settings: Settings) -> [(owner: String, line: LineReference)] {
    var wants: [(owner: String, line: LineReference)] = []
    for sensor in settings.sensors { if let line = sensor.line { wants.append(("sensor \(sensor.id)", line)) } }
    for output in settings.outputs { wants.append(("output \(output.id)", output.line)) }
    return wants.filter { want in
        switch want.line {
        case .offset(let chip, _), .nameOnChip(let chip, _):
            !settings.chips.contains { if $0.name == chip, case .replay = $0.source { true } else { false } }
        case .name, .header: true
        }
    }
}

private func json(of row: LineRow) -> [UInt8] {
    var json = JSONWriter()
    func text(_ key: String, _ value: String?) {
        json.key(key)
        if let value, !value.isEmpty { json.string(value) } else { json.null() }
    }
    json.beginObject()
    text("chip", row.chip.name)
    text("label", row.chip.label)
    json.key("offset")
    json.integer(Int64(row.offset))
    json.key("header")
    if let pin = row.pin { json.integer(Int64(pin)) } else { json.null() }
    text("gpio", row.gpio)
    text("name", row.name)
    text("direction", row.direction)
    text("bias", row.bias)
    text("active", row.state.isActiveLow ? "low" : "high")
    json.key("used")
    json.logical(row.state.isUsed)
    text("consumer", row.state.consumer)
    json.key("wanted_by")
    json.beginArray()
    for owner in row.wantedBy { json.string(owner) }
    json.endArray()
    json.endObject()
    return json.bytes
}
