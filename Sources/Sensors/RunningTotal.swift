internal import Telemetry

/// A sum that is kept over restarts and never goes backwards, nor round.
///
/// What is saved: a format byte, the unit, the sum with its decimals, by `FieldWriter`.
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
        var fields = FieldWriter()
        fields.byte(Self.format)
        fields.text(unit)
        fields.decimal(Decimal(significand, decimals: decimals))
        return fields.bytes
    }

    /// Adds what was saved to what has come since: so it may come late, and the total does not go backwards. Another unit is
    /// another total, which begins at 0; so does one that does not fit.
    mutating func restore(_ bytes: [UInt8]) {
        var fields = FieldReader(bytes)
        guard fields.byte() == Self.format, fields.text(maximum: 255) == unit, let sum = fields.decimal(), fields.isAtEnd,
            sum.decimals <= 18, let before = Self.scaledUp(sum.significand, from: sum.decimals, to: decimals), before >= 0
        else { return }
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
