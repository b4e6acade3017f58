package import Telemetry

/// The condition of a rule, made ready for the values of its series: these are integers, all with the decimals of the
/// quantity, so a limit becomes the integers that bound what it takes, and no value is ever converted.
package struct AlertCondition: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// `clears` may leave a gap to `holds`, in which neither is so.
        case limits(holds: Bounds, clears: Bounds)
        /// Nil: no value of the series can be that.
        case equals(Int64?)
        case silence(nanoseconds: Int64)
        case change
    }

    /// Both ends belong to it.
    struct Bounds: Hashable, Sendable {
        var low: Int64
        var high: Int64

        static let none = Bounds(low: .max, high: .min)
        func contains(_ value: Int64) -> Bool { low <= value && value <= high }
        static func above(_ value: Int64) -> Bounds { value == .max ? none : Bounds(low: value + 1, high: .max) }
        static func below(_ value: Int64) -> Bounds { value == .min ? none : Bounds(low: .min, high: value - 1) }
        static func atLeast(_ value: Int64) -> Bounds { Bounds(low: value, high: .max) }
        static func atMost(_ value: Int64) -> Bounds { Bounds(low: .min, high: value) }
    }

    /// What a value says: whether the condition holds (C), and whether the clear condition does (K).
    struct Verdict: Hashable, Sendable {
        var holds: Bool
        var clears: Bool
    }

    let kind: Kind
    /// Of `changes_by` only.
    private var window: ChangeWindow?

    /// - Parameter decimals: of the values that `judge` will get.
    package init(_ condition: AlertRule.Condition, decimals: UInt8) {
        switch condition {
        case .above(let limit, let clear):
            kind = .limits(
                holds: .above(limit.floor(at: decimals)),
                clears: clear.map { .below($0.ceiling(at: decimals)) } ?? .atMost(limit.floor(at: decimals)))
        case .below(let limit, let clear):
            kind = .limits(
                holds: .below(limit.ceiling(at: decimals)),
                clears: clear.map { .above($0.floor(at: decimals)) } ?? .atLeast(limit.ceiling(at: decimals)))
        case .equals(let value, _):
            let floor = value.floor(at: decimals)
            kind = .equals(floor == value.ceiling(at: decimals) ? floor : nil)
        case .silentFor(let duration):
            kind = .silence(nanoseconds: duration.nanoseconds)
        case .changesBy(let change, let within):
            kind = .change
            window = ChangeWindow(by: change, within: within, decimals: decimals)
        }
    }

    /// Takes the next value of the series.
    mutating func judge(_ value: Int64, at instant: Instant) -> Verdict {
        switch kind {
        case .limits(let holds, let clears):
            return Verdict(holds: holds.contains(value), clears: clears.contains(value))
        case .equals(let wanted):
            return Verdict(holds: value == wanted, clears: value != wanted)
        case .silence:
            return Verdict(holds: false, clears: true)
        case .change:
            let holds = window?.take(value, at: instant) == true
            return Verdict(holds: holds, clears: !holds)
        }
    }

    /// By how much the newest value differs from what the window holds, in the direction that is looked for, without a
    /// sign; nil for other conditions, and before the second value.
    package var change: Int64? { window?.change }
}

extension Decimal {
    /// The largest integer n with n × 10^-`decimals` ≤ self; at the ends of the range where it does not fit.
    func floor(at decimals: UInt8) -> Int64 { whole(at: decimals, towards: -1) }

    /// The smallest integer n with n × 10^-`decimals` ≥ self; likewise.
    func ceiling(at decimals: UInt8) -> Int64 { whole(at: decimals, towards: 1) }

    private func whole(at target: UInt8, towards direction: Int64) -> Int64 {
        var value = significand
        if target >= decimals {
            for _ in decimals..<target {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                if overflow { return value < 0 ? .min : .max }
                value = product
            }
            return value
        }
        // Digit by digit: a fraction that is left anywhere is left in the end, on the same side.
        var hasFraction = false
        for _ in target..<decimals {
            if value % 10 != 0 { hasFraction = true }
            value /= 10
        }
        guard hasFraction else { return value }
        // Division rounds towards zero, so one of the two directions is there already.
        if direction < 0 { return significand < 0 ? value - 1 : value }
        return significand > 0 ? value + 1 : value
    }
}

extension Instant {
    /// Later by nanoseconds, at the end of the range where it does not fit. A rule looks at its times with every reading, and a
    /// `Duration` is 128 bits of attoseconds: to divide it is slow on a small board.
    func later(by nanoseconds: Int64) -> Instant {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }
}
