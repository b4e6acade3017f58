internal import Configuration
internal import LinuxIO
internal import Payloads
internal import Sensors
internal import Telemetry

/// `godwit sensors [MODEL]`: the catalog; of one model its quantities, keys, wiring and an example.
func runSensors(_ invocation: Invocation) -> Int32 {
    if invocation.arguments.count > 1 {
        return fail("sensors", "it takes one model", "see godwit sensors --help", .usage)
    }
    var entries = sensorCatalog
    if let name = invocation.arguments.first {
        guard let entry = catalogEntry(named: name) else { return unknownModel("sensors", name) }
        entries = [entry]
    }
    if invocation.has("json") {
        for entry in entries { write(bytes: json(of: entry.model) + [0x0A], to: 1) }
    } else if invocation.arguments.isEmpty {
        printOut(list(entries.map { $0.model }))
    } else {
        printOut(description(of: entries[0].model))
    }
    return ExitStatus.ok.rawValue
}

private func list(_ models: [ModelDescription]) -> String {
    var text = ""
    for model in models { text += "\(padded(model.name, 16))\(model.summary)\n" }
    return text + "\nAll about one: godwit sensors MODEL\n"
}

private func description(of model: ModelDescription) -> String {
    var text = "\(model.name): \(model.summary)\n"
    if !model.aliases.isEmpty { text += "The same: \(model.aliases.joined(separator: ", "))\n" }
    text += "\nQuantities\n"
    for quantity in model.quantities(standardSettings(model)) {
        text += "  \(padded(quantity.name, 14))\(unit(quantity)), \(quantity.decimals) decimals\n"
    }
    text += "\nKeys, beside id, model, name, calibrate and filter\n"
    if model.needsLine { text += "  \(padded("line", 14))required: GPIO4, {chip: CHIP, offset: 4}, {chip: CHIP, name: NAME} or {header: 7}\n" }
    if let every = model.every {
        text += "  \(padded("every", 14))how often a reading is taken (\(Units.text(every.standard))), \(Units.text(every.minimum)) or more\n"
    }
    for key in model.keys {
        text += "  \(padded(key.name, 14))\(key.summary)"
        if let standard = key.standard { text += " (\(shown(standard)))" }
        if let choice = choice(key.kind) { text += ": \(choice)" }
        text += key.isSupported ? "\n" : "; not supported yet\n"
    }
    return text + "\nWiring\n  \(model.wiring)\n\nExample\n  - \(model.example)\n"
}

private func json(of model: ModelDescription) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("model")
    json.string(model.name)
    json.key("aliases")
    json.beginArray()
    for name in model.aliases { json.string(name) }
    json.endArray()
    json.key("summary")
    json.string(model.summary)
    json.key("line")
    json.logical(model.needsLine)
    json.key("every")
    if let every = model.every {
        json.beginObject()
        json.key("default")
        json.string(Units.text(every.standard))
        json.key("minimum")
        json.string(Units.text(every.minimum))
        json.endObject()
    } else {
        json.null()
    }
    json.key("quantities")
    json.beginArray()
    for quantity in model.quantities(standardSettings(model)) {
        json.beginObject()
        json.key("name")
        json.string(quantity.name)
        json.key("unit")
        json.string(quantity.unit)
        json.key("decimals")
        json.integer(Int64(quantity.decimals))
        json.endObject()
    }
    json.endArray()
    json.key("keys")
    json.beginArray()
    for key in model.keys {
        json.beginObject()
        json.key("name")
        json.string(key.name)
        json.key("summary")
        json.string(key.summary)
        json.key("default")
        if let standard = key.standard { json.string(shown(standard)) } else { json.null() }
        json.key("supported")
        json.logical(key.isSupported)
        json.endObject()
    }
    json.endArray()
    json.key("wiring")
    json.string(model.wiring)
    json.key("example")
    json.string(model.example)
    json.endObject()
    return json.bytes
}

/// As it would be written in the configuration.
private func shown(_ value: SettingValue) -> String {
    switch value {
    case .duration(let value): Units.text(value)
    case .decimal(let value): value.text
    case .integer(let value): "\(value)"
    case .logical(let value): value ? "true" : "false"
    case .text(let value): value
    }
}

private func choice(_ kind: ModelDescription.Kind) -> String? {
    if case .enumeration(let words) = kind { words.joined(separator: ", ") } else { nil }
}

private func unit(_ quantity: Quantity) -> String { quantity.unit == "1" ? "no unit" : quantity.unit }

private func padded(_ text: String, _ width: Int) -> String {
    var text = text
    for _ in text.utf8.count..<max(width, text.utf8.count + 1) { text += " " }
    return text
}
