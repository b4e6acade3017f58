package import Telemetry

/// One file as a tree.
package struct Document: Hashable, Sendable {
    package var file: Checker.File
    /// Nil for a file without content.
    package var root: Node?

    package init(file: Checker.File, root: Node?) {
        self.file = file
        self.root = root
    }
}

/// What came of a configuration.
package struct CheckedConfiguration: Sendable {
    /// Nil when there are errors, or when a value that is needed could not be read.
    package var settings: Settings?
    /// In order of place.
    package var problems: [ConfigurationProblem]
    /// All files merged.
    package var merged: Node

    package init(settings: Settings?, problems: [ConfigurationProblem], merged: Node) {
        self.settings = settings
        self.problems = problems
        self.merged = merged
    }

    package var hasErrors: Bool { problems.contains { $0.severity == .error } }
}

private let sectionKeys = [
    "device", "broker", "publish", "buffer", "log", "chips", "sensors", "alerts", "outputs", "home_assistant",
]

/// Merges the documents, checks all of it, and makes the settings.
/// - Parameters:
///   - documents: the main file, then those of its folder, in order
///   - reading: what was found when they were read
///   - hostName: for the default of `device.id`
///   - unreadable: how bad a reference is that cannot be read
///   - resolve: the text behind a reference; the folder is where a relative path starts
@inline(never) package func readConfiguration(
    _ documents: [Document], reading: [PlacedProblem] = [], catalog: [ModelDescription], hostName: String,
    unreadable: ConfigurationProblem.Severity, resolve: @escaping (Reference, String) -> ReferenceValue
) -> CheckedConfiguration {
    var checker = Checker(
        files: documents.map { $0.file }, catalog: catalog, unreadable: unreadable, resolve: resolve)
    checker.problems = reading
    let names = documents.map { $0.file.name }
    let merged = FolderMerge.merge(documents.compactMap { $0.root }, files: names, problems: &checker.problems)
    let settings = checker.settings(merged, hostName: hostName)
    let problems = PlacedProblem.ordered(checker.problems).map { $0.named(names) }
    let hasErrors = problems.contains { $0.severity == .error }
    return CheckedConfiguration(settings: hasErrors ? nil : settings, problems: problems, merged: merged)
}

extension Checker {
    mutating func settings(_ root: Node, hostName: String) -> Settings? {
        guard
            let top = section(root, name: "configuration", title: "the configuration", keys: sectionKeys, strangers: Self.misplaced)
        else { return nil }
        let device = device(top["device"], hostName: hostName)
        if top["broker"] == nil, !problems.contains(where: { $0.text.hasPrefix("a configuration is") }) {
            error(root.place, "'broker' is missing; write 'broker: {url: \"mqtt://HOST\"}'")
        }
        let broker = top["broker"].flatMap { self.broker($0, device: device.id) }
        let discovery = top["home_assistant"].map { homeAssistant($0) } ?? false
        let buffer = top["buffer"].map { self.buffer($0) } ?? BufferSettings()
        let publish = top["publish"].map { self.publish($0, sync: buffer.sync, discovery: discovery) } ?? PublishSettings()
        let log = top["log"].map { self.log($0) } ?? (level: .info, publish: nil)
        let chips = top["chips"].map { self.chips($0) } ?? []
        let sensors = top["sensors"].map { self.sensors($0) } ?? []
        let outputs = top["outputs"].map { self.outputs($0) } ?? []
        let alerts = top["alerts"].map { self.alerts($0) } ?? []
        topics(top, prefix: publish.prefix, device: device.id)
        guard let broker else { return nil }
        return Settings(
            device: device, broker: broker, publish: publish, buffer: buffer, logLevel: log.level, logPublish: log.publish,
            chips: chips, sensors: sensors, alerts: alerts, outputs: outputs)
    }

    /// Keys that stand at the top where a section is meant.
    private static func misplaced(_ key: String) -> String? {
        switch key {
        case "url", "protocol", "client_id", "username", "password", "tls", "keep_alive", "reconnect", "in_flight": "; it belongs into 'broker'"
        case "prefix", "qos", "encoding", "batch", "identify", "live", "metrics_every", "clock", "wait_for_clock": "; it belongs into 'publish'"
        case "size", "sync", "when_full", "memory", "state_every": "; it belongs into 'buffer'"
        case "mqtt": "; did you mean 'broker'?"
        default: nil
        }
    }

    /// No topic that the configuration makes is longer than brokers take. Only a long prefix can make one.
    private mutating func topics(_ top: Section, prefix: String, device: String) {
        let ends =
            ["response"] + sensors.map { "unstamped/" + $0.id } + outputs.map { "outputs/" + $0.id + "/set" }
            + (top["alerts"]?.value.elements?.compactMap { $0["id"]?.value.scalar?.text } ?? []).map { "alerts/" + $0 }
        var end = ""
        for next in ends where next.utf8.count > end.utf8.count { end = next }
        let longest = "\(prefix)/\(device)/\(end)"
        let over = longest.utf8.count - Identifiers.maximumTopicBytes
        guard over > 0, let publish = top["publish"], let entry = publish.value["prefix"] else { return }
        // What a reference stands for is not shown.
        let named = entry.value.scalar == nil ? "PREFIX/\(device)/..." : shown(longest)
        error(
            entry.value.place,
            "prefix: topic '\(named)' has \(longest.utf8.count) bytes; at most \(Identifiers.maximumTopicBytes) are allowed, shorten the prefix by \(over)")
    }
}
