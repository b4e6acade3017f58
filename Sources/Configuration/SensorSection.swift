internal import Telemetry

/// The models of design section 6 that a configuration may name before they are built.
package let modelsToCome: [String] = [
    "frequency", "pulse-width", "rotary-encoder", "hc-sr04", "hx711", "ds18b20", "iio", "hwmon", "thermal", "sht3x", "sht4x",
    "aht20", "bme280", "bmp280", "bme680", "bmp085", "bmp180", "bh1750", "tsl2561", "veml7700", "veml6075", "ads1115", "ina219",
    "lm75", "mcp9808", "adxl345", "as3935", "ens160", "scd4x", "mcp3008", "mcp3xxx", "max31855", "mh-z19", "pms5003", "host",
]

private let longestEvery = Duration.seconds(31 * 86_400)

extension Checker {
    mutating func sensors(_ entry: Entry) -> [SensorSettings] {
        var result: [SensorSettings] = []
        var places = NameTable<Place>()
        for node in elements(entry, example: "- {id: air, model: dht22, line: GPIO4}") {
            let settings = sensor(node, places: &places)
            if let settings { result.append(settings) }
        }
        return result
    }

    private mutating func sensor(_ node: Node, places: inout NameTable<Place>) -> SensorSettings? {
        guard let entries = node.entries else {
            error(node.place, "sensors: an entry is \(shape(node)), not a mapping; write '- {id: air, model: dht22, line: GPIO4}'")
            return nil
        }
        let whole = Section(title: "sensor", place: node.place, entries: entries)
        let title = node["id"]?.value.scalar.map { "sensor '\(shown($0.text))'" } ?? "sensor"
        let titled = Section(title: title, place: node.place, entries: entries)
        require(titled, "id", example: "air")
        let id = identifier(whole)
        var isDuplicate = false
        if let id, let place = whole["id"]?.value.place {
            if let first = places[id] {
                error(place, "duplicate id '\(id)'; the first is at \(named(first)), choose another")
                isDuplicate = true
            } else {
                places.set(place, for: id)
            }
        }
        require(titled, "model", example: "dht22")
        guard let model = model(whole) else {
            // What all models share is checked all the same, and nothing is said of keys that only the model knows.
            if whole["model"] != nil {
                _ = text(whole, "name")
                _ = duration(whole, "every", .milliseconds(1)...longestEvery)
                _ = line(whole, owner: title)
                tuning(whole, quantities: nil)
            }
            if let id, !isDuplicate { remember(SensorFacts(id: id, model: nil, quantities: nil)) }
            return nil
        }
        let settings = sensor(node, title: title, id: id ?? "", model: model)
        if let id, !isDuplicate {
            remember(SensorFacts(id: id, model: model, quantities: settings.map { model.quantities($0) }, settings: settings))
        }
        return id == nil ? nil : settings
    }

    private mutating func model(_ section: Section) -> ModelDescription? {
        guard let entry = section["model"], let scalar = scalar(entry, wanted: "a model, as in 'dht22'") else { return nil }
        if let model = catalog.first(where: { $0.name == scalar.text || $0.aliases.contains(scalar.text) }) { return model }
        if modelsToCome.contains(scalar.text) {
            notYet("model", scalar.place, "\(scalar.text); see godwit sensors")
            return nil
        }
        let known = catalog.flatMap { [$0.name] + $0.aliases }
        let next =
            scalar.reference != nil
            ? "; known models: \(known.joined(separator: ", "))"
            : Suggestion.nearest(to: scalar.text, among: known + modelsToCome).map { "; did you mean '\($0)'?" }
                ?? "; known models: \(known.joined(separator: ", "))"
        error(scalar.place, "model: unknown model \(scalar.shownText)\(next)")
        return nil
    }

