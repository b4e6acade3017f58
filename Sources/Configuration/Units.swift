internal import Telemetry

/// Why a text is not the value that is wanted, and what to write; without the key.
package struct ValueError: Error, Hashable, Sendable {
    package var text: String
    package init(_ text: String) { self.text = text }
}

/// Durations and sizes: a decimal number and a unit, with or without a space between.
package enum Units {
    private struct Unit: Sendable {
        var name: String
        /// Nanoseconds, or bytes.
        var factor: UInt64
        /// What people write for it elsewhere; compared without case.
        var others: [String]
    }

    private static let durations = [
        Unit(name: "us", factor: 1000, others: ["µs", "μs", "usec", "usecs", "microsecond", "microseconds"]),
        Unit(name: "ms", factor: 1_000_000, others: ["msec", "msecs", "millis", "millisecond", "milliseconds"]),
        Unit(name: "s", factor: 1_000_000_000, others: ["sec", "secs", "second", "seconds"]),
        Unit(name: "min", factor: 60_000_000_000, others: ["m", "mins", "minute", "minutes"]),
        Unit(name: "h", factor: 3_600_000_000_000, others: ["hr", "hrs", "hour", "hours"]),
        Unit(name: "d", factor: 86_400_000_000_000, others: ["day", "days"]),
    ]
    private static let sizes = [
        Unit(name: "B", factor: 1, others: ["byte", "bytes"]),
        Unit(name: "KiB", factor: 1 << 10, others: ["k", "kb", "ki", "kbyte"]),
        Unit(name: "MiB", factor: 1 << 20, others: ["m", "mb", "mi", "mbyte"]),
        Unit(name: "GiB", factor: 1 << 30, others: ["g", "gb", "gi", "gbyte"]),
        Unit(name: "TiB", factor: 1 << 40, others: ["t", "tb", "ti", "tbyte"]),
    ]

    /// `5 min`, `0.5 s`, `20ms`; rounded to whole nanoseconds. Negative ones parse, for the range to refuse.
    package static func duration(_ text: String) throws(ValueError) -> Duration {
        let (isNegative, magnitude) = try parse(
            text, durations, what: "duration", example: "60 s", missing: "s", foreign: sizes, foreignWhat: "size")
        guard magnitude <= UInt64(Int64.max) else { throw ValueError("'\(shown(text))' is longer than 292 years") }
        return .nanoseconds(isNegative ? -Int64(magnitude) : Int64(magnitude))
    }

    /// `64 MiB`, `1.5KiB`: whole bytes.
    package static func size(_ text: String) throws(ValueError) -> UInt64 {
        let (isNegative, magnitude) = try parse(
            text, sizes, what: "size", example: "64 MiB", missing: "MiB", foreign: durations, foreignWhat: "duration")
        if isNegative { throw ValueError("'\(shown(text))' is negative; a size is 0 B or more") }
        return magnitude
    }

    /// In the largest unit of which it is a whole number: `18 h`, `1500 ms`.
    package static func text(_ duration: Duration) -> String {
        let nanoseconds = duration.nanoseconds
        if nanoseconds == 0 { return "0 s" }
        for unit in durations.reversed() where nanoseconds.magnitude % unit.factor == 0 {
            return "\(nanoseconds / Int64(unit.factor)) \(unit.name)"
        }
        return "\(nanoseconds / 1000) us"
    }

    package static func text(size bytes: UInt64) -> String {
        if bytes == 0 { return "0 B" }
        for unit in sizes.reversed() where bytes % unit.factor == 0 { return "\(bytes / unit.factor) \(unit.name)" }
        return "\(bytes) B"
    }

    private static func parse(
        _ text: String, _ units: [Unit], what: String, example: String, missing: String, foreign: [Unit],
        foreignWhat: String
    ) throws(ValueError) -> (isNegative: Bool, magnitude: UInt64) {
        var bytes = text.bytes[...]
        while bytes.first == 32 { bytes.removeFirst() }
        while bytes.last == 32 { bytes.removeLast() }
        let numberBytes = bytes.prefix { isDigit($0) || $0 == 46 || $0 == 43 || $0 == 45 }
        let number = String(decoding: numberBytes, as: UTF8.self)
        let unitBytes = bytes[numberBytes.endIndex...].drop { $0 == 32 }
        let unitText = String(decoding: unitBytes, as: UTF8.self)
        let known = units.map { $0.name }.joined(separator: ", ")
        guard let decimal = Decimal(parsing: numberBytes) else {
            throw ValueError("'\(shown(text))' is no \(what); write a number and a unit (\(known)), as in '\(example)'")
        }
        if unitBytes.isEmpty {
            throw ValueError("'\(shown(text))' has no unit; did you mean '\(number) \(missing)'?")
        }
        guard let unit = units.first(where: { $0.name == unitText }) else {
            if let meant = meant(unitBytes, units) {
                throw ValueError("'\(shown(text))' has unit '\(shown(unitText))'; did you mean '\(number) \(meant)'?")
            }
            if foreign.contains(where: { $0.name == unitText }) {
                throw ValueError("'\(shown(text))' is a \(foreignWhat); a \(what) has \(known), as in '\(example)'")
            }
            throw ValueError("'\(shown(text))' has unknown unit '\(shown(unitText))'; known units: \(known)")
        }
        guard let magnitude = multiply(decimal, unit.factor) else {
            throw ValueError("'\(shown(text))' is too large; choose a smaller number")
        }
        return (decimal.significand < 0, magnitude)
    }

    /// The unit that was meant, by its case or by what people write for it elsewhere.
    private static func meant(_ typed: ArraySlice<UInt8>, _ units: [Unit]) -> String? {
        let small = lowercased(String(decoding: typed, as: UTF8.self))
        for unit in units where lowercased(unit.name) == small || unit.others.contains(where: { $0.bytes == small }) {
            return unit.name
        }
        return nil
    }

    /// |decimal| × factor, rounded half up to a whole number; nil beyond 64 bits.
    private static func multiply(_ decimal: Decimal, _ factor: UInt64) -> UInt64? {
        let product = decimal.significand.magnitude.multipliedFullWidth(by: factor)
        var divisor: UInt64 = 1
        for _ in 0..<decimal.decimals { divisor *= 10 }
        guard product.high < divisor else { return nil }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        let (rounded, overflow) = quotient.addingReportingOverflow(remainder >= divisor - remainder ? 1 : 0)
        return overflow ? nil : rounded
    }
}
