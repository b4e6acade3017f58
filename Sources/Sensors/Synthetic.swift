package import Telemetry

/// A made-up quantity, for demonstrations and load: a waveform over the time since the start, or a counter of readings.
///
/// `sine` starts in the middle and rises; `square` is at its maximum in the first half of each period; `ramp` rises from
/// minimum to maximum and falls back at once.
package struct Synthetic: SensorDriver, Hashable {
    package enum Waveform: String, Hashable, Sendable, CaseIterable { case sine, square, ramp, counter }

    package static var model: ModelDescription {
        ModelDescription(
            name: "synthetic", summary: "a made-up quantity: sine, square, ramp or counter", needsLine: false,
            every: .init(standard: .seconds(1), minimum: .milliseconds(1)),
            keys: [
                .init(
                    name: "waveform", kind: .enumeration(Waveform.allCases.map { $0.rawValue }), standard: .text("sine"),
                    summary: "the shape over time; counter: 0, 1, 2 … from the start of the process"),
                .init(
                    name: "minimum", kind: .decimal(minimum: Decimal(-limit, decimals: 0), maximum: Decimal(limit, decimals: 0)),
                    standard: .decimal(.zero), summary: "the lowest value"),
                .init(
                    name: "maximum", kind: .decimal(minimum: Decimal(-limit, decimals: 0), maximum: Decimal(limit, decimals: 0)),
                    standard: .decimal(.one), summary: "the highest value"),
                .init(
                    name: "period", kind: .duration(minimum: .milliseconds(1), maximum: .seconds(365 * 86400)),
                    standard: .duration(.seconds(60)), summary: "how long one wave is"),
            ],
            quantities: { _ in [Quantity(name: "value", unit: "1", decimals: 3)] },
            check: { settings in
                let (low, high) = bounds(of: settings)
                return low > high ? [("minimum", "is above maximum; write the larger one as maximum")] : []
            },
            wiring: "None: no hardware is needed.",
            example: "{id: load, model: synthetic, waveform: sine, minimum: 0, maximum: 10, period: 60 s, every: 100 ms}")
    }

    /// The largest bound, so that three decimals stay exact in a Double (2^53).
    private static let limit: Int64 = 1_000_000_000_000

    private let waveform: Waveform
    /// In thousandths.
    private let minimum: Int64
    private let maximum: Int64
    private let period: Duration
    private let origin: Instant
    private var grid: SamplingGrid
    private var count: Int64 = 0

    package init(settings: SensorSettings, origin: Instant) {
        waveform = settings.text("waveform").flatMap(Waveform.init(rawValue:)) ?? .sine
        (minimum, maximum) = Self.bounds(of: settings)
        period = settings.duration("period") ?? .seconds(60)
        self.origin = origin
        grid = SamplingGrid(first: origin, every: settings.every ?? .seconds(1))
    }

    package var deadline: Instant? { grid.next }

    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] {
        switch input {
        case .timer:
            guard grid.isDue(at: now) else { return [] }
            grid.advance(past: now)
            return [sample(at: now)]
        case .readNow:
            return [sample(at: now)]
        case .start, .lineReady, .edges, .level, .lineFailed, .finish:
            return []
        }
    }

    /// It has no line, so there is nothing to decode.
    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] { [] }

    private mutating func sample(at now: Instant) -> SensorAction {
        .reading(.measurements([value(at: now)]), at: now)
    }

    /// In thousandths.
    private mutating func value(at now: Instant) -> Int64 {
        if waveform == .counter {
            defer { count += 1 }
            return count * 1000
        }
        let length = period.nanoseconds
        let elapsed = max(0, origin.nanoseconds(to: now)) % length
        switch waveform {
        case .counter: preconditionFailure("it has no form over time")
        case .square:
            return elapsed * 2 < length ? maximum : minimum
        case .ramp:
            return rounded(Double(minimum) + Double(maximum - minimum) * Double(elapsed) / Double(length))
        case .sine:
            let middle = (Double(minimum) + Double(maximum)) / 2
            let amplitude = (Double(maximum) - Double(minimum)) / 2
            return rounded(middle + amplitude * sineOfTurns(Double(elapsed) / Double(length)))
        }
    }

    private static func bounds(of settings: SensorSettings) -> (Int64, Int64) {
        ((settings.decimal("minimum") ?? .zero).scaled(to: 3) ?? 0, (settings.decimal("maximum") ?? .one).scaled(to: 3) ?? 1000)
    }
}

/// The sine of `turns` × 2π, for 0 ≤ `turns` < 1, within 1e-11.
///
/// A core imports no C, so there is no libm here: the quarter wave is the Taylor polynomial of degree 15, whose first
/// term left out is (π/2)^17 / 17! = 6.1e-12.
func sineOfTurns(_ turns: Double) -> Double {
    let quarters = turns * 4
    // Where in the rising quarter wave the same magnitude is.
    let position = quarters < 1 ? quarters : quarters < 2 ? 2 - quarters : quarters < 3 ? quarters - 2 : 4 - quarters
    let x = position * (Double.pi / 2)
    let square = x * x
    var term = x
    var sum = x
    var divisor = 2.0
    while divisor < 15 {
        term *= -square / (divisor * (divisor + 1))
        sum += term
        divisor += 2
    }
    return quarters < 2 ? sum : -sum
}

/// To the nearest whole number, half away from zero.
private func rounded(_ value: Double) -> Int64 {
    value < 0 ? Int64(value - 0.5) : Int64(value + 0.5)
}