    private mutating func sensor(_ node: Node, title: String, id: String, model: ModelDescription) -> SensorSettings? {
        var keys = ["id", "model", "name"]
        if model.needsLine { keys.append("line") }
        if model.every != nil { keys.append("every") }
        keys += model.keys.map { $0.name }
        keys += ["calibrate", "filter"]
        let fullTitle = "\(title) (\(model.name))"
        guard
            let section = section(
                node, name: "sensors", title: title, keys: keys,
                strangers: { key in
                    switch key {
                    case "pin", "gpio": "; did you mean 'line'?"
                    case "interval": "; did you mean 'every'?"
                    default: nil
                    }
                })
        else { return nil }
        let before = problems.count
        var settings = SensorSettings(id: id, name: id, model: model.name)
        if let name = text(section, "name") { settings.name = name }
        if model.needsLine {
            require(Section(title: fullTitle, place: section.place, entries: section.entries), "line", example: "GPIO4")
            settings.line = line(section, owner: title)
        }
        if let every = model.every {
            settings.every = duration(section, "every", every.minimum...longestEvery) ?? every.standard
        }
        for key in model.keys {
            if let value = value(section, key) {
                settings.values[key.name] = value
                if !key.isSupported, let entry = section[key.name] { notYet(key.name, entry.keyPlace) }
            } else if let standard = key.standard {
                settings.values[key.name] = standard
            }
        }
        if !hasErrors(after: before) {
            for problem in model.check(settings) {
                let place = section[problem.key]?.value.place ?? section.place
                error(place, "\(problem.key): \(problem.text)")
            }
        }
        tuning(section, quantities: model.quantities(settings))
        return settings
    }

    private mutating func remember(_ facts: SensorFacts) {
        sensorIndex.set(sensors.count, for: facts.id)
        sensors.append(facts)
    }

    private func hasErrors(after count: Int) -> Bool { problems[count...].contains { $0.severity == .error } }

    private mutating func value(_ section: Section, _ key: ModelDescription.Key) -> SettingValue? {
        switch key.kind {
        case .duration(let minimum, let maximum):
            return duration(section, key.name, minimum...maximum).map { .duration($0) }
        case .decimal(let minimum, let maximum):
            return decimal(section, key.name, (minimum, maximum)).map { .decimal($0) }
        case .integer(let minimum, let maximum):
            return integer(section, key.name, minimum...maximum).map { .integer($0) }
        case .logical:
            return logical(section, key.name).map { .logical($0) }
        case .enumeration(let words):
            return word(section, key.name, words).map { .text($0) }
        case .quantityName:
            return quantityName(section, key.name).map { .text($0) }
        case .text(let maximum):
            return text(section, key.name, maximum: maximum).map { .text($0) }
        }
    }

    /// `[a-z][a-z0-9_]*`, at most 64 bytes, and no name that a payload uses itself.
    private mutating func quantityName(_ section: Section, _ key: String) -> String? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: "a quantity's name, as in 'rain'") else { return nil }
        let bytes = scalar.text.bytes
        guard (1...64).contains(bytes.count), isLowerCase(bytes[0]),
            bytes.allSatisfy({ isLowerCase($0) || isDigit($0) || $0 == 95 })
        else {
            error(
                scalar.place,
                "\(key): \(scalar.shownText) is no quantity's name; it has small letters, digits and '_', and begins with a letter")
            return nil
        }
        if Quantity.reservedNames.contains(scalar.text) {
            error(scalar.place, "\(key): \(scalar.shownText) is a name that every reading has; choose another, as in 'amount'")
            return nil
        }
        return scalar.text
    }

    /// `calibrate` and `filter`. Nil `quantities`: the model is not known well enough to say which there are.
    private mutating func tuning(_ section: Section, quantities: [Quantity]?) {
        let names = quantities.map { $0.map { $0.name } }
        for (key, inner) in [("calibrate", ["offset", "scale"]), ("filter", ["median", "ignore_change_below"])] {
            guard let entry = section[key] else { continue }
            let start = problems.count
            if let names {
                guard let outer = self.section(entry, keys: names) else { continue }
                for quantity in outer.entries { tuning(of: quantity, keys: inner) }
            } else if let entries = entry.value.entries {
                for quantity in entries { tuning(of: quantity, keys: inner) }
            }
            if !hasErrors(after: start) { notYet(key, entry.keyPlace) }
        }
    }

    private mutating func tuning(of quantity: Entry, keys: [String]) {
        guard let section = section(quantity, keys: keys) else { return }
        _ = decimal(section, "offset")
        _ = decimal(section, "scale")
        if let median = integer(section, "median", 3...99), median % 2 == 0, let place = section["median"]?.value.place {
            error(place, "median: \(median) is even; write \(median + 1)")
        }
        _ = decimal(section, "ignore_change_below", (.zero, Decimal(1_000_000_000, decimals: 0)))
    }
}
