package import Telemetry

/// All rules of the configuration: readings and time in, events and demands out (docs/alerts.md).
///
/// A reading touches the rules of its sensor only. For each rule the next deadline is kept, and the nearest of all.
package struct AlertEngine: Hashable, Sendable {
    package var deviceName: String
    var slots: [AlertSlot] = []
    /// By sensor: indices of its rules.
    private var rulesOfSensor: [[Int]] = []
    /// Of each slot; `.distantFuture`: none.
    private var dues: [Instant] = []
    private var nearest = Instant.distantFuture
    /// The rule that was the nearest is so no more: `nearest` is a lower bound until it is looked for.
    private var nearestIsStale = false
    /// Times of an earlier boot may wait for a known wall time.
    var awaitsClock = false
    private var hasStarted = false
    /// What came due before a command that was refused: a refusal carries no actions, so the timer brings them.
    private var unsent: [AlertAction] = []
    /// Rises with each change of what `saved` gives, but for the newest values.
    package internal(set) var revision = 0
    /// Rises with each event: that must be saved before the event is published, all else may wait.
    package internal(set) var urgentRevision = 0

    package static let maximumMute = Duration.seconds(31 * 86_400)

    /// - Parameters:
    ///   - rules: with different ids.
    ///   - deviceName: for people.
    package init(rules: [AlertRuleSetup], deviceName: String) {
        self.deviceName = deviceName
        slots = rules.map { AlertSlot($0) }
        arrange()
    }

    package var deadline: Instant? {
        if !unsent.isEmpty { return .zero }
        return hasStarted && nearest < .distantFuture ? nearest : nil
    }

    /// In the order of the rules; nil before the first event.
    package var states: [(alert: String, state: AlertEvent.State?)] {
        slots.map { ($0.setup.rule.id, $0.told?.state) }
    }

    /// The newest, as it would be said now; nil before the first, and for an alert that there is not.
    package func event(_ alert: String) -> AlertEvent? { newest(alert)?.event }

    /// The newest event and when it happened.
    package func newest(_ alert: String) -> (event: AlertEvent, at: AlertEvent.Time)? {
        guard let slot = slots.first(where: { $0.setup.rule.id == alert }), let told = slot.told,
            let event = slot.event(deviceName: deviceName)
        else { return nil }
        return (event, told.at)
    }

    @inline(never) package mutating func handle(_ input: AlertInput, at now: Instant) -> [AlertAction] {
        var actions: [AlertAction] = []
        switch input {
        case .start: begin(at: now, &actions)
        case .reading(let sensor, let outcome, let name, let instant):
            guard sensor < rulesOfSensor.count, !rulesOfSensor[sensor].isEmpty, case .measurements(let values) = outcome
            else { return [] }
            for index in rulesOfSensor[sensor] { take(values, name, at: min(instant, now), index, &actions) }
            findNearest()
        case .clock(let clock):
            guard awaitsClock, clock.isKnown else { return [] }
            place(clock)
            passDeadlines(through: now, &actions)
        case .timer:
            swap(&actions, &unsent)
            passDeadlines(through: now, &actions)
        }
        return actions
    }

    // MARK: commands

    package mutating func acknowledge(_ alert: String, at now: Instant) throws(AlertRefusal) -> [AlertAction] {
        let index = try index(of: alert)
        var actions: [AlertAction] = []
        passDeadlines(of: index, through: now, &actions)
        defer { findNearest() }
        guard let state = slots[index].told?.state, state != .cleared else {
            unsent += actions
            throw AlertRefusal("alert '\(alert)' is not raised; nothing is there to acknowledge")
        }
        guard slots[index].acknowledged == nil else { return actions }
        let at = max(now, slots[index].machine.position)
        slots[index].acknowledged = .instant(at)
        tellAgain(index, "acknowledged", at: at, &actions)
        return actions
    }

    /// - Parameter lasting: 0 ends it.
    package mutating func mute(_ alert: String, lasting: Duration, at now: Instant) throws(AlertRefusal) -> [AlertAction] {
        let index = try index(of: alert)
        guard lasting >= .zero, lasting <= Self.maximumMute else {
            throw AlertRefusal("for: \(spoken(lasting)) is outside 0 s ... \(spoken(Self.maximumMute))")
        }
        var actions: [AlertAction] = []
        passDeadlines(of: index, through: now, &actions)
        defer { findNearest() }
        if lasting == .zero, !slots[index].isMuted { return actions }
        let before = slots[index].drive
        let at = max(now, slots[index].machine.position)
        let until = now.advanced(by: lasting)
        slots[index].mute = lasting == .zero ? nil : AlertSlot.Mute(until: until, latest: until)
        tellAgain(index, lasting == .zero ? "no longer muted" : "muted", at: at, &actions)
        demand(index, before: before, &actions)
        return actions
    }

    private func index(of alert: String) throws(AlertRefusal) -> Int {
        guard let index = slots.firstIndex(where: { $0.setup.rule.id == alert }) else {
            throw AlertRefusal("no alert '\(alert)'; 'alerts' in the configuration has their ids")
        }
        return index
    }

    // MARK: readings and time

    private mutating func begin(at now: Instant, _ actions: inout [AlertAction]) {
        precondition(!hasStarted, "started twice")
        hasStarted = true
        for index in slots.indices { demand(index, before: AlertSlot.Drive(isRaised: false, isMuted: false), &actions) }
        // What ended while the daemon was away.
        while let index = nextDue(before: now) { fire(index, &actions) }
        for index in slots.indices {
            slots[index].machine.begin(at: now)
            schedule(index)
        }
        passDeadlines(through: now, &actions)
    }

    @inline(never) private mutating func take(
        _ values: [Int64], _ name: AlertEvent.ReadingName?, at instant: Instant, _ index: Int, _ actions: inout [AlertAction]
    ) {
        var value: Int64 = 0
        var decimal: Decimal?
        if let quantityIndex = slots[index].setup.quantityIndex, let quantity = slots[index].setup.quantity {
            guard quantityIndex < values.count else { return }
            value = values[quantityIndex]
            decimal = Decimal(value, decimals: quantity.decimals)
        }
        while dues[index] < instant { fire(index, &actions) }
        slots[index].newest = AlertSlot.Newest(value: decimal, reading: name)
        let before = slots[index].drive
        let wasRaised = slots[index].machine.isRaised
        let revisionBefore = slots[index].machine.revision
        let happening = slots[index].machine.take(value, at: instant)
        if slots[index].machine.revision != revisionBefore { revision += 1 }
        settle(index, happening, wasRaised: wasRaised, before: before, &actions)
        let position = slots[index].machine.position
        passDeadlines(of: index, through: position, &actions)
    }

    private mutating func passDeadlines(through now: Instant, _ actions: inout [AlertAction]) {
        defer { findNearest() }
        while hasStarted, nearest <= now, let index = nextDue(before: now.later(by: 1)) { fire(index, &actions) }
    }

    private mutating func passDeadlines(of index: Int, through instant: Instant, _ actions: inout [AlertAction]) {
        while dues[index] <= instant, dues[index] != .distantFuture { fire(index, &actions) }
    }

    /// The slot whose deadline is the earliest; the first of those at one instant.
    private func nextDue(before limit: Instant) -> Int? {
        var found: Int?
        var earliest = limit
        for (index, due) in dues.enumerated() where due < earliest {
            earliest = due
            found = index
        }
        return found
    }

    /// Passes one deadline of the slot, which there must be.
    private mutating func fire(_ index: Int, _ actions: inout [AlertAction]) {
        let wasRaised = slots[index].machine.isRaised
        let before = slots[index].drive
        revision += 1
        // At one instant the end of a mute is the last.
        if let end = slots[index].muteEnd, slots[index].machine.deadline.map({ end < $0 }) ?? true {
            slots[index].mute = nil
            tellAgain(index, "no longer muted", at: end, &actions)
            demand(index, before: before, &actions)
        } else {
            let happening = slots[index].machine.fire()
            settle(index, happening, wasRaised: wasRaised, before: before, &actions)
        }
    }

    /// What follows from what the machine has done.
    @inline(never) private mutating func settle(
        _ index: Int, _ happening: AlertMachine.Happening?, wasRaised: Bool, before: AlertSlot.Drive, _ actions: inout [AlertAction]
    ) {
        let isRaised = slots[index].machine.isRaised
        if happening?.state == .cleared || isRaised && !wasRaised { slots[index].acknowledged = nil }
        if let happening {
            slots[index].tell(happening)
            appendEvent(index, at: happening.at, &actions)
        }
        demand(index, before: before, &actions)
        schedule(index)
    }

    /// The state of an alert that had no event yet, as its first: the broker holds one of which nothing is known here.
    package mutating func tellFirst(_ alert: String, at now: Instant) -> [AlertAction] {
        guard let index = slots.firstIndex(where: { $0.setup.rule.id == alert }) else { return [] }
        var actions: [AlertAction] = []
        passDeadlines(of: index, through: now, &actions)
        if slots[index].told == nil { tellAgain(index, "told", at: max(now, slots[index].machine.position), &actions) }
        findNearest()
        return actions
    }

    /// - Parameter what: for the log.
    private mutating func tellAgain(_ index: Int, _ what: String, at instant: Instant, _ actions: inout [AlertAction]) {
        slots[index].tellAgain(at: instant)
        appendEvent(index, what, at: instant, &actions)
        schedule(index)
    }

    private mutating func appendEvent(_ index: Int, _ what: String? = nil, at instant: Instant, _ actions: inout [AlertAction]) {
        guard let event = slots[index].event(deviceName: deviceName) else { preconditionFailure("told just now") }
        revision += 1
        urgentRevision += 1
        actions.append(.event(event, at: instant))
        let text =
            if let what { "alert \(what) alert=\(event.alert) state=\(event.state.text)" } else {
                "alert \(event.state.text) alert=\(event.alert) message=\(event.message)"
            }
        actions.append(.notice(Notice(.info, text)))
    }

    private func demand(_ index: Int, before: AlertSlot.Drive, _ actions: inout [AlertAction]) {
        let now = slots[index].drive
        let rule = slots[index].setup.rule
        if now.isRaised != before.isRaised {
            actions.append(.demand(alert: rule.id, outputs: rule.outputs, now.isRaised ? .raised(isMuted: now.isMuted) : .ended))
        } else if now.isRaised, now.isMuted != before.isMuted {
            actions.append(.demand(alert: rule.id, outputs: rule.outputs, now.isMuted ? .muted : .unmuted))
        }
    }

    // MARK: deadlines

    /// After every change of a slot.
    mutating func schedule(_ index: Int) {
        let before = dues[index]
        let due = slots[index].deadline ?? .distantFuture
        guard due != before else { return }
        dues[index] = due
        if due <= nearest {
            nearest = due
            nearestIsStale = false
        } else if before == nearest {
            nearestIsStale = true
        }
    }

    /// Once for all rules that an input has touched: with many of them each look would be at all of them.
    mutating func findNearest() {
        guard nearestIsStale else { return }
        nearestIsStale = false
        nearest = .distantFuture
        for due in dues where due < nearest { nearest = due }
    }

    /// After a change of the rules.
    @inline(never) private mutating func arrange() {
        rulesOfSensor = []
        for (index, slot) in slots.enumerated() {
            while rulesOfSensor.count <= slot.setup.sensorIndex { rulesOfSensor.append([]) }
            rulesOfSensor[slot.setup.sensorIndex].append(index)
        }
        dues = slots.map { $0.deadline ?? .distantFuture }
        nearestIsStale = true
        findNearest()
    }

    // MARK: reload

    /// Takes other rules, by id; what has not changed goes on as if nothing had been.
    package mutating func reload(_ rules: [AlertRuleSetup], at now: Instant) -> [AlertAction] {
        var actions: [AlertAction] = []
        // What was due before was due by the old rules.
        passDeadlines(through: now, &actions)
        let old = slots
        slots = rules.map { setup in
            guard var slot = old.first(where: { $0.setup.rule.id == setup.rule.id }) else {
                var slot = AlertSlot(setup)
                if hasStarted { slot.machine.begin(at: now) }
                return slot
            }
            slot.adopt(setup, at: now)
            return slot
        }
        for before in old {
            let after = slots.first { $0.setup.rule.id == before.setup.rule.id }
            tellOutputs(before, after, &actions)
        }
        revision += 1
        arrange()
        return actions
    }

    private func tellOutputs(_ before: AlertSlot, _ after: AlertSlot?, _ actions: inout [AlertAction]) {
        let id = before.setup.rule.id
        let was = before.setup.rule.outputs
        guard let after, after.drive.isRaised else {
            if before.drive.isRaised { actions.append(.demand(alert: id, outputs: was, .ended)) }
            return
        }
        let now = after.setup.rule.outputs
        if !before.drive.isRaised {
            actions.append(.demand(alert: id, outputs: now, .raised(isMuted: after.isMuted)))
        } else if now != was {
            actions.append(.demand(alert: id, outputs: now, .outputsChanged))
        }
    }
}

extension AlertSlot {
    fileprivate mutating func adopt(_ setup: AlertRuleSetup, at now: Instant) {
        let seriesChanged =
            setup.rule.series != self.setup.rule.series || setup.quantity != self.setup.quantity
        let conditionChanged = seriesChanged || Self.fingerprint(of: setup.rule) != Self.fingerprint(of: self.setup.rule)
        self.setup = setup
        if seriesChanged { newest = nil }
        machine.adopt(
            Self.settings(of: setup), conditionChanged: conditionChanged, seriesChanged: seriesChanged, at: now)
    }
}
