internal import Telemetry

// Rules are checked in full, and are not built yet.

private let conditions = ["above", "below", "equals", "silent_for", "changes_by"]
private let placeholders = ["device", "name", "quantity", "value", "unit", "limit", "for", "change"]
private let longest = Duration.seconds(31 * 86_400)

extension Checker {
    mutating func alerts(_ entry: Entry) {
        let before = problems.count
        var places: [String: Place] = [:]
        let nodes = elements(entry, example: "- {id: frost, series: air.temperature, below: 2}")
        for node in nodes { alert(node, places: &places) }
        if !nodes.isEmpty, problems[before...].allSatisfy({ $0.severity == .warning }) { notYet("alerts", entry.keyPlace) }
    }

    private mutating func alert(_ node: Node, places: inout [String: Place]) {
        let title = node["id"]?.value.scalar.map { "alert '\(shown($0.text))'" } ?? "alert"
        let keys = [
            "id", "series", "above", "clear_below", "below", "clear_above", "equals", "silent_for", "changes_by", "within", "for",
            "keep_for", "severity", "message", "outputs", "flapping",
        ]
        guard let section = section(node, name: "alerts", title: title, keys: keys) else { return }
        require(section, "id", example: "frost")
        if let id = identifier(section), let place = section["id"]?.value.place {
            if let first = places[id] {
                error(place, "duplicate id '\(id)'; the first is at \(named(first)), choose another")
            } else {
                places[id] = place
            }
        }
        require(section, "series", example: "SENSOR.QUANTITY")
        let facts = series(section)
        condition(section, title: title, sensor: facts)
        _ = duration(section, "for", .zero...longest)
        _ = duration(section, "keep_for", .zero...longest)
        _ = word(section, "severity", ["critical", "major", "minor", "warning"])
        message(section)
        outputs(of: section)
        if let entry = section["flapping"], let inner = self.section(entry, keys: ["changes", "within"]) {
            _ = integer(inner, "changes", 2...1000)
            _ = duration(inner, "within", .seconds(1)...longest)
        }
    }

    /// The sensor of the series, where both are known.
    private mutating func series(_ section: Section) -> SensorFacts? {
        guard let entry = section["series"], let scalar = scalar(entry, wanted: "SENSOR.QUANTITY") else { return nil }
        let parts = scalar.text.utf8.split(separator: 46, maxSplits: 1, omittingEmptySubsequences: false)
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
            return facts
        }
        let quantity = String(decoding: parts[1], as: UTF8.self)
        if let quantities = facts.quantities, !quantities.contains(where: { $0.name == quantity }) {
            error(
                scalar.place,
                "series: sensor '\(sensorID)' has no quantity '\(shown(quantity))'"
                    + Suggestion.nextStep(for: quantity, among: quantities.map { $0.name }, what: "quantities"))
            return nil
        }
        return facts
    }

    private mutating func condition(_ section: Section, title: String, sensor: SensorFacts?) {
        let given = section.entries.filter { conditions.contains($0.key) }
        if given.isEmpty {
            error(section.place, "\(title): has no condition; write one of \(conditions.joined(separator: ", "))")
        }
        for other in given.dropFirst() {
            error(other.keyPlace, "\(other.key): contradicts '\(given[0].key)'; a rule has one condition, write a second rule")
        }
        threshold(section, "above", clear: "clear_below", otherClear: "clear_above")
        threshold(section, "below", clear: "clear_above", otherClear: "clear_below")
        if let entry = section["equals"], let scalar = scalar(entry, wanted: "a number, or open or closed") {
            let isContact = sensor?.model?.name == "contact"
            let isWord = scalar.text == "open" || scalar.text == "closed"
            if isWord, let model = sensor?.model, !isContact {
                error(scalar.place, "equals: '\(scalar.text)' is for contacts, and this is a \(model.name); write a number")
            } else if !isWord, Decimal(parsing: scalar.text.utf8) == nil {
                error(
                    scalar.place,
                    "equals: \(scalar.shownText) is no number" + (isContact ? "; write open, closed, 1 or 0" : "; write it as in '2.5'"))
            }
        }
        _ = duration(section, "silent_for", .seconds(1)...longest)
        if let change = decimal(section, "changes_by"), change.significand == 0, let place = section["changes_by"]?.value.place {
            error(place, "changes_by: 0 is no change; write more, or less than 0 for a fall")
        }
        _ = duration(section, "within", .seconds(1)...longest)
        switch (section["changes_by"], section["within"]) {
        case (let change?, nil): error(change.keyPlace, "changes_by: needs 'within' too; write 'within: 10 min'")
        case (nil, let within?): error(within.keyPlace, "within: goes with 'changes_by' only; remove it")
        default: break
        }
    }

    private mutating func threshold(_ section: Section, _ key: String, clear: String, otherClear: String) {
        let limit = decimal(section, key)
        guard section[key] != nil else {
            if let entry = section[clear] {
                let next = section[otherClear == "clear_below" ? "above" : "below"] != nil ? "; did you mean '\(otherClear)'?" : "; remove it"
                error(entry.keyPlace, "\(clear): goes with '\(key)' only\(next)")
            }
            return
        }
        guard let clearLimit = decimal(section, clear), let limit, let place = section[clear]?.value.place else { return }
        let isOrdered = key == "above" ? clearLimit.isAtMost(limit) : limit.isAtMost(clearLimit)
        if !isOrdered {
            error(
                place,
                "\(clear): \(clearLimit.text) contradicts '\(key): \(limit.text)'; write \(key == "above" ? "at most" : "at least") \(limit.text)")
        }
    }

    private mutating func message(_ section: Section) {
        guard let text = text(section, "message", maximum: 512), let place = section["message"]?.value.place else { return }
        var rest = Array(text.utf8)[...]
        while let open = rest.firstIndex(of: 123) {
            rest = rest[(open + 1)...]
            guard let close = rest.firstIndex(of: 125) else {
                error(place, "message: a brace is not closed; placeholders are {\(placeholders.joined(separator: "} {"))}")
                return
            }
            let name = String(decoding: rest[..<close], as: UTF8.self)
            if !placeholders.contains(name) {
                error(
                    place,
                    "message: unknown placeholder '{\(shown(name))}'" + Suggestion.nextStep(for: name, among: placeholders, what: "placeholders"))
            }
            rest = rest[(close + 1)...]
        }
    }

    private mutating func outputs(of section: Section) {
        guard let entry = section["outputs"] else { return }
        for node in elements(entry, example: "[siren]") {
            guard let scalar = scalar(Entry(key: "outputs", keyPlace: node.place, value: node), wanted: "an output's id")
            else { continue }
            if !outputs.contains(where: { $0.id == scalar.text }) {
                let known = outputs.map { $0.id }
                let next =
                    known.isEmpty ? "; there are no outputs" : Suggestion.nextStep(for: scalar.text, among: known, what: "outputs")
                error(scalar.place, "outputs: unknown output \(scalar.shownText)\(next)")
            }
        }
    }
}
