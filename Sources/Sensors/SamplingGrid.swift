internal import Telemetry

/// The times at which a sensor is sampled: `first`, `first` + `every`, `first` + 2 × `every`, …
///
/// A late turn does not move the grid, and slots that went by unseen are skipped, never made up: a board that was
/// suspended for an hour owes one reading, not an hour of them.
struct SamplingGrid: Hashable, Sendable {
    let first: Instant
    /// Above zero.
    let every: Duration
    /// The next slot; never before `first`.
    private(set) var next: Instant

    init(first: Instant, every: Duration) {
        precondition(every > .zero, "a sensor is sampled at an interval above zero")
        self.first = first
        self.every = every
        next = first
    }

    func isDue(at now: Instant) -> Bool { now >= next }

    /// Sets `next` to the first slot after `now`.
    mutating func advance(past now: Instant) {
        if now >= next { next = slot(after: now) }
    }

    /// The first slot after an instant.
    func slot(after instant: Instant) -> Instant {
        guard instant >= first else { return first }
        let step = every.nanoseconds
        let slots = (instant.nanoseconds - first.nanoseconds) / step + 1
        let (offset, overflow) = slots.multipliedReportingOverflow(by: step)
        return overflow ? .distantFuture : first.advanced(byNanoseconds: offset)
    }
}
