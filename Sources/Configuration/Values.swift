package import Telemetry

// One function for each kind of value: nil when the key is not there or its value is no good, which is then reported.

extension Checker {
    mutating func duration(
        _ section: Section, _ key: String, _ range: ClosedRange<Duration>, orZero: Bool = false
    ) -> Duration? {
        guard let entry = section[key],
            let scalar = scalar(entry, wanted: "a duration, as in '\(Units.text(max(range.lowerBound, .seconds(1))))'")
        else { return nil }
        do throws(ValueError) {
            let value = try Units.duration(scalar.text)
            if range.contains(value) || (orZero && value == .zero) { return value }
            error(
                scalar.place,
                "\(key): \(plain(scalar)) is outside \(Units.text(range.lowerBound)) ... \(Units.text(range.upperBound))"
                    + (orZero ? ", and is not 0 s" : ""))
        } catch {
            report(error, scalar, key, "duration, as in '60 s'")
        }
        return nil
    }

    mutating func size(_ section: Section, _ key: String, _ range: ClosedRange<UInt64>) -> UInt64? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: "a size, as in '\(Units.text(size: range.lowerBound))'")
        else { return nil }
        do throws(ValueError) {
            let value = try Units.size(scalar.text)
            if range.contains(value) { return value }
            error(
                scalar.place,
                "\(key): \(plain(scalar)) is outside \(Units.text(size: range.lowerBound)) ... \(Units.text(size: range.upperBound))")
        } catch {
            report(error, scalar, key, "size, as in '64 MiB'")
        }
        return nil
    }

    mutating func integer(_ section: Section, _ key: String, _ range: ClosedRange<Int64>) -> Int64? {
        let bounds = "\(range.lowerBound) ... \(range.upperBound)"
        guard let entry = section[key], let scalar = scalar(entry, wanted: "a whole number, \(bounds)") else { return nil }
        guard let value = Self.integer(scalar.text) else {
            error(scalar.place, "\(key): \(scalar.shownText) is no whole number; allowed are \(bounds)")
            return nil
        }
        if range.contains(value) { return value }
        error(scalar.place, "\(key): \(plain(scalar)) is outside \(bounds)")
        return nil
    }

    /// Digits with an optional sign, or hexadecimal digits behind `0x`; at most 18 of them.
    static func integer(_ text: String) -> Int64? {
        let bytes = text.bytes
        if bytes.starts(with: "0x".bytes) {
            let digits = bytes[2...]
            guard (1...15).contains(digits.count), digits.allSatisfy(isHexadecimalDigit) else { return nil }
            return Int64(String(decoding: digits, as: UTF8.self), radix: 16)
        }
        guard let decimal = Decimal(parsing: bytes), decimal.decimals == 0, !bytes.contains(46) else { return nil }
        return decimal.significand
    }

    /// - Parameter range: minimum and maximum, both allowed.
    mutating func decimal(
        _ section: Section, _ key: String, _ range: (minimum: Decimal, maximum: Decimal)? = nil
    ) -> Decimal? {
        let bounds = range.map { ", \($0.minimum.text) ... \($0.maximum.text)" } ?? ""
        guard let entry = section[key], let scalar = scalar(entry, wanted: "a number\(bounds)") else { return nil }
        guard let value = Decimal(parsing: scalar.text.bytes) else {
            error(scalar.place, "\(key): \(scalar.shownText) is no number; write it as in '-0.4', without a unit\(bounds)")
            return nil
        }
        if let range, !range.minimum.isAtMost(value) || !value.isAtMost(range.maximum) {
            error(scalar.place, "\(key): \(plain(scalar)) is outside \(range.minimum.text) ... \(range.maximum.text)")
            return nil
        }
        return value
    }

    mutating func logical(_ section: Section, _ key: String) -> Bool? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: "true or false") else { return nil }
        switch scalar.text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: break
        }
        let words = ["true", "false", "yes", "no", "on", "off"]
        error(
            scalar.place,
            "\(key): \(scalar.shownText) is neither true nor false"
                + nextStep(scalar, among: words, what: "values"))
        return nil
    }

    /// One of `words`; the text as in the list.
    mutating func word(_ section: Section, _ key: String, _ words: [String]) -> String? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: "one of \(words.joined(separator: ", "))")
        else { return nil }
        if words.contains(scalar.text) { return scalar.text }
        error(scalar.place, "\(key): unknown value \(scalar.shownText)" + nextStep(scalar, among: words, what: "values"))
        return nil
    }

    /// 1 to `maximum` bytes without control characters.
    mutating func text(
        _ section: Section, _ key: String, maximum: Int = 255, wanted: String = "a text", mayBeEmpty: Bool = false
    ) -> String? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: wanted) else { return nil }
        let count = scalar.text.utf8.count
        if count > maximum {
            error(scalar.place, "\(key): has \(count) bytes; write at most \(maximum)")
            return nil
        }
        if count == 0, !mayBeEmpty {
            error(scalar.place, "\(key): is empty; write \(wanted), or leave the key out")
            return nil
        }
        if scalar.text.bytes.contains(where: { $0 < 32 || $0 == 127 }) {
            error(scalar.place, "\(key): \(scalar.shownText) has a control character; write one line of text")
            return nil
        }
        return scalar.text
    }

    /// A text that is not printed, whatever is wrong with it. A literal is told from a reference by the second value.
    mutating func secret(_ section: Section, _ key: String, maximum: Int) -> (secret: Secret, isLiteral: Bool)? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: "{credential: NAME}") else { return nil }
        let count = scalar.text.utf8.count
        guard count > 0, count <= maximum else {
            error(scalar.place, "\(key): \(count == 0 ? "is empty" : "has \(count) bytes"); 1 ... \(maximum) bytes are allowed")
            return nil
        }
        return (Secret(scalar.text), scalar.reference == nil)
    }

    mutating func identifier(_ section: Section, _ key: String = "id") -> String? {
        guard let entry = section[key], let scalar = scalar(entry, wanted: "an id of small letters, digits, '_' and '-'")
        else { return nil }
        if Identifiers.isValid(scalar.text) { return scalar.text }
        var next = "; an id has 1 ... 64 small letters, digits, '_' and '-'"
        if scalar.reference == nil, let made = Identifiers.made(from: scalar.text) { next += ", as in '\(made)'" }
        error(scalar.place, "\(key): \(scalar.shownText) is no id\(next)")
        return nil
    }

    /// A path; a relative one is made absolute against the folder of the file where it stands.
    mutating func path(_ section: Section, _ key: String) -> String? {
        guard let place = section[key]?.value.place, let text = text(section, key, maximum: 4095, wanted: "a path")
        else { return nil }
        return joined(files[place.file].folder, text)
    }

    /// `KEY: is missing` when it is; the section is where it should be.
    mutating func require(_ section: Section, _ key: String, example: String) {
        if section[key] == nil { error(section.place, "\(section.title): '\(key)' is missing; write '\(key): \(example)'") }
    }

    private mutating func report(_ problem: ValueError, _ scalar: ScalarText, _ key: String, _ what: String) {
        if let reference = scalar.reference {
            error(scalar.place, "\(key): the value of \(reference.text) is no \(what)")
        } else {
            error(scalar.place, "\(key): \(problem.text)")
        }
    }

    /// As typed, without quotes: for numbers with their unit.
    private func plain(_ scalar: ScalarText) -> String {
        scalar.reference.map { "the value of \($0.text)" } ?? shown(scalar.text)
    }

    private func nextStep(_ scalar: ScalarText, among words: [String], what: String) -> String {
        if scalar.reference != nil { return "; known \(what): \(words.joined(separator: ", "))" }
        return Suggestion.nextStep(for: scalar.text, among: words, what: what)
    }
}

