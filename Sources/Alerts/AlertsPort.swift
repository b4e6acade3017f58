package import Telemetry

// The port of the alerts: rules over series (docs/alerts.md). The core is `package struct AlertEngine`, in AlertEngine.swift:
//   init(rules: [AlertRuleSetup], deviceName: String)
//   mutating func handle(_ input: AlertInput, at now: Instant) -> [AlertAction]
//   var deadline: Instant?
//   mutating func acknowledge(_ alert: String, at now: Instant) throws(AlertRefusal) -> [AlertAction]
//   mutating func mute(_ alert: String, lasting: Duration, at now: Instant) throws(AlertRefusal) -> [AlertAction]
//   var states: [(alert: String, state: AlertEvent.State?)]     for the metrics, in the order of the rules; nil before the first event
//   func event(_ alert: String) -> AlertEvent?                  the newest, as it would be said now
//   var revision: Int           rises with each change of what `saved` gives
//   func saved(at clock: ClockReading) -> [UInt8]
//       everything of docs/alerts.md, "Restart": at most some 200 bytes a rule beside its times of changes
//   mutating func restore(_ bytes: [UInt8], at clock: ClockReading, boot: BootID, savedBoot: BootID)
//       before `.start`; bytes that are no such state are ignored
//   mutating func reload(_ rules: [AlertRuleSetup], at now: Instant) -> [AlertAction]
//       by id; demands of what is gone cease
//   One rule over time is `AlertMachine`, in AlertMachine.swift, a value that knows nothing of texts.

/// A rule and what the rest of the configuration says of its series.
package struct AlertRuleSetup: Hashable, Sendable {
    package var rule: AlertRule
    /// Index of the sensor among the agent's.
    package var sensorIndex: Int
    /// Index of the quantity in the sensor's schema; nil as in the rule.
    package var quantityIndex: Int?
    package var quantity: Quantity?
    /// The sensor's name, for people.
    package var sensorName: String
    /// Without a value for so long the series is silent; nil: never. max(3 × `every` or `heartbeat`, 30 s).
    package var silence: Duration?
    /// Words for the values of a contact (open, closed, by value), for messages.
    package var words: [Word]

    package struct Word: Hashable, Sendable {
        package var value: Decimal
        package var text: String
        package init(value: Decimal, text: String) {
            self.value = value
            self.text = text
        }
    }

    package init(
        rule: AlertRule, sensorIndex: Int, quantityIndex: Int?, quantity: Quantity?, sensorName: String,
        silence: Duration?, words: [Word] = []
    ) {
        self.rule = rule
        self.sensorIndex = sensorIndex
        self.quantityIndex = quantityIndex
        self.quantity = quantity
        self.sensorName = sensorName
        self.silence = silence
        self.words = words
    }
}

package enum AlertInput: Hashable, Sendable {
    /// Once, after `restore`: the observation begins. Alerts that were restored as raised demand their outputs.
    case start
    /// A reading of any sensor. `name`: its number, where it has one.
    case reading(sensor: Int, Outcome, name: AlertEvent.ReadingName?, at: Instant)
    /// A look at the clocks while the wall time is known: times restored from another boot find their place.
    case clock(ClockReading)
    case timer
}

package enum AlertAction: Hashable, Sendable {
    /// `at`: when it happened, never later than now.
    case event(AlertEvent, at: Instant)
    /// For the outputs; also when nothing was published (a restored state, a reload). Not of a rule without outputs.
    case demand(alert: String, outputs: [String], AlertDemand)
    case notice(Notice)
}

/// Why a command about an alert is not done.
package struct AlertRefusal: Error, Hashable, Sendable {
    package var text: String
    package init(_ text: String) { self.text = text }
}
