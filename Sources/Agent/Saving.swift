internal import Alerts
internal import RingStore
internal import Sensors
internal import Telemetry

/// What is kept over a restart beside the rings: `godwit.state`, written when something in it has changed, and no more
/// often than it must be.
struct Saving {
    var keeper = StateKeeper()
    var isLoaded = false
    /// Of the last content that was given to the keeper.
    var revision = 0
    /// When what has changed is written at the latest.
    var due: Instant?
    var alertRevision = 0
    var urgentRevision = 0
    var retainedRevision = 0
    /// When the last content was given to the keeper.
    var savedAt: Instant?

    enum Name {
        static let alerts = "alerts"
        static let outbox = "outbox"
        static let newest = "newest"
        static func total(_ sensor: String) -> String { "total/\(sensor)" }
    }
}

extension Agent {
    /// The state and the rings are opened side by side.
    mutating func beginSaving() {
        perform(saving.keeper.handle(.start, at: now))
    }

    mutating func takeStateStorage(_ result: StorageResult) {
        perform(saving.keeper.handle(.storage(result), at: now))
    }

    var savingDeadline: Instant? { earliest(saving.keeper.deadline, saving.due) }

    mutating func saveWhatIsDue() {
        if let due = saving.keeper.deadline, due <= now { perform(saving.keeper.handle(.timer, at: now)) }
        noticeChanges()
        if let due = saving.due, due <= now { save() }
    }

    private mutating func perform(_ stateActions: [StateAction]) {
        for action in stateActions {
            switch action {
            case .storage(let request): actions.append(.storage(.state, request))
            case .loaded(let bytes): loaded(bytes)
            case .settled(let revision, _):
                stateSettled(through: revision)
                stateSettledAtStop(through: revision)
            case .notice(let notice): take(notice)
            }
        }
    }

    private mutating func loaded(_ bytes: [UInt8]?) {
        let found = bytes.flatMap { SavedState(decoding: $0) }
        if bytes != nil, found == nil { log(.error, "the kept state cannot be read, it begins anew") }
        saving.isLoaded = true
        for index in sensors.indices { restoreTotal(of: index, from: found) }
        restoreAnnounced(found?[Self.retainedSection] ?? [])
        beginAlerting(from: found)
    }

    /// What has changed since it was written, and when it has to be written for that.
    private mutating func noticeChanges() {
        guard saving.isLoaded else { return }
        if alerting.engine.urgentRevision != saving.urgentRevision || (alerting.hasUnsavedEvents && canNameEvents) {
            saving.due = now
        } else if alerting.engine.revision != saving.alertRevision || retained.revision != saving.retainedRevision {
            // What the broker holds of this device changes only with the configuration.
            saving.due = earliest(saving.due, now.advanced(by: configuration.ring.sync))
        }
        if saving.due.map({ $0 > now }) ?? true, haveTotalsChanged {
            let due = (saving.savedAt ?? startedAt).advanced(by: configuration.stateEvery)
            saving.due = earliest(saving.due, max(due, now))
        }
    }

    private mutating func save() {
        saving.due = nil
        saving.revision += 1
        saving.alertRevision = alerting.engine.revision
        saving.urgentRevision = alerting.engine.urgentRevision
        saving.retainedRevision = retained.revision
        saving.savedAt = now
        perform(saving.keeper.handle(.save(savedState().encoded(), revision: saving.revision), at: now))
    }

    private mutating func savedState() -> SavedState {
        var state = SavedState(boot: configuration.boot)
        saveAlerts(into: &state)
        saveTotals(into: &state)
        state[Self.retainedSection] = retained.encoded
        return state
    }

    /// At a stop: everything, whether it is due or not. False: nothing has changed.
    mutating func saveAtStop() -> Bool {
        guard saving.isLoaded else { return false }
        let isChanged =
            saving.due != nil || alerting.engine.revision != saving.alertRevision || haveTotalsChanged
            || retained.revision != saving.retainedRevision
        if isChanged { save() }
        return isChanged
    }

    // MARK: Totals

    /// Asked at each turn: no slot is copied for it.
    private var haveTotalsChanged: Bool {
        for index in sensors.indices where sensors[index].driver.savedRevision != sensors[index].keptRevision {
            if !sensors[index].isRetired { return true }
        }
        return false
    }

    private mutating func restoreTotal(of index: Int, from found: SavedState?) {
        guard let bytes = found?[Saving.Name.total(sensors[index].settings.id)] else { return }
        var fields = FieldReader(bytes)
        guard fields.text(maximum: 255) == sensors[index].settings.model, let saved = fields.block(maximum: 255) else { return }
        sensors[index].restore(saved)
    }

    private mutating func saveTotals(into state: inout SavedState) {
        for index in sensors.indices where !sensors[index].isRetired {
            let slot = sensors[index]
            sensors[index].keptRevision = slot.driver.savedRevision
            let saved = slot.driver.saved
            guard !saved.isEmpty else { continue }
            var fields = FieldWriter()
            fields.text(slot.settings.model)
            fields.block(saved)
            state[Saving.Name.total(slot.settings.id)] = fields.bytes
        }
    }
}
