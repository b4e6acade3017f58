/// A point on the boot clock: nanoseconds of `CLOCK_BOOTTIME`, which counts through suspend and is never set.
///
/// Every deadline, interval and time of a reading is an instant. Wall time (`WallTime`) is only ever derived from one.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = Instant(nanoseconds: 0)
    /// Later than every instant that a clock can show.
    package static let distantFuture = Instant(nanoseconds: .max)

    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The instant `duration` later; it stays at the ends of the clock's range.
    package func advanced(by duration: Duration) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        if overflow { return Instant(nanoseconds: duration.nanoseconds < 0 ? .min : .max) }
        return Instant(nanoseconds: sum)
    }

    /// How much later `other` is; negative when it is earlier.
    package func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds &- nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero; durations beyond ±292 years stay at the ends of the range.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflow2) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        if overflow2 { return seconds < 0 ? .min : .max }
        return sum
    }
}

/// The earlier of two deadlines, of which either may be missing.
package func earliest(_ a: Instant?, _ b: Instant?) -> Instant? {
    guard let a else { return b }
    guard let b else { return a }
    return a < b ? a : b
}
