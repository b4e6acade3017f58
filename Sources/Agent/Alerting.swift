internal import Alerts
internal import MQTTSession
internal import Outputs
internal import Payloads
package import RingStore
internal import Telemetry

/// The rules, and the ring of their events.
///
/// An event is written into the state first, with the name that it will have in the ring, then into the ring, then
/// published. So a power cut between the two writes neither loses an event nor tells it twice: the next process asks the
/// ring whether the name was kept.
struct Alerting {
    var engine: AlertEngine
    var ring: Ring
    var ringSchemas: [SensorSchema]
    /// The ring is opened only where there are rules, or events of rules that are gone.
    var isRingUsed = false
    var isRingOpen = false
    /// The engine has started: the state of the last process is restored, or given up.
    var hasStarted = false
    /// Readings that came before that, or before they have numbers.
    var waiting: [AlertInput] = []
    /// Events that wait for the state to be written.
    var outbox: [Entry] = []
    /// Of each alert, where its newest event is.
    var newest = ShortTable<String, Newest>()
    /// Events that are in the ring once more only because their first place was evicted: the broker has them.
    var silent: ShortSet<AlertEvent.ReadingName> = []
    /// What the last process had not seen stored.
    var doubtful: [SavedEntry] = []

    struct Entry {
        var alert: String
        var instant: Instant
        var bytes: [UInt8]
        var isSilent = false
        /// Of the state that holds it; nil: it is in none yet.
        var revision: Int?
    }

    struct Newest {
        var name: AlertEvent.ReadingName
        /// Nil where it was made by another process.
        var entry: Entry?
        var isAcknowledged: Bool
        /// As it was published; nil: not by this process.
        var payload: [UInt8]?
    }

    static let configuration = RingConfiguration(size: 256 << 10, sync: .zero, memory: 256 << 10)
    /// More events wait neither for the state nor for the start.
    static let limit = 1000

    init(configuration: AgentConfiguration, random: RandomSource) {
        engine = AlertEngine(rules: configuration.alerts, deviceName: configuration.deviceName)
        ringSchemas = configuration.alerts.map { SensorSchema(sensor: $0.rule.id, quantities: []) }
        ring = Ring(configuration: Self.configuration, schemas: ringSchemas, boot: configuration.boot, random: random)
    }

    var hasUnsavedEvents: Bool { outbox.contains { $0.revision == nil } }

    /// The index in the ring's table; an alert that is new gets one.
    mutating func schema(of alert: String) -> (index: Int, isNew: Bool) {
        if let index = ringSchemas.firstIndex(where: { $0.sensor == alert }) { return (index, false) }
        ringSchemas.append(SensorSchema(sensor: alert, quantities: []))
        return (ringSchemas.count - 1, true)
    }
}

extension Agent {
    /// Nil: there was never an event, and no rule.
    package var alertRingStatus: RingStatus? { alerting.isRingUsed ? alerting.ring.status : nil }
    package var isAlertRingOpen: Bool { alerting.isRingOpen }
    /// The rules see readings, also those that came before.
    package var haveAlertsStarted: Bool { alerting.hasStarted }

    // MARK: Start

    /// The state of the last process is read, or cannot be had.
    mutating func beginAlerting(from found: SavedState?) {
        if let found { restoreAlerts(from: found) }
        if !configuration.alerts.isEmpty || !alerting.newest.isEmpty || !alerting.doubtful.isEmpty { useAlertRing() }
        alerting.hasStarted = true
        if clockIsKnown { perform(alerting.engine.handle(.clock(clock), at: now)) }
        perform(alerting.engine.handle(.start, at: now))
        startOutputs()
        judgeWhatWaits()
        startSessionWhenOpen()
    }

    mutating func useAlertRing() {
        guard !alerting.isRingUsed else { return }
        alerting.isRingUsed = true
        performAlertRing(alerting.ring.handle(.start, at: now))
    }

    /// Whether the events of an earlier process can be told before its readings.
    var areAlertsReady: Bool { alerting.hasStarted && (!alerting.isRingUsed || alerting.isRingOpen) }

    mutating func takeAlertStorage(_ result: StorageResult) {
        performAlertRing(alerting.ring.handle(.storage(result), at: now))
    }

