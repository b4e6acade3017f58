import Telemetry
import Testing

@testable import Sensors

struct SamplingGridTests {
    @Test(arguments: [
        (0, 10), (9, 10), (10, 20), (10_000_005, 10_000_010), (-3, 0),
    ] as [(Int64, Int64)])
    func `the next slot is the first one after now`(_ now: Int64, _ next: Int64) {
        var grid = SamplingGrid(first: .zero, every: .nanoseconds(10))
        grid.advance(past: Instant(nanoseconds: now))
        #expect(grid.next == Instant(nanoseconds: next))
    }

    @Test func `a slot is due at its own instant`() {
        let grid = SamplingGrid(first: Instant(nanoseconds: 7), every: .nanoseconds(10))
        #expect(!grid.isDue(at: Instant(nanoseconds: 6)))
        #expect(grid.isDue(at: Instant(nanoseconds: 7)))
    }

    @Test func `at the end of the clock it stays there`() {
        var grid = SamplingGrid(first: .zero, every: .seconds(3600 * 24 * 365 * 200))
        grid.advance(past: Instant(nanoseconds: .max - 1))
        #expect(grid.next == .distantFuture)
    }
}
