import Telemetry
import Testing

@testable import RingStore

private func header(_ number: UInt64, boot: UInt32 = 1, hasClock: Bool = false) -> PageHeader {
    var header = sampleHeader
    header.number = number
    header.first = number * 10
    header.boot = boot
    header.firstClock =
        hasClock ? ClockRecord(instant: .zero, wallTime: WallTime(nanoseconds: 0), position: 1) : nil
    return header
}

@Suite struct RingSearchTests {
    @Test func `the last page that begins at or before a position is found, past damaged pages too`() {
        for damaged in [[], [4], [3, 4, 5], [0], [7, 8, 9]] as [Set<UInt64>] {
            for position in stride(from: UInt64(0), to: 100, by: 3) {
                var search = PageSearch(.position(position), low: 0, high: 10, isLowProven: false)
                var reads = 0
                while !search.isDone {
                    reads += 1
                    search.take(damaged.contains(search.probe) ? nil : header(search.probe))
                    #expect(reads < 40)
                }
                let wanted = (0..<10 as Range<UInt64>).last { !damaged.contains($0) && $0 * 10 <= position } ?? 0
                #expect(search.low == wanted, "position \(position), damaged \(damaged)")
            }
        }
    }

    @Test func `the last page of a boot without a clock is found`() {
        let pages = [header(0), header(1), header(2), header(3, boot: 2), header(4, boot: 3)]
        var search = PageSearch(.clock(boot: 1), low: 0, high: 5, isLowProven: true)
        while !search.isDone { search.take(pages[Int(search.probe)]) }
        #expect(search.low == 2)
    }

    @Test func `reading goes on in the middle of a large backlog after few probes`() {
        var bench = storedRing(900)
        let stream = bench.ring.status.stream
        for handover in bench.drain().prefix(400) { bench.input(.acknowledged(handover.name)) }
        bench.input(.stop)
        var next = bench.restarted()
        let before = next.reads
        check(next.next()?.name == .reading(stream, SequenceNumber(401)))
        #expect(next.reads - before <= 16)
    }
}
