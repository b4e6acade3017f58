import Telemetry
import Testing

@testable import RingStore

@Suite struct RingRejectionTests {
    private func name(_ handover: Handover) -> AlertEvent.ReadingName { handover.reading!.name }

    /// Readings 1 … `count` of which all are handed over; those in the file are stored.
    private func bench(_ count: Int, isStored: Bool, size: UInt64 = 256 << 10) -> (Bench, [Handover]) {
        var bench = Bench(size: size)
        bench.input(.start)
        for index in 1...count { bench.input(.append(airReading(Int64(index), at: 1))) }
        if isStored { bench.advance(to: 10) }
        let handed = bench.drain()
        #expect(numbers(handed) == Array(1...UInt64(count)))
        return (bench, handed)
    }

    @Test(arguments: [false, true]) func `a rejected reading becomes a loss in its place, and all is settled`(isStored: Bool) {
        var (bench, handed) = bench(5, isStored: isStored)
        bench.input(.rejected(handed[2].name))
        let told = bench.drain()
        #expect(told.count == 1)
        let loss = told[0].loss
        #expect(loss?.cause == .rejected && loss?.first.rawValue == 3 && loss?.last.rawValue == 3 && loss?.count == 1)
        #expect(loss?.sensors == [Loss.SensorCount(sensor: "air", count: 1)])
        for index in [0, 1, 3, 4] { bench.input(.acknowledged(handed[index].name)) }
        #expect(bench.ring.status.watermark.rawValue == 2)
        bench.input(.acknowledged(told[0].name))
        #expect(bench.ring.status.watermark.rawValue == 5 && bench.ring.status.unacknowledged == 0)
        #expect(bench.ring.status.lost == 1 && bench.ring.status.rejected == 1)
        #expect(bench.ring.status.lossesByCause[Int(Loss.Cause.rejected.rawValue) - 1] == 1)
        bench.input(.stop)
        var next = bench.restarted()
        #expect(next.drain() == [])
        #expect(next.ring.status.lost == 1 && next.ring.status.rejected == 1 && next.ring.status.unacknowledged == 0)
    }

    @Test func `neighbours that are rejected are told one by one, so that after a crash each keeps its range`() {
        var (bench, handed) = bench(4, isStored: true)
        for index in 0..<3 { bench.input(.rejected(handed[index].name)) }
        #expect(bench.drain().map { $0.loss?.first.rawValue } == [1, 2, 3])
    }

    @Test func `one that is rejected while its page is being written is a loss when the page is there`() {
        for fails in [false, true] {
            var bench = Bench()
            bench.input(.start)
            for index in 1...3 { bench.input(.append(airReading(Int64(index), at: 1))) }
            let handed = bench.drain()
            bench.holds = true
            bench.advance(to: 10)
            #expect(bench.held != nil)
            bench.input(.rejected(handed[1].name))
            check(bench.drain() == [])
            bench.holds = false
            if fails { bench.error = .inputOutput }
            bench.release()
            bench.error = nil
            bench.advance(to: 20)
            let told = bench.drain()
            #expect(told.map { $0.loss?.first.rawValue } == [2], "fails \(fails)")
            for item in handed + told { bench.input(.acknowledged(item.name)) }
            #expect(bench.ring.status.watermark.rawValue == 3 && bench.ring.status.unacknowledged == 0)
        }
    }

    @Test func `a crash before all is settled makes it a reading again, and it is counted once`() {
        var (bench, handed) = bench(5, isStored: true)
        bench.input(.rejected(handed[2].name))
        bench.input(.acknowledged(bench.drain()[0].name))
        // A page is written, with the watermark below it.
        bench.input(.acknowledged(handed[0].name))
        bench.input(.append(airReading(6, at: 11)))
        bench.advance(to: 30)
        var next = bench.restarted()
        #expect(next.ring.status.rejected == 0)
        let again = next.drain()
        #expect(numbers(again) == [2, 3, 4, 5, 6])
        next.input(.rejected(again[1].name))
        let loss = next.drain()[0]
        #expect(loss.loss?.first.rawValue == 3 && loss.loss?.last.rawValue == 3)
        for item in again + [loss] { next.input(.acknowledged(item.name)) }
        #expect(next.ring.status.rejected == 1 && next.ring.status.unacknowledged == 0)
    }

