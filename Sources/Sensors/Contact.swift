package import Telemetry

/// A switch, a reed contact, a button, or any part with a logical output.
package struct Contact: SensorDriver, Hashable {
    package static var model: ModelDescription {
        ModelDescription(
            name: "contact", summary: "a switch or any part with a logical output: door, window, motion, leak",
            needsLine: true, every: nil,
            keys: [
                LineKeys.bias("pull-up"),
                LineKeys.active("low", summary: "the level at which the circuit is closed"),
                LineKeys.debounce(.milliseconds(20)),
                .init(
                    name: "heartbeat", kind: .duration(minimum: .zero, maximum: .seconds(7 * 86400)),
                    standard: .duration(.seconds(600)), summary: "the state is published again so often; 0 s: off"),
                .init(
                    name: "class", kind: .enumeration(classes), standard: nil,
                    summary: "what it tells, as Home Assistant names it: door, window, motion, moisture …"),
                .init(
                    name: "true_when", kind: .enumeration(["open", "closed"]), standard: nil,
                    summary: "when state is 1; open for door, window, opening and garage_door, else closed"),
            ],
            quantities: { _ in [Quantity(name: "state", unit: "1", decimals: 0)] },
            check: { settings in
                guard let heartbeat = settings.duration("heartbeat"), heartbeat > .zero,
                    heartbeat < .milliseconds(1)
                else { return [] }
                return [("heartbeat", "heartbeat is 0 s (off) or at least 1 ms")]
            },
            wiring: "Between the line and ground (any GND pin); the pull-up inside the chip holds the open circuit high. "
                + "A long wire wants 4.7 kΩ to 3.3 V as well. Never more than 3.3 V on a line.",
            example: "{id: door, model: contact, line: GPIO17, class: door, debounce: 20 ms, heartbeat: 10 min}")
    }

    /// Home Assistant's classes of binary sensors.
    static let classes = [
        "battery", "battery_charging", "carbon_monoxide", "cold", "connectivity", "door", "garage_door", "gas", "heat",
        "light", "lock", "moisture", "motion", "moving", "occupancy", "opening", "plug", "power", "presence", "problem",
        "running", "safety", "smoke", "sound", "tamper", "update", "vibration", "window",
    ]

    package init(settings: SensorSettings, origin: Instant) {}
    package var deadline: Instant? { nil }
    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] { [] }
    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] { [] }
}
