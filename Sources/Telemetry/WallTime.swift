/// Wall time: nanoseconds since 1970-01-01T00:00:00Z without leap seconds (`CLOCK_REALTIME`).
package struct WallTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (a: WallTime, b: WallTime) -> Bool { a.nanoseconds < b.nanoseconds }

    package func advanced(by duration: Duration) -> WallTime {
        WallTime(nanoseconds: nanoseconds &+ duration.nanoseconds)
    }

    package func duration(to other: WallTime) -> Duration {
        .nanoseconds(other.nanoseconds &- nanoseconds)
    }

    /// The wall time at `other`, where this is the one at `instant`.
    package func moved(from instant: Instant, to other: Instant) -> WallTime {
        WallTime(nanoseconds: nanoseconds &+ instant.nanoseconds(to: other))
    }

    /// `2026-11-24T08:12:13.123Z`: RFC 3339 in UTC, cut (not rounded) to milliseconds; 24 bytes for the years 0 to 9999.
    package var rfc3339: String {
        var text = [UInt8](repeating: 0, count: Self.rfc3339Length)
        var span = text.mutableSpan
        writeRFC3339(to: &span, at: 0)
        return String(decoding: text, as: UTF8.self)
    }

    package static let rfc3339Length = 24

    /// Writes it from `start` on, where there is room for it.
    package func writeRFC3339(to text: inout MutableSpan<UInt8>, at start: Int) {
        let (year, month, day) = Self.civil(fromDays: Int(days))
        Self.writePair(UInt32(year / 100), then: 0, to: &text, at: start)
        Self.writePair(UInt32(year % 100), then: 45, to: &text, at: start + 2)
        Self.writePair(UInt32(month), then: 45, to: &text, at: start + 5)
        Self.writePair(UInt32(day), then: 84, to: &text, at: start + 8)
        _ = writeTimeOfDay(after: midnight, to: &text, at: start + 11)
        text[start + 23] = 90
    }

    private static let nanosecondsOfDay: Int64 = 86_400_000_000_000

    /// Since 1970-01-01; before it, rounded down.
    private var days: Int64 {
        let (days, rest) = nanoseconds.quotientAndRemainder(dividingBy: Self.nanosecondsOfDay)
        return rest < 0 ? days - 1 : days
    }

    /// The begin of its day in UTC.
    package var midnight: WallTime { WallTime(nanoseconds: days &* Self.nanosecondsOfDay) }

    /// Writes the time of day as `rfc3339` has it, `08:12:13.123`.
    /// - Returns: false, and nothing is written, where that is another day than the one after `midnight`.
    package func writeTimeOfDay(after midnight: WallTime, to text: inout MutableSpan<UInt8>, at start: Int) -> Bool {
        let sinceMidnight = nanoseconds &- midnight.nanoseconds
        guard sinceMidnight >= 0, sinceMidnight < Self.nanosecondsOfDay else { return false }
        let milliseconds = UInt32(truncatingIfNeeded: sinceMidnight / 1_000_000)
        let seconds = milliseconds / 1000
        Self.writePair(seconds / 3600, then: 58, to: &text, at: start)
        Self.writePair(seconds / 60 % 60, then: 58, to: &text, at: start + 3)
        Self.writePair(seconds % 60, then: 46, to: &text, at: start + 6)
        Self.writePair(milliseconds / 10, then: UInt8(truncatingIfNeeded: 48 + milliseconds % 10), to: &text, at: start + 9)
        return true
    }

    /// The last two digits of a number, and what comes behind them.
    private static func writePair(_ number: UInt32, then separator: UInt8, to text: inout MutableSpan<UInt8>, at start: Int) {
        text[start] = UInt8(truncatingIfNeeded: 48 + number / 10 % 10)
        text[start + 1] = UInt8(truncatingIfNeeded: 48 + number % 10)
        text[start + 2] = separator
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01.
    ///
    /// The year is taken to begin on 1 March, so that the leap day is its last and months have a regular pattern.
    static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

/// What is known of the wall time of an instant, as published with a reading (`clock` in the contract, section 3).
package enum Stamp: Hashable, Sendable {
    /// The clock was known when the reading was taken.
    case synced(WallTime)
    /// The clock became known later in the same boot; the time is computed back.
    case estimated(WallTime)
    /// The clock was never known in that boot. `notBefore`: a time known from an earlier boot, which bounds it below.
    case unknown(notBefore: WallTime?)
}

/// One look at both clocks at the same time, and whether the wall clock counts as known.
package struct ClockReading: Hashable, Sendable {
    package var instant: Instant
    package var wallTime: WallTime
    package var isKnown: Bool

    package init(instant: Instant, wallTime: WallTime, isKnown: Bool) {
        self.instant = instant
        self.wallTime = wallTime
        self.isKnown = isKnown
    }
}