    @Test func `its loss outlives the eviction of its segment, in this process and the next`() {
        var (bench, handed) = bench(5, isStored: true)
        bench.input(.rejected(handed[2].name))
        let told = bench.drain()
        #expect(told.count == 1)
        var number: Int64 = 6
        while bench.ring.status.evicted == 0 {
            for _ in 0..<50 {
                bench.input(.append(airReading(number, at: Double(number))))
                number += 1
            }
            bench.advance(to: Double(number) + 10)
        }
        // A page that tells of it.
        bench.input(.append(airReading(number, at: Double(number) + 10)))
        bench.advance(to: Double(number) + 30)
        #expect(!bench.ring.disk!.lossNeedsPage)
        var next = bench.restarted()
        let losses = next.drain().compactMap { $0.loss }
        let rejected = losses.filter { $0.first.rawValue <= 3 && $0.last.rawValue >= 3 }
        #expect(rejected.count == 1 && rejected[0].cause == .rejected, "\(losses)")
    }

    @Test func `a reading that is taken later is handed over once more, before what was not handed over yet`() {
        for isStored in [false, true] {
            var (bench, handed) = bench(4, isStored: isStored)
            bench.input(.append(airReading(5, at: 11)))
            bench.input(.postponed(handed[1].name))
            #expect(numbers(bench.drain()) == [2, 5])
            // Acknowledged ones are not handed over again, whatever comes late.
            bench.input(.acknowledged(handed[1].name))
            bench.input(.postponed(handed[1].name))
            check(bench.drain() == [])
        }
    }

    @Test func `a loss that is postponed is told again`() {
        var (bench, handed) = bench(3, isStored: true)
        bench.input(.rejected(handed[0].name))
        let loss = bench.drain()[0]
        bench.input(.postponed(loss.name))
        check(bench.drain() == [loss])
        // And cannot be rejected.
        bench.input(.rejected(loss.name))
        #expect(bench.ring.status.rejected == 1)
    }

    @Test func `what was not handed over, is acknowledged or is of another stream cannot be rejected`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...3 { bench.input(.append(airReading(Int64(index), at: 1))) }
        let first = bench.next()!
        bench.input(.acknowledged(first.name))
        let stream = bench.ring.status.stream
        for name in [
            first.name, .reading(stream, SequenceNumber(2)), .reading(stream, SequenceNumber(99)),
            .reading(StreamID(stream.rawValue &+ 1), SequenceNumber(2)),
        ] { bench.input(.rejected(name)) }
        #expect(bench.ring.status.lost == 0)
        #expect(numbers(bench.drain()) == [2, 3])
    }

    @Test func `what waits for its acknowledgement can be looked at, and is stored when it is synced`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(7, at: 1)))
        let handed = bench.next()!
        #expect(bench.ring.handed(handed.name) == handed.reading)
        #expect(!bench.ring.isStored(name(handed)))
        bench.holds = true
        bench.advance(to: 10)
        #expect(bench.ring.handed(handed.name) == handed.reading && !bench.ring.isStored(name(handed)))
        bench.holds = false
        bench.release()
        #expect(bench.ring.handed(handed.name) == handed.reading && bench.ring.isStored(name(handed)))
        bench.input(.acknowledged(handed.name))
        #expect(bench.ring.handed(handed.name) == nil)
    }

    @Test func `nothing is stored where the disk does not serve`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        bench.error = .inputOutput
        let name = bench.ring.nextName!
        bench.input(.append(airReading(7, at: 1)))
        #expect(!bench.ring.isStored(name))
        bench.error = nil
        bench.advance(to: 400)
        #expect(bench.ring.isStored(name))
    }
}