    var alertingDeadline: Instant? {
        // At a stop the rules are not looked at any more.
        earliest(alerting.ring.deadline, alerting.hasStarted && stopping == nil ? alerting.engine.deadline : nil)
    }

    mutating func handleDueAlerts() {
        if let due = alerting.ring.deadline, due <= now { performAlertRing(alerting.ring.handle(.timer, at: now)) }
        guard stopping == nil, alerting.hasStarted else { return }
        if let due = alerting.engine.deadline, due <= now { perform(alerting.engine.handle(.timer, at: now)) }
    }

    // MARK: Readings in, events out

    /// - Parameter name: the number that the reading is about to get.
    mutating func judge(_ outcome: Outcome, of index: Int, name: AlertEvent.ReadingName?, at instant: Instant) {
        guard !configuration.alerts.isEmpty else { return }
        let input = AlertInput.reading(sensor: index, outcome, name: name, at: instant)
        if canJudge {
            perform(alerting.engine.handle(input, at: now))
        } else {
            if alerting.waiting.count == Alerting.limit { alerting.waiting.removeFirst() }
            alerting.waiting.append(input)
        }
    }

    /// The state is restored, and an event can name its reading; the disk is waited for as long as for the connection.
    private var canJudge: Bool { alerting.hasStarted && (isReady || connectBy == nil) }

    mutating func judgeWhatWaits() {
        guard canJudge, !alerting.waiting.isEmpty else { return }
        let waiting = alerting.waiting
        alerting.waiting = []
        for input in waiting { perform(alerting.engine.handle(input, at: now)) }
    }

    /// The ring is open: the readings that waited for it have the last numbers before the next.
    mutating func nameWhatWaits() {
        if let next = ring.nextName {
            for index in alerting.waiting.indices {
                let back = UInt64(alerting.waiting.count - index)
                guard case .reading(let sensor, let outcome, nil, let instant) = alerting.waiting[index],
                    next.sequence.rawValue > back
                else { continue }
                let name = AlertEvent.ReadingName(stream: next.stream, sequence: SequenceNumber(next.sequence.rawValue - back))
                alerting.waiting[index] = .reading(sensor: sensor, outcome, name: name, at: instant)
            }
        }
        judgeWhatWaits()
    }

    /// The wall time has become known.
    mutating func tellAlertsClock() {
        if alerting.hasStarted { perform(alerting.engine.handle(.clock(clock), at: now)) }
        if alerting.isRingUsed { performAlertRing(alerting.ring.handle(.clock(clock), at: now)) }
    }

    mutating func perform(_ alertActions: [AlertAction]) {
        for action in alertActions {
            switch action {
            case .event(let event, let instant): take(event, at: instant)
            case .demand(let alert, let outputs, let demand): tellOutputs(.demand(alert: alert, outputs: outputs, demand))
            case .notice(let notice): take(notice)
            }
        }
    }

    private mutating func take(_ event: AlertEvent, at instant: Instant) {
        put(Alerting.Entry(alert: event.alert, instant: instant, bytes: event.encoded()))
    }

    @inline(never) mutating func put(_ entry: Alerting.Entry) {
        if alerting.outbox.count == Alerting.limit {
            log(.error, "alert events come faster than the disk takes them, one goes without")
            append(alerting.outbox.removeFirst())
        }
        alerting.outbox.append(entry)
    }

    /// The state holds all events up to this revision, or cannot: they go into the ring.
    ///
    /// But not before the ring is open: what the last process has left in doubt comes first.
    mutating func stateSettled(through revision: Int) {
        guard alerting.isRingOpen || !alerting.isRingUsed else { return }
        while let first = alerting.outbox.first, let saved = first.revision, saved <= revision {
            append(alerting.outbox.removeFirst())
        }
    }

    /// At a stop nothing is waited for. What the ring is not open for stays in the state, for the next process: in the ring it
    /// would get a name that the state does not know, and come twice.
    mutating func emptyOutbox() {
        guard alerting.isRingOpen else { return }
        while !alerting.outbox.isEmpty { append(alerting.outbox.removeFirst()) }
    }

