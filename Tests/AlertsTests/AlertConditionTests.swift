import Telemetry
import Testing

@testable import Alerts

@Suite struct AlertConditionTests {
    typealias Case = (condition: AlertRule.Condition, value: String, holds: Bool, clears: Bool)

    static let table: [Case] = [
        // above, without and with a clear threshold
        (.above(number("30"), clearBelow: nil), "30.0", false, true),
        (.above(number("30"), clearBelow: nil), "30.1", true, false),
        (.above(number("30"), clearBelow: number("28")), "30.1", true, false),
        (.above(number("30"), clearBelow: number("28")), "30.0", false, false),
        (.above(number("30"), clearBelow: number("28")), "28.0", false, false),
        (.above(number("30"), clearBelow: number("28")), "27.9", false, true),
        (.above(number("30"), clearBelow: number("30")), "30.0", false, false),
        // below
        (.below(number("2"), clearAbove: nil), "1.9", true, false),
        (.below(number("2"), clearAbove: nil), "2.0", false, true),
        (.below(number("2"), clearAbove: number("4")), "4.0", false, false),
        (.below(number("2"), clearAbove: number("4")), "4.1", false, true),
        (.below(number("-2.5"), clearAbove: nil), "-2.6", true, false),
        (.below(number("-2.5"), clearAbove: nil), "-2.5", false, true),
        // limits with more decimals than the values
        (.above(number("29.95"), clearBelow: nil), "30.0", true, false),
        (.above(number("29.95"), clearBelow: nil), "29.9", false, true),
        (.below(number("-0.05"), clearAbove: nil), "0.0", false, true),
        (.below(number("-0.05"), clearAbove: nil), "-0.1", true, false),
        (.above(number("-0.05"), clearBelow: nil), "0.0", true, false),
        (.above(number("10"), clearBelow: number("9.95")), "9.9", false, true),
        (.above(number("10"), clearBelow: number("9.95")), "10.0", false, false),
        // equals is exact
        (.equals(number("5"), word: nil), "5.0", true, false),
        (.equals(number("5"), word: nil), "5.1", false, true),
        (.equals(number("5.00"), word: nil), "5.0", true, false),
        (.equals(number("5.05"), word: nil), "5.0", false, true),
        (.equals(number("5.05"), word: nil), "5.1", false, true),
        // a value is the end of a silence
        (.silentFor(.seconds(1)), "5.0", false, true),
    ]

    @Test(arguments: table)
    func `a value holds, clears, or does neither, without rounding`(one: Case) {
        var condition = AlertCondition(one.condition, decimals: 1)
        let verdict = condition.judge(number(one.value).significand, at: .zero)
        #expect(verdict == .init(holds: one.holds, clears: one.clears), "\(one)")
    }

    @Test(arguments: [
        ("2", 1, 20, 20), ("2.05", 1, 20, 21), ("-2.05", 1, -21, -20), ("2.05", 2, 205, 205), ("0.001", 0, 0, 1), ("-0.001", 0, -1, 0),
        ("999999999999999999", 9, Int64.max, Int64.max), ("-999999999999999999", 9, Int64.min, Int64.min),
        ("0.100", 1, 1, 1), ("1.10", 1, 11, 11),
    ] as [(String, Int, Int64, Int64)])
    func `limits are rounded outwards only as far as no value can tell`(text: String, decimals: Int, floor: Int64, ceiling: Int64) {
        #expect(number(text).floor(at: UInt8(decimals)) == floor)
        #expect(number(text).ceiling(at: UInt8(decimals)) == ceiling)
    }

    @Test func `a limit that no value can pass holds for none, and does not trap`() {
        var above = AlertCondition(.above(number("999999999999999999"), clearBelow: nil), decimals: 9)
        var below = AlertCondition(.below(number("-999999999999999999"), clearAbove: nil), decimals: 9)
        for value in [Int64.min, -1, 0, 1, .max] {
            let verdict1 = above.judge(value, at: .zero)
            #expect(!verdict1.holds)
            let verdict2 = below.judge(value, at: .zero)
            #expect(!verdict2.holds)
        }
    }

    @Test func `a change is judged against the values of the window`() {
        var fall = AlertCondition(.changesBy(number("-5"), within: .seconds(600)), decimals: 1)
        let verdict3 = fall.judge(200, at: at(0))
        #expect(verdict3 == .init(holds: false, clears: true))
        #expect(fall.change == nil)
        let verdict4 = fall.judge(151, at: at(60))
        #expect(verdict4 == .init(holds: false, clears: true))
        #expect(fall.change == 49)
        let verdict5 = fall.judge(150, at: at(120))
        #expect(verdict5 == .init(holds: true, clears: false))
        #expect(fall.change == 50)
    }
}
