package import MQTTSession
package import Outputs
internal import Payloads
package import RingStore
package import Sensors
package import Telemetry

/// All cores joined into one: what the shells report goes in, what they are to do comes out, with one deadline.
///
/// A reading goes from a driver into the ring, and from the ring, in its order, to the session, as long as the window has
/// room; the acknowledgement goes the same way back and settles it. Nothing is queued between: the ring is the only queue.
/// The wall clock is an argument of every turn, so that a reading is stamped by the turn in which it was taken.
///
/// There is one, and it is large: nothing that is shipped copies it, which a tidy test looks for.
package struct Agent {
    package internal(set) var configuration: AgentConfiguration
    var topics: TopicNames
    package private(set) var ring: Ring
    var alerting: Alerting
    var rejecting: Rejecting
    var saving = Saving()
    package internal(set) var session: Session
    /// By their slots: a reload appends, and leaves empty ones.
    var sensors: [SensorSlot]
    package internal(set) var outputs: OutputBank
    /// The turn's look at the clocks.
    var clock: ClockReading
    /// Once known in a boot, the wall time stays known: the kernel forgets 8.9 h after the last answer of NTP.
    var clockIsKnown = false
    /// The last look at the clocks at which the wall time counted as known by itself.
    private var knownClock: ClockReading?
    var clockNotice = ClockNotice.none
    var firstOnline: Instant? { didSet { noteWaitForClock() } }
    /// When `wait_for_clock` is over, from the first connection on: then what has no time goes out without one.
    private(set) var unstampedFrom: Instant?
    var connection: Connection?
    /// What of the ring waits for its acknowledgement, by the tag it was published with.
    var inFlight = InFlight()
    var nextTag: UInt64 = 1
    var readingForms: ReadingForms
    var drain: DrainPace
    var live = LiveReadings()
    var waking: Waking
    var batching: Batching
    var metricsDue: Instant?
    var lastError: String?
    var logHistory = LogHistory()
    var logPublishing = LogPublishing()
    var lossHistory = LossHistory()
    var recentRequests = RecentRequests()
    /// Commands that were not done, or not answered, for a reason that the broker or the sender is to see to.
    var ignoredCommands: UInt64 = 0
    var pendingReads: [PendingRead] = []
    var stopping: Stopping?
    var isReady = false
    /// When the session is started though the ring is not open; nil: it is started.
    var connectBy: Instant?
    static let ringPatience = Duration.seconds(5)
    let startedAt: Instant
    /// When the configuration in force was read, and why a newer one was not taken.
    var loadedAt: Instant
    var configurationError: String?
    /// The session ends so that it can begin anew with another configuration.
    var isRestarting = false
    var retained = RetainedTopics()
    var clearing: Clearing?
    var clearingAttempts = 0
    var actions: [AgentAction] = []
    /// When the next turn is due, also without inputs; as of the last turn.
    package private(set) var deadline: Instant?

    struct Connection {
        var version: ProtocolVersion
        /// Status and info that wait for room in the window, ahead of every reading.
        var waiting: [Message]
        /// Answers to commands: after those, and ahead of every reading.
        var responses: [Message] = []
    }
}

extension Agent {
    /// - Parameters:
    ///   - drivers: one for each of the configured sensors, in their order.
    ///   - schemas: likewise.
    package init(
        configuration: AgentConfiguration, drivers: [any AnySensor], schemas: [SensorSchema], random: RandomSource,
        at clock: ClockReading
    ) {
        precondition(drivers.count == configuration.sensors.count && schemas.count == drivers.count)
        var random = random
        let topics = TopicNames(prefix: configuration.prefix, device: configuration.deviceID)
        var retained = RetainedTopics()
        retained.add(Self.wantedTopics(topics, configuration))
        let ring = Ring(
            configuration: configuration.ring, schemas: schemas, boot: configuration.boot, random: RandomSource(seed: random.next()))
        let session = Session(configuration: configuration.session, random: RandomSource(seed: random.next()))
        let alerting = Alerting(configuration: configuration, random: RandomSource(seed: random.next()))
        let rejecting = Rejecting(boot: configuration.boot, random: RandomSource(seed: random.next()))
        // All at once: an agent that is put together member by member is copied to where it goes.
        self.init(
            configuration: configuration, topics: topics, ring: ring, alerting: alerting, rejecting: rejecting, session: session,
            sensors: drivers.indices.map {
                SensorSlot(driver: drivers[$0], settings: configuration.sensors[$0], schema: schemas[$0])
            },
            outputs: OutputBank(settings: configuration.outputs), clock: clock, readingForms: configuration.readingForms(topics),
            drain: DrainPace(limit: configuration.rateLimit), waking: Waking(configuration.schedule),
            batching: Batching(configuration.batch), startedAt: clock.instant, loadedAt: clock.instant,
            configurationError: configuration.error, retained: retained)
    }

    var now: Instant { clock.instant }

    /// Of the sensor in this slot, also where a reload took it away: its line is in use until the agent lets it go.
    package func sensorSettings(slot: Int) -> SensorSettings { sensors[slot].settings }

