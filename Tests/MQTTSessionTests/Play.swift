import MQTTSession
import Telemetry

/// A session with a clock that a test moves.
struct Play {
    var session: Session
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var actions: [SessionAction] = []
    private var nextTag: UInt64 = 0

    init(_ change: (inout SessionConfiguration) -> Void = { _ in }, seed: UInt64 = 1) {
        var configuration = SessionConfiguration()
        change(&configuration)
        session = Session(configuration: configuration, random: RandomSource(seed: seed))
    }

    /// Gives an input, and what came of it.
    @discardableResult
    mutating func give(_ input: SessionInput, after duration: Duration = .zero) -> [SessionAction] {
        now = now.advanced(by: duration)
        let result = session.handle(input, at: now)
        actions += result
        return result
    }

    /// Moves to the next deadline, and gives `.timer`.
    @discardableResult
    mutating func giveTimer() -> [SessionAction] {
        now = max(now, session.deadline!)
        return give(.timer)
    }

    /// Time passes, and the timer fires when it is due, as the agent does it.
    @discardableResult
    mutating func wait(_ duration: Duration) -> [SessionAction] {
        let end = now.advanced(by: duration)
        var result: [SessionAction] = []
        while let deadline = session.deadline, deadline <= end {
            now = max(now, deadline)
            result += give(.timer)
        }
        now = end
        return result
    }

    mutating func publish(
        qos: UInt8 = 1, _ topic: String = "t", payload: Int = 10, retain: Bool = false, kind: MessageKind = .reading
    ) -> (MessageTag, [SessionAction]) {
        nextTag += 1
        let message = Message(topic: topic, payload: Array(repeating: 0, count: payload), qos: qos, retain: retain)
        let tag = MessageTag(nextTag)
        let result = session.publish(message, tag: tag, at: now, kind: kind) ?? [.publish(tag, message)]
        actions += result
        return (tag, result)
    }

    /// From where an attempt has begun to where its CONNACK is taken.
    @discardableResult
    mutating func accept(_ acknowledgement: ConnectionAcknowledgement = .init(reason: 0)) -> [SessionAction] {
        give(.transportReady)
        return give(.connectionAcknowledged(acknowledgement))
    }

    /// With `qos: 2`, from the start, or from an attempt with Clean Start 1, to online.
    mutating func connectWithQoS2(_ acknowledgement: ConnectionAcknowledgement = .init(reason: 0)) {
        if actions.isEmpty { give(.start) }
        accept(acknowledgement)
        give(.connectionLost(.closed("as asked")))
        accept(acknowledgement)
    }

    /// From waiting to online, with the handle of the last connection.
    @discardableResult
    mutating func connectAgain(sessionPresent: Bool = true) -> [SessionAction] {
        giveTimer()
        return accept(.init(reason: 0, sessionPresent: sessionPresent))
    }

    /// From the start, or from waiting, to online.
    mutating func connect(_ acknowledgement: ConnectionAcknowledgement = .init(reason: 0)) {
        if session.retryAt == nil { give(.start) } else { while session.retryAt != nil { giveTimer() } }
        give(.transportReady)
        give(.connectionAcknowledged(acknowledgement))
    }
}

extension [SessionAction] {
    var events: [SessionEvent] { compactMap { if case .event(let event) = $0 { event } else { nil } } }
    var notices: [Notice] { compactMap { if case .notice(let notice) = $0 { notice } else { nil } } }
    var connects: [ProtocolVersion] { compactMap { if case .connect(let version, _, _) = $0 { version } else { nil } } }
    var handles: [ConnectionHandle] { compactMap { if case .connect(_, _, let handle) = $0 { handle } else { nil } } }
    var closes: [ConnectionFailure] { compactMap { if case .close(let failure) = $0 { failure } else { nil } } }
    var disconnects: [Bool] { compactMap { if case .disconnect(let withWill) = $0 { withWill } else { nil } } }
    func says(_ text: String) -> Bool { notices.contains { $0.text.contains(text) } }
}
