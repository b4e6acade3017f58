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
            words: { settings in
                let closed: Int64 = isTrueWhenClosed(settings) ? 1 : 0
                return [("open", Decimal(1 - closed, decimals: 0)), ("closed", Decimal(closed, decimals: 0))]
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

    private let lineSettings: LineSettings
    /// State is 1 when the circuit is closed.
    private let isTrueWhenClosed: Bool
    /// Nil: off.
    private var heartbeat: SamplingGrid?
    private var line = Line.waiting
    /// The next level is published whatever it is: a person or the heartbeat asked.
    private var publishesLevel = false

    private enum Line: Hashable, Sendable {
        case waiting
        /// What was known last. Active means that the circuit is closed.
        case ready(isActive: Bool)
        case failed(NoReading)
    }

    package init(settings: SensorSettings, origin: Instant) {
        lineSettings = LineSettings(
            edge: .both, bias: LineKeys.bias(of: settings), isActiveLow: settings.text("active") != "high",
            debouncePeriod: settings.duration("debounce") ?? .milliseconds(20))
        isTrueWhenClosed = Self.isTrueWhenClosed(settings)
        let every = settings.duration("heartbeat") ?? .seconds(600)
        if every > .zero { heartbeat = SamplingGrid(first: origin.advanced(by: every), every: every) }
    }

    package var deadline: Instant? { heartbeat?.next }

    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] {
        switch input {
        case .start:
            return [.configureLine(lineSettings)]
        case .lineReady(let isActive):
            return [publish(isActive, at: now)]
        case .edges(let edges, _):
            // What was lost ahead of them shows when the level, which is read then, is another than these end with.
            return edges.map { publish($0.kind == .rising, at: $0.instant) }
        case .level(let isActive):
            if line == .ready(isActive: isActive), !publishesLevel { return [] }
            return [publish(isActive, at: now)]
        case .lineFailed(let why):
            defer { line = .failed(why) }
            // Said once; the agent tries again and again.
            return line == .failed(why) && !publishesLevel ? [] : [fail(why, at: now)]
        case .timer:
            guard heartbeat?.isDue(at: now) == true else { return [] }
            heartbeat?.advance(past: now)
            return read(at: now)
        case .readNow:
            return read(at: now)
        case .finish:
            return []
        }
    }

    /// The level is read again rather than told from memory: an edge that was lost without a trace is then found.
    private mutating func read(at now: Instant) -> [SensorAction] {
        switch line {
        case .ready:
            publishesLevel = true
            return [.readLevel]
        case .failed(let why):
            return [fail(why, at: now)]
        case .waiting:
            return [fail(NoReading(.missing, detail: "the line is not there yet"), at: now)]
        }
    }

    private mutating func publish(_ isActive: Bool, at instant: Instant) -> SensorAction {
        line = .ready(isActive: isActive)
        publishesLevel = false
        return .reading(.measurements([isActive == isTrueWhenClosed ? 1 : 0]), at: instant)
    }

    private mutating func fail(_ why: NoReading, at now: Instant) -> SensorAction {
        publishesLevel = false
        return .reading(.noReading(why), at: now)
    }

    private static func isTrueWhenClosed(_ settings: SensorSettings) -> Bool {
        if let text = settings.text("true_when") { return text == "closed" }
        switch settings.text("class") {
        case "door", "window", "opening", "garage_door": return false
        default: return true
        }
    }

    /// A reading for each edge of the recording, debounced or not: it holds what happened.
    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] {
        let isActiveLow = settings.text("active") != "high"
        let isTrueWhenClosed = isTrueWhenClosed(settings)
        return changes(of: edges).map { edge in
            let isActive = edge.isHigh != isActiveLow
            return DecodedReading(time: edge.time, outcome: .measurements([isActive == isTrueWhenClosed ? 1 : 0]))
        }
    }
}

/// The rows that change the level: without the first, and without one that marks the end.
func changes(of edges: [RecordedEdge]) -> [RecordedEdge] {
    var changes: [RecordedEdge] = []
    guard var level = edges.first?.isHigh else { return [] }
    for edge in edges where edge.isHigh != level {
        level = edge.isHigh
        changes.append(edge)
    }
    return changes
}