    /// Those that are not empty.
    package var sensorSlots: [Int] { sensors.indices.filter { !sensors[$0].isRetired } }
    package var outputSlots: [Int] { outputs.indices }

    /// Of the output in this slot.
    package func outputSettings(slot: Int) -> OutputSettings { outputs.settings(slot) }

    /// One turn of the loop.
    /// - Parameter clock: both clocks, read at the start of the turn; `isKnown` as the kernel says it now.
    package mutating func handle(_ inputs: [AgentInput], at clock: ClockReading) -> [AgentAction] {
        let wasKnown = clockIsKnown
        self.clock = vouchedFor(clock)
        clockIsKnown = self.clock.isKnown
        actions.clear()
        tellOfClock()
        // It says when the configuration was loaded.
        if clockIsKnown, !wasKnown, connection != nil { publish(infoMessage()) }
        if clockIsKnown, !wasKnown { tellAlertsClock() }
        for input in inputs { take(input) }
        // Readings of this boot that wait for it may be all there are for a while: the next one may be an hour away.
        if clockIsKnown, !wasKnown { tellRing(.clock(self.clock)) }
        handleDue()
        saveWhatIsDue()
        publishWhatFits()
        sleepWhenDone()
        deadline = nextDeadline
        return actions
    }

    /// While nobody vouches for the wall clock, it may have been set to anything: the time then goes on by the boot clock from
    /// where it was known last, in this process or in one before it.
    private mutating func vouchedFor(_ clock: ClockReading) -> ClockReading {
        if isBelievable(clock) {
            knownClock = clock
            return clock
        }
        guard let known = knownClock ?? ring.clockOfThisBoot else {
            return ClockReading(instant: clock.instant, wallTime: clock.wallTime, isKnown: false)
        }
        return ClockReading(
            instant: clock.instant, wallTime: known.wallTime.advanced(by: known.instant.duration(to: clock.instant)),
            isKnown: true)
    }

    /// A real-time clock whose battery was changed may say anything; what the ring holds is past.
    private func isBelievable(_ clock: ClockReading) -> Bool {
        guard clock.isKnown, configuration.isClockCheckedByRing else { return clock.isKnown }
        return isReady && ring.lastTimeBefore.map { $0 < clock.wallTime } ?? true
    }

    private var nextDeadline: Instant? {
        var deadline = earliest(earliest(ring.deadline, session.deadline), outputs.deadline)
        deadline = earliest(deadline, earliest(alertingDeadline, earliest(savingDeadline, rejecting.ring.deadline)))
        if stopping == nil {
            for index in sensors.indices { deadline = earliest(deadline, sensors[index].deadline) }
            if connection != nil { deadline = earliest(deadline, metricsDue) }
        }
        for index in pendingReads.indices { deadline = earliest(deadline, pendingReads[index].deadline) }
        deadline = earliest(deadline, connectBy)
        // Without room in the window the next acknowledgement is waited for. Past it something else holds the readings up, and
        // wakes the agent: alerts go first, and theirs may wait for the disk.
        if session.readingRoom > 0, let slice = drain.deadline, slice > now { deadline = earliest(deadline, slice) }
        if ring.isWaitingForClock, let end = unstampedFrom {
            // Past it, what waits goes out as soon as there is room: no deadline of its own.
            if end > now { deadline = earliest(deadline, end) }
        }
        deadline = earliest(deadline, batchDeadline)
        if stopping == nil { deadline = earliest(deadline, waking.deadline) }
        return earliest(deadline, stopping?.deadline)
    }

    private mutating func take(_ input: AgentInput) {
        switch input {
        case .start:
            perform(ring.handle(.start, at: now))
            beginSaving()
            connectBy = now.advanced(by: Self.ringPatience)
            for index in sensors.indices { perform(sensors[index].handle(.start, at: now), of: index) }
        case .sensor(let index, let input, let lostIsExact):
            // Edges that the kernel still had when the stop began are readings like any other.
            if !lostIsExact { sensors[index].lostEdgesExact = false }
            perform(sensors[index].handle(input, at: now), of: index)
        case .storage(.readings, let result):
            perform(ring.handle(.storage(result), at: now))
        case .storage(.alerts, let result):
            takeAlertStorage(result)
        case .storage(.rejected, let result):
            perform(rejectedRingInput: .storage(result))
        case .storage(.state, let result):
            takeStateStorage(result)
        case .session(let input):
            if case .acknowledged(let tag, let reason) = input, session.settleOldest(tag, reason: reason, at: now) {
                settle(tag)
            } else {
                perform(session.handle(input, at: now))
            }
        case .message(let message):
            receive(message)
        case .output(let index, let result):
            takeOutputLine(index, result)
        case .configuration(let new, let origin):
            take(new, for: origin)
        case .configurationRefused(let problem, let origin):
            refuseReload(problem, for: origin)
        case .notice(let notice):
            take(notice)
        case .request(let client, let line):
            take(request: line, from: .client(client))
        case .facts(let facts, let purpose):
            report(facts, for: purpose)
        case .clockStepped:
            if clockIsKnown {
                perform(ring.handle(.clock(self.clock), at: now))
                tellAlertsClock()
            }
        case .stop:
            beginStop()
        }
    }

