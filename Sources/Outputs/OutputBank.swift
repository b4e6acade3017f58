package import Telemetry

/// All outputs: what commands, alerts and the loss of the broker want of each, what the group allows, what the lines are.
/// docs/outputs.md says what is meant; one output by itself is `OutputMachine`, its line `OutputLine`.
///
/// After each input every output is looked at: a line that is not what is wanted of it is switched as soon as its minimum
/// is over and its group is free, and one that is not held is asked for when its time has come. Nothing is asked of a line
/// while an answer is awaited.
package struct OutputBank: Hashable, Sendable {
    private enum Phase: Hashable, Sendable { case waiting, running, stopped }

    private struct ActiveAlert: Hashable, Sendable {
        var alert: String
        var outputs: [String]
        var isMuted: Bool
    }

    private var machines: [OutputMachine]
    private var phase = Phase.waiting
    /// Nil: the broker is there.
    private var offlineSince: Instant?
    private var wishes: UInt64 = 0
    /// By alert, so that an output that a reload brings hears the alerts that are raised.
    private var alerts: [ActiveAlert] = []
    private var actions: [OutputAction] = []

    package init(settings: [OutputSettings]) {
        machines = settings.map { OutputMachine(settings: $0, at: .zero) }
        wishForInitial(of: machines.indices)
    }

    /// It was not started, nor stopped.
    package var isWaiting: Bool { phase == .waiting }

    /// Each line that was requested or switched has answered.
    package var isSettled: Bool {
        machines.allSatisfy { machine in
            if case .asked = machine.line.state { false } else { true }
        }
    }

    /// Of all that were ever configured: the index of the next one.
    package var count: Int { machines.count }

    /// Of the outputs that the configuration has.
    package var indices: [Int] { machines.indices.filter { exists($0) } }

    package func settings(_ index: Int) -> OutputSettings { machines[index].settings }

    /// The configuration still has it.
    private func exists(_ index: Int) -> Bool { machines[index].line.state != .released }

    /// What the line is; nil: it is not held.
    package func state(_ index: Int) -> Bool? { machines[index].line.isOn }

    package mutating func handle(_ input: OutputInput, at now: Instant) -> [OutputAction] {
        actions.removeAll(keepingCapacity: true)
        catchUp(to: now)
        take(input, at: now)
        catchUp(to: now)
        settle(at: now)
        return actions
    }

    package var deadline: Instant? {
        guard phase == .running, !machines.isEmpty else { return nil }
        var deadline: Instant?
        for index in indices {
            let machine = machines[index]
            deadline = earliest(deadline, machine.next(offlineSince: offlineSince)?.at)
            deadline = earliest(deadline, machine.line.retryAt)
            if case .held(let isOn) = machine.line.state, target(index) != isOn, isOn || isGroupFree(for: index) {
                deadline = earliest(deadline, machine.maySwitchAt)
            }
        }
        return deadline
    }

    @inline(never) private mutating func take(_ input: OutputInput, at now: Instant) {
        switch input {
        case .start: start(at: now)
        case .lineReady(let index): lineReady(index, at: now)
        case .lineFailed(let index, let noReading): lineFailed(index, noReading, at: now)
        case .command(let index, let command): if phase != .stopped { self.command(index, command, at: now) }
        case .demand(let alert, let outputs, let demand): take(demand, of: alert, for: outputs)
        case .online: offlineSince = nil
        case .offline:
            guard offlineSince == nil else { return }
            offlineSince = now
            for index in machines.indices { machines[index].isOfflineDone = false }
        case .timer: break
        case .stop: stop()
        case .letGo:
            for index in indices { release(index) }
        }
    }

    private mutating func start(at now: Instant) {
        precondition(phase == .waiting, "the outputs start once")
        phase = .running
        offlineSince = now
        for index in indices { machines[index].line = OutputLine(at: now) }
    }

    private mutating func command(_ index: Int, _ command: OutputCommand, at now: Instant) {
        switch command {
        case .on(let lasting):
            for other in others(of: index) { machines[other].set(base: false) }
            machines[index].set(base: true, until: lasting.map { now.advanced(by: $0) })
            wish(for: index)
        case .off:
            machines[index].set(base: false)
            machines[index].silence()
        case .toggle:
            let isOn = machines[index].line.isOnSoon ?? machines[index].isWanted
            self.command(index, isOn ? .off : .on(lasting: nil), at: now)
        }
    }

    private mutating func take(_ demand: AlertDemand, of alert: String, for outputs: [String]) {
        switch demand {
        case .raised(let isMuted):
            endDemand(of: alert)
            begin(ActiveAlert(alert: alert, outputs: outputs, isMuted: isMuted))
        case .muted, .unmuted:
            guard let known = alerts.firstIndex(where: { $0.alert == alert }) else { return }
            let isMuted = demand == .muted
            alerts[known].isMuted = isMuted
            forEach(of: alerts[known].outputs) { bank, index in
                if bank.machines[index].setMuted(isMuted, of: alert) { bank.wish(for: index) }
            }
        case .outputsChanged:
            guard let known = alerts.first(where: { $0.alert == alert }) else { return }
            endDemand(of: alert, butFor: outputs)
            begin(ActiveAlert(alert: alert, outputs: outputs, isMuted: known.isMuted))
        case .ended: endDemand(of: alert)
        }
    }

    private mutating func endDemand(of alert: String, butFor kept: [String] = []) {
        alerts.removeAll { $0.alert == alert }
        for index in machines.indices where !kept.contains(machines[index].settings.id) { machines[index].demandEnds(of: alert) }
    }

    /// Those of its outputs that it had before stay as they are.
    private mutating func begin(_ active: ActiveAlert) {
        alerts.append(active)
        forEach(of: active.outputs) { bank, index in
            guard !bank.machines[index].hasDemand(of: active.alert) else { return }
            bank.machines[index].demand(of: active.alert, isMuted: active.isMuted)
            if !active.isMuted { bank.wish(for: index) }
        }
    }

    /// Backwards, so that of one group the first in the list has the turn.
    @inline(never) private mutating func forEach(of outputs: [String], _ body: (inout OutputBank, Int) -> Void) {
        for id in outputs.reversed() {
            for index in machines.indices where machines[index].settings.id == id && exists(index) { body(&self, index) }
        }
    }

    // MARK: What comes by itself

    /// In the order of time: also after a long sleep the last of them counts.
    private mutating func catchUp(to now: Instant) {
        guard phase == .running else { return }
        while true {
            var first: (index: Int, event: OutputMachine.Event, at: Instant)?
            // Backwards, so that of one group and one instant the first in the file has the turn.
            for index in indices.reversed() {
                guard let next = machines[index].next(offlineSince: offlineSince), next.at <= now else { continue }
                if let known = first, known.at <= next.at { continue }
                first = (index, next.event, next.at)
            }
            guard let first else { return }
            happen(first.event, to: first.index)
        }
    }

    private mutating func happen(_ event: OutputMachine.Event, to index: Int) {
        let id = machines[index].settings.id
        switch event {
        case .pulseEnd: machines[index].set(base: false)
        case .offline:
            machines[index].isOfflineDone = true
            guard let rule = machines[index].settings.onOffline else { return }
            machines[index].set(base: rule.isOn)
            if rule.isOn { wish(for: index) }
            notice(.info, "on_offline: the broker is away output=\(id) state=\(word(rule.isOn))")
        case .maximumOn:
            machines[index].exhaust()
            notice(.warning, "output was on for maximum_on and is switched off output=\(id)")
        }
    }

    // MARK: Groups

    private mutating func wish(for index: Int) {
        wishes += 1
        machines[index].wish = wishes
    }

    private mutating func wishForInitial(of indices: Range<Int>) {
        for index in indices.reversed() where machines[index].settings.initial { wish(for: index) }
    }

    /// The others of its group.
    private func others(of index: Int) -> [Int] {
        guard let group = machines[index].settings.group else { return [] }
        return machines.indices.filter { $0 != index && machines[$0].settings.group == group }
    }

    /// What the line is to be, as soon as it may.
    /// - Parameter requestAt: now, for a line that is about to be asked for.
    private func target(_ index: Int, forRequestAt requestAt: Instant? = nil) -> Bool {
        let machine = machines[index]
        guard machine.isWanted, !machine.isExhausted else { return false }
        return others(of: index).allSatisfy {
            let other = machines[$0]
            return !other.line.isAvailable(forRequestAt: requestAt) || !other.isWanted || other.wish < machine.wish
        }
    }

    private func isGroupFree(for index: Int) -> Bool { others(of: index).allSatisfy { !machines[$0].line.mayBeOn } }

    // MARK: Lines

    private mutating func settle(at now: Instant) {
        guard phase == .running else { return }
        for index in machines.indices { requestIfDue(index, at: now) }
        for index in machines.indices { switchIfDue(index, at: now) }
    }

    private mutating func requestIfDue(_ index: Int, at now: Instant) {
        switch machines[index].line.state {
        case .asked, .held, .released: return
        case .failed(let retryAt): if retryAt > now { return }
        case .idle: break
        }
        let isTarget = target(index, forRequestAt: now)
        ask(index, isOn: isTarget && machines[index].maySwitchAt <= now && isGroupFree(for: index))
    }

    private mutating func switchIfDue(_ index: Int, at now: Instant) {
        guard case .held(let isOn) = machines[index].line.state, target(index) != isOn else { return }
        guard machines[index].maySwitchAt <= now else { return }
        if !isOn {
            guard isGroupFree(for: index) else { return }
            // Whether another takes the turn is known when its line has answered: not on for a moment before.
            for other in others(of: index) {
                if case .asked = machines[other].line.state { return }
            }
        }
        ask(index, isOn: !isOn)
    }

    @inline(never) private mutating func ask(_ index: Int, isOn: Bool) {
        machines[index].line.ask(isOn: isOn)
        let isActiveLow = machines[index].settings.isActiveLow
        actions.append(.configure(index, LineSettings(direction: .output(active: isOn), isActiveLow: isActiveLow)))
    }

    private mutating func lineReady(_ index: Int, at now: Instant) {
        let before = machines[index].line
        machines[index].lineReady(at: now)
        guard let isOn = state(index) else { return }
        let id = machines[index].settings.id
        if before.failure != nil { notice(.info, "the line of an output is there output=\(id)") }
        guard before.isOn != isOn else { return }
        notice(.info, "output is \(word(isOn)) output=\(id)")
        actions.append(.changed(index, isOn: isOn))
    }

    private mutating func lineFailed(_ index: Int, _ noReading: NoReading, at now: Instant) {
        let before = state(index)
        let isNews = machines[index].lineFailed(noReading.code, at: now)
        if isNews {
            let id = machines[index].settings.id
            notice(.warning, "no line for an output output=\(id) error=\(noReading.code.text) detail=\(noReading.detail)")
        }
        if before != nil, state(index) == nil { actions.append(.changed(index, isOn: nil)) }
    }

    private mutating func release(_ index: Int) {
        machines[index].line.release()
        actions.append(.release(index))
    }

    /// At once, whatever the minimums say. First what is switched off, so that a group has never two on.
    private mutating func stop() {
        guard phase == .running else {
            phase = .stopped
            return
        }
        phase = .stopped
        // Of a group the first in the file that is to be left on.
        let leftOn = machines.indices.filter { index in
            machines[index].settings.onExit && others(of: index).allSatisfy { $0 > index || !machines[$0].settings.onExit }
        }
        for index in machines.indices where !leftOn.contains(index) { set(index, isOn: false) }
        for index in leftOn { set(index, isOn: true) }
    }

    /// Now, where the line is held.
    @inline(never) private mutating func set(_ index: Int, isOn: Bool) {
        if let now = machines[index].line.isOnSoon, now != isOn { ask(index, isOn: isOn) }
    }

    // MARK: Reload

    /// - Parameter settings: index by index; nil: the output is gone: its line is set to `on_exit` and let go. More entries
    ///   than before are new outputs. An output whose line or `active` is another is a new one, at a new index.
    package mutating func reload(_ settings: [OutputSettings?], at now: Instant) -> [OutputAction] {
        precondition(settings.count >= machines.count, "indices stay")
        actions.removeAll(keepingCapacity: true)
        catchUp(to: now)
        let before = machines.count
        let gone = machines.indices.filter { settings[$0] == nil && exists($0) }
        for index in gone {
            set(index, isOn: machines[index].settings.onExit && isGroupFree(for: index))
            let wasHeld = state(index) != nil
            release(index)
            if wasHeld { actions.append(.changed(index, isOn: nil)) }
        }
        for (index, new) in settings.enumerated() {
            if index < before {
                guard let new, exists(index) else { continue }
                let old = machines[index].settings
                precondition(new.id == old.id && new.line == old.line && new.isActiveLow == old.isActiveLow)
                machines[index].settings = new
            } else {
                guard let new else { preconditionFailure("a new output is there") }
                machines.append(OutputMachine(settings: new, at: now))
            }
        }
        wishForInitial(of: before..<machines.count)
        for index in before..<machines.count {
            for alert in alerts where alert.outputs.contains(machines[index].settings.id) {
                machines[index].demand(of: alert.alert, isMuted: alert.isMuted)
                if !alert.isMuted { wish(for: index) }
            }
        }
        catchUp(to: now)
        settle(at: now)
        return actions
    }

    private mutating func notice(_ level: Notice.Level, _ text: String) { actions.append(.notice(Notice(level, text))) }
}

private func word(_ isOn: Bool) -> String { isOn ? "on" : "off" }
