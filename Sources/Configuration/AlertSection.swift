internal import Telemetry

private let conditions = ["above", "below", "equals", "silent_for", "changes_by"]
private let placeholders = ["device", "name", "quantity", "value", "unit", "limit", "for", "change"]
private let longest = Duration.seconds(31 * 86_400)

extension Checker {
    mutating func alerts(_ entry: Entry) -> [AlertRule] {
        var places = NameTable<Place>()
        var result: [AlertRule] = []
        for node in elements(entry, example: "- {id: frost, series: air.temperature, below: 2}") {
            if let rule = alert(node, places: &places) { result.append(rule) }
        }
        return result
    }

    private mutating func alert(_ node: Node, places: inout NameTable<Place>) -> AlertRule? {
        let title = node["id"]?.value.scalar.map { "alert '\(shown($0.text))'" } ?? "alert"
        let keys = [
            "id", "series", "above", "clear_below", "below", "clear_above", "equals", "silent_for", "changes_by", "within", "for",
            "keep_for", "severity", "message", "outputs", "flapping",
        ]
        guard let section = section(node, name: "alerts", title: title, keys: keys) else { return nil }
        require(section, "id", example: "frost")
        let id = identifier(section)
        if let id, let place = section["id"]?.value.place {
            if let first = places[id] {
                error(place, "duplicate id '\(id)'; the first is at \(named(first)), choose another")
            } else {
                places.set(place, for: id)
            }
        }
        require(section, "series", example: "SENSOR.QUANTITY")
        let series = series(section)
        let condition = condition(section, title: title, series: series)
        let holdFor = duration(section, "for", .zero...longest)
        if let entry = section["for"], section["silent_for"] != nil {
            error(entry.keyPlace, "for: goes without 'silent_for', which says itself for how long; remove it")
        }
        let keepFor = duration(section, "keep_for", .zero...longest)
        let severity = severity(section)
        let message = message(section)
        let outputs = outputs(of: section)
        let flapping = flapping(section)
        guard let id, let series, let condition else { return nil }
        return AlertRule(
            id: id, sensor: series.sensor.id, quantity: series.quantity, condition: condition, holdFor: holdFor ?? .zero,
            keepFor: keepFor ?? .zero, severity: severity, message: message, outputs: outputs, flapping: flapping)
    }

    private mutating func severity(_ section: Section) -> AlertRule.Severity {
        let severities = AlertRule.Severity.allCases
        let chosen = word(section, "severity", severities.map { $0.text })
        return severities.first { $0.text == chosen } ?? .major
    }

    private mutating func flapping(_ section: Section) -> AlertRule.Flapping {
        var flapping = AlertRule.Flapping()
        guard let entry = section["flapping"], let inner = self.section(entry, keys: ["changes", "within"]) else { return flapping }
        if let changes = integer(inner, "changes", 2...1000) { flapping.changes = Int(changes) }
        if let within = duration(inner, "within", .seconds(1)...longest) { flapping.within = within }
        return flapping
    }

    /// What a rule watches; `quantity` nil: any reading of the sensor.
    private struct Series {
        var sensor: SensorFacts
        var quantity: String?
    }

    private mutating func series(_ section: Section) -> Series? {
        guard let entry = section["series"], let scalar = scalar(entry, wanted: "SENSOR.QUANTITY") else { return nil }
        let parts = scalar.text.bytes.split(separator: 46, maxSplits: 1, omittingEmptySubsequences: false)
        let sensorID = String(decoding: parts[0], as: UTF8.self)
        guard let facts = sensorIndex[sensorID].map({ sensors[$0] }) else {
            let known = sensors.map { $0.id }
            let next =
                known.isEmpty ? "; there are no sensors" : Suggestion.nextStep(for: sensorID, among: known, what: "sensors")
            error(scalar.place, "series: unknown sensor '\(shown(sensorID))'\(next)")
            return nil
        }
        guard parts.count == 2 else {
            if section["silent_for"] == nil {
                let first = facts.quantities?.first?.name ?? "QUANTITY"
                error(scalar.place, "series: '\(sensorID)' is a sensor; a rule needs one quantity, as in '\(sensorID).\(first)'")
            }
            return Series(sensor: facts, quantity: nil)
        }
        let quantity = String(decoding: parts[1], as: UTF8.self)
        if let quantities = facts.quantities, !quantities.contains(where: { $0.name == quantity }) {
            error(
                scalar.place,
                "series: sensor '\(sensorID)' has no quantity '\(shown(quantity))'"
                    + Suggestion.nextStep(for: quantity, among: quantities.map { $0.name }, what: "quantities"))
            return nil
        }
        return Series(sensor: facts, quantity: quantity)
    }

