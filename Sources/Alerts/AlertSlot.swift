internal import Telemetry

/// One rule in the engine: the machine, and what is told of it beside the state.
struct AlertSlot: Hashable, Sendable {
    var setup: AlertRuleSetup
    var machine: AlertMachine
    /// Nil: nobody has.
    var acknowledged: AlertEvent.Time?
    var mute: Mute?
    var newest: Newest?
    /// The newest event; nil before the first.
    var told: Told?

    struct Mute: Hashable, Sendable {
        var until: Instant
        /// Of an earlier boot: where `until` belongs.
        var wall: WallTime?
        /// At most so long from the start, whatever the clock says then.
        var latest: Instant

        /// As it is told.
        var time: AlertEvent.Time { wall.map { .wall($0) } ?? .instant(until) }
    }

    /// The newest value of the series.
    struct Newest: Hashable, Sendable {
        /// Nil: the series is a whole sensor.
        var value: Decimal?
        var reading: AlertEvent.ReadingName?
    }

    struct Told: Hashable, Sendable {
        var at: AlertEvent.Time
        var state: AlertEvent.State
        var since: AlertEvent.Time
        var reason: AlertMachine.Reason
        var isFlapping: Bool
        var isRaised: Bool
        /// With which the state began: of these the message speaks, also when the state is told again later.
        var value: Decimal?
        var change: Decimal?
        /// At the event.
        var newest: Newest?
    }

    @inline(never) init(_ setup: AlertRuleSetup) {
        self.setup = setup
        machine = AlertMachine(Self.settings(of: setup))
    }

    @inline(never) static func settings(of setup: AlertRuleSetup) -> AlertMachine.Settings {
        AlertMachine.Settings(setup.rule, decimals: setup.quantity?.decimals ?? 0, silence: setup.silence)
    }

    var isMuted: Bool { mute != nil }

    /// What decides over its outputs.
    struct Drive: Hashable, Sendable {
        var isRaised: Bool
        var isMuted: Bool
    }

    var drive: Drive { Drive(isRaised: machine.isRaised && !setup.rule.outputs.isEmpty, isMuted: isMuted) }

    var muteEnd: Instant? { mute.map { max($0.until, machine.position) } }

    var deadline: Instant? { earliest(machine.deadline, muteEnd) }

    mutating func tell(_ happening: AlertMachine.Happening) {
        told = Told(
            at: .instant(happening.at), state: happening.state, since: happening.since, reason: happening.reason,
            isFlapping: happening.isFlapping, isRaised: machine.isRaised, value: newest?.value, change: change, newest: newest)
    }

    /// The state as it is, because of a mark or a mute.
    mutating func tellAgain(at instant: Instant) {
        machine.advance(to: instant)
        if told == nil {
            tell(
                AlertMachine.Happening(
                    at: instant, state: machine.state, since: machine.since, isFlapping: false, reason: .asked))
        }
        told?.at = .instant(instant)
        told?.newest = newest
    }

    private var change: Decimal? {
        guard let quantity = setup.quantity else { return nil }
        return machine.settings.condition.change.map { Decimal($0, decimals: quantity.decimals) }
    }

    /// The newest event.
    func event(deviceName: String) -> AlertEvent? {
        guard let told else { return nil }
        let message = AlertMessage(
            setup: setup, deviceName: deviceName, state: told.state, reason: told.reason, isFlapping: told.isFlapping,
            isRaised: told.isRaised, value: told.value, change: told.change)
        let rule = setup.rule
        return AlertEvent(
            alert: rule.id, state: told.state, severity: rule.severity,
            message: cut(message.text, toBytes: AlertEvent.maximumMessageBytes), since: told.since, value: told.newest?.value,
            unit: setup.quantity?.unit, limit: limit, series: rule.series, reading: told.newest?.reading, outputs: rule.outputs,
            acknowledged: acknowledged, mutedUntil: mute?.time, isFlapping: told.isFlapping)
    }

    private var limit: Decimal? {
        switch setup.rule.condition {
        case .above(let limit, _), .below(let limit, _), .equals(let limit, _), .changesBy(let limit, _): limit
        case .silentFor: nil
        }
    }

    /// Changes with what decides when the rule is raised and cleared: where it does, what waits is given up.
    static func fingerprint(of rule: AlertRule) -> UInt64 {
        var fields = FieldWriter()
        fields.text(rule.series)
        switch rule.condition {
        case .above(let limit, let clear): fields.limits(1, limit, clear)
        case .below(let limit, let clear): fields.limits(2, limit, clear)
        case .equals(let value, _): fields.limits(3, value, nil)
        case .silentFor(let duration):
            fields.byte(4)
            fields.duration(duration)
        case .changesBy(let change, let within):
            fields.limits(5, change, nil)
            fields.duration(within)
        }
        fields.duration(rule.holdFor)
        fields.duration(rule.keepFor)
        // FNV-1a: nobody chooses the configuration so that two of its rules collide.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in fields.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}

extension FieldWriter {
    fileprivate mutating func limits(_ kind: UInt8, _ limit: Decimal, _ clear: Decimal?) {
        byte(kind)
        decimal(limit)
        byte(clear == nil ? 0 : 1)
        if let clear { decimal(clear) }
    }
}
