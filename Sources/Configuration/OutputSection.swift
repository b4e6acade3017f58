internal import Telemetry

// Outputs are checked in full, and are not built yet.

private let longest = Duration.seconds(31 * 86_400)

extension Checker {
    mutating func outputs(_ entry: Entry) {
        let before = problems.count
        let nodes = elements(entry, example: "- {id: siren, line: GPIO27}")
        for node in nodes { output(node) }
        if !nodes.isEmpty, problems[before...].allSatisfy({ $0.severity == .warning }) { notYet("outputs", entry.keyPlace) }
    }

    private mutating func output(_ node: Node) {
        let title = node["id"]?.value.scalar.map { "output '\(shown($0.text))'" } ?? "output"
        let keys = [
            "id", "name", "line", "active", "initial", "on_exit", "remote", "maximum_on", "minimum_off", "on_offline", "group",
        ]
        guard let section = section(node, name: "outputs", title: title, keys: keys) else { return }
        require(section, "id", example: "siren")
        if let id = identifier(section), let place = section["id"]?.value.place {
            if let first = outputs.first(where: { $0.id == id }) {
                error(place, "duplicate id '\(id)'; the first is at \(named(first.place)), choose another")
            } else {
                outputs.append(OutputFacts(id: id, place: place))
            }
        }
        _ = text(section, "name")
        require(section, "line", example: "GPIO27")
        _ = line(section, owner: title)
        _ = word(section, "active", ["high", "low"])
        _ = logical(section, "initial")
        _ = logical(section, "on_exit")
        _ = logical(section, "remote")
        _ = duration(section, "maximum_on", .milliseconds(1)...longest)
        _ = duration(section, "minimum_off", .zero...longest)
        if let entry = section["on_offline"], let inner = self.section(entry, keys: ["state", "after"]) {
            for (key, example) in [("state", "off"), ("after", "5 min")] { require(inner, key, example: example) }
            _ = logical(inner, "state")
            _ = duration(inner, "after", .zero...longest)
        }
        _ = identifier(section, "group")
    }
}
