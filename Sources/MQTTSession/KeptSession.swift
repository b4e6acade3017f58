internal import Telemetry

// QoS 2: exactly once, while the process lives and the broker keeps the session.
//
//   start: connect .cleaning -CONNACK 0-> leaving -DISCONNECT-> connect .beginning -CONNACK 0-> online
//   loss:  waiting -> connect .again -CONNACK 0, Session Present-> online, what was in flight goes on
//                                    -CONNACK 0, no session-> what was in flight comes again as new, connect .cleaning
//
// The library's handle holds how far each message is; so it is kept over losses, with the window. What the broker keeps of
// an earlier process is ended first, because the library counts Packet Identifiers from 1 again: a broker could take a new
// reading for a repeat of an old one. A session belongs to one broker and one protocol: with another one it begins anew.

/// What is known of a broker and QoS 2.
package struct QoS2Memory: Hashable, Sendable {
    /// So many breaks without a message that came through, and readings go with QoS 1.
    package static let breakLimit = 2
    /// So many connections in a row that end before the session is accepted, each after one with Clean Start 1 that was.
    package static let hangUpLimit = 5
    private var breaks = 0
    private var hangUps = 0
    /// By its CONNACK: it takes less.
    private var isLimited = false

    package init() {}

    package var isTaken: Bool { breaks < Self.breakLimit && !isLimited }

    /// A message came through.
    package mutating func worked() { if breaks < Self.breakLimit { breaks = 0 } }

    package mutating func accepted() { hangUps = 0 }

    /// - Returns: this was the one that ends it.
    package mutating func hungUp() -> Bool {
        hangUps += 1
        return hangUps == Self.hangUpLimit && broke(forGood: true)
    }

    /// - Returns: this was the one that ends it.
    package mutating func broke(forGood: Bool = false) -> Bool {
        guard breaks < Self.breakLimit else { return false }
        breaks = forGood ? Self.breakLimit : breaks + 1
        return breaks == Self.breakLimit
    }

    /// - Returns: it has changed.
    package mutating func limited(to maximumQoS: UInt8?) -> Bool {
        let before = isLimited
        isLimited = maximumQoS.map { $0 < 2 } ?? false
        return isLimited != before
    }
}

extension Session {
    /// With whom a session is kept.
    struct Kept: Hashable {
        var broker: Int
        var version: ProtocolVersion
    }

    /// Of readings and losses. 2 only on a connection whose session is kept.
    package var readingQoS: UInt8 { outlook.readingQoS }

    var qosLabel: String { configuration.qos == 2 ? " qos=\(kept == nil ? 1 : 2)" : "" }

    func nextHandle(_ version: ProtocolVersion) -> ConnectionHandle {
        guard configuration.qos == 2, brokers.qos2.isTaken else { return .fresh }
        guard kept == Kept(broker: brokers.current, version: version) else { return .cleaning }
        return .again(needsSession: !window.entries.isEmpty)
    }

    /// All in flight is unknown.
    mutating func forgetInFlight() {
        counters.duplicatesPossible += UInt64(window.awaited)
        window = Window(inFlight: configuration.inFlight, receiveMaximum: nil)
        overdueTag = nil
    }

    /// While there is no connection: what is in flight over the loss comes again as new.
    mutating func giveUpKept() -> [SessionAction] {
        guard kept != nil else { return [] }
        kept = nil
        let awaited = window.awaited
        forgetInFlight()
        return awaited > 0 ? [.event(.forgotten)] : []
    }

    /// CONNACK 0.
    mutating func welcomed(
        _ version: ProtocolVersion, _ acknowledgement: ConnectionAcknowledgement, at now: Instant
    ) -> [SessionAction] {
        switch attempt {
        case .fresh: return accepted(version, acknowledgement, at: now)
        case .cleaning:
            brokers.memory.accepted(version)
            state = .leaving(version, giveUpAt: now.advanced(by: Self.disconnectTimeout))
            return noteMaximumQoS(acknowledgement) + [.disconnect(withWill: false)]
        case .beginning:
            // Then its Packet Identifiers are not free.
            guard !acknowledgement.sessionPresent else {
                let failure = ConnectionFailure.closed("the broker kept a session that had been ended")
                return [.close(failure)] + notBegun(isRefused: true) + failed(failure, at: now)
            }
            brokers.qos2.accepted()
            kept = Kept(broker: brokers.current, version: version)
            return acceptedWithQoS2(version, acknowledgement, at: now)
        case .again(let needsSession):
            if needsSession, !acknowledgement.sessionPresent {
                let text = "the broker has not kept the session: \(window.awaited) messages come again, the broker may have them"
                return [.notice(Notice(.warning, text)), .close(.closed("no session"))] + connectAnew()
            }
            return acceptedWithQoS2(version, acknowledgement, at: now)
        }
    }