    private mutating func condition(_ section: Section, title: String, series: Series?) -> AlertRule.Condition? {
        let given = section.entries.filter { conditions.contains($0.key) }
        if given.isEmpty {
            error(section.place, "\(title): has no condition; write one of \(conditions.joined(separator: ", "))")
        }
        for other in given.dropFirst() {
            error(other.keyPlace, "\(other.key): contradicts '\(given[0].key)'; a rule has one condition, write a second rule")
        }
        let above = threshold(section, "above", clear: "clear_below", otherClear: "clear_above")
        let below = threshold(section, "below", clear: "clear_above", otherClear: "clear_below")
        let equals = equals(section, series: series)
        let silentFor = silentFor(section, series: series)
        let changesBy = changesBy(section, series: series)
        switch given.first?.key {
        case "above": return above.map { .above($0.limit, clearBelow: $0.clear) }
        case "below": return below.map { .below($0.limit, clearAbove: $0.clear) }
        case "equals": return equals
        case "silent_for": return silentFor.map { .silentFor($0) }
        case "changes_by": return changesBy
        default: return nil
        }
    }

    private mutating func equals(_ section: Section, series: Series?) -> AlertRule.Condition? {
        guard let entry = section["equals"], let scalar = scalar(entry, wanted: "a number, or open or closed") else { return nil }
        let model = series?.sensor.model
        // Without the settings of the sensor the words of contacts are all there is.
        let words = series?.sensor.settings.flatMap { settings in model.map { $0.words(settings) } } ?? []
        if let word = words.first(where: { $0.word == scalar.text }) { return .equals(word.value, word: word.word) }
        if scalar.text == "open" || scalar.text == "closed" {
            if let model, series?.sensor.settings != nil {
                error(scalar.place, "equals: '\(scalar.text)' is for contacts, and this is a \(model.name); write a number")
            }
            return nil
        }
        guard let number = Decimal(parsing: scalar.text.bytes) else {
            let next = words.isEmpty ? "; write it as in '2.5'" : "; write open, closed, 1 or 0"
            error(scalar.place, "equals: \(scalar.shownText) is no number\(next)")
            return nil
        }
        if !words.isEmpty, !words.contains(where: { $0.value.isAtMost(number) && number.isAtMost($0.value) }) {
            error(scalar.place, "equals: \(scalar.shownText) is no state of a contact; write open, closed, 1 or 0")
        } else if let quantity = series?.sensor.quantities?.first(where: { $0.name == series?.quantity }),
            number.significantDecimals > quantity.decimals
        {
            warning(
                scalar.place,
                "equals: \(scalar.shownText) never comes, since '\(quantity.name)' is given with \(quantity.decimals) decimals; write as many")
        }
        return .equals(number, word: nil)
    }

    private mutating func silentFor(_ section: Section, series: Series?) -> Duration? {
        let silence = duration(section, "silent_for", .seconds(1)...longest)
        guard let silence, let place = section["silent_for"]?.value.place, let settings = series?.sensor.settings else { return silence }
        if settings.duration("heartbeat") == .zero {
            warning(
                place,
                "silent_for: sensor '\(settings.id)' has 'heartbeat: 0 s' and says nothing while nothing changes; give it a heartbeat below \(Units.text(silence))")
        } else if let interval = settings.every ?? settings.duration("heartbeat"), silence <= interval {
            warning(
                place,
                "silent_for: \(Units.text(silence)) is not above the \(settings.every == nil ? "heartbeat" : "'every'") of sensor '\(settings.id)' (\(Units.text(interval))): it is silent between two readings; write more")
        }
        return silence
    }

