internal import Telemetry

/// Which protocol is tried next: the rules of `protocol: auto`.
///
/// 5 first. 3.1.1 after a refusal that names the protocol, or after two hang-ups in a row without a CONNACK within 5 s
/// of a completed connect: RabbitMQ 3.10 and ActiveMQ 5.17 answer MQTT 5 that way. 3.1.1 is kept only when its CONNACK
/// is 0. A broker that ever accepted MQTT 5 falls back on an explicit refusal only, because under 3.1.1 a publish that
/// it denies is acknowledged all the same, and lost in silence.
package struct ProtocolMemory: Hashable, Sendable {
    /// A hang-up counts against MQTT 5 when it comes this soon after CONNECT was written.
    package static let hangUpTime = Duration.seconds(5)

    package let choice: SessionConfiguration.ProtocolChoice
    package private(set) var next: ProtocolVersion
    private var hangUps = 0
    private var hasAcceptedV5 = false
    private var isKept = false

    package init(choice: SessionConfiguration.ProtocolChoice) {
        self.choice = choice
        next = choice == .v311 ? .v311 : .v5
    }

    package mutating func accepted(_ version: ProtocolVersion) {
        hangUps = 0
        isKept = true
        next = version
        if version == .v5 { hasAcceptedV5 = true }
    }

    /// A CONNACK other than 0. True: the other protocol is to be tried at once.
    package mutating func refused(_ version: ProtocolVersion, reason: UInt8) -> Bool {
        guard choice == .auto else { return false }
        hangUps = 0
        let namesProtocol = reason == 0x84 || reason == 0x01
        switch version {
        case .v5:
            guard namesProtocol else { return false }
            next = .v311
            isKept = false
            return true
        case .v311:
            if namesProtocol || !isKept {
                next = .v5
                isKept = false
            }
            return false
        }
    }

    /// The connection went away, or stayed silent, before a CONNACK, `after` CONNECT was written.
    package mutating func hungUp(_ version: ProtocolVersion, after: Duration) {
        guard choice == .auto else { return }
        switch version {
        case .v5:
            guard !hasAcceptedV5, after < Self.hangUpTime else {
                hangUps = 0
                return
            }
            hangUps += 1
            if hangUps == 2 {
                hangUps = 0
                next = .v311
            }
        case .v311:
            if !isKept { next = .v5 }
        }
    }
}
