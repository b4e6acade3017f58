internal import Alerts
internal import Telemetry

/// Plays a history to the oracle and to the engine, side by side.
package struct AlertComparison {
    private let history: AlertHistory
    private var oracle: AlertOracle
    private var engine: AlertEngine
    private var told: [AlertOracle.Told] = []
    private var ticks = Ticks()
    private var boot = BootID(1)
    private var problem: String?
    private static let tick: Int64 = 250_000_000

    /// Nil: they agree.
    package static func disagreement(_ history: AlertHistory) -> String? {
        var comparison = AlertComparison(history)
        return comparison.run()
    }

    /// What the engine tells.
    package static func events(_ history: AlertHistory) -> [AlertOracle.Told] {
        var comparison = AlertComparison(history)
        _ = comparison.run()
        return comparison.told
    }

    /// A shorter history that they disagree on, too.
    package static func shrunk(_ history: AlertHistory) -> AlertHistory {
        var best = history
        var index = best.turns.count - 1
        while index >= 0 {
            var shorter = best
            shorter.turns.remove(at: index)
            if disagreement(shorter) != nil { best = shorter }
            index -= 1
        }
        for turn in best.turns.indices {
            var happening = best.turns[turn].happenings.count - 1
            while happening >= 0 {
                var shorter = best
                shorter.turns[turn].happenings.remove(at: happening)
                if disagreement(shorter) != nil { best = shorter }
                happening -= 1
            }
        }
        return best
    }

    private init(_ history: AlertHistory) {
        self.history = history
        oracle = AlertOracle(history.rule, start: 0)
        engine = AlertEngine(rules: [Self.setup(history)], deviceName: "d")
    }

    private mutating func run() -> String? {
        take(engine.handle(.start, at: ticks.instant(0)), at: 0)
        var last: Int64 = 0
        for turn in history.turns {
            if turn.isPrompt {
                while let deadline = engine.deadline, deadline < ticks.instant(turn.now) {
                    if told.count > 1000 { return "the engine does not sleep" }
                    let now = max(ticks.tick(deadline), last)
                    oracle.take(.time(now))
                    take(engine.handle(.timer, at: max(deadline, ticks.instant(last))), at: now)
                    if let again = engine.deadline, again <= deadline { return "the deadline does not go on from \(now)" }
                }
                // The engine may sleep through what it does not tell, and through nothing else.
                var ahead = oracle
                ahead.take(.time(max(turn.now - 1, last)))
                if ahead.told != told { return difference(ahead, at: turn.now - 1) }
            }
            for happening in turn.happenings { take(happening, at: turn.now) }
            oracle.take(.time(turn.now))
            self.turn(at: turn.now)
            last = turn.now
            if told != oracle.told { return difference(oracle, at: turn.now) }
            if let problem { return problem }
        }
        return nil
    }

    private func difference(_ oracle: AlertOracle, at now: Int64) -> String {
        var same = 0
        while same < told.count, same < oracle.told.count, told[same] == oracle.told[same] { same += 1 }
        return """
            at \(now):
              both:   \(told[..<same].map(\.text).joined(separator: ", "))
              engine: \(told[same...].map(\.text).joined(separator: ", "))
              oracle: \(oracle.told[same...].map(\.text).joined(separator: ", "))
            """
    }

    private mutating func take(_ happening: AlertHistory.Happening, at now: Int64) {
        switch happening {
        case .value(let value, let taken):
            oracle.take(.value(value, at: taken))
            give(.measurements(history.quantityIndex == 0 ? [value / 10, 7] : [7, value / 10]), sensor: 1, taken, now)
        case .failedReading(let taken): give(.noReading(NoReading(.noAnswer, detail: "")), sensor: 1, taken, now)
        case .otherSensor(let taken): give(.measurements([1, 1]), sensor: 0, taken, now)
        case .acknowledge:
            oracle.take(.acknowledge(at: now))
            guard !oracle.refused else { return turn(at: now) }
            do throws(AlertRefusal) { take(try engine.acknowledge("a", at: ticks.instant(now)), at: now) } catch {
                problem = "acknowledge at \(now): \(error.text)"
            }
        case .mute(let lasting):
            oracle.take(.mute(until: now + lasting, at: now))
            guard !oracle.refused else { return turn(at: now) }
            do throws(AlertRefusal) {
                take(try engine.mute("a", lasting: .nanoseconds(lasting * Self.tick), at: ticks.instant(now)), at: now)
            } catch { problem = "mute at \(now): \(error.text)" }
        case .restart(let newBoot): restart(at: now, newBoot: newBoot)
        }
    }

    private mutating func turn(at now: Int64) {
        if let deadline = engine.deadline, deadline <= ticks.instant(now) {
            take(engine.handle(.timer, at: ticks.instant(now)), at: now)
        }
    }

    private mutating func give(_ outcome: Outcome, sensor: Int, _ taken: Int64, _ now: Int64) {
        take(engine.handle(.reading(sensor: sensor, outcome, name: nil, at: ticks.instant(taken)), at: ticks.instant(now)), at: now)
    }

    private mutating func restart(at now: Int64, newBoot: Bool) {
        // What was saved at the turn before.
        let before = history.turns.last { $0.now < now }?.now ?? 0
        let saved = engine.saved(at: ticks.clock(before))
        let savedBoot = boot
        if newBoot {
            boot = BootID(boot.rawValue + 1)
            // This boot began 10 s ago.
            ticks.origin = Instant(nanoseconds: 10_000_000_000 - now * Self.tick)
        }
        engine = AlertEngine(rules: [Self.setup(history)], deviceName: "d")
        engine.restore(saved, at: ticks.clock(now), boot: boot, savedBoot: savedBoot)
        oracle.take(.restart(at: now, newBoot: newBoot))
        take(engine.handle(.start, at: ticks.instant(now)), at: now)
    }

    private mutating func take(_ actions: [AlertAction], at now: Int64) {
        for case .event(let event, let at) in actions {
            if at > ticks.instant(now) { problem = "an event of later than \(now): \(event)" }
            let state: AlertOracle.State =
                switch event.state {
                case .raised: .raised
                case .cleared: .cleared
                case .silent: .silent
                }
            told.append(
                AlertOracle.Told(
                    state: state, at: ticks.tick(at), since: ticks.tick(event.since), isFlapping: event.isFlapping,
                    acknowledged: event.acknowledged.map(ticks.tick), mutedUntil: event.mutedUntil.map(ticks.tick)))
        }
    }

    // MARK: ticks and clocks

    private struct Ticks {
        /// The instant of tick 0 on the boot clock of now.
        var origin = Instant(nanoseconds: 100_000_000_000)
        private let epoch: Int64 = 1_795_507_933_000_000_000

        func instant(_ tick: Int64) -> Instant { origin.advanced(by: .nanoseconds(tick * AlertComparison.tick)) }
        func tick(_ instant: Instant) -> Int64 { origin.duration(to: instant).nanoseconds / AlertComparison.tick }
        func tick(_ time: AlertEvent.Time) -> Int64 {
            switch time {
            case .instant(let instant): tick(instant)
            case .wall(let wall): (wall.nanoseconds - epoch) / AlertComparison.tick
            case .unknown: .min
            }
        }
        func clock(_ tick: Int64) -> ClockReading {
            ClockReading(
                instant: instant(tick), wallTime: WallTime(nanoseconds: epoch + tick * AlertComparison.tick), isKnown: true)
        }
    }

    private static func setup(_ history: AlertHistory) -> AlertRuleSetup {
        history.rule.setup(
            id: "a", sensor: "s", sensorIndex: 1, quantity: Quantity(name: "q", unit: "Cel", decimals: 1),
            quantityIndex: history.quantityIndex, tick: tick, decimals: history.decimals)
    }
}
