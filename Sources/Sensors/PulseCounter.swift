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
            ],
            quantities: { settings in
                let (unit, decimals) = (unit(of: settings), perPulse(of: settings).decimals)
                return [
                    Quantity(name: "pulses", unit: "1", decimals: 0),
                    Quantity(name: settings.text("quantity") ?? "amount", unit: unit, decimals: decimals),
                    Quantity(name: "total", unit: unit, decimals: decimals),
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

    private let lineSettings: LineSettings
    private let perPulse: Decimal
    private var grid: SamplingGrid
    private var line = Line.waiting
    /// Since the last reading. Kept while the line is away: they did happen.
    private var pulses: Int64 = 0
    private var isFinishing = false
    private var total: RunningTotal

    private enum Line: Hashable, Sendable {
        case waiting
        case ready
        case failed(NoReading)
    }

    package init(settings: SensorSettings, origin: Instant) {
        lineSettings = LineSettings(
            edge: Self.edge(of: settings), bias: LineKeys.bias(of: settings), isActiveLow: settings.text("active") == "low",
            debouncePeriod: settings.duration("debounce") ?? .milliseconds(2), eventBufferSize: 256)
        perPulse = Self.perPulse(of: settings)
        total = RunningTotal(unit: Self.unit(of: settings), decimals: perPulse.decimals)
        let every = settings.every ?? .seconds(60)
        grid = SamplingGrid(first: origin.advanced(by: every), every: every)
    }

    package var deadline: Instant? { grid.next }
    package var saved: [UInt8] { total.saved }
    package var savedRevision: Int { total.revision }
    package mutating func restore(_ saved: [UInt8]) { total.restore(saved) }

    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] {
        switch input {
        case .start:
            return [.configureLine(lineSettings)]
        case .lineReady:
            line = .ready
            return []
        case .edges(let edges, let lost):
            // Edges that the kernel counted but could not keep are pulses as well.
            pulses += Int64(lost)
            for edge in edges where Self.counts(edge.kind, lineSettings.edge) { pulses += 1 }
            return isFinishing ? lastReading(at: now) : []
        case .level:
            return []
        case .lineFailed(let why):
            line = .failed(why)
            return []
        case .timer:
            guard grid.isDue(at: now) else { return [] }
            grid.advance(past: now)
            return [reading(at: now)]
        case .readNow:
            return [reading(at: now)]
        case .finish:
            isFinishing = true
            return lastReading(at: now)
        }
    }

    private mutating func reading(at now: Instant) -> SensorAction {
        switch line {
        case .waiting:
            return .reading(.noReading(NoReading(.missing, detail: "the line is not there yet")), at: now)
        case .failed(let why):
            return .reading(.noReading(why), at: now)
        case .ready:
            return .reading(takePulses(), at: now)
        }
    }

    /// Pulses that were counted are not lost with the process; that there were none is no news.
    private mutating func lastReading(at now: Instant) -> [SensorAction] {
        pulses > 0 ? [.reading(takePulses(), at: now)] : []
    }

    private mutating func takePulses() -> Outcome {
        defer { pulses = 0 }
        return Self.outcome(pulses, perPulse, &total)
    }

    private static func outcome(_ pulses: Int64, _ perPulse: Decimal, _ total: inout RunningTotal) -> Outcome {
        let (amount, overflow) = pulses.multipliedReportingOverflow(by: perPulse.significand)
        if overflow {
            return .noReading(NoReading(.outOfRange, detail: "\(pulses) pulses of \(perPulse.text) do not fit a number"))
        }
        guard total.add(amount) else {
            return .noReading(NoReading(.outOfRange, detail: "\(pulses) pulses of \(perPulse.text) on top of total \(total.text) do not fit a number"))
        }
        return .measurements([pulses, amount, total.significand])
    }

    private static func unit(of settings: SensorSettings) -> String { settings.text("unit") ?? "1" }
    private static func perPulse(of settings: SensorSettings) -> Decimal { settings.decimal("per_pulse") ?? .one }

    private static func edge(of settings: SensorSettings) -> LineSettings.Edge {
        switch settings.text("edge") {
        case "rising": .rising
        case "both": .both
        default: .falling
        }
    }

    private static func counts(_ kind: EdgeEvent.Kind, _ edge: LineSettings.Edge) -> Bool {
        switch edge {
        case .rising: kind == .rising
        case .falling: kind == .falling
        case .both: true
        case .none: false
        }
    }

    /// One reading with the pulses of the whole recording, debounced or not, at its last edge.
    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] {
        let isActiveLow = settings.text("active") == "low"
        let changes = changes(of: edges)
        guard let last = changes.last else { return [] }
        var pulses: Int64 = 0
        for change in changes where counts(change.isHigh != isActiveLow ? .rising : .falling, edge(of: settings)) { pulses += 1 }
        var total = RunningTotal(unit: unit(of: settings), decimals: perPulse(of: settings).decimals)
        return [DecodedReading(time: last.time, outcome: outcome(pulses, perPulse(of: settings), &total))]
    }
}
