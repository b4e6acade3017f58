internal import Telemetry

private let longest = Duration.seconds(31 * 86_400)

extension Checker {
    mutating func outputs(_ entry: Entry) -> [OutputSettings] {
        var result: [OutputSettings] = []
        for node in elements(entry, example: "- {id: siren, line: GPIO27}") {
            if let output = output(node, before: result) { result.append(output) }
        }
        return result
    }

    /// - Parameter before: the outputs above it, for what only one of a group may say.
    private mutating func output(_ node: Node, before: [OutputSettings]) -> OutputSettings? {
        let title = node["id"]?.value.scalar.map { "output '\(shown($0.text))'" } ?? "output"
        let keys = [
            "id", "name", "line", "active", "initial", "on_exit", "remote", "maximum_on", "minimum_on", "minimum_off", "on_offline",
            "group",
        ]
        guard let section = section(node, name: "outputs", title: title, keys: keys) else { return nil }
        require(section, "id", example: "siren")
        let id = identifier(section)
        let group = group(section)
        if let id, let place = section["id"]?.value.place {
            if let first = outputs.first(where: { $0.id == id }) {
                let next = first.group == group ? "choose another" : "an output is in one group, so remove one or choose another id"
                error(place, "duplicate id '\(id)'; the first is at \(named(first.place)), \(next)")
            } else {
                outputs.append(OutputFacts(id: id, place: place, group: group))
            }
        }
        let name = text(section, "name")
        require(section, "line", example: "GPIO27")
        let line = line(section, owner: title)
        let isActiveLow = word(section, "active", ["high", "low"]) == "low"
        var output = OutputSettings(id: id ?? "", name: name, line: line ?? .name(""), isActiveLow: isActiveLow, group: group)
        output.initial = logical(section, "initial") ?? false
        output.onExit = logical(section, "on_exit") ?? false
        output.isRemote = logical(section, "remote") ?? false
        output.maximumOn = duration(section, "maximum_on", .milliseconds(1)...longest)
        output.minimumOn = duration(section, "minimum_on", .zero...longest) ?? .zero
        output.minimumOff = duration(section, "minimum_off", .zero...longest) ?? .zero
        output.onOffline = onOffline(section)
        contradictions(output, section, before: before)
        return id == nil || line == nil ? nil : output
    }

    private mutating func group(_ section: Section) -> String? {
        if let entry = section["group"], entry.value.elements != nil {
            error(entry.value.place, "group: is a list, and an output is in one group; write one name, as in 'group: pumps'")
            return nil
        }
        return identifier(section, "group")
    }

    private mutating func onOffline(_ section: Section) -> OutputSettings.Offline? {
        guard let entry = section["on_offline"], let inner = self.section(entry, keys: ["state", "after"]) else { return nil }
        for (key, example) in [("state", "off"), ("after", "5 min")] { require(inner, key, example: example) }
        let state = logical(inner, "state")
        let after = duration(inner, "after", .zero...longest)
        guard let state, let after else { return nil }
        return OutputSettings.Offline(isOn: state, after: after)
    }

    private mutating func contradictions(_ output: OutputSettings, _ section: Section, before: [OutputSettings]) {
        if let maximum = output.maximumOn, maximum < output.minimumOn, let place = section["maximum_on"]?.value.place {
            error(
                place,
                "maximum_on: \(Units.text(maximum)) is less than minimum_on (\(Units.text(output.minimumOn))); write at least \(Units.text(output.minimumOn))")
        }
        if output.onExit, output.maximumOn != nil, let place = section["on_exit"]?.value.place {
            warning(place, "on_exit: on, and maximum_on holds only while godwitd runs; write off, unless it is to stay on")
        }
        guard let group = output.group else { return }
        let others = before.filter { $0.group == group }
        if output.initial { oneOfGroup(group, others.first { $0.initial }, section["initial"]) }
        if output.onExit { oneOfGroup(group, others.first { $0.onExit }, section["on_exit"]) }
    }

    private mutating func oneOfGroup(_ group: String, _ other: OutputSettings?, _ entry: Entry?) {
        guard let other, let entry else { return }
        error(
            entry.value.place,
            "\(entry.key): output '\(other.id)' of group '\(group)' is on then, and one of a group is on at a time; write off")
    }
}