    private mutating func handleDue() {
        if let due = ring.deadline, due <= now { perform(ring.handle(.timer, at: now)) }
        if let due = rejecting.ring.deadline, due <= now { perform(rejectedRingInput: .timer) }
        if let due = connectBy, due <= now { startSession() }
        if let due = session.deadline, due <= now { perform(session.handle(.timer, at: now)) }
        if let due = outputs.deadline, due <= now { tellOutputs(.timer) }
        if stopping == nil {
            for index in sensors.indices {
                if let due = sensors[index].deadline, due <= now {
                    perform(sensors[index].handleDue(at: now), of: index)
                }
            }
            if connection != nil, let due = metricsDue, due <= now {
                metricsDue = now.advanced(by: configuration.metricsEvery)
                actions.append(.askFacts(.publish))
            }
        }
        // After the sensors: of a value and a deadline at one instant the value comes first.
        handleDueAlerts()
        expirePendingReads()
        if let due = stopping?.deadline, due <= now { continueStop() }
    }

    // MARK: performing the cores' actions

    @inline(never) mutating func perform(_ sensorActions: [SensorAction], of index: Int) {
        for action in sensorActions {
            switch action {
            case .configureLine(let settings): actions.append(.configureLine(index, settings))
            case .readLevel: actions.append(.readLevel(index))
            case .releaseLine: actions.append(.releaseLine(index))
            case .reading(let outcome, let instant): append(outcome, of: index, at: instant)
            }
        }
    }

    private mutating func append(_ outcome: Outcome, of index: Int, at instant: Instant) {
        let before = sensors[index].lastError
        sensors[index].count(outcome, at: instant)
        if case .noReading(let noReading) = outcome {
            lastError = "sensor \(sensors[index].settings.id): \(noReading.code.text): \(noReading.detail)"
            if before != noReading.code.text {
                log(.warning, "no reading sensor=\(sensors[index].settings.id) error=\(noReading.code.text) detail=\(noReading.detail)")
            }
        } else if before != nil {
            log(.info, "reading again sensor=\(sensors[index].settings.id)")
        }
        answerPendingReads(of: index, outcome: outcome, at: instant)
        if clockIsKnown, ring.hasUse(for: clock) { perform(ring.handle(.clock(clock), at: now)) }
        let name = configuration.alerts.isEmpty && configuration.live == .off ? nil : ring.nextName
        perform(ring.handle(.append(Reading(sensor: index, instant: instant, outcome: outcome)), at: now))
        judge(outcome, of: index, name: name, at: instant)
        if configuration.live != .off { noteLive(outcome, of: index, name: name, at: instant) }
    }

    mutating func perform(_ ringActions: [RingAction]) {
        for action in ringActions {
            switch action {
            case .storage(let request): actions.append(.storage(.readings, request))
            case .notice(let notice): take(notice)
            case .opened: ringOpened()
            case .stopped: fileStopped(.readings)
            }
        }
    }

    private mutating func ringOpened() {
        guard !isReady else { return }
        isReady = true
        nameWhatWaits()
        nameLive()
        actions.append(.ready)
        tellStatus()
        startSessionWhenOpen()
        // Where the disk took too long, the connection is there already, and what it was told is not true any more.
        publish(infoMessage())
    }

    mutating func startSessionWhenOpen() {
        if isReady, areAlertsReady { startSession() }
    }

    /// Once the rings are open: before that there is no stream, and another daemon may hold it, whose connection ours would end.
    /// A disk that does not answer holds it up for no longer than `ringPatience`.
    private mutating func startSession() {
        guard connectBy != nil else { return }
        connectBy = nil
        startOutputs()
        judgeWhatWaits()
        waking.begin(at: now)
        perform(session.handle(.start, at: now))
    }

    mutating func perform(_ sessionActions: [SessionAction]) {
        for action in sessionActions {
            switch action {
            case .notice(let notice): take(notice)
            case .event(let event): take(event)
            case .connect:
                waking.connecting(at: now)
                actions.append(.session(action))
            case .publish, .subscribe, .unsubscribe, .disconnect, .close: actions.append(.session(action))
            }
        }
    }

    /// For the ring while it is driven from the other files of the agent.
    @inline(never) mutating func tellRing(_ input: RingInput) { perform(ring.handle(input, at: now)) }

    /// The next of the ring, with what the ring wants done for it.
    mutating func nextOfRing() -> Handover? {
        let (handover, ringActions) = ring.next(at: now, unstamped: unstampedMayGo)
        perform(ringActions)
        return handover
    }

    /// Inlined, since it is asked for each reading: the agent is not copied for it.
    @inline(__always) var unstampedMayGo: Bool {
        guard let unstampedFrom else { return false }
        return clock.instant >= unstampedFrom
    }

    /// Also when `wait_for_clock` is another one.
    mutating func noteWaitForClock() { unstampedFrom = firstOnline?.advanced(by: configuration.waitForClock) }
}
