import Telemetry
import Testing

@testable import RingStore

@Suite struct RingLossesTests {
    @Test func `when the disk fails and memory is full, the oldest are dropped and counted by sensor`() {
        var bench = Bench(memory: 64 << 10)
        bench.input(.start)
        bench.error = .noSpace
        for index in 1...2000 {
            bench.now = seconds(Double(index) / 100)
            bench.input(.append(index % 4 == 0 ? doorReading(1, at: 1) : airReading(Int64(index), at: 1)))
            #expect(bench.ring.memoryBytes <= 64 << 10)
        }
        let handovers = bench.drain()
        let losses = handovers.compactMap { $0.loss }
        #expect(losses.allSatisfy { $0.cause == .memoryFull })
        let lost = losses.reduce(0) { $0 + $1.count! }
        #expect(lost > 0 && Int(lost) + numbers(handovers).count == 2000)
        for loss in losses { #expect(loss.sensors.reduce(0) { $0 + $1.count } == loss.count) }
        #expect(bench.ring.status.lossesByCause[Int(Loss.Cause.memoryFull.rawValue) - 1] == lost)
        #expect(numbers(handovers).last == 2000)
    }

    @Test func `what is in flight is not dropped`() {
        var bench = Bench(memory: 64 << 10)
        bench.input(.start)
        bench.error = .inputOutput
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        let flying = bench.drain()
        for index in 6...2000 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.input(.rewind)
        let handovers = bench.drain()
        #expect(Array(handovers.prefix(5)) == flying)
        // Nor is what was in the batch that failed: it may be on the disk.
        let losses = handovers.compactMap { $0.loss }
        #expect(losses.count == 1 && losses[0].first > SequenceNumber(5))
        #expect(numbers(handovers).count + Int(losses[0].count!) == 2000)
    }

    @Test func `a loss that is written does not grow`() {
        var bench = Bench(memory: 64 << 10)
        bench.input(.start)
        bench.error = .noSpace
        for index in 1...1000 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.error = nil
        bench.advance(to: 2000)
        #expect(bench.ring.status.inMemory == 0)
        var next = bench.restarted()
        let handovers = next.drain()
        let told = handovers.compactMap { $0.loss }.reduce(0) { $0 + ($1.count ?? 0) }
        #expect(Int(told) + numbers(handovers).count == 1000)
    }

    @Test func `gaps are split where something is known`() {
        var bench = Bench()
        bench.input(.start)
        bench.ring.acknowledged.insert(first: 4, end: 6, stored: 0)
        bench.ring.head = 10
        let runs = bench.ring.unsettledRuns(1, 9)
        #expect(runs.map { [$0.first, $0.end] } == [[1, 4], [6, 9]])
        #expect(runs.allSatisfy { !$0.isWhole })
        #expect(bench.ring.unsettledRuns(6, 9).map { $0.isWhole } == [true])
    }

    @Test func `losses that touch stay few, however often they are told`() {
        var bench = Bench()
        bench.input(.start)
        let span = StreamSpan(stream: 7, base: 0)
        for position in 1...5000 as ClosedRange<UInt64> {
            bench.ring.addLoss(
                LossEntry(span: span, first: position, end: position + 1, count: 1, cause: .evicted, sensors: [.init(sensor: "air", count: 1)], isFrozen: true),
                counts: true)
        }
        #expect(bench.ring.losses.count <= 1024 && bench.ring.losses.first?.first == 1 && bench.ring.losses.last?.end == 5001)
        #expect(bench.ring.losses.reduce(0) { $0 + ($1.count ?? 0) } == 5000)
        #expect(bench.ring.losses.first?.loss.sensors == [.init(sensor: "air", count: bench.ring.losses.first!.count!)])
    }
}
