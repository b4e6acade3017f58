package import Telemetry

/// Counts pulses: a rain gauge, a meter's output, a flow sensor, an anemometer.
package struct PulseCounter: SensorDriver, Hashable {
    package static var model: ModelDescription {
        ModelDescription(
            name: "pulse-counter", summary: "counts pulses: rain gauge, meter, flow, wind", needsLine: true,
            every: .init(standard: .seconds(60), minimum: .seconds(1)),
            keys: [
                LineKeys.bias("pull-up"),
                LineKeys.active("high", summary: "low turns the line over: falling is then the rise on the wire"),
                LineKeys.debounce(.milliseconds(2)),
                .init(
                    name: "edge", kind: .enumeration(["falling", "rising", "both"]), standard: .text("falling"),
                    summary: "which edge of a pulse counts"),
                .init(
                    name: "per_pulse", kind: .decimal(minimum: Decimal(1, decimals: 9), maximum: Decimal(1_000_000, decimals: 0)),
                    standard: .decimal(.one), summary: "the amount that one pulse stands for; its decimals are the amount's"),
                .init(
                    name: "unit", kind: .text(maximumBytes: 32), standard: .text("1"),
                    summary: "the unit of the amount, SenML's name where it has one: mm, l, Wh"),
                .init(
                    name: "quantity", kind: .quantityName, standard: .text("amount"), summary: "the name of the amount: rain"),
                .init(
                    name: "total", kind: .logical, standard: nil,
                    summary: "the sum of the amount, kept across restarts", isSupported: false),
            ],
            quantities: { settings in
                [
                    Quantity(name: "pulses", unit: "1", decimals: 0),
                    Quantity(
                        name: settings.text("quantity") ?? "amount", unit: settings.text("unit") ?? "1",
                        decimals: perPulse(of: settings).decimals),
                ]
            },
            check: { settings in
                var problems: [(key: String, text: String)] = []
                if let name = settings.text("quantity"), name == "pulses" || name == "total" {
                    problems.append(("quantity", "'\(name)' is a quantity of every pulse-counter already"))
                }
                if perPulse(of: settings).decimals > 9 {
                    problems.append(("per_pulse", "per_pulse has more than 9 decimals"))
                }
                return problems
            },
            wiring: "A reed contact or an open-collector output between the line and ground; the pull-up inside the chip holds "
                + "the line high. An S0 output goes with + to the line and - to ground. Never more than 3.3 V on a line.",
            example: "{id: rain, model: pulse-counter, line: GPIO22, debounce: 2 ms, every: 1 min, per_pulse: 0.2794, unit: mm, "
                + "quantity: rain}")
    }

    static func perPulse(of settings: SensorSettings) -> Decimal { settings.decimal("per_pulse") ?? .one }

    package init(settings: SensorSettings, origin: Instant) {}
    package var deadline: Instant? { nil }
    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] { [] }
    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] { [] }
}
