/// One rule of `alerts`, checked and typed (contract, section 1). What it means over time is in docs/alerts.md.
package struct AlertRule: Hashable, Sendable {
    package enum Severity: UInt8, CaseIterable, Sendable {
        case critical = 1
        case major = 2
        case minor = 3
        case warning = 4

        package var text: String {
            switch self {
            case .critical: "critical"
            case .major: "major"
            case .minor: "minor"
            case .warning: "warning"
            }
        }
    }

    package enum Condition: Hashable, Sendable {
        /// Holds above the limit; clears below `clearBelow`, or where there is none at the limit and below.
        case above(Decimal, clearBelow: Decimal?)
        case below(Decimal, clearAbove: Decimal?)
        /// `word`: as the file has it (`open`, `closed`), for the message; the number is what the series gives for it.
        case equals(Decimal, word: String?)
        /// No value for so long.
        case silentFor(Duration)
        /// The value has changed by so much, upwards or (negative) downwards, from one within the window. Never zero.
        case changesBy(Decimal, within: Duration)
    }

    /// More changes than `changes` within `within`: held raised.
    package struct Flapping: Hashable, Sendable {
        package var changes: Int
        package var within: Duration
        package init(changes: Int = 6, within: Duration = .seconds(600)) {
            self.changes = changes
            self.within = within
        }
    }

    package var id: String
    /// The id of the sensor.
    package var sensor: String
    /// Nil: any reading of the sensor that gives values; only with `silentFor`.
    package var quantity: String?
    package var condition: Condition
    /// `for`: so long must the condition hold before the alert is raised.
    package var holdFor: Duration
    /// `keep_for`: so long must the clear condition hold.
    package var keepFor: Duration
    package var severity: Severity
    /// With its placeholders; nil: the standard text.
    package var message: String?
    /// Ids of outputs that it switches on; at most 16.
    package var outputs: [String]
    package var flapping: Flapping

    package init(
        id: String, sensor: String, quantity: String?, condition: Condition, holdFor: Duration = .zero,
        keepFor: Duration = .zero, severity: Severity = .major, message: String? = nil, outputs: [String] = [],
        flapping: Flapping = Flapping()
    ) {
        self.id = id
        self.sensor = sensor
        self.quantity = quantity
        self.condition = condition
        self.holdFor = holdFor
        self.keepFor = keepFor
        self.severity = severity
        self.message = message
        self.outputs = outputs
        self.flapping = flapping
    }

    /// As in the configuration and in the payload: `air.temperature`, or `air`.
    package var series: String { quantity.map { "\(sensor).\($0)" } ?? sensor }

    package static let maximumOutputs = 16
}
