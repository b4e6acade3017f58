internal import Telemetry

/// What the journal says while nobody vouches for the wall clock: once at the start, once when readings stop waiting for it,
/// once when it is there. A board without a real-time clock and without NTP is told apart from one whose readings do not come.
enum ClockNotice: Equatable, Sendable {
    /// Nothing to say, or said that it is known.
    case none
    case waiting
    case unstamped
}

extension Agent {
    /// At the start of a turn, after the look at the clocks. Before the ring is open it cannot be said whether the time is known:
    /// the ring may know that of this boot, or that a real-time clock lies.
    mutating func tellOfClock() {
        guard isReady, stopping == nil else { return }
        switch clockNotice {
        case _ where clockIsKnown:
            if clockNotice != .none { log(.info, "the time is known now") }
            clockNotice = .none
        case .none:
            log(
                .info,
                "the time is not known yet: readings wait for it, until \(waitForClockSeconds) s (publish.wait_for_clock) after the broker is reached")
            clockNotice = .waiting
        case .waiting where unstampedMayGo:
            take(
                Notice(
                    .warning,
                    "the time is still not known, \(waitForClockSeconds) s after the broker was reached: readings go out unstamped; is a time service running (timedatectl)?"
                ))
            clockNotice = .unstamped
        case .waiting, .unstamped: break
        }
    }

    private var waitForClockSeconds: Int64 { configuration.waitForClock.components.seconds }
}
