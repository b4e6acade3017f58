package import Telemetry

/// One rule over time (docs/alerts.md, "States"): it knows values and instants, no texts and no outputs.
///
/// The base is raised while the rule by itself is raised, or while it is held. Beside it the rule may wait: *pending* where it
/// is cleared by itself, *clearing* where it is raised; both are one instant, `waitingSince`. Silence lies over all that: it
/// ends the waiting, and nothing else.
///
/// Whoever drives it fires the deadlines before a value, then gives the value, then fires those at the value's instant.
package struct AlertMachine: Hashable, Sendable {
    package struct Settings: Hashable, Sendable {
        var condition: AlertCondition
        var holdNanoseconds: Int64
        var keepNanoseconds: Int64
        /// Nil: never silent.
        var silenceNanoseconds: Int64?
        var changes: Int
        var withinNanoseconds: Int64

        /// - Parameters:
        ///   - decimals: of the values of the series.
        ///   - silence: without a value for so long it is silent; nil: never. Not of `silent_for`.
        package init(_ rule: AlertRule, decimals: UInt8, silence: Duration?) {
            condition = AlertCondition(rule.condition, decimals: decimals)
            holdNanoseconds = rule.holdFor.nanoseconds
            keepNanoseconds = rule.keepFor.nanoseconds
            silenceNanoseconds = silence?.nanoseconds
            if case .silentFor = rule.condition { silenceNanoseconds = nil }
            changes = rule.flapping.changes
            withinNanoseconds = rule.flapping.within.nanoseconds
        }
    }

    /// What is to be told: the state that holds from `at` on.
    package struct Happening: Hashable, Sendable {
        package var at: Instant
        package var state: AlertEvent.State
        package var since: AlertEvent.Time
        package var isFlapping: Bool
        package var reason: Reason
    }

    /// Why a state is told. The raw value is what is saved.
    package enum Reason: UInt8, Hashable, Sendable {
        /// The base changed, or the silence began.
        case changed = 1
        case silenceEnded = 2
        case holdBegan = 3
        case holdEnded = 4
        /// Somebody marked or muted an alert of which nothing had been told.
        case asked = 5
    }

    enum Due: Hashable, Sendable { case waiting, silence, hold }

    var settings: Settings
    /// What the rule by itself is.
    var isRaisedByItself = false
    var isHeld = false
    package internal(set) var isSilent = false
    /// Pending, or clearing.
    var waitingSince: Instant?
    /// Of an earlier boot: where `waitingSince` belongs once the wall time is known. While that is nil there was no value yet.
    var waitingFrom: WallTime?
    /// The newest changes of the base, oldest first; one more than the rule allows decides, so no more are kept.
    var changes: [Instant] = []
    /// Of the first of `changes`, where they are of an earlier boot: where they belong once the wall time is known.
    var changedAt: [WallTime?] = []
    /// When the state that is told began.
    package internal(set) var since = AlertEvent.Time.unknown
    var raisedSince = AlertEvent.Time.unknown
    /// The last value, or the beginning of the observation; nil before that.
    var heard: Instant?
    /// The beginning of the observation.
    var start: Instant?
    /// Nothing happens before what has happened.
    var position = Instant(nanoseconds: .min)
    /// Its state is of before the start, so it did not begin with the observation.
    var isRestored = false
    /// Rises with each change of what a restart keeps.
    package internal(set) var revision = 0

    package init(_ settings: Settings) { self.settings = settings }

    package var isRaised: Bool { isRaisedByItself || isHeld }

    package var state: AlertEvent.State { isSilent ? .silent : isRaised ? .raised : .cleared }

    /// The observation begins.
    package mutating func begin(at instant: Instant) {
        heard = instant
        start = instant
        if !isRestored { since = .instant(instant) }
        advance(to: instant)
    }

    /// Something was told of the alert that is no matter of the rule.
    package mutating func advance(to instant: Instant) { position = max(position, instant) }

    package var deadline: Instant? { next.map { max($0.at, position) } }

    /// The earliest, at one instant in the order of the document; not yet moved behind what has happened.
    private var next: (at: Instant, due: Due)? {
        var next: (at: Instant, due: Due)?
        if let waitingSince {
            next = (waitingSince.later(by: isRaisedByItself ? settings.keepNanoseconds : settings.holdNanoseconds), .waiting)
        }
        if let heard, let span = spanOfSilence {
            let at = heard.later(by: span)
            if next.map({ at < $0.at }) ?? true { next = (at, .silence) }
        }
        if isHeld {
            let index = changes.count - settings.changes - 1
            let at = index < 0 ? position : changes[index].later(by: settings.withinNanoseconds)
            if next.map({ at < $0.at }) ?? true { next = (at, .hold) }
        }
        return next
    }

    /// How long without a value until something happens; nil: nothing would.
    private var spanOfSilence: Int64? {
        if case .silence(let nanoseconds) = settings.condition.kind {
            return isRaisedByItself && waitingSince == nil ? nil : nanoseconds
        }
        return isSilent ? nil : settings.silenceNanoseconds
    }

    /// Passes the deadline, which there must be.
    package mutating func fire() -> Happening? {
        guard let (at, due) = next else { preconditionFailure("no deadline") }
        let instant = max(at, position)
        revision &+= 1
        switch due {
        case .waiting:
            return isRaisedByItself ? clear(at: instant) : raise(at: instant)
        case .silence:
            if case .silence = settings.condition.kind {
                if !isRaisedByItself { return raise(at: instant) }
                endWaiting()
                return nil
            }
            endWaiting()
            isSilent = true
            since = .instant(instant)
            return tell(.changed, at: instant)
        case .hold:
            isHeld = false
            if isSilent { return nil }
            if !isRaised { since = .instant(instant) }
            return tell(.holdEnded, at: instant)
        }
    }

    /// Takes a value of the series (any number where the condition is the silence of a whole sensor).
    package mutating func take(_ value: Int64, at instant: Instant) -> Happening? {
        let instant = max(instant, position)
        position = instant
        heard = instant
        let verdict = settings.condition.judge(value, at: instant)
        let wasSilent = isSilent
        isSilent = false
        var happening: Happening?
        if isRaisedByItself {
            happening = weigh(verdict.clears, settings.keepNanoseconds, at: instant)
        } else {
            happening = weigh(verdict.holds, settings.holdNanoseconds, at: instant)
        }
        if wasSilent {
            revision &+= 1
            if happening == nil {
                since = isRaised ? raisedSince : .instant(instant)
                happening = tell(.silenceEnded, at: instant)
            }
        }
        return happening
    }

    /// What would change the rule is so, or not, at a value.
    private mutating func weigh(_ isSo: Bool, _ span: Int64, at instant: Instant) -> Happening? {
        guard isSo else {
            if waitingSince != nil || waitingFrom != nil { revision &+= 1 }
            endWaiting()
            return nil
        }
        guard span > 0 else {
            revision &+= 1
            return isRaisedByItself ? clear(at: instant) : raise(at: instant)
        }
        if waitingSince == nil {
            revision &+= 1
            waitingSince = instant
        }
        return nil
    }

    private mutating func endWaiting() {
        waitingSince = nil
        waitingFrom = nil
    }

    private mutating func raise(at instant: Instant) -> Happening? {
        isRaisedByItself = true
        endWaiting()
        count(instant)
        if isHeld { return nil }
        // Where a reload has made a rule of silence of one that was silent.
        isSilent = false
        raisedSince = .instant(instant)
        since = raisedSince
        return tell(.changed, at: instant)
    }

    private mutating func clear(at instant: Instant) -> Happening? {
        isRaisedByItself = false
        endWaiting()
        count(instant)
        if isHeld { return nil }
        if changes.count > settings.changes, changes[0].later(by: settings.withinNanoseconds) > instant {
            isHeld = true
            since = raisedSince
            return tell(.holdBegan, at: instant)
        }
        since = .instant(instant)
        return tell(.changed, at: instant)
    }

    /// Told or not, it has happened: what comes later does not happen before.
    private mutating func count(_ instant: Instant) {
        advance(to: instant)
        changes.append(instant)
        trimChanges()
    }

    mutating func trimChanges() {
        let excess = changes.count - settings.changes - 1
        guard excess > 0 else { return }
        changes.removeFirst(excess)
        changedAt.removeFirst(min(excess, changedAt.count))
    }

    private mutating func tell(_ reason: Reason, at instant: Instant) -> Happening {
        advance(to: instant)
        let state = state
        return Happening(
            at: instant, state: state, since: since, isFlapping: isHeld && state == .raised, reason: reason)
    }
}
