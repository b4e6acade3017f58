import Telemetry
import Testing

@testable import RingStore

@Suite struct PositionRangesTests {
    @Test func `ranges join on both sides, with what is stored of them`() {
        var ranges = PositionRanges()
        ranges.insert(first: 5, end: 6, stored: 1)
        ranges.insert(first: 7, end: 9, stored: 2)
        ranges.insert(first: 1, end: 2, stored: 0)
        #expect(ranges.ranges.count == 3)
        ranges.insert(first: 6, end: 7, stored: 1)
        #expect(ranges.ranges.map { [$0.first, $0.end, $0.stored] } == [[1, 2, 0], [5, 9, 4]])
    }

    @Test func `any order of single positions ends in one range`() {
        var random = RandomSource(seed: 7)
        var ranges = PositionRanges()
        let order = (1...200 as ClosedRange<UInt64>).shuffled(using: &random)
        for (index, position) in order.enumerated() {
            #expect(!ranges.contains(position))
            ranges.insert(first: position, end: position + 1, stored: UInt64(index % 2))
            #expect(ranges.contains(position))
        }
        #expect(ranges.ranges.map { [$0.first, $0.end, $0.stored] } == [[1, 201, 100]])
        #expect(ranges.end(containing: 17) == 201)
        #expect(ranges.end(containing: 201) == nil)
    }

    @Test func `only a range that begins at the position is taken out`() {
        var ranges = PositionRanges()
        ranges.insert(first: 5, end: 8, stored: 2)
        check(ranges.removeRange(from: 4) == nil)
        check(ranges.addStored(at: 7))
        check(!ranges.addStored(at: 8))
        check(ranges.removeRange(from: 5)?.stored == 3)
        #expect(ranges.ranges.isEmpty)
    }
}
