package import Telemetry

// The life of a connection:
//
//   idle -start-> connecting -transportReady-> awaitingAcknowledgement -CONNACK 0-> online -stop-> stopping -> finished
//                     ^   \ transportFailed           \ CONNACK, hang-up, 20 s         \ loss
//                     |    v                           v                                v
//                     +--- waiting <-------------------+--------------------------------+
//
// One handle per connection, Clean Start 1: at every loss all that is not acknowledged is forgotten here and comes again
// from the ring; with QoS 2 it is another way, see KeptSession.swift. After `.close` the session is in `waiting` at once;
// the `connectionLost` with which the transport answers is then of no interest.

package struct Session: Hashable, Sendable {
    /// libmosquitto would wait for a whole keep-alive.
    package static let acknowledgementTimeout = Duration.seconds(20)
    /// A connection that stood this long counts as stable: the back-off begins anew.
    package static let stableTime = Duration.seconds(60)
    /// At a stop: for the last PUBACK, and then for DISCONNECT to be written.
    package static let stopTimeout = Duration.milliseconds(700)
    package static let disconnectTimeout = Duration.milliseconds(200)
    /// So many refusals of readings, without one that was taken between, hold all readings up.
    package static let refusalLimit = 10

    package let configuration: SessionConfiguration
    package internal(set) var counters = SessionCounters()
    /// The last failure of any kind, and the last loss of a connection that had been accepted.
    package internal(set) var lastFailure: ConnectionFailure?
    package internal(set) var lastDisconnect: Disconnect?

    package struct Disconnect: Hashable, Sendable {
        package var failure: ConnectionFailure
        package var at: Instant
        package init(failure: ConnectionFailure, at: Instant) {
            self.failure = failure
            self.at = at
        }
    }

    enum State: Hashable {
        case idle
        case waiting(retryAt: Instant)
        case connecting(ProtocolVersion)
        case awaitingAcknowledgement(ProtocolVersion, since: Instant)
        /// QoS 2: what the broker kept is gone, and DISCONNECT is being written.
        case leaving(ProtocolVersion, giveUpAt: Instant)
        case online(Online)
        case stopping(Stopping)
        case finished
    }

    struct Online: Hashable {
        var version: ProtocolVersion
        var acknowledgement: ConnectionAcknowledgement
        var since: Instant
        /// What the broker wants, else ours; zero: it is off.
        var keepAlive: Duration
    }

    struct Stopping: Hashable {
        var online: Online
        /// `offline`, when it could be handed over.
        var offlineTag: MessageTag?
        var giveUpAt: Instant
        /// DISCONNECT is handed over; then `giveUpAt` is for its writing.
        var isDisconnecting = false
        /// It is no end: the next connection is made then.
        var wakeAt: Instant?
    }

    var state = State.idle
    /// The one thing of a connection that changes with each packet.
    var lastByteAt = Instant.zero
    var outlook = Outlook()
    var random: RandomSource
    var backoff: Backoff
    package internal(set) var brokers: BrokerList
    /// Empty unless online or stopping, or a session is kept.
    var window: Window
    /// The last message, if it is a retained one: at a stop that is `offline`.
    var lastRetainedTag: MessageTag?
    var hold: Hold
    /// Of readings, since the last one that was taken; over a reconnect too.
    var refusalsInARow = 0
    var subscribing = Subscribing()
    var closes = CloseHistory()
    /// Of the connection that is being made, or stands.
    var attempt = ConnectionHandle.fresh
    /// The session that the broker and the library keep (QoS 2).
    var kept: Kept?
    /// The message for which a connection was given up because it was not acknowledged.
    var overdueTag: MessageTag?
    var hasBeenOnline = false

    package init(configuration: SessionConfiguration, random: RandomSource) {
        self.configuration = configuration
        self.random = random
        backoff = Backoff(minimum: configuration.reconnectMinimum, maximum: configuration.reconnectMaximum)
        brokers = BrokerList(names: configuration.brokers, choice: configuration.protocolChoice)
        window = Window(inFlight: configuration.inFlight, receiveMaximum: nil)
        hold = Hold(
            backoff: Backoff(minimum: configuration.reconnectMinimum, maximum: configuration.reconnectMaximum))
    }

    /// The session with another broker, or with another configuration: what was counted goes on, the connection begins anew.
    package init(after session: Session, configuration: SessionConfiguration) {
        self.init(configuration: configuration, random: session.random)
        counters = session.counters
        refusalsInARow = session.refusalsInARow
        lastFailure = session.lastFailure
        lastDisconnect = session.lastDisconnect
        hasBeenOnline = session.hasBeenOnline
    }

    // MARK: What the agent asks

    package var isOnline: Bool { outlook.isOnline }

    /// Of the connection that is online.
    package var protocolVersion: ProtocolVersion? {
        if case .online(let online) = state { online.version } else { nil }
    }

    /// Nothing that was published waits for its acknowledgement.
    package var isAwaitingNone: Bool { window.isAwaitingNone }

    /// When the next attempt to connect is made, while it is waited for.
    package var retryAt: Instant? {
        if case .waiting(let retryAt) = state { retryAt } else { nil }
    }

    package var isHolding: Bool { hold.isHolding }

    /// How many readings or losses may be published now.
    package var readingRoom: Int { outlook.readingRoom }

    /// How many other messages with QoS > 0 may be published now.
    package var otherRoom: Int { outlook.otherRoom }

    /// How many alert events may be published now: ahead of readings, with the slot that is kept for them, but not into a hold.
    package var alertRoom: Int { outlook.alertRoom }

    package var deadline: Instant? { outlook.deadline }

    /// Whether the broker takes a PUBLISH of this size. True while it is not known.
    @inline(__always) package func fits(_ message: Message) -> Bool {
        // Nearly every broker takes what the protocol allows, of which nothing here comes near.
        if outlook.packetLimit == packetSizeLimit, message.payload.count < 1 << 20 { return true }
        return message.packetSize(outlook.version) <= outlook.packetLimit
    }

    /// How many bytes of payload fit into this message as it is without any.
    @inline(__always) package func payloadRoom(of message: Message) -> Int {
        // The length in front of the packet may take three bytes more than without a payload.
        outlook.isOnline ? max(0, outlook.packetLimit - message.packetSize(outlook.version) - 3) : 0
    }

    // MARK: Publishing

    /// Hands a message over. QoS 0: while online, else it is dropped.
    ///
    /// One that is larger than the broker takes is not sent; what follows is as if the broker had refused it with 0x95.
    /// - Parameter kind: what a refusal of it means.
    /// - Precondition: for QoS > 0 there is room.
    /// - Returns: nil: it goes to the library, `.publish(tag, message)`, as nearly every message does; no array is made for that. Else
    ///   what is to be done in place of it.
    package mutating func publish(
        _ message: Message, tag: MessageTag, at now: Instant, kind: MessageKind = .reading
    ) -> [SessionAction]? {
        if message.qos == 0 { return isOnline && fits(message) ? nil : [] }
        precondition(isOnline, "a message with QoS > 0 was handed over while offline")
        defer { lookAheadOnline() }
        guard fits(message) else {
            if kind == .expendable { return [.event(.refused(tag, reason: 0x95))] }
            return refusal(tag, message.topic, 0x95, kind, at: now)
        }
        window.append(tag, topic: message.topic, at: now, kind: kind, qos: message.qos)
        lastRetainedTag = message.retain ? tag : nil
        counters.published += 1
        return nil
    }

    // MARK: Transitions

    @inline(never) package mutating func handle(_ input: SessionInput, at now: Instant) -> [SessionAction] {
        // What comes with each reading changes no state: it is not taken apart for that.
        switch input {
        case .bytesReceived where isOnline:
            lastByteAt = now
            lookAheadOnline()
            return []
        default:
            if isOnline, input.isOfBroker { lastByteAt = now }
            defer { lookAhead() }
            return transition(input, at: now)
        }
    }

    @inline(never) private mutating func transition(_ input: SessionInput, at now: Instant) -> [SessionAction] {
        switch (state, input) {
        case (.finished, _): return []
        case (.idle, .start): return connect()
        case (_, .stop): return stop(at: now)
        case (_, .sleep(let until)): return sleep(until: until, at: now)
        case (_, .wake): return wake(at: now)

        case (.connecting(let version), .transportReady):
            state = .awaitingAcknowledgement(version, since: now)
            return []
        case (.connecting, .transportFailed(let failure)): return failed(failure, at: now)

        case (.awaitingAcknowledgement(let version, _), .connectionAcknowledged(let acknowledgement)):
            return acknowledgement.reason == 0
                ? welcomed(version, acknowledgement, at: now)
                : refused(version, acknowledgement.reason, at: now)
        case (.awaitingAcknowledgement(let version, let since), .connectionLost(let failure)):
            if case .tls = failure {} else { brokers.memory.hungUp(version, after: since.duration(to: now)) }
            return notBegun(isRefused: false) + failed(failure, at: now)
        case (.leaving(let version, _), .connectionLost): return begin(version)

        case (.online, .subscriptionAnswered(let filter, let reason)): return subscriptionAnswered(filter, reason)
        case (.online, .acknowledged(let tag, let reason)): return acknowledged(tag, reason, at: now)
        case (.online, .publishRefused(let tag, let text)): return publishRefused(tag, text, at: now)
        case (.online(let online), .connectionLost(let failure)): return lost(online, failure, at: now)
        case (.online(let online), .suspended(let duration)):
            guard online.keepAlive > .zero, duration > online.keepAlive else { return [] }
            return close(online, .silent("asleep for longer than the keep-alive"), at: now)

        case (.stopping(let stopping), .acknowledged(let tag, let reason)):
            return acknowledged(tag, reason, at: now) + finishIfSettled(stopping, at: now)
        case (.stopping, .connectionLost), (.stopping, .publishRefused): return finish([], at: now)

        // It came with what ended the connection, ahead of it or behind.
        case (_, .acknowledged(let tag, let reason)) where kept != nil: return acknowledged(tag, reason, at: now)
        case (_, .publishRefused(let tag, _)) where kept != nil: return neverSent(tag)
        case (_, .timer): return timer(at: now)
        default: return []
        }
    }

    mutating func connect() -> [SessionAction] {
        let version = brokers.memory.next
        attempt = nextHandle(version)
        var actions: [SessionAction] = []
        if case .again = attempt {} else { actions = giveUpKept() }
        state = .connecting(version)
        return actions + [.connect(version, broker: brokers.current, handle: attempt)]
    }

    mutating func accepted(
        _ version: ProtocolVersion, _ acknowledgement: ConnectionAcknowledgement, at now: Instant
    ) -> [SessionAction] {
        brokers.memory.accepted(version)
        let keepAlive = acknowledgement.serverKeepAlive.map { Duration.seconds(Int($0)) } ?? configuration.keepAlive
        state = .online(
            Online(
                version: version, acknowledgement: acknowledgement, since: now, keepAlive: keepAlive))
        lastByteAt = now
        if kept == nil {
            window = Window(inFlight: configuration.inFlight, receiveMaximum: acknowledgement.receiveMaximum)
        } else {
            let beyond = window.sentAgain(
                inFlight: configuration.inFlight, receiveMaximum: acknowledgement.receiveMaximum, at: now)
            counters.duplicatesPossible += UInt64(beyond)
        }
        lastRetainedTag = nil
        if hasBeenOnline { counters.reconnects += 1 }
        hasBeenOnline = true
        brokers.failureLog = FailureLog()
        var actions: [SessionAction] = [
            .notice(Notice(.info, "connected protocol=\(version.text) window=\(window.limit)\(qosLabel)\(brokers.label)"))
        ]
        if acknowledgement.maximumQoS == 0 {
            actions.append(
                .notice(
                    Notice(.warning, "the broker takes QoS 0 only: readings, which need QoS 1, stay in the buffer")))
        }
        return actions + noteMaximumQoS(acknowledgement) + [.event(.online(version, acknowledgement))]
    }

    private mutating func refused(_ version: ProtocolVersion, _ reason: UInt8, at now: Instant) -> [SessionAction] {
        let failure = ConnectionFailure.closed("the broker refused the connection: \(refusalText(reason))")
        if brokers.memory.refused(version, reason: reason) {
            counters.connectFailures += 1
            lastFailure = failure
            let notice = Notice(.info, "the broker refused MQTT \(version.text): trying MQTT \(brokers.memory.next.text)")
            return [.notice(notice)] + connect()
        }
        var actions = notBegun(isRefused: true) + failed(failure, at: now)
        if reason == 0x8E { actions += takenOver(at: now) }
        return actions
    }

    /// An attempt that came to nothing.
    mutating func failed(_ failure: ConnectionFailure, at now: Instant) -> [SessionAction] {
        counters.connectFailures += 1
        lastFailure = failure
        let level: Notice.Level = brokers.failureLog.isWorthAWarning(failure, at: now) ? .warning : .debug
        let text = "cannot connect: \(failure.text); next try "
        let label = brokers.label
        if brokers.failed() { return [.notice(Notice(level, text + "with the next broker" + label))] + connect() }
        let delay = backoff.next(&random)
        state = .waiting(retryAt: now.advanced(by: delay))
        return [.notice(Notice(level, text + "in " + secondsText(delay) + label))]
    }

    /// We close a connection that stands.
    mutating func close(_ online: Online, _ failure: ConnectionFailure, at now: Instant) -> [SessionAction] {
        [.close(failure)] + lost(online, failure, at: now)
    }

    private mutating func lost(_ online: Online, _ failure: ConnectionFailure, at now: Instant) -> [SessionAction] {
        let refusal = noteQoS2Loss(failure)
        if kept == nil { forgetInFlight() }
        subscribing.lost(failure, at: now)
        lastFailure = failure
        lastDisconnect = Disconnect(failure: failure, at: now)
        let wasStable = online.since.duration(to: now) >= Self.stableTime
        if wasStable { backoff.reset() }
        let label = brokers.label
        brokers.lost(wasStable: wasStable && !failure.sendsElsewhere)
        let delay = backoff.next(&random)
        state = .waiting(retryAt: now.advanced(by: delay))
        var actions: [SessionAction] = refusal + [
            .notice(Notice(.warning, "connection lost: \(failure.text); next try in \(secondsText(delay))\(label)")),
            .event(.offline(failure, keepsInFlight: kept != nil)),
        ]
        switch failure {
        case .disconnectedByBroker(0x8E): actions += takenOver(at: now)
        case .closed, .protocolError, .disconnectedByBroker:
            if closes.add(at: now) { actions += takenOver(at: now) }
        default: break
        }
        return actions
    }

    private mutating func takenOver(at now: Instant) -> [SessionAction] {
        guard closes.mayBeSaid(at: now) else { return [] }
        let text = "another client seems to use this client identifier; give each device its own broker.client_id"
        return [.notice(Notice(.warning, text))]
    }

    private mutating func timer(at now: Instant) -> [SessionAction] {
        var actions: [SessionAction] = []
        if hold.end(at: now) {
            actions.append(.notice(Notice(.info, "hold is over: trying again with one message")))
            actions.append(.event(.resumed))
        }
        switch state {
        case .waiting(let retryAt) where retryAt <= now: actions += connect()
        case .awaitingAcknowledgement(let version, let since):
            guard since.advanced(by: Self.acknowledgementTimeout) <= now else { break }
            brokers.memory.hungUp(version, after: since.duration(to: now))
            let failure = ConnectionFailure.silent("no CONNACK in \(secondsText(Self.acknowledgementTimeout))")
            actions += [.close(failure)] + notBegun(isRefused: false) + failed(failure, at: now)
        case .leaving(let version, let giveUpAt) where giveUpAt <= now: actions += [.close(.closed("left"))] + begin(version)
        case .online(let online):
            if let due = silenceDeadline, due <= now {
                let duration = lastByteAt.duration(to: now)
                actions += close(online, .silent("no byte from the broker for \(secondsText(duration))"), at: now)
            } else if let due = unacknowledgedDeadline, due <= now {
                giveUpWhatIsStuck()
                actions += close(online, .silent("a message was not acknowledged in time"), at: now)
            } else if subscribing.isDue(at: now) {
                actions.append(.subscribe(subscribing.filters))
            }
        case .stopping(let stopping): actions += stopTimer(stopping, at: now)
        default: break
        }
        return actions
    }
}

/// `1.5 s`: seconds with one decimal, for the log.
func secondsText(_ duration: Duration) -> String {
    let tenths = (duration.nanoseconds + 50_000_000) / 100_000_000
    return "\(tenths / 10).\(tenths % 10) s"
}
