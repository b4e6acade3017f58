internal import Telemetry

/// A sum that is kept over restarts and never goes backwards, nor round.
///
/// What is saved: a format byte, the decimals, the unit (a length byte, then UTF-8), the significand in 8 bytes, little-endian.
struct RunningTotal: Hashable, Sendable {
    let unit: String
    let decimals: UInt8
    private(set) var significand: Int64 = 0
    /// Rises with each change.
    private(set) var revision = 0

    private static let format: UInt8 = 1

    init(unit: String, decimals: UInt8) {
        precondition(unit.utf8.count <= 255, "a unit has at most 255 bytes")
        self.unit = unit
        self.decimals = decimals
    }

    var text: String { Decimal(significand, decimals: decimals).text }

    /// - Parameter amount: at the total's decimals.
    /// - Returns: false when the sum does not fit; then nothing is added.
    mutating func add(_ amount: Int64) -> Bool {
        precondition(amount >= 0, "a total grows")
        let (sum, overflow) = significand.addingReportingOverflow(amount)
        if overflow { return false }
        if amount > 0 {
            significand = sum
            revision += 1
        }
        return true
    }

    var saved: [UInt8] {
        var bytes = [Self.format, decimals, UInt8(unit.utf8.count)] + Array(unit.utf8)
        for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: significand >> Int64(8 * index))) }
        return bytes
    }

    /// Adds what was saved to what has come since: so it may come late, and the total does not go backwards. Another unit is
    /// another total, which begins at 0; so does one that does not fit.
    mutating func restore(_ bytes: [UInt8]) {
        guard bytes.count >= 3, bytes[0] == Self.format, bytes.count == 11 + Int(bytes[2]), bytes[1] <= 18,
            Array(unit.utf8) == Array(bytes[3..<(bytes.count - 8)])
        else { return }
        var value: UInt64 = 0
        for byte in bytes.suffix(8).reversed() { value = value << 8 | UInt64(byte) }
        guard let before = Self.scaledUp(Int64(bitPattern: value), from: bytes[1], to: decimals), before >= 0 else { return }
        _ = add(before)
    }

    /// Nil where it does not fit. Fewer decimals than before round up: the total does not go backwards.
    private static func scaledUp(_ significand: Int64, from: UInt8, to: UInt8) -> Int64? {
        guard from > to else { return Decimal(significand, decimals: from).scaled(to: to) }
        var value = significand
        var isExact = true
        for _ in to..<from {
            if value % 10 != 0 { isExact = false }
            value /= 10
        }
        return isExact ? value : value + 1
    }
}
