package import MQTTSession
package import Telemetry

/// A broker and the network to it. What it was given is kept in order; what it answers may be late, or never come.
package struct SimulatedBroker: Sendable {
    package enum Link: Sendable {
        case good
        /// Nothing arrives, nothing comes, and nobody says so.
        case silent
        /// No connection can be made.
        case refused
        /// A connection is made, and closed before CONNACK.
        case closing
    }

    package struct Received: Sendable {
        package var message: Message
        package var at: Instant
        package var boot: BootID
        /// Of its PUBACK; below 0x80 the broker has it.
        package var reason: UInt8
    }

    package var link = Link.good {
        // TCP brings everything or nothing: a connection that has missed something stays dead until it is closed.
        didSet { if case .silent = link, isConnected { isDead = true } }
    }
    /// It takes messages and does not acknowledge them.
    package var dropsAcknowledgements = false {
        // Acknowledgements come in order: after one that did not come none does, on this connection.
        didSet { if dropsAcknowledgements { isMute = true } }
    }
    /// How many of 1,000 readings and alert events it refuses, each with some reason of those that may be.
    package var refusesPermille = 0
    package private(set) var haveAlertsBeenRefused = false
    /// At most so long until an acknowledgement comes.
    package var delay = Duration.milliseconds(300)
    package private(set) var received: [Received] = []
    package private(set) var retained: [String: [UInt8]] = [:]
    package private(set) var connections = 0
    /// Connections that were asked for.
    package private(set) var attempts = 0
    /// Since when nothing arrives on the connection that stands.
    package private(set) var deadSince: Instant?
    /// QoS 2.
    package var session = SimulatedSession()
    private var version = ProtocolVersion.v5
    private var isConnected = false
    private var isDead = false
    private var isMute = false
    /// `transportReady` was said.
    private var isReady = false
    private var hasSession = false
    /// In order of their times.
    private var answers: [(at: Instant, answer: Answer)] = []
    private enum Answer {
        case input(SessionInput)
        /// A packet that the library answers by itself, or that it has sent by itself.
        case packet(SimulatedSession.Packet)
    }
    private var nextPing: Instant?
    private var random: RandomSource
    private static let keepAlive = Duration.seconds(60)
    private let will: Message

    package init(seed: UInt64, will: Message) {
        random = RandomSource(seed: seed)
        self.will = will
    }

    package var deadline: Instant? { earliest(answers.first?.at, nextPing) }

    private mutating func answer(_ input: SessionInput, at now: Instant) { queue(.input(input), at: now) }

    private mutating func queue(_ answer: Answer, at now: Instant) {
        let limit = max(delay.nanoseconds, 1)
        // One TCP connection: answers come in the order of what they answer.
        let at = max(now.advanced(by: .nanoseconds(Int64.random(in: 0..<limit, using: &random))), answers.last?.at ?? now)
        answers.append((at, answer))
    }

    package mutating func perform(_ action: SessionAction, at now: Instant, boot: BootID) {
        switch action {
        case .connect(let version, _, let handle): connect(version, handle, at: now, boot: boot)
        case .publish(let tag, let message):
            guard isConnected else {
                if session.isLibraryKept, message.qos > 0 { answer(.publishRefused(tag, "the connection is lost"), at: now) }
                return
            }
            if message.qos > 0 { session.sent(tag, message) }
            guard !isDead else { return }
            hasSession = true
            if message.qos == 2 { take(.publish(tag), at: now, boot: boot) } else { take(message, tag, at: now, boot: boot) }
        case .disconnect(let withWill):
            if !withWill { session.ended() }
            end(withWill: withWill)
            answer(.connectionLost(.closed("as asked")), at: now)
        case .close(let failure):
            end(withWill: true)
            answer(.connectionLost(failure), at: now)
        case .subscribe, .unsubscribe, .notice, .event: break
        }
    }

    private mutating func connect(_ version: ProtocolVersion, _ handle: ConnectionHandle, at now: Instant, boot: BootID) {
        self.version = version
        answers = []
        attempts += 1
        isReady = false
        isMute = dropsAcknowledgements
        if link != .good {
            session.connecting(handle, reachesBroker: false)
            guard link == .closing else { return answer(.transportFailed(.unreachable("no route")), at: now) }
            answer(.transportReady, at: now)
            return answer(.connectionLost(.closed("closed")), at: now)
        }
        isConnected = true
        isDead = false
        deadSince = nil
        hasSession = false
        connections += 1
        let isPresent = session.connecting(handle, reachesBroker: true)
        answer(.transportReady, at: now)
        answer(.connectionAcknowledged(ConnectionAcknowledgement(reason: 0, sessionPresent: isPresent)), at: now)
        nextPing = now.advanced(by: Self.keepAlive)
        guard case .again(let needsSession) = handle else { return }
        // The library ends a connection into which nothing of the old session may go.
        if needsSession, !isPresent { return answer(.connectionLost(.closed("no session")), at: now) }
        for entry in session.library {
            if entry.message.qos == 2 { queue(.packet(entry.isReleased ? .release(entry.tag) : .publish(entry.tag)), at: now) } else {
                take(entry.message, entry.tag, at: now, boot: boot)
            }
        }
    }

    /// A message with QoS 0 or 1 arrives.
    private mutating func take(_ message: Message, _ tag: MessageTag, at now: Instant, boot: BootID) {
        let reason = refusal(of: message)
        note(message, reason, at: now, boot: boot)
        guard !isMute else { return }
        // An acknowledgement says itself that bytes have come.
        answer(message.qos > 0 ? .acknowledged(tag, reason: reason) : .bytesReceived, at: now)
    }

    private mutating func note(_ message: Message, _ reason: UInt8, at now: Instant, boot: BootID) {
        received.append(Received(message: message, at: now, boot: boot, reason: reason))
        if message.retain, reason < 0x80 { keep(message) }
    }

    /// A packet of QoS 2 arrives, here or at the library.
    private mutating func take(_ packet: SimulatedSession.Packet, at now: Instant, boot: BootID) {
        let tag = packet.tag
        switch packet {
        case .publish:
            guard let message = session.message(tag) else { return }
            let reason = session.holds(tag) ? 0 : refusal(of: message)
            if let taken = session.published(tag, reason: reason) { note(taken, reason, at: now, boot: boot) }
            if reason >= 0x80 { received.append(Received(message: message, at: now, boot: boot, reason: reason)) }
            guard !isMute else { return }
            if reason >= 0x80 { return answer(.acknowledged(tag, reason: reason), at: now) }
            queue(.packet(.received(tag)), at: now)
            answer(.bytesReceived, at: now)
        case .received:
            session.receivedCame(tag)
            queue(.packet(.release(tag)), at: now)
        case .release:
            let (taken, isKnown) = session.released(tag)
            if let taken { note(taken, 0, at: now, boot: boot) }
            guard !isMute else { return }
            answer(.acknowledged(tag, reason: isKnown || version == .v311 ? 0 : 0x92), at: now)
        }
    }

    private mutating func refusal(of message: Message) -> UInt8 {
        guard version == .v5, refusesPermille > 0, message.qos > 0, Int.random(in: 0..<1000, using: &random) < refusesPermille else { return 0 }
        let levels = message.topic.split(separator: "/")
        guard levels.count >= 3, ["sensors", "unstamped", "alerts"].contains(levels[2]) else { return 0 }
        if levels[2] == "alerts" { haveAlertsBeenRefused = true }
        return [0x80, 0x83, 0x87, 0x90, 0x95, 0x97, 0x99].randomElement(using: &random)!
    }

    private mutating func keep(_ message: Message) {
        retained[message.topic] = message.payload.isEmpty ? nil : message.payload
    }

    private mutating func end(withWill: Bool) {
        if isConnected, withWill, hasSession { keep(will) }
        isConnected = false
        deadSince = nil
        nextPing = nil
        answers = []
    }

    /// The connection breaks, and both ends see it.
    package mutating func breakConnection(at now: Instant) {
        guard isConnected else { return }
        end(withWill: true)
        guard isReady else { return answer(.transportFailed(.closed("reset by peer")), at: now) }
        answer(.connectionLost(.closed("reset by peer")), at: now)
    }

    /// The broker is started anew, and has lost the session, or under MQTT 5 what was in it.
    package mutating func startAnew(saysSo: Bool, at now: Instant) {
        breakConnection(at: now)
        session.brokerForgets(saysSo: saysSo || version == .v311)
    }

    /// Of each reading that arrived, how often; of those with QoS 2 only.
    package var arrivals: [[UInt8]: Int] {
        var count: [[UInt8]: Int] = [:]
        for one in received where one.reason < 0x80 && one.message.qos == 2 {
            if let reading = one.message.reading {
                count[Array("\(reading.stream.text)/\(reading.sequence.rawValue)".utf8), default: 0] += 1
            }
        }
        return count
    }

    /// The process is gone.
    package mutating func forget() {
        end(withWill: true)
        session.processEnded()
    }

    package mutating func takeAnswers(at now: Instant, boot: BootID) -> [SessionInput] {
        if isDead, isConnected, deadSince == nil { deadSince = now }
        if let due = nextPing, due <= now {
            nextPing = now.advanced(by: Self.keepAlive)
            if !isDead { answer(.bytesReceived, at: now) }
        }
        var due: [SessionInput] = []
        while let first = answers.first, first.at <= now {
            answers.removeFirst()
            // What was under way when the link went silent does not come.
            if isDead, isConnected {
                // The thread that connects gives up by itself; all else is the session's to notice.
                if case .input(.transportReady) = first.answer {
                    end(withWill: false)
                    answers = [(now.advanced(by: .seconds(30)), .input(.transportFailed(.unreachable("timed out"))))]
                }
                continue
            }
            switch first.answer {
            case .packet(let packet): take(packet, at: now, boot: boot)
            case .input(let input):
                if input == .transportReady { isReady = true }
                if case .acknowledged(let tag, _) = input { session.acknowledged(tag) }
                due.append(input)
            }
        }
        return due
    }
}
