import Telemetry
import Testing

@testable import Alerts

@Suite struct ChangeWindowTests {
    /// All values, and a look at every one of them.
    struct Plain {
        var seen: [(value: Int64, at: Instant)] = []
        mutating func take(_ value: Int64, _ instant: Instant, by least: Int64, within: Double) -> Bool {
            defer { seen.append((value, instant)) }
            return seen.contains { earlier in
                guard earlier.at.advanced(by: .milliseconds(Int64(within * 1000))) >= instant else { return false }
                return least > 0 ? value - earlier.value >= least : value - earlier.value <= least
            }
        }
    }

    @Test func `a value exactly as old as the window counts, an older one does not`() {
        for (second, holds) in [(10.0, true), (10.001, false)] {
            var window = ChangeWindow(by: number("5"), within: .seconds(10), decimals: 0)
            let verdict1 = window.take(0, at: at(0))
            #expect(!verdict1)
            let verdict2 = window.take(5, at: at(second))
            #expect(verdict2 == holds)
        }
    }

    @Test func `a change that is less by the smallest step does not hold`() {
        var window = ChangeWindow(by: number("0.5"), within: .seconds(10), decimals: 1)
        let verdict3 = window.take(0, at: at(0))
        #expect(!verdict3)
        let verdict4 = window.take(4, at: at(1))
        #expect(!verdict4)
        let verdict5 = window.take(5, at: at(2))
        #expect(verdict5)
        #expect(window.change == 5)
    }

    @Test func `a rise is no fall`() {
        var window = ChangeWindow(by: number("-5"), within: .seconds(10), decimals: 0)
        let verdict6 = window.take(0, at: at(0))
        #expect(!verdict6)
        let verdict7 = window.take(50, at: at(1))
        #expect(!verdict7)
        let verdict8 = window.take(45, at: at(2))
        #expect(verdict8)
        let verdict9 = window.take(46, at: at(3))
        #expect(!verdict9)
    }

    @Test func `two values of one instant are compared`() {
        var window = ChangeWindow(by: number("5"), within: .seconds(10), decimals: 0)
        let verdict10 = window.take(0, at: at(1))
        #expect(!verdict10)
        let verdict11 = window.take(5, at: at(1))
        #expect(verdict11)
    }

    @Test func `values at the ends of the range do not trap`() {
        for change in ["5", "-5"] {
            var window = ChangeWindow(by: number(change), within: .seconds(10), decimals: 0)
            for value in [Int64.min, .max, 0, .min, .min, .max] { _ = window.take(value, at: at(1)) }
            #expect(window.change != nil)
        }
    }

    @Test(arguments: ["4", "-4", "0.05", "-12.5"])
    func `while few values matter it decides as a look at all of them does, with a printed seed`(change: String) {
        let least = number(change).significand < 0 ? number(change).floor(at: 1) : number(change).ceiling(at: 1)
        for seed in UInt64(1)...20 {
            var random = RandomSource(seed: seed)
            var window = ChangeWindow(by: number(change), within: .seconds(30), decimals: 1)
            var plain = Plain()
            var now = 0.0
            for round in 0..<500 {
                now += Double(random.next() % 4000) / 1000
                let value = Int64(random.next() % 200) - 100
                let expected = plain.take(value, at(now), by: least, within: 30)
                let verdict12 = window.take(value, at: at(now))
                #expect(verdict12 == expected, "seed \(seed) round \(round)")
            }
        }
    }

    @Test func `10,000 values of a long ramp stay in bounded memory, and their age is exact to 1 part of 128`() {
        // One per millisecond and always rising: every value of the last 10 s can still be the lowest.
        var window = ChangeWindow(by: number("1"), within: .seconds(10), decimals: 0)
        for step in 0..<30_000 {
            _ = window.take(Int64(step), at: at(Double(step) / 1000))
            #expect(window.count <= ChangeWindow.capacity)
            guard step > 0 else { continue }
            let exact = Int64(min(step, 10_000))
            let change = window.change ?? 0
            #expect(change >= exact && change <= exact + 10_000 / 128 + 1, "step \(step)")
        }
    }

    @Test func `a low value is not dragged along by what is joined to it`() {
        var window = ChangeWindow(by: number("1000"), within: .seconds(10), decimals: 0)
        _ = window.take(0, at: at(0))
        for step in 1..<20_000 {
            let now = Double(step) / 1000
            _ = window.take(1000 + Int64(step), at: at(now))
            let change = window.change ?? 0
            // The 0 counts to its end, and at most 1/128 beyond it; then the lowest is above 1000.
            if now <= 10 { #expect(change == 1000 + step) }
            if now > 10 + 10.0 / 128 { #expect(change < step) }
        }
    }
}
