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
    @inline(never) package func advanced(by duration: Duration) -> Instant { advanced(byNanoseconds: duration.nanoseconds) }

    /// The same where the duration is kept as a number, because it is added at each turn.
    package func advanced(byNanoseconds distance: Int64) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(distance)
        if overflow { return Instant(nanoseconds: distance < 0 ? .min : .max) }
        return Instant(nanoseconds: sum)
    }

    /// How much later `other` is; negative when it is earlier.
    package func duration(to other: Instant) -> Duration {
        .nanoseconds(nanoseconds(to: other))
    }

    /// The same as a number: what is asked at each turn does without arithmetic in 128 bits.
    package func nanoseconds(to other: Instant) -> Int64 { other.nanoseconds &- nanoseconds }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero; durations beyond ±292 years stay at the ends of the range.
    package var nanoseconds: Int64 {
        // `components` divides and multiplies in 128 bits, which is some 300 instructions; this is one division.
        let attoseconds = attoseconds
        let magnitude = attoseconds.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude >> 64)
        let unit: UInt64 = 1_000_000_000
        guard high < unit / 2 else { return attoseconds < 0 ? .min : .max }
        let whole = Int64(unit.dividingFullWidth((high, UInt64(truncatingIfNeeded: magnitude))).quotient)
        return attoseconds < 0 ? -whole : whole
    }
}

/// The earlier of two deadlines, of which either may be missing.
package func earliest(_ a: Instant?, _ b: Instant?) -> Instant? {
    guard let a else { return b }
    guard let b else { return a }
    return a < b ? a : b
}
