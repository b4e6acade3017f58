/// One rule over a whole history, written from docs/alerts.md alone: a slow and obvious evaluation, which the state machine of
/// `Alerts` has to agree with.
///
/// It keeps the history and no states: whether the rule is pending, clearing, held or silent is read from the values and the
/// changes each time it is asked. Times are whole ticks, values are hundredths.
package struct AlertOracle {
    package struct Rule: Hashable, Sendable {
        package enum Condition: Hashable, Sendable {
            case above(Int64, clearBelow: Int64?)
            case below(Int64, clearAbove: Int64?)
            case equals(Int64)
            case silentFor(Int64)
            case changesBy(Int64, within: Int64)
        }
        package var condition: Condition
        package var holdFor: Int64 = 0
        package var keepFor: Int64 = 0
        package var flappingChanges = 6
        package var flappingWithin: Int64 = 600
        /// Nil: the series is never silent.
        package var silence: Int64?
        package init(_ condition: Condition) { self.condition = condition }
    }

    package enum Step: Hashable, Sendable {
        /// A value comes, taken at this instant.
        case value(Int64, at: Int64)
        /// All deadlines up to and at this instant are looked at.
        case time(Int64)
        case acknowledge(at: Int64)
        /// Ends at `until`; not later than `at`: the mute ends now.
        case mute(until: Int64, at: Int64)
        /// The process has ended and starts again at this instant.
        case restart(at: Int64, newBoot: Bool)
    }

    package enum State: Hashable, Sendable { case raised, cleared, silent }

    package struct Told: Hashable, Sendable {
        package var state: State
        package var at: Int64
        package var since: Int64
        package var isFlapping: Bool
        package var acknowledged: Int64?
        package var mutedUntil: Int64?

        package var text: String {
            var text = "\(state)\(isFlapping ? "!" : "") \(at) since \(since)"
            if let acknowledged { text += " acknowledged \(acknowledged)" }
            if let mutedUntil { text += " muted until \(mutedUntil)" }
            return text
        }
    }

    private struct Value {
        var value: Int64
        var at: Int64
        /// In which run of the process it came.
        var observation: Int
        var holds: Bool
        var clears: Bool
    }
    private struct Change {
        var raised: Bool
        var at: Int64
    }

    private let rule: Rule
    private var values: [Value] = []
    private var changes: [Change] = []
    package private(set) var told: [Told] = []
    private var observations: [Int64]
    /// Values before this index neither make a rule pending nor clearing: they came before a silence, or before the raise that
    /// a silence made.
    private var cut = 0
    private var silentSince: Int64?
    private var isHeld = false
    private var raisedSince: Int64 = 0
    private var acknowledgedAt: Int64?
    private var mutedUntil: Int64?
    private var bootBegan = Int64.min
    /// Nothing happens before what has happened.
    private var floor = Int64.min
    /// Whether the last step asked for something that the document refuses (or says nothing about).
    package private(set) var refused = false

    package init(_ rule: Rule, start: Int64) {
        self.rule = rule
        observations = [start]
    }

    package mutating func take(_ step: Step) {
        refused = false
        switch step {
        case .value(let value, let instant): take(value, at: max(instant, floor))
        case .time(let now): happen(through: now)
        case .acknowledge(let now):
            happen(through: now)
            guard let last = told.last, last.state != .cleared, acknowledgedAt == nil else { return refused = true }
            acknowledgedAt = now
            tellAgain(at: now)
        case .mute(let until, let now):
            happen(through: now)
            guard until > now || mutedUntil != nil else { return refused = true }
            // Which observation the state began with, the document does not say.
            if told.isEmpty, observations.count > 1 { return refused = true }
            mutedUntil = until > now ? until : nil
            tellAgain(at: now)
        case .restart(let now, let newBoot):
            observations.append(now)
            // What ended before the start of another boot ends at the start.
            if newBoot {
                floor = now
                bootBegan = now
            }
            happen(through: now)
        }
    }

    // MARK: what the history says

    private var isRaised: Bool { changes.last?.raised ?? false }

    /// The last value of this run of the process, or its beginning.
    private var lastSign: Int64 {
        guard let last = values.last, last.observation == observations.count else { return observations.last! }
        return max(last.at, observations.last!)
    }

    /// The first of the unbroken run of values, up to the newest, for which `isSo`.
    private func runBegan(_ isSo: (Value) -> Bool) -> Int64? {
        var began: Int64?
        for value in values[cut...].reversed() {
            guard isSo(value) else { break }
            began = value.at
        }
        return began
    }

    private func changesInWindow(at now: Int64) -> Int {
        changes.filter { $0.at + rule.flappingWithin > now }.count
    }

    private func holds(_ value: Int64, at now: Int64) -> Bool {
        switch rule.condition {
        case .above(let limit, _): return value > limit
        case .below(let limit, _): return value < limit
        case .equals(let wanted): return value == wanted
        case .silentFor: return false
        case .changesBy(let change, let window):
            for earlier in values where earlier.observation == observations.count && now - earlier.at <= window {
                if change > 0 ? value - earlier.value >= change : value - earlier.value <= change { return true }
            }
            return false
        }
    }

    private func clears(_ value: Int64, holds: Bool) -> Bool {
        switch rule.condition {
        case .above(let limit, let clear): return clear.map { value < $0 } ?? (value <= limit)
        case .below(let limit, let clear): return clear.map { value > $0 } ?? (value >= limit)
        case .equals, .changesBy: return !holds
        case .silentFor: return true
        }
    }

    // MARK: what happens at a value

    private mutating func take(_ value: Int64, at now: Int64) {
        happen(through: now - 1)
        floor = now
        let holds = holds(value, at: now)
        values.append(
            Value(
                value: value, at: now, observation: observations.count, holds: holds,
                clears: clears(value, holds: holds)))
        defer { happen(through: now) }
        let endsSilence = silentSince != nil
        silentSince = nil
        var changed = false
        if isRaised {
            if values.last!.clears, rule.keepFor == 0 {
                change(raised: false, at: now, isTold: !endsSilence)
                changed = true
            }
        } else if holds, rule.holdFor == 0 {
            change(raised: true, at: now, isTold: !endsSilence)
            changed = true
        }
        guard endsSilence else { return }
        if isHeld || isRaised {
            if changed, isRaised, !isHeld { raisedSince = now }
            tell(.raised, at: now, since: raisedSince)
        } else {
            tell(.cleared, at: now, since: now)
        }
    }

    // MARK: what happens by itself

    private enum Deadline: Int { case raise, clear, endOfClearing, silentFor, silence, endOfHold, endOfMute }

    /// The earliest deadline; of several at one instant the first in the order of `Deadline`.
    private var nextDeadline: (at: Int64, what: Deadline)? {
        var next: (at: Int64, what: Deadline)?
        func consider(_ at: Int64, _ what: Deadline) {
            if next.map({ (at, what.rawValue) < ($0.at, $0.what.rawValue) }) ?? true { next = (at, what) }
        }
        let sign = lastSign
        if !isRaised {
            if case .silentFor(let silence) = rule.condition {
                consider(sign + silence, .silentFor)
            } else if silentSince == nil, let began = runBegan({ $0.holds }) {
                consider(began + rule.holdFor, .raise)
            }
        } else if silentSince == nil, let began = runBegan({ $0.clears }) {
            consider(began + rule.keepFor, .clear)
            // Its clear condition is that values keep coming.
            if case .silentFor(let silence) = rule.condition { consider(sign + silence, .endOfClearing) }
        }
        if case .silentFor = rule.condition {
        } else if let silence = rule.silence, silentSince == nil {
            consider(sign + silence, .silence)
        }
        if isHeld {
            let leaving = changes[changes.count - rule.flappingChanges - 1].at
            consider(leaving + rule.flappingWithin, .endOfHold)
        }
        if let mutedUntil { consider(max(mutedUntil, bootBegan), .endOfMute) }
        return next
    }

    private mutating func happen(through now: Int64) {
        while let next = nextDeadline, next.at <= now {
            let at = max(next.at, floor)
            switch next.what {
            case .raise: change(raised: true, at: at)
            case .clear: change(raised: false, at: at)
            case .endOfClearing: cut = values.count
            case .silentFor:
                cut = values.count
                change(raised: true, at: at)
            case .silence:
                cut = values.count
                silentSince = at
                tell(.silent, at: at, since: at)
            case .endOfHold:
                isHeld = false
                guard silentSince == nil else { break }
                if isRaised { tell(.raised, at: at, since: raisedSince) } else { tell(.cleared, at: at, since: at) }
            case .endOfMute:
                mutedUntil = nil
                tellAgain(at: at)
            }
        }
    }

    private mutating func change(raised: Bool, at now: Int64, isTold: Bool = true) {
        floor = max(floor, now)
        changes.append(Change(raised: raised, at: now))
        // What would have changed is counted, and not told.
        if isHeld { return }
        // What was acknowledged before was a silence.
        if raised { acknowledgedAt = nil }
        if !raised, changesInWindow(at: now) > rule.flappingChanges { isHeld = true }
        guard isTold else { return }
        if isHeld {
            tell(.raised, at: now, since: raisedSince)
        } else if raised {
            raisedSince = now
            tell(.raised, at: now, since: now)
        } else {
            tell(.cleared, at: now, since: now)
        }
    }

    private mutating func tell(_ state: State, at now: Int64, since: Int64) {
        floor = max(floor, now)
        if state == .cleared { acknowledgedAt = nil }
        told.append(
            Told(
                state: state, at: now, since: since, isFlapping: isHeld && state == .raised, acknowledged: acknowledgedAt,
                mutedUntil: mutedUntil))
    }

    private mutating func tellAgain(at now: Int64) {
        tell(told.last?.state ?? .cleared, at: now, since: told.last?.since ?? observations.last!)
    }
}