    private mutating func changesBy(_ section: Section, series: Series?) -> AlertRule.Condition? {
        let change = decimal(section, "changes_by")
        if change?.significand == 0, let place = section["changes_by"]?.value.place {
            error(place, "changes_by: 0 is no change; write more, or less than 0 for a fall")
        }
        if let entry = section["changes_by"], let model = series?.sensor.model, let settings = series?.sensor.settings,
            !model.words(settings).isEmpty
        {
            error(entry.keyPlace, "changes_by: is for numbers, and a \(model.name) has two states; write 'equals: open', or closed")
        }
        let within = duration(section, "within", .seconds(1)...longest)
        switch (section["changes_by"], section["within"]) {
        case (let change?, nil): error(change.keyPlace, "changes_by: needs 'within' too; write 'within: 10 min'")
        case (nil, let within?): error(within.keyPlace, "within: goes with 'changes_by' only; remove it")
        default: break
        }
        guard let change, let within else { return nil }
        if let place = section["within"]?.value.place, let settings = series?.sensor.settings, let every = settings.every, within <= every {
            warning(
                place,
                "within: \(Units.text(within)) is not above the 'every' of sensor '\(settings.id)' (\(Units.text(every))): two readings are hardly ever in it; write more")
        }
        return .changesBy(change, within: within)
    }

    private mutating func threshold(
        _ section: Section, _ key: String, clear: String, otherClear: String
    ) -> (limit: Decimal, clear: Decimal?)? {
        let limit = decimal(section, key)
        guard section[key] != nil else {
            if let entry = section[clear] {
                let next = section[otherClear == "clear_below" ? "above" : "below"] != nil ? "; did you mean '\(otherClear)'?" : "; remove it"
                error(entry.keyPlace, "\(clear): goes with '\(key)' only\(next)")
            }
            return nil
        }
        let clearLimit = decimal(section, clear)
        guard let limit else { return nil }
        guard let clearLimit, let place = section[clear]?.value.place else { return (limit, nil) }
        let isOrdered = key == "above" ? clearLimit.isAtMost(limit) : limit.isAtMost(clearLimit)
        if !isOrdered {
            error(
                place,
                "\(clear): \(clearLimit.text) contradicts '\(key): \(limit.text)'; write \(key == "above" ? "at most" : "at least") \(limit.text)")
        }
        return (limit, clearLimit)
    }

    private mutating func message(_ section: Section) -> String? {
        guard let text = text(section, "message", maximum: 512), let place = section["message"]?.value.place else { return nil }
        var rest = text.bytes[...]
        while let open = rest.firstIndex(of: 123) {
            rest = rest[(open + 1)...]
            guard let close = rest.firstIndex(of: 125) else {
                error(place, "message: a brace is not closed; placeholders are {\(placeholders.joined(separator: "} {"))}")
                return text
            }
            let name = String(decoding: rest[..<close], as: UTF8.self)
            if !placeholders.contains(name) {
                error(
                    place,
                    "message: unknown placeholder '{\(shown(name))}'" + Suggestion.nextStep(for: name, among: placeholders, what: "placeholders"))
            }
            rest = rest[(close + 1)...]
        }
        return text
    }

    private mutating func outputs(of section: Section) -> [String] {
        guard let entry = section["outputs"] else { return [] }
        var ids: [String] = []
        var groups: [(group: String, output: String)] = []
        for node in elements(entry, example: "[siren]") {
            guard let scalar = scalar(Entry(key: "outputs", keyPlace: node.place, value: node), wanted: "an output's id")
            else { continue }
            guard let output = outputs.first(where: { $0.id == scalar.text }) else {
                let known = outputs.map { $0.id }
                let next =
                    known.isEmpty ? "; there are no outputs" : Suggestion.nextStep(for: scalar.text, among: known, what: "outputs")
                error(scalar.place, "outputs: unknown output \(scalar.shownText)\(next)")
                continue
            }
            if ids.contains(output.id) {
                error(scalar.place, "outputs: \(scalar.shownText) stands there already; remove one")
                continue
            }
            ids.append(output.id)
            if ids.count == AlertRule.maximumOutputs + 1 {
                error(scalar.place, "outputs: a rule switches at most \(AlertRule.maximumOutputs); remove this and the rest, or write a second rule")
            }
            if let group = output.group {
                if let other = groups.first(where: { $0.group == group }) {
                    warning(
                        scalar.place,
                        "outputs: '\(other.output)' and '\(output.id)' are of group '\(group)', of which one is on at a time; name one of them")
                } else {
                    groups.append((group, output.id))
                }
            }
        }
        return ids
    }
}
