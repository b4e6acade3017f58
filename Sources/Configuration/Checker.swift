package import Telemetry

/// Walks the merged tree once, collects every problem, and makes the settings.
///
/// The sections are extensions, one file each. A function of a section returns what it could read; whether the settings
/// count is decided at the end, by the problems.
package struct Checker {
    /// How the files are called, and where relative paths in them start; by `Place.file`.
    package struct File: Hashable, Sendable {
        package var name: String
        /// Without a trailing slash, unless it is the root.
        package var folder: String
        package init(name: String, folder: String) {
            self.name = name
            self.folder = folder
        }
    }

    let files: [File]
    let catalog: [ModelDescription]
    /// The second argument is the folder that a relative path starts from.
    let resolve: (Reference, String) -> ReferenceValue
    /// How bad a reference is that cannot be read.
    let unreadable: ConfigurationProblem.Severity

    package var problems: [PlacedProblem] = []
    /// Every line that something wants, by its identity, for "two on one line".
    var lineUses = NameTable<LineUse>()
    /// What alerts and outputs can refer to.
    var sensors: [SensorFacts] = []
    /// Index into `sensors` by id.
    var sensorIndex = NameTable<Int>()
    var chips: [ChipFacts] = []
    var outputs: [OutputFacts] = []

    struct SensorFacts {
        var id: String
        /// Nil where the model is not known or not built: then nothing is said about its series.
        var model: ModelDescription?
        var quantities: [Quantity]?
        /// Nil where the model is.
        var settings: SensorSettings?
    }
    struct OutputFacts {
        var id: String
        var place: Place
        var group: String?
    }
    struct ChipFacts {
        var name: String
        var place: Place
        /// The label or the device behind it: the same chip by another word.
        var other: String?
    }

    package init(
        files: [File], catalog: [ModelDescription], unreadable: ConfigurationProblem.Severity,
        resolve: @escaping (Reference, String) -> ReferenceValue
    ) {
        self.files = files
        self.catalog = catalog
        self.unreadable = unreadable
        self.resolve = resolve
    }

    @inline(never) mutating func error(_ place: Place, _ text: String) { problems.append(PlacedProblem(place, text)) }
    @inline(never) mutating func warning(_ place: Place, _ text: String) {
        problems.append(PlacedProblem(place, text, severity: .warning))
    }

    /// Valid, and not built yet. `detail` says which value, where only some are.
    mutating func notYet(_ key: String, _ place: Place, _ detail: String = "") {
        error(place, "\(key): not supported yet" + (detail.isEmpty ? "" : " (\(detail))"))
    }

    /// A place as a person finds it: `FILE:LINE:COLUMN`.
    func named(_ place: Place) -> String { "\(files[place.file].name):\(place.line):\(place.column)" }
}

/// A mapping whose keys are known.
struct Section {
    /// As in messages: `broker`, `sensor 'door'`.
    var title: String
    var place: Place
    var entries: [Entry]

    @inline(never) subscript(key: String) -> Entry? { entries.first { $0.key == key } }
}

/// The text of a scalar, or of what a reference stands for.
struct ScalarText {
    var text: String
    var place: Place
    var reference: Reference?

    /// For a message: never what a reference stands for.
    var shownText: String { reference?.text ?? "'\(shown(text))'" }
}

extension Checker {
    /// The mapping behind a key; an empty value is an empty mapping. Unknown keys are reported.
    mutating func section(_ entry: Entry, keys: [String], title: String? = nil, strangers: (String) -> String? = { _ in nil }) -> Section? {
        section(entry.value, name: entry.key, title: title ?? entry.key, keys: keys, strangers: strangers)
    }

    /// - Parameter strangers: for keys that people bring from elsewhere, what to say of them.
    mutating func section(
        _ node: Node, name: String, title: String, keys: [String], strangers: (String) -> String? = { _ in nil }
    ) -> Section? {
        if node.isNull { return Section(title: title, place: node.place, entries: []) }
        guard let entries = node.entries else {
            error(node.place, "\(name): is \(shape(node)), not a mapping; known keys: \(keys.joined(separator: ", "))")
            return nil
        }
        for entry in entries where !keys.contains(entry.key) {
            let next = strangers(entry.key) ?? Suggestion.nextStep(for: entry.key, among: keys, what: "keys")
            error(entry.keyPlace, "unknown key '\(shown(entry.key))' in \(title)\(next)")
        }
        return Section(title: title, place: node.place, entries: entries.filter { keys.contains($0.key) })
    }

    /// The elements of a list; an empty value is an empty list.
    mutating func elements(_ entry: Entry, example: String) -> [Node] {
        if entry.value.isNull { return [] }
        guard let elements = entry.value.elements else {
            error(entry.value.place, "\(entry.key): is \(shape(entry.value)), not a list; write '\(example)'")
            return []
        }
        return elements
    }

    /// The text of a scalar or of its reference; nil, and said, for all else.
    /// - Parameter wanted: what it must be, for a message: `a duration, as in '60 s'`.
    mutating func scalar(_ entry: Entry, wanted: String) -> ScalarText? {
        let node = entry.value
        switch node.content {
        case .scalar(let scalar):
            if node.isNull {
                error(node.place, "\(entry.key): has no value; write \(wanted), or leave the key out")
                return nil
            }
            return ScalarText(text: scalar.text, place: node.place)
        case .sequence:
            error(node.place, "\(entry.key): is a list; write \(wanted)")
            return nil
        case .mapping(let entries):
            guard let reference = Reference(node) else {
                if entries.count == 1, let kind = Suggestion.nearest(to: entries[0].key, among: Reference.kinds.map { $0.text }) {
                    let isKnown = kind == entries[0].key
                    error(
                        entries[0].keyPlace,
                        isKnown
                            ? "\(entry.key): \(kind) says no name; write {\(kind): NAME}"
                            : "\(entry.key): unknown reference '\(shown(entries[0].key))'; did you mean '\(kind)', with a name?")
                } else {
                    error(
                        node.place,
                        "\(entry.key): is a mapping; write \(wanted), or {credential: NAME}, {file: PATH} or {environment: NAME}")
                }
                return nil
            }
            switch resolve(reference, files[entries[0].value.place.file].folder) {
            case .text(let text):
                return ScalarText(text: text, place: node.place, reference: reference)
            case .unreadable(let why):
                problems.append(
                    PlacedProblem(node.place, "\(entry.key): \(reference.text): \(why)", severity: unreadable))
                return nil
            }
        }
    }

    func shape(_ node: Node) -> String {
        switch node.content {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