extension Decimal {
    /// The same number may be written with more or fewer decimals, so this is no `Comparable`: `1.0` is at most `1`.
    package func isAtMost(_ other: Decimal) -> Bool {
        let negative = significand < 0
        if negative != (other.significand < 0) { return negative }
        // |a| × 10^decimals of b against |b| × 10^decimals of a, in 128 bits: at most 18 digits and 18 decimals each.
        let mine = significand.magnitude.multipliedFullWidth(by: Self.power(other.decimals))
        let its = other.significand.magnitude.multipliedFullWidth(by: Self.power(decimals))
        let isEqual = mine.high == its.high && mine.low == its.low
        let isSmaller = mine.high < its.high || (mine.high == its.high && mine.low < its.low)
        return isEqual || isSmaller != negative
    }

    /// Without the zeros at the end: 2.50 has one.
    var significantDecimals: UInt8 {
        var value = significand
        var count = decimals
        while count > 0, value % 10 == 0 {
            value /= 10
            count -= 1
        }
        return count
    }

    private static func power(_ exponent: UInt8) -> UInt64 {
        var result: UInt64 = 1
        for _ in 0..<exponent { result *= 10 }
        return result
    }
}

/// `name` in `folder`, unless it is absolute.
package func joined(_ folder: String, _ name: String) -> String {
    if name.hasPrefix("/") || folder.isEmpty { return name }
    return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}
