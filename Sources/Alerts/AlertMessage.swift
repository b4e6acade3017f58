package import Telemetry

/// The text of an event (docs/alerts.md, "Messages"): made of plain pieces, so that a person understands it without the rule.
package struct AlertMessage: Hashable, Sendable {
    package var setup: AlertRuleSetup
    package var deviceName: String
    package var state: AlertEvent.State
    package var reason: AlertMachine.Reason
    package var isFlapping: Bool
    /// The base, which a silence leaves as it is.
    package var isRaised: Bool
    /// With which the state began; nil: none is known.
    package var value: Decimal?
    /// By how much it rose or fell; nil: not known.
    package var change: Decimal?

    package init(
        setup: AlertRuleSetup, deviceName: String, state: AlertEvent.State, reason: AlertMachine.Reason, isFlapping: Bool = false,
        isRaised: Bool, value: Decimal?, change: Decimal? = nil
    ) {
        self.setup = setup
        self.deviceName = deviceName
        self.state = state
        self.reason = reason
        self.isFlapping = isFlapping
        self.isRaised = isRaised
        self.value = value
        self.change = change
    }

    private var rule: AlertRule { setup.rule }

    package var text: String {
        if state == .raised, let message = rule.message {
            return filled(message) + (isFlapping ? " (\(flapping))" : "")
        }
        return "\(deviceName): \(sentence)"
    }

    private var sentence: String {
        switch state {
        case .silent:
            return "\(subject) gave no value" + (setup.silence.map { " for \(spoken($0))" } ?? "") + (isRaised ? ", still raised" : "")
        case .raised:
            if isFlapping { return "\(current), \(flapping) (\(condition))" }
            switch reason {
            case .changed, .asked, .holdBegan: return raised
            case .silenceEnded: return "\(current), gives values again, still raised (\(condition))"
            case .holdEnded: return "\(current), changes less often, still raised (\(condition))"
            }
        case .cleared:
            switch reason {
            case .changed: return cleared
            case .silenceEnded: return "\(current), gives values again"
            case .holdEnded: return "\(current), changes less often, cleared"
            case .asked, .holdBegan: return "\(current), not raised"
            }
        }
    }

    private var raised: String {
        switch rule.condition {
        case .above, .below: return "\(current), \(condition)"
        case .equals:
            return "\(subject) \(isWord ? "" : "at ")\(limitText)\(lasting)"
        case .silentFor: return "\(subject) \(condition)"
        case .changesBy(let limit, let within):
            let verb = limit.significand < 0 ? "fell" : "rose"
            let amount = change.map { withUnit($0) } ?? "at least \(withUnit(limit.magnitude))"
            let end = value.map { " to \(shown($0))" } ?? ""
            return "\(subject) \(verb) by \(amount) within \(spoken(within))\(end)\(lasting.isEmpty ? "" : ",")\(lasting)"
        }
    }

    private var cleared: String {
        switch rule.condition {
        case .above(let limit, _): return "\(current), no longer above \(withUnit(limit))"
        case .below(let limit, _): return "\(current), no longer below \(withUnit(limit))"
        case .equals: return isWord && value != nil ? current : "\(current), no longer \(isWord ? "" : "at ")\(limitText)"
        case .silentFor: return "\(subject) gives values again"
        case .changesBy(let limit, let within):
            let verb = limit.significand < 0 ? "falling" : "rising"
            return "\(current), no longer \(verb) by \(withUnit(limit.magnitude)) within \(spoken(within))"
        }
    }

    /// The rule in words, with its duration.
    private var condition: String {
        switch rule.condition {
        case .above(let limit, _): return "above \(withUnit(limit))\(lasting)"
        case .below(let limit, _): return "below \(withUnit(limit))\(lasting)"
        case .equals: return "\(isWord ? "" : "at ")\(limitText)\(lasting)"
        case .silentFor(let duration): return "gave no value for \(spoken(duration))"
        case .changesBy(let limit, let within):
            let verb = limit.significand < 0 ? "fell" : "rose"
            return "\(verb) by \(withUnit(limit.magnitude)) within \(spoken(within))\(lasting)"
        }
    }

    private var flapping: String {
        "changes more than \(rule.flapping.changes) times in \(spoken(rule.flapping.within)): held raised"
    }

    private var lasting: String { rule.holdFor > .zero ? " for \(spoken(rule.holdFor))" : "" }

    /// `air temperature`; of a contact the name alone says it.
    private var subject: String {
        guard let quantity = setup.quantity, setup.words.isEmpty else { return setup.sensorName }
        let words = quantity.name.bytes.map { $0 == 95 ? 32 : $0 }
        return "\(setup.sensorName) \(String(decoding: words, as: UTF8.self))"
    }

    /// `air temperature 1.4 °C`
    private var current: String { value.map { "\(subject) \(shown($0))" } ?? subject }

    private func word(for value: Decimal) -> String? { setup.words.first { $0.value.isEqual(to: value) }?.text }

    private func shown(_ value: Decimal) -> String { word(for: value) ?? withUnit(value) }

    private func withUnit(_ value: Decimal) -> String { unit.isEmpty ? value.text : "\(value.text) \(unit)" }

    private var unit: String { spokenUnit(setup.quantity?.unit ?? "1") }

    private var isWord: Bool {
        guard case .equals(let value, let word) = rule.condition else { return false }
        return word != nil || self.word(for: value) != nil
    }

    /// What `equals` waits for.
    private var limitText: String {
        guard case .equals(let value, let word) = rule.condition else { return "" }
        return word ?? shown(value)
    }

    // MARK: placeholders

    /// The configuration has checked that only known placeholders are there; anything else stays as it is.
    private func filled(_ message: String) -> String {
        var out: [UInt8] = []
        var rest = message.bytes[...]
        while let open = rest.firstIndex(of: 0x7B) {
            out.append(contentsOf: rest[..<open])
            guard let close = rest[open...].firstIndex(of: 0x7D) else {
                rest = rest[open...]
                break
            }
            if let text = text(of: String(decoding: rest[(open + 1)..<close], as: UTF8.self)) {
                if text.isEmpty, out.last == 0x20 { out.removeLast() }
                out.append(contentsOf: text.bytes)
            } else {
                out.append(contentsOf: rest[open...close])
            }
            rest = rest[(close + 1)...]
        }
        out.append(contentsOf: rest)
        return String(decoding: out, as: UTF8.self)
    }

    private func text(of placeholder: String) -> String? {
        switch placeholder {
        case "device": deviceName
        case "name": setup.sensorName
        case "quantity": setup.quantity?.name ?? ""
        case "value": value.map { word(for: $0) ?? $0.text } ?? "?"
        case "unit": unit
        case "limit": limit
        case "for":
            if case .silentFor(let duration) = rule.condition { spoken(duration) } else { spoken(rule.holdFor) }
        case "change": change?.text ?? ""
        default: nil
        }
    }

    private var limit: String {
        switch rule.condition {
        case .above(let limit, _), .below(let limit, _), .changesBy(let limit, _): limit.text
        case .equals: limitWord
        case .silentFor(let duration): spoken(duration)
        }
    }

    private var limitWord: String {
        guard case .equals(let value, let word) = rule.condition else { return "" }
        return word ?? self.word(for: value) ?? value.text
    }
}

