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
    /// How many of 1,000 readings it refuses, each with some reason of those that may be.
    package var refusesPermille = 0
    /// At most so long until an acknowledgement comes.
    package var delay = Duration.milliseconds(300)
    package private(set) var received: [Received] = []
    package private(set) var retained: [String: [UInt8]] = [:]
    package private(set) var connections = 0
    private var isConnected = false
    private var isDead = false
    private var isMute = false
    /// `transportReady` was said.
    private var isReady = false
    private var hasSession = false
    /// In order of their times.
    private var answers: [(at: Instant, input: SessionInput)] = []
    private var nextPing: Instant?
    private var random: RandomSource
    private static let keepAlive = Duration.seconds(60)
    private let will: Message

    package init(seed: UInt64, will: Message) {
        random = RandomSource(seed: seed)
        self.will = will
    }

    package var deadline: Instant? { earliest(answers.first?.at, nextPing) }

    private mutating func answer(_ input: SessionInput, at now: Instant) {
        let limit = max(delay.nanoseconds, 1)
        // One TCP connection: answers come in the order of what they answer.
        let at = max(now.advanced(by: .nanoseconds(Int64.random(in: 0..<limit, using: &random))), answers.last?.at ?? now)
        answers.append((at, input))
    }

    package mutating func perform(_ action: SessionAction, at now: Instant, boot: BootID) {
        switch action {
        case .connect:
            answers = []
            isReady = false
            isMute = dropsAcknowledgements
            if case .good = link {
                isConnected = true
                isDead = false
                hasSession = false
                connections += 1
                answer(.transportReady, at: now)
                answer(.connectionAcknowledged(ConnectionAcknowledgement(reason: 0)), at: now)
                nextPing = now.advanced(by: Self.keepAlive)
            } else {
                answer(.transportFailed(.unreachable("no route")), at: now)
            }
        case .publish(let tag, let message):
            guard isConnected, !isDead else { return }
            hasSession = true
            let reason = refusal(of: message)
            received.append(Received(message: message, at: now, boot: boot, reason: reason))
            if message.retain, reason < 0x80 { keep(message) }
            guard !isMute else { return }
            if message.qos > 0 { answer(.acknowledged(tag, reason: reason), at: now) }
            answer(.bytesReceived, at: now)
        case .disconnect(let withWill):
            end(withWill: withWill)
            answer(.connectionLost(.closed("as asked")), at: now)
        case .close(let failure):
            end(withWill: true)
            answer(.connectionLost(failure), at: now)
        case .subscribe, .unsubscribe, .notice, .event: break
        }
    }

    private mutating func refusal(of message: Message) -> UInt8 {
        guard refusesPermille > 0, message.qos > 0, Int.random(in: 0..<1000, using: &random) < refusesPermille else { return 0 }
        let levels = message.topic.split(separator: "/")
        // The newest event of an alert that is refused leaves an old one with the broker for a while, and the laws of alerts do not
        // know that yet.
        guard levels.count >= 3, ["sensors", "unstamped"].contains(levels[2]) else { return 0 }
        return [0x80, 0x83, 0x87, 0x90, 0x95, 0x97, 0x99].randomElement(using: &random)!
    }

    private mutating func keep(_ message: Message) {
        retained[message.topic] = message.payload.isEmpty ? nil : message.payload
    }

    private mutating func end(withWill: Bool) {
        if isConnected, withWill, hasSession { keep(will) }
        isConnected = false
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

    /// The process is gone.
    package mutating func forget() {
        end(withWill: true)
    }

    package mutating func takeAnswers(at now: Instant) -> [SessionInput] {
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
                if first.input == .transportReady {
                    end(withWill: false)
                    answers = [(now.advanced(by: .seconds(30)), .transportFailed(.unreachable("timed out")))]
                }
                continue
            }
            if first.input == .transportReady { isReady = true }
            due.append(first.input)
        }
        return due
    }
}