    private mutating func append(_ entry: Alerting.Entry) {
        useAlertRing()
        let (index, isNew) = alerting.schema(of: entry.alert)
        if isNew { performAlertRing(alerting.ring.handle(.schemas(alerting.ringSchemas), at: now)) }
        if clockIsKnown { performAlertRing(alerting.ring.handle(.clock(clock), at: now)) }
        if let name = alerting.ring.nextName {
            alerting.newest[entry.alert] = Alerting.Newest(name: name, entry: entry, isAcknowledged: entry.isSilent)
            if entry.isSilent { alerting.silent.insert(name) }
        }
        let reading = Reading(sensor: index, instant: entry.instant, outcome: .event(entry.bytes))
        performAlertRing(alerting.ring.handle(.append(reading), at: now))
        if !entry.isSilent { wake() }
    }

    mutating func performAlertRing(_ ringActions: [RingAction]) {
        for action in ringActions {
            switch action {
            case .storage(let request): actions.append(.storage(.alerts, request))
            case .notice(let notice): take(Notice(notice.level, "alerts: \(notice.text)"))
            case .opened: alertRingOpened()
            case .stopped: fileStopped(.alerts)
            }
        }
        if !ringActions.isEmpty { keepNewest() }
    }

    private mutating func alertRingOpened() {
        alerting.isRingOpen = true
        // What is in doubt happened before what has come since. Only now all have names, with which they are saved.
        let count = alerting.outbox.count
        settleDoubts()
        let doubts = alerting.outbox.suffix(max(0, alerting.outbox.count - count))
        alerting.outbox = Array(doubts) + alerting.outbox.dropLast(doubts.count)
        for index in alerting.outbox.indices { alerting.outbox[index].revision = nil }
        startSessionWhenOpen()
    }

    /// Eviction never takes the newest event of an alert: it is put in again. What the broker has is not told to it again.
    private mutating func keepNewest() {
        guard alerting.isRingOpen, alerting.outbox.isEmpty else { return }
        let status = alerting.ring.status
        // Where nothing can be written, what the broker has is not kept at all, however often it were put in.
        guard !status.isInMemoryOnly else { return }
        for case (let alert, let newest?) in alerting.newest.entries where newest.name.stream == status.stream && newest.name.sequence < status.tail {
            var entry = newest.entry
            if entry == nil {
                entry = alerting.engine.event(alert).map { Alerting.Entry(alert: alert, instant: now, bytes: $0.encoded()) }
            }
            guard var entry else {
                alerting.newest[alert] = nil
                continue
            }
            entry.isSilent = newest.isAcknowledged
            entry.revision = nil
            // Not again before it is there.
            alerting.newest[alert]?.name.sequence = status.head
            put(entry)
        }
    }

    // MARK: The ring

    /// Rewind, stop: nothing where no alert was ever.
    mutating func tellAlertRing(_ input: RingInput) {
        if alerting.isRingUsed { perform(alertRingInput: input) }
    }

    @inline(never) mutating func perform(alertRingInput input: RingInput) {
        performAlertRing(alerting.ring.handle(input, at: now))
    }

    // MARK: Reload

    /// `configuration.alerts` is new; indices of sensors that are gone are not given to others, so what waits stays right.
    mutating func alertRulesChanged() {
        guard alerting.hasStarted else {
            alerting.engine = AlertEngine(rules: configuration.alerts, deviceName: configuration.deviceName)
            return
        }
        if !configuration.alerts.isEmpty { useAlertRing() }
        perform(alerting.engine.reload(configuration.alerts, at: now))
    }

    /// On new topics nothing is retained yet: each state is told once more.
    mutating func tellAlertsAgain() {
        for setup in configuration.alerts {
            guard let event = alerting.engine.event(setup.rule.id) else { continue }
            put(Alerting.Entry(alert: event.alert, instant: now, bytes: event.encoded()))
        }
    }

    // MARK: Commands

    mutating func acknowledgeAlert(_ id: String, from origin: CommandOrigin) {
        do throws(AlertRefusal) {
            perform(try alerting.engine.acknowledge(id, at: now))
            respond(to: origin, command: "acknowledge", result: "{}".bytes)
        } catch {
            refuse(origin, error.text)
        }
    }

    mutating func muteAlert(_ id: String, lasting: Duration, from origin: CommandOrigin) {
        do throws(AlertRefusal) {
            perform(try alerting.engine.mute(id, lasting: lasting, at: now))
            respond(to: origin, command: "mute", result: "{}".bytes)
        } catch {
            refuse(origin, error.text)
        }
    }
}
