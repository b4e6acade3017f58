internal import Alerts
internal import Telemetry

extension AlertOracle.Rule {
    /// The same rule as the engine takes it. `tick`: of the rule's times; `decimals`: with which its limits are written.
    func setup(
        id: String, sensor: String, sensorIndex: Int, quantity: Quantity, quantityIndex: Int, tick: Int64,
        decimals: UInt8 = 2, outputs: [String] = []
    ) -> AlertRuleSetup {
        func duration(_ ticks: Int64) -> Duration { .nanoseconds(ticks * tick) }
        func decimal(_ hundredths: Int64) -> Decimal {
            var value = hundredths
            for _ in 2..<decimals { value *= 10 }
            return Decimal(value, decimals: decimals)
        }
        let condition: AlertRule.Condition =
            switch condition {
            case .above(let limit, let clear): .above(decimal(limit), clearBelow: clear.map(decimal))
            case .below(let limit, let clear): .below(decimal(limit), clearAbove: clear.map(decimal))
            case .equals(let wanted): .equals(decimal(wanted), word: nil)
            case .silentFor(let silence): .silentFor(duration(silence))
            case .changesBy(let change, let window): .changesBy(decimal(change), within: duration(window))
            }
        return AlertRuleSetup(
            rule: AlertRule(
                id: id, sensor: sensor, quantity: quantity.name, condition: condition, holdFor: duration(holdFor),
                keepFor: duration(keepFor), outputs: outputs,
                flapping: .init(changes: flappingChanges, within: duration(flappingWithin))),
            sensorIndex: sensorIndex, quantityIndex: quantityIndex, quantity: quantity, sensorName: sensor,
            silence: silence.map(duration))
    }
}

/// One rule of a simulated agent, and the oracle that sees the same readings.
struct AlertWatch {
    let id: String
    let rule: AlertOracle.Rule
    let sensor: Int
    let quantityIndex: Int
    /// Hundredths in one unit of the quantity's last decimal.
    let scale: Int64
    let outputs: [String]
    /// From the start of the engine on.
    private(set) var oracle: AlertOracle?
    private var waiting: [(value: Int64, at: Int64)] = []

    init(_ id: String, _ rule: AlertOracle.Rule, sensor: Int, scale: Int64, outputs: [String] = []) {
        self.id = id
        self.rule = rule
        self.sensor = sensor
        quantityIndex = 1
        self.scale = scale
        self.outputs = outputs
    }

    mutating func begin(at now: Instant) {
        var oracle = AlertOracle(rule, start: now.nanoseconds)
        for item in waiting { oracle.take(.value(item.value, at: max(item.at, now.nanoseconds))) }
        self.oracle = oracle
    }

    mutating func take(_ reading: Reading) {
        guard reading.sensor == sensor, case .measurements(let values) = reading.outcome else { return }
        let value = values[quantityIndex] * scale
        if oracle == nil { waiting.append((value, reading.instant.nanoseconds)) }
        oracle?.take(.value(value, at: reading.instant.nanoseconds))
    }

    mutating func turn(at now: Instant) { oracle?.take(.time(now.nanoseconds)) }
    mutating func acknowledge(at now: Instant) { oracle?.take(.acknowledge(at: now.nanoseconds)) }
    mutating func mute(lasting: Duration, at now: Instant) {
        oracle?.take(.mute(until: now.nanoseconds + lasting.nanoseconds, at: now.nanoseconds))
    }
}
