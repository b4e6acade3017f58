import Telemetry

@testable import Alerts

/// Seconds on the boot clock.
func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64((seconds * 1e9).rounded())) }

func number(_ text: String) -> Decimal {
    guard let decimal = Decimal(parsing: text.utf8) else { preconditionFailure("\(text) is no number") }
    return decimal
}

let temperature = Quantity(name: "temperature", unit: "Cel", decimals: 1)
let doorWords = [
    AlertRuleSetup.Word(value: .one, text: "open"), AlertRuleSetup.Word(value: .zero, text: "closed"),
]

/// A rule of `air.temperature`, or of `air` for `silentFor` where `quantity` is nil.
func setup(
    _ condition: AlertRule.Condition, id: String = "frost", holdFor: Double = 0, keepFor: Double = 0, silence: Double? = nil,
    flapping: AlertRule.Flapping = AlertRule.Flapping(), outputs: [String] = [], message: String? = nil, sensor: Int = 0,
    sensorName: String = "air", quantity: Quantity? = temperature, words: [AlertRuleSetup.Word] = [],
    severity: AlertRule.Severity = .major
) -> AlertRuleSetup {
    AlertRuleSetup(
        rule: AlertRule(
            id: id, sensor: sensorName, quantity: quantity?.name, condition: condition, holdFor: .milliseconds(Int64(holdFor * 1000)),
            keepFor: .milliseconds(Int64(keepFor * 1000)), severity: severity, message: message, outputs: outputs, flapping: flapping),
        sensorIndex: sensor, quantityIndex: quantity == nil ? nil : 0, quantity: quantity, sensorName: sensorName,
        silence: silence.map { .milliseconds(Int64($0 * 1000)) }, words: words)
}

/// An engine in fast motion: values and time in, one line for each thing that happened out.
struct Bench {
    var engine: AlertEngine
    /// `frost raised@65 since 65`, `frost -> siren on`, in order; cleared by `take`.
    let log = Log()
    var events: [AlertEvent] = []
    var now = Instant.zero
    var sequence: UInt64 = 0
    let stream = StreamID(7)

    init(_ setups: [AlertRuleSetup], start: Double? = 0) {
        engine = AlertEngine(rules: setups, deviceName: "Greenhouse 1")
        if let start { self.start(start) }
    }

    init(_ setup: AlertRuleSetup) { self.init([setup]) }

    mutating func start(_ seconds: Double) {
        now = at(seconds)
        note(engine.handle(.start, at: now))
    }

    /// Passes each deadline at its own instant, then stands at `seconds`.
    mutating func pass(to seconds: Double) {
        var turns = 0
        while let deadline = engine.deadline, deadline <= at(seconds) {
            now = max(now, deadline)
            note(engine.handle(.timer, at: now))
            turns += 1
            precondition(turns < 100_000, "deadlines without end")
        }
        now = max(now, at(seconds))
    }

    /// Time goes on, deadlines strictly before it pass, and the value is taken.
    mutating func value(_ text: String, _ seconds: Double, sensor: Int = 0, decimals: UInt8 = 1) {
        while let deadline = engine.deadline, deadline < at(seconds) {
            now = max(now, deadline)
            note(engine.handle(.timer, at: now))
        }
        now = max(now, at(seconds))
        give(text, seconds, sensor: sensor, decimals: decimals)
    }

    /// The value is taken now, whenever it was.
    mutating func give(_ text: String, _ seconds: Double, sensor: Int = 0, decimals: UInt8 = 1) {
        sequence += 1
        let value = number(text).scaled(to: decimals)!
        note(
            engine.handle(
                .reading(
                    sensor: sensor, .measurements([value]), name: .init(stream: stream, sequence: SequenceNumber(sequence)),
                    at: at(seconds)), at: now))
    }

    mutating func failure(_ seconds: Double, sensor: Int = 0) {
        pass(to: seconds)
        note(
            engine.handle(
                .reading(sensor: sensor, .noReading(NoReading(.noAnswer, detail: "")), name: nil, at: now), at: now))
    }

    mutating func acknowledge(_ alert: String = "frost") { note((try? engine.acknowledge(alert, at: now)) ?? []) }
    mutating func mute(_ alert: String = "frost", for seconds: Double) {
        note((try? engine.mute(alert, lasting: .milliseconds(Int64(seconds * 1000)), at: now)) ?? [])
    }

    mutating func clock(_ wall: Int64) {
        note(engine.handle(.clock(Bench.clock(now, wall)), at: now))
    }

    static func clock(_ instant: Instant, _ wallSeconds: Int64?) -> ClockReading {
        ClockReading(
            instant: instant, wallTime: WallTime(nanoseconds: (wallSeconds ?? 0) * 1_000_000_000), isKnown: wallSeconds != nil)
    }

    /// What a new process does with what this one has saved.
    /// - Parameter wall: seconds of the wall clock at each of the two; nil: not known.
    func restarted(
        at seconds: Double, sameBoot: Bool = true, wallBefore: Int64? = nil, wall: Int64? = nil, setups: [AlertRuleSetup]? = nil,
        starts: Bool = true
    ) -> Bench {
        let bytes = engine.saved(at: Bench.clock(now, wallBefore))
        var next = Bench(setups ?? engine.slots.map { $0.setup }, start: nil)
        next.now = at(seconds)
        next.engine.restore(
            bytes, at: Bench.clock(next.now, wall), boot: BootID(sameBoot ? 1 : 2), savedBoot: BootID(1))
        if starts { next.start(seconds) }
        return next
    }

    mutating func note(_ actions: [AlertAction]) {
        for action in actions {
            switch action {
            case .event(let event, let instant):
                precondition(instant <= now, "told before it happens")
                events.append(event)
                log.lines.append("\(event.alert) \(Self.short(event, instant))")
            case .demand(let alert, let outputs, let demand):
                let word =
                    switch demand {
                    case .raised(isMuted: false): "on"
                    case .raised(isMuted: true): "on, muted"
                    case .muted: "muted"
                    case .unmuted: "unmuted"
                    case .outputsChanged: "instead"
                    case .ended: "off"
                    }
                log.lines.append("\(alert) -> \(outputs.joined(separator: ",")) \(word)")
            case .notice: break
            }
        }
    }

    static func short(_ event: AlertEvent, _ instant: Instant) -> String {
        var text = "\(event.state.text)@\(seconds(instant)) since \(short(event.since))"
        if event.isFlapping { text += " flapping" }
        if let acknowledged = event.acknowledged { text += " acknowledged \(short(acknowledged))" }
        if let muted = event.mutedUntil { text += " muted \(short(muted))" }
        return text
    }

    static func short(_ time: AlertEvent.Time) -> String {
        switch time {
        case .instant(let instant): seconds(instant)
        case .wall(let wall): "wall \(wall.nanoseconds / 1_000_000_000)"
        case .unknown: "unknown"
        }
    }

    static func seconds(_ instant: Instant) -> String {
        let milliseconds = instant.nanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
    }

    /// An object, so that an expectation can take from it.
    final class Log { var lines: [String] = [] }

    func take() -> [String] {
        defer { log.lines = [] }
        return log.lines
    }
}
