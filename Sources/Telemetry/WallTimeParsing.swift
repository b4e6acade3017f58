extension WallTime {
    /// A time of RFC 3339: `2026-11-24T08:12:13.123Z`, `2026-11-24t09:12:13+01:00`.
    ///
    /// Every field is checked against the calendar. Digits of the fraction beyond the nanosecond are cut; a leap second (`23:59:60`
    /// UTC, at the end of a month) is the second after it. Times outside the range of `WallTime` (1677 to 2262) are its ends.
    /// - Source: RFC 3339 section 5.6.
    /// - Returns: nil when the text is no such time.
    package init?(parsing text: some Collection<UInt8>) {
        var reader = DateReader(bytes: Array(text))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("Tt"), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= Self.days(of: month, year), hour <= 23, minute <= 59, second <= 60
        else { return nil }
        let seconds = Self.daysSinceEpoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset * 60
        // The second before a leap second is the last one of a month.
        if second == 60 {
            let (_, _, nextDay) = Self.civil(fromDays: Int(seconds / 86400))
            guard seconds % 86400 == 0, nextDay == 1 else { return nil }
        }
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = product.addingReportingOverflow(fraction)
        self.init(nanoseconds: overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum)
    }

    private static func days(of month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Counted from 1970-01-01 in the proleptic Gregorian calendar; years from 0 on.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // The year is taken to begin on 1 March, as in `civil(fromDays:)`; year 0 then begins in year -1.
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Takes the fields of a time one after the other.
private struct DateReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var digit: Int64? {
        guard let next, next >= 48, next <= 57 else { return nil }
        return Int64(next - 48)
    }

    /// Exactly `count` digits.
    mutating func number(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    /// One of these characters.
    @inline(never) mutating func take(_ characters: String) -> Bool {
        guard let next, characters.bytes.contains(next) else { return false }
        position += 1
        return true
    }

    /// Nanoseconds; 0 where there is no fraction, nil where the point has no digit.
    mutating func fraction() -> Int64? {
        guard next == 46 else { return 0 }
        position += 1
        guard digit != nil else { return nil }
        var value: Int64 = 0
        var scale: Int64 = 1_000_000_000
        while let digit {
            if scale > 1 {
                scale /= 10
                value += digit * scale
            }
            position += 1
        }
        return value
    }

    /// Minutes east of UTC; nil where there is none: a time without it is not known.
    mutating func offset() -> Int64? {
        if take("Zz") { return 0 }
        let isWest = next == 45
        guard take("+-"), let hours = number(2), take(":"), let minutes = number(2), hours <= 23, minutes <= 59 else {
            return nil
        }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
