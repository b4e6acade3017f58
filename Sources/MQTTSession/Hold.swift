package import Telemetry

/// What a reason of PUBACK from 0x80 on asks for (MQTT 5 §3.4.2.1).
enum Refusal: Hashable {
    /// The broker cannot take this message now.
    case later
    /// It takes nothing of this kind now: somebody has to change something there.
    case hold
    /// It will never take this message.
    case rejected

    init(_ reason: UInt8) {
        switch reason {
        // Unspecified error, implementation specific error, quota exceeded.
        case 0x80, 0x83, 0x97: self = .later
        // Topic Name invalid, packet too large, payload format invalid.
        case 0x90, 0x95, 0x99: self = .rejected
        default: self = .hold
        }
    }
}

/// A hold: the broker refuses a message for now, so no reading is published until `until`; then one is tried, and when
/// it is accepted the hold is past.
package struct Hold: Hashable, Sendable {
    package private(set) var until: Instant?
    package private(set) var isProbing = false
    private var backoff: Backoff

    package init(backoff: Backoff) { self.backoff = backoff }

    package var isHolding: Bool { until != nil }

    /// Begins, or goes on for longer: the delay grows with each refusal that no success interrupts.
    package mutating func begin(_ random: inout RandomSource, at now: Instant) -> Duration {
        let delay = backoff.next(&random)
        until = now.advanced(by: delay)
        isProbing = false
        return delay
    }

    /// True when it ends now.
    package mutating func end(at now: Instant) -> Bool {
        guard let until, until <= now else { return false }
        self.until = nil
        isProbing = true
        return true
    }

    /// A message was accepted. While the hold lasts that says nothing of the one that was refused.
    package mutating func succeeded() {
        guard isProbing else { return }
        isProbing = false
        backoff.reset()
    }
}
