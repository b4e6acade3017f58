/// What a measurement is of: its name in the payload, its unit, and how many decimals it is given with.
package struct Quantity: Hashable, Sendable {
    /// As in the payload: `[a-z][a-z0-9_]*`, none of the contract's reserved names.
    package var name: String
    /// SenML's name of the unit (RFC 8428, RFC 9100): `Cel`, `%RH`, `Pa`; `1` for a count or a logical value.
    package var unit: String
    /// Digits after the point, 0 to 9. A measurement is an integer scaled by this power of ten.
    package var decimals: UInt8

    package init(name: String, unit: String, decimals: UInt8) {
        self.name = name
        self.unit = unit
        self.decimals = decimals
    }

    /// Names that a payload uses itself (contract, section 3).
    package static let reservedNames: [String] = [
        "stream", "seq", "time", "clock", "boot", "uptime", "not_before", "device", "sensor", "error", "detail",
        "from", "thinned", "rejected",
    ]
}

/// A decimal number without rounding error: `significand` × 10^-`decimals`.
package struct Decimal: Hashable, Sendable {
    package var significand: Int64
    package var decimals: UInt8

    package init(_ significand: Int64, decimals: UInt8) {
        self.significand = significand
        self.decimals = decimals
    }

    package static let zero = Decimal(0, decimals: 0)
    package static let one = Decimal(1, decimals: 0)

    /// The significand at another number of decimals, rounded half away from zero; nil when it does not fit 64 bits.
    package func scaled(to target: UInt8) -> Int64? {
        var value = significand
        if target >= decimals {
            for _ in decimals..<target {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                if overflow { return nil }
                value = product
            }
            return value
        }
        // One division: dividing digit by digit would round twice.
        var divisor: Int64 = 1
        for _ in target..<decimals {
            let (product, overflow) = divisor.multipliedReportingOverflow(by: 10)
            if overflow { return 0 }
            divisor = product
        }
        let quotient = value / divisor
        let remainder = value % divisor
        if remainder.magnitude >= divisor.magnitude - remainder.magnitude { return quotient + (value < 0 ? -1 : 1) }
        return quotient
    }

    /// Parses `-12.50`: an optional sign, digits, an optional point with digits; no exponent. Nil for all else and for
    /// more than 18 digits.
    package init?(parsing text: some Sequence<UInt8>) {
        var value: Int64 = 0
        var digits = 0
        var decimals: UInt8 = 0
        var negative = false
        var seenPoint = false
        var first = true
        var seenDigit = false
        for byte in text {
            if first, byte == 45 || byte == 43 {
                negative = byte == 45
                first = false
                continue
            }
            first = false
            if byte == 46 {
                if seenPoint { return nil }
                seenPoint = true
            } else if byte >= 48, byte <= 57 {
                seenDigit = true
                if value != 0 || byte != 48 { digits += 1 }
                if digits > 18 { return nil }
                value = value * 10 + Int64(byte - 48)
                if seenPoint {
                    decimals += 1
                    if decimals > 18 { return nil }
                }
            } else {
                return nil
            }
        }
        guard seenDigit else { return nil }
        self.init(negative ? -value : value, decimals: decimals)
    }

    /// Exactly `decimals` digits after the point; never `-0`.
    package func append(to text: inout [UInt8]) {
        if significand < 0 { text.append(45) }
        var magnitude = significand.magnitude
        var reversed: [UInt8] = []
        var count = 0
        repeat {
            if count == Int(decimals), count > 0 { reversed.append(46) }
            reversed.append(UInt8(48 + magnitude % 10))
            magnitude /= 10
            count += 1
        } while magnitude > 0 || count <= Int(decimals)
        for byte in reversed.reversed() { text.append(byte) }
    }

    @inline(never) package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
