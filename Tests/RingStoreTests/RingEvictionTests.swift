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

    // MARK: `drop-newest`

    private static func fill(_ bench: inout Bench, _ numbers: ClosedRange<Int>, from time: Double) {
        for number in numbers {
            bench.now = seconds(time + Double(number))
            let outcome = Outcome.noReading(NoReading(.short, detail: "\(number) " + String(repeating: "d", count: 180)))
            bench.input(.append(Reading(sensor: number % 2, instant: bench.now, outcome: outcome)))
            if let deadline = bench.ring.deadline, deadline <= bench.now { bench.input(.timer) }
        }
        bench.advance(to: time + Double(numbers.upperBound) + 10)
    }

    @Test func `with drop-newest a full ring keeps what it has, and counts what it does not take by sensor`() {
        var bench = Bench(whenFull: .dropNewest)
        bench.input(.start)
        Self.fill(&bench, 1...3000, from: 0)
        let writes = bench.writes.count
        #expect(bench.notices.count { $0.text.contains("new readings are refused") } == 1)
        Self.fill(&bench, 3001...4000, from: 0)
        // But for numbers.
        #expect(bench.writes.dropFirst(writes).allSatisfy { $0.count == 1 && [0, 63].contains($0[0].page) })
        #expect(bench.ring.status.evicted == bench.ring.status.lost && bench.ring.status.inMemory == 0)
        let handovers = bench.drain()
        let kept = numbers(handovers)
        #expect(kept == Array(1...UInt64(kept.count)) && kept.count > 700)
        let loss = handovers.last?.loss
        #expect(loss?.first.rawValue == UInt64(kept.count) + 1 && loss?.last.rawValue == 4000 && loss?.cause == .evicted)
        #expect(loss?.count == UInt64(4000 - kept.count) && bench.ring.status.evicted == loss?.count)
        #expect(loss?.sensors.reduce(0) { $0 + $1.count } == loss?.count && loss?.sensors.count == 2)
        // A stop tells the file of it, and a restart tells it again.
        bench.input(.stop)
        var next = bench.restarted(boot: 2, whenFull: .dropNewest)
        let again = next.drain()
        #expect(numbers(again) == kept)
        #expect(again.last == handovers.last)
    }

    @Test func `with drop-newest there is room again when the oldest are acknowledged, and the loss lies in its place`() {
        var bench = Bench(whenFull: .dropNewest)
        bench.input(.start)
        Self.fill(&bench, 1...2000, from: 0)
        var handovers: [Handover] = []
        while let handover = bench.next(), handover.reading?.sequence.rawValue ?? .max <= 200 {
            handovers.append(handover)
            bench.input(.acknowledged(handover.name))
        }
        bench.input(.rewind)
        #expect(bench.notices.contains { $0.text.contains("takes readings again refused=\(bench.ring.status.evicted)") })
        let refused = bench.ring.status.evicted
        Self.fill(&bench, 2001...2050, from: 0)
        #expect(bench.ring.status.evicted == refused)
        handovers += bench.drain(acknowledge: true)
        var number: UInt64 = 1
        var losses = 0
        for handover in handovers {
            switch handover {
            case .reading(let reading):
                #expect(reading.sequence.rawValue == number)
                number += 1
            case .loss(let loss):
                losses += 1
                #expect(loss.first.rawValue == number && loss.count == refused)
                number = loss.last.rawValue + 1
            }
        }
        #expect(number == 2051 && losses == 1)
        bench.input(.stop)
        var next = bench.restarted(boot: 2, whenFull: .dropNewest)
        check(next.drain().isEmpty)
    }

    @Test func `with drop-newest a crash takes nothing that was kept`() {
        var bench = Bench(whenFull: .dropNewest)
        bench.input(.start)
        Self.fill(&bench, 1...2000, from: 0)
        let kept = numbers(bench.drain())
        var next = bench.restarted(boot: 2, whenFull: .dropNewest)
        let handovers = next.drain()
        #expect(numbers(handovers) == kept)
        #expect(handovers.last?.loss?.cause == .restart && handovers.last?.loss?.first.rawValue == UInt64(kept.count) + 1)
    }

    @Test func `with drop-newest and a failing disk the newest in memory go`() {
        var bench = Bench(memory: 64 << 10, whenFull: .dropNewest)
        bench.input(.start)
        bench.error = .inputOutput
        for number in 1...2000 { bench.input(.append(airReading(Int64(number), at: Double(number) / 1000))) }
        bench.error = nil
        bench.advance(to: 400)
        let handovers = bench.drain()
        let kept = numbers(handovers)
        #expect(kept == Array(1...UInt64(kept.count)) && kept.count > 100)
        #expect(handovers.last?.loss?.cause == .memoryFull && handovers.last?.loss?.last.rawValue == 2000)
    }

    @Test func `a reload to drop-oldest makes room`() {
        var bench = Bench(whenFull: .dropNewest)
        bench.input(.start)
        Self.fill(&bench, 1...2000, from: 0)
        bench.input(.limits(sync: .seconds(5), memory: 1 << 20, whenFull: .dropOldest))
        Self.fill(&bench, 2001...2100, from: 0)
        let handovers = bench.drain()
        #expect(handovers.first?.loss?.first == .first && numbers(handovers).last == 2100)
    }
}
