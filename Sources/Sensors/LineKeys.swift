internal import Telemetry

/// The keys that models on a line share (contract, section 1, "keys of the line models").
enum LineKeys {
    static func bias(_ standard: String) -> ModelDescription.Key {
        .init(
            name: "bias", kind: .enumeration(["pull-up", "pull-down", "none"]), standard: .text(standard),
            summary: "the resistor inside the chip; none: there is one on the board")
    }

    static func active(_ standard: String, summary: String) -> ModelDescription.Key {
        .init(name: "active", kind: .enumeration(["low", "high"]), standard: .text(standard), summary: summary)
    }

    static func debounce(_ standard: Duration) -> ModelDescription.Key {
        .init(
            name: "debounce", kind: .duration(minimum: .zero, maximum: .seconds(60)), standard: .duration(standard),
            summary: "how long a level must hold before it counts; 0 s: every edge counts")
    }

    static func bias(of settings: SensorSettings, standard: LineSettings.Bias = .pullUp) -> LineSettings.Bias {
        switch settings.text("bias") {
        case "pull-up": .pullUp
        case "pull-down": .pullDown
        case "none": .disabled
        default: standard
        }
    }
}
