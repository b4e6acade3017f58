/// What a sensor model is to the configuration, the payloads and the documentation: its names, its keys, its quantities.
package struct ModelDescription: Sendable {
    /// As in `model:`.
    package var name: String
    /// Other names of the same model, all accepted in `model:`.
    package var aliases: [String]
    /// One line for `godwit sensors`.
    package var summary: String
    /// A reading needs one GPIO line (`line:`).
    package var needsLine: Bool
    /// `every:`, or nil when the model is not sampled at an interval.
    package var every: Interval?
    /// Keys beside `id`, `model`, `name`, `line`, `every`, `calibrate` and `filter`.
    package var keys: [Key]
    /// The quantities of a sensor of this model with these settings.
    package var quantities: @Sendable (SensorSettings) -> [Quantity]
    /// Problems that only the model sees, between keys that are each valid alone: (key, text).
    package var check: @Sendable (SensorSettings) -> [(key: String, text: String)]
    /// Words for values of the first quantity, for `equals` of a rule and for messages; empty: it has numbers only.
    package var words: @Sendable (SensorSettings) -> [(word: String, value: Decimal)]
    /// How it is wired, a sentence or two for `godwit sensors MODEL`.
    package var wiring: String
    /// A configuration entry, in YAML flow style.
    package var example: String

    package struct Interval: Sendable {
        package var standard: Duration
        package var minimum: Duration
        package init(standard: Duration, minimum: Duration) {
            self.standard = standard
            self.minimum = minimum
        }
    }

    package struct Key: Sendable {
        package var name: String
        package var kind: Kind
        /// Nil: the key is optional and has no default.
        package var standard: SettingValue?
        /// For the documentation.
        package var summary: String
        /// Part of the contract but not built yet: valid, and answered with "not supported yet".
        package var isSupported: Bool

        @inline(never) package init(
            name: String, kind: Kind, standard: SettingValue?, summary: String, isSupported: Bool = true
        ) {
            self.name = name
            self.kind = kind
            self.standard = standard
            self.summary = summary
            self.isSupported = isSupported
        }
    }

    package enum Kind: Sendable {
        /// Bounds are inclusive.
        case duration(minimum: Duration, maximum: Duration)
        case decimal(minimum: Decimal, maximum: Decimal)
        case integer(minimum: Int64, maximum: Int64)
        case logical
        /// One of these words.
        case enumeration([String])
        /// A word that can be a quantity's name.
        case quantityName
        case text(maximumBytes: Int)
    }

    package init(
        name: String, aliases: [String] = [], summary: String, needsLine: Bool, every: Interval?, keys: [Key],
        quantities: @escaping @Sendable (SensorSettings) -> [Quantity],
        check: @escaping @Sendable (SensorSettings) -> [(key: String, text: String)] = { _ in [] },
        words: @escaping @Sendable (SensorSettings) -> [(word: String, value: Decimal)] = { _ in [] },
        wiring: String, example: String
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.needsLine = needsLine
        self.every = every
        self.keys = keys
        self.quantities = quantities
        self.check = check
        self.words = words
        self.wiring = wiring
        self.example = example
    }
}

/// The value of a model's key, checked and typed.
package enum SettingValue: Hashable, Sendable {
    case duration(Duration)
    case decimal(Decimal)
    case integer(Int64)
    case logical(Bool)
    case text(String)
}

/// What a sensor's configuration says under the keys of its model. They are few: none is looked for by a hash.
package struct SettingValues: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    private struct Entry: Hashable, Sendable {
        var key: String
        var value: SettingValue
    }

    /// In the order of their keys, so that equal ones are equal.
    private var entries: [Entry] = []

    package init() {}

    /// Of equal keys the last counts.
    package init(dictionaryLiteral elements: (String, SettingValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    package subscript(key: String) -> SettingValue? {
        get { entries.first { $0.key == key }?.value }
        set {
            let position = entries.firstIndex { !($0.key < key) } ?? entries.count
            if position < entries.count, entries[position].key == key { entries.remove(at: position) }
            if let newValue { entries.insert(Entry(key: key, value: newValue), at: position) }
        }
    }
}

/// One sensor as configured: what a driver is made from.
package struct SensorSettings: Hashable, Sendable {
    package var id: String
    /// For people; the id where none is given.
    package var name: String
    /// The model's own name, never an alias.
    package var model: String
    package var line: LineReference?
    /// The interval of sampling; nil for a model that has none.
    package var every: Duration?
    /// The model's keys, defaults filled in; keys that are optional and not given are absent.
    package var values: SettingValues

    package init(
        id: String, name: String, model: String, line: LineReference? = nil, every: Duration? = nil,
        values: SettingValues = [:]
    ) {
        self.id = id
        self.name = name
        self.model = model
        self.line = line
        self.every = every
        self.values = values
    }

    package func duration(_ key: String) -> Duration? {
        if case .duration(let value)? = values[key] { value } else { nil }
    }
    package func decimal(_ key: String) -> Decimal? {
        if case .decimal(let value)? = values[key] { value } else { nil }
    }
    package func integer(_ key: String) -> Int64? {
        if case .integer(let value)? = values[key] { value } else { nil }
    }
    package func logical(_ key: String) -> Bool? {
        if case .logical(let value)? = values[key] { value } else { nil }
    }
    @inline(never) package func text(_ key: String) -> String? {
        if case .text(let value)? = values[key] { value } else { nil }
    }
}
