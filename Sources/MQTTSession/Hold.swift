package import Telemetry

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