    private mutating func acceptedWithQoS2(
        _ version: ProtocolVersion, _ acknowledgement: ConnectionAcknowledgement, at now: Instant
    ) -> [SessionAction] {
        let notices = noteMaximumQoS(acknowledgement)
        guard brokers.qos2.isTaken else { return notices + [.close(.closed("QoS 2 is not taken"))] + connectAnew() }
        return notices + accepted(version, acknowledgement, at: now)
    }

    private mutating func connectAnew() -> [SessionAction] {
        let actions = giveUpKept()
        return actions + connect()
    }

    /// What the broker had kept is gone: the connection that stays is made.
    mutating func begin(_ version: ProtocolVersion) -> [SessionAction] {
        let next = nextHandle(version)
        attempt = next == .cleaning ? .beginning : next
        state = .connecting(version)
        return [.connect(version, broker: brokers.current, handle: attempt)]
    }

    /// A connection with a session to keep came to nothing: the broker may not know such sessions.
    @inline(never) mutating func notBegun(isRefused: Bool) -> [SessionAction] {
        guard attempt == .beginning, isRefused ? brokers.qos2.broke() : brokers.qos2.hungUp() else { return [] }
        return [.notice(Notice(.warning, "the broker does not accept a session that is kept: going on with QoS 1"))]
    }

    /// A loss with QoS 2 in flight: PUBACK to such a message is a protocol error for the library, DISCONNECT 0x9B says it.
    mutating func noteQoS2Loss(_ failure: ConnectionFailure) -> [SessionAction] {
        guard kept != nil, window.hasQoS2 else { return [] }
        let isOver: Bool
        switch failure {
        case .protocolError: isOver = brokers.qos2.broke()
        case .disconnectedByBroker(reason: 0x9B): isOver = brokers.qos2.broke(forGood: true)
        default: return []
        }
        guard isOver else { return [] }
        kept = nil
        return [.notice(Notice(.warning, "the broker does not take QoS 2: going on with QoS 1, readings may come twice"))]
    }

    /// It lowers the QoS of the next connection, or of this one.
    mutating func noteMaximumQoS(_ acknowledgement: ConnectionAcknowledgement) -> [SessionAction] {
        guard configuration.qos == 2, brokers.qos2.limited(to: acknowledgement.maximumQoS), !brokers.qos2.isTaken else { return [] }
        return [.notice(Notice(.warning, "the broker takes QoS \(acknowledgement.maximumQoS ?? 1) at most: no reading goes with QoS 2"))]
    }

    /// PUBCOMP 0x92: what it had taken before, and is in flight, it may have lost, too.
    mutating func brokerLost(_ tag: MessageTag, at now: Instant) -> [SessionAction] {
        guard case .online(let online) = state else {
            guard let entry = window.remove(tag), !entry.isForgotten else { return [] }
            counters.duplicatesPossible += 1
            return [.event(.postponed(tag, reason: 0x92))]
        }
        kept = nil
        let text = "the broker knows nothing of a message that it had taken (0x92); what is in flight comes again"
        return close(online, .closed(text), at: now)
    }

    /// It was handed over while the connection was lost already: the library has not got it.
    mutating func neverSent(_ tag: MessageTag) -> [SessionAction] {
        window.remove(tag).map { $0.isForgotten ? [] : [.event(.postponed(tag, reason: 0x83))] } ?? []
    }

    /// The second time for the same message, the handle is given up: the library may have what it cannot send.
    mutating func giveUpWhatIsStuck() {
        if overdueTag == window.oldestTag { kept = nil }
        overdueTag = window.oldestTag
    }

    /// A hold that leaves what else is in flight where it is: to send it again would be to send it twice.
    mutating func heldAlone(_ tag: MessageTag, topic: String, reason: UInt8, at now: Instant) -> [SessionAction] {
        counters.held += 1
        let event = SessionAction.event(.postponed(tag, reason: reason))
        guard !hold.isHolding else { return [event] }
        let delay = hold.begin(&random, at: now)
        let text =
            "holding: the broker does not take \(topic): \(reasonText(reason)); everything is kept, next try in "
            + secondsText(delay)
        return [.notice(Notice(.warning, text)), event]
    }
}