/// The unit as people write it; SenML's name where there is no other.
package func spokenUnit(_ unit: String) -> String {
    switch unit {
    case "1": ""
    case "Cel": "°C"
    case "%RH", "%": "%"
    case "deg": "°"
    case "Ohm": "Ω"
    case "lx": "lx"
    default: unit
    }
}

/// As one would write it in the configuration: `5 min`, `90 s`, `1.5 s`, `20 ms`.
package func spoken(_ duration: Duration) -> String {
    let nanoseconds = duration.nanoseconds
    if nanoseconds == 0 { return "0 s" }
    let units: [(name: String, length: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
        ("us", 1000),
    ]
    // Above a second a fraction reads better than a long number of milliseconds.
    for unit in units where nanoseconds % unit.length == 0 && (unit.length >= 1_000_000_000 || nanoseconds < 1_000_000_000) {
        return "\(nanoseconds / unit.length) \(unit.name)"
    }
    var seconds = Decimal(nanoseconds, decimals: 9)
    while seconds.decimals > 0, seconds.significand % 10 == 0 {
        seconds = Decimal(seconds.significand / 10, decimals: seconds.decimals - 1)
    }
    return "\(seconds.text) s"
}

extension Decimal {
    /// The same number, whatever decimals it is written with.
    func isEqual(to other: Decimal) -> Bool {
        let decimals = max(decimals, other.decimals)
        guard let a = scaled(to: decimals), let b = other.scaled(to: decimals) else { return false }
        return a == b
    }

    var magnitude: Decimal {
        Decimal(significand == .min ? .max : significand < 0 ? -significand : significand, decimals: decimals)
    }
}
