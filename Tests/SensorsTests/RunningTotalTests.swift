import Telemetry
import Testing

@testable import Sensors

@Suite struct RunningTotalTests {
    private func total(_ value: Int64, unit: String = "mm", decimals: UInt8 = 2) -> RunningTotal {
        var total = RunningTotal(unit: unit, decimals: decimals)
        _ = total.add(value)
        return total
    }

    @Test func `it grows, says when, and never wraps`() {
        var sum = total(0)
        #expect(sum.revision == 0)
        let added = [sum.add(5), sum.add(0), sum.add(7)]
        #expect(added == [true, true, true])
        #expect(sum.significand == 12 && sum.revision == 2)
        #expect(sum.text == "0.12")
        let tooMuch = sum.add(.max - 11)
        #expect(!tooMuch)
        #expect(sum.significand == 12 && sum.revision == 2)
    }

    @Test(arguments: [0, 1, 127, 128, 65_536, 1 << 40, .max] as [Int64])
    func `what was saved comes back`(_ value: Int64) {
        var next = total(0)
        next.restore(total(value).saved)
        #expect(next.significand == value)
    }

    @Test func `what comes back late is added to what was counted meanwhile`() {
        var next = total(3)
        next.restore(total(100).saved)
        #expect(next.significand == 103)
    }

    @Test func `another unit begins at 0`() {
        var next = total(0, unit: "l")
        next.restore(total(100, unit: "mm").saved)
        #expect(next.significand == 0)
    }

    @Test(arguments: [(2, 4, 125, 12_500), (2, 0, 125, 2), (2, 0, 100, 1), (2, 1, 125, 13), (4, 2, 0, 0), (0, 9, .max, 0), (18, 0, 1, 1)]
        as [(UInt8, UInt8, Int64, Int64)])
    func `other decimals keep the value, rounded up, and 0 where it does not fit`(_ from: UInt8, _ to: UInt8, _ before: Int64, _ after: Int64) {
        var next = total(0, decimals: to)
        next.restore(total(before, decimals: from).saved)
        #expect(next.significand == after)
    }

    @Test func `bytes that are no total are ignored, whatever they are`() {
        let good = total(100).saved
        var seed = RandomSource(seed: 11)
        for count in 0...good.count {
            var cut = total(7)
            cut.restore(Array(good.prefix(count)))
            #expect(cut.significand == (count == good.count ? 107 : 7))
        }
        for _ in 0..<2000 {
            var bytes = good
            bytes[Int(seed.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: seed.next())
            var next = total(7)
            next.restore(bytes)
            #expect(next.significand >= 7)
        }
        var negative = total(7)
        negative.restore(good.dropLast() + [0xFF])
        #expect(negative.significand == 7)
    }
}
