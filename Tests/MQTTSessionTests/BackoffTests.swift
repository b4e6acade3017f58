import MQTTSession
import Telemetry
import Testing

@Suite struct BackoffTests {
    @Test func `delays lie between the minimum and three times the one before`() {
        for seed in 0..<50 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(120))
            var previous = Duration.seconds(1)
            for _ in 0..<100 {
                let delay = backoff.next(&random)
                #expect(delay >= .seconds(1) && delay <= min(previous * 3, .seconds(120)), "seed \(seed)")
                previous = delay
            }
        }
    }

    @Test func `devices that fail together do not come back together`() {
        // The second delays of 1,000 devices, in bins of half a second from 1 s to 9 s: no bin holds a tenth of them
        // but the first few, and every bin has some.
        var bins = [Int](repeating: 0, count: 16)
        for seed in 0..<1000 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(120))
            _ = backoff.next(&random)
            let delay = backoff.next(&random).nanoseconds
            bins[min(15, Int((delay - 1_000_000_000) / 500_000_000))] += 1
        }
        #expect(bins.allSatisfy { $0 > 0 && $0 < 200 }, "\(bins)")
    }

    @Test func `the maximum is reached in a long outage and holds`() {
        var random = RandomSource(seed: 7)
        var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(5))
        let delays = (0..<1000).map { _ in backoff.next(&random) }
        #expect(delays.max()! <= .seconds(5))
        #expect(delays.dropFirst(20).contains { $0 > .seconds(4) })
    }

    @Test func `after a reset it begins anew`() {
        var random = RandomSource(seed: 7)
        var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(120))
        for _ in 0..<20 { _ = backoff.next(&random) }
        backoff.reset()
        #expect(backoff.next(&random) <= .seconds(3))
    }

    @Test func `a minimum that is the maximum gives that delay`() {
        var random = RandomSource(seed: 7)
        var backoff = Backoff(minimum: .seconds(2), maximum: .seconds(2))
        #expect((0..<5).map { _ in backoff.next(&random) } == Array(repeating: .seconds(2), count: 5))
    }
}
