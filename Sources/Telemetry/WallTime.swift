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

    /// `2026-11-24T08:12:13.123Z`: RFC 3339 in UTC, cut (not rounded) to milliseconds; 24 bytes for the years 0 to 9999.
    package var rfc3339: String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        appendRFC3339(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    package func appendRFC3339(to text: inout [UInt8]) {
        let milliseconds = nanoseconds >= 0 ? nanoseconds / 1_000_000 : (nanoseconds - 999_999) / 1_000_000
        let seconds = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let secondOfDay = Int(seconds - days * 86400)
        let (year, month, day) = Self.civil(fromDays: Int(days))
        func digits(_ value: Int, _ count: Int) {
            var divisor = 1
            for _ in 1..<count { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(48 + value / divisor % 10))
                divisor /= 10
            }
        }
        digits(year, 4); text.append(45)
        digits(month, 2); text.append(45)
        digits(day, 2); text.append(84)
        digits(secondOfDay / 3600, 2); text.append(58)
        digits(secondOfDay / 60 % 60, 2); text.append(58)
        digits(secondOfDay % 60, 2); text.append(46)
        digits(Int(milliseconds - seconds * 1000), 3); text.append(90)
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
