import Telemetry
import Testing

@testable import RingStore

/// What came out after the ring overflowed.
private func checkComplete(_ handovers: [Handover], _ count: UInt64) {
    var expected: UInt64 = 1
    for handover in handovers {
        switch handover {
        case .reading(let reading):
            #expect(reading.sequence.rawValue == expected)
            expected += 1
        case .loss(let loss):
            #expect(loss.first.rawValue == expected)
            #expect(loss.count == loss.last.rawValue - loss.first.rawValue + 1)
            #expect(loss.sensors.reduce(0) { $0 + $1.count } == loss.count)
            expected = loss.last.rawValue + 1
        }
    }
    #expect(expected == count + 1)
}

@Suite struct RingEvictionTests {
    @Test func `a full ring drops the oldest and counts it exactly, by sensor`() {
        var bench = storedRing(3000)
        let handovers = bench.drain()
        checkComplete(handovers, 3000)
        #expect(handovers.compactMap { $0.loss }.map { $0.cause } == [.evicted])
        #expect(handovers[0].loss?.sensors.count == 2)
        let status = bench.ring.status
        #expect(status.evicted == handovers[0].loss?.count)
        #expect(status.unacknowledged == 3000 - status.evicted)
        #expect(bench.notices.contains { $0.text.contains("evicted") })
    }

    @Test func `the file keeps its size`() { #expect(storedRing(3000).file?.count == 256 << 10) }

    @Test func `a loss that was told keeps its range; what is evicted later is another`() {
        var bench = storedRing(1500)
        let first = bench.next()!
        #expect(first.loss != nil)
        for index in 1500..<3000 {
            bench.now = seconds(Double(index) + 20)
            bench.input(
                .append(
                    Reading(
                        sensor: 0, instant: bench.now,
                        outcome: .noReading(NoReading(.short, detail: String(repeating: "e", count: 190))))))
            bench.advance(to: Double(index) + 20)
        }
        bench.input(.rewind)
        let handovers = bench.drain()
        #expect(handovers[0] == first)
        #expect(handovers[1].loss?.first == first.loss!.last.next)
        checkComplete(handovers, 3000)
    }

    @Test func `readings in flight stay in memory and are not counted lost`() {
        var bench = storedRing(200)
        var flying: [Handover] = []
        for _ in 0..<10 { flying.append(bench.next()!) }
        for index in 200..<2500 {
            bench.now = seconds(Double(index) + 20)
            bench.input(
                .append(
                    Reading(
                        sensor: 0, instant: bench.now,
                        outcome: .noReading(NoReading(.short, detail: String(repeating: "e", count: 190))))))
            bench.advance(to: Double(index) + 20)
        }
        bench.input(.rewind)
        let handovers = bench.drain()
        #expect(Array(handovers.prefix(10)) == flying)
        #expect(handovers[10].loss?.first == SequenceNumber(11))
        checkComplete(handovers, 2500)
    }

    @Test func `what was settled is overwritten in silence`() {
        var bench = Bench()
        bench.input(.start)
        for round in 0..<30 {
            for index in 0..<100 {
                bench.now = seconds(Double(round * 100 + index))
                bench.input(
                    .append(
                        Reading(
                            sensor: 0, instant: bench.now,
                            outcome: .noReading(NoReading(.short, detail: String(repeating: "e", count: 190))))))
            }
            bench.advance(to: Double(round * 100 + 110))
            check(bench.drain(acknowledge: true).allSatisfy { $0.loss == nil })
        }
        #expect(bench.ring.status.evicted == 0 && bench.ring.status.unacknowledged == 0)
    }

    @Test func `the loss is told again after a crash, with its count`() {
        let bench = storedRing(3000)
        var next = bench.restarted()
        let loss = next.next()?.loss
        #expect(loss?.first == .first && loss?.cause == .evicted)
        #expect(loss?.count == bench.ring.status.evicted)
        check(next.next()?.reading?.sequence == loss?.last.next)
    }
}
