import Telemetry
import Testing

@testable import RingStore

@Suite struct RingAccountingTests {
    @Test func `the numbers of a ring at each step`() {
        var bench = Bench()
        #expect(bench.ring.status.isInMemoryOnly)
        bench.input(.start)
        #expect(bench.ring.status.head == .first && bench.ring.status.tail == .first)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: Double(index)))) }
        var status = bench.ring.status
        #expect(status.head == SequenceNumber(6) && status.unacknowledged == 5 && status.inMemory == 5)
        #expect(status.oldestUnacknowledged == seconds(1) && status.bytes == 0)
        bench.advance(to: 20)
        status = bench.ring.status
        #expect(status.inMemory == 0 && status.unacknowledged == 5 && status.records == 5 && status.bytes == 4096)
        #expect(status.oldestUnacknowledged == seconds(1), "before any of it is read back, as in an outage")
        for handover in bench.drain().prefix(3) { bench.input(.acknowledged(handover.name)) }
        status = bench.ring.status
        #expect(status.unacknowledged == 2 && status.watermark == SequenceNumber(3) && status.records == 5)
        #expect(status.oldestUnacknowledged == seconds(4))
        #expect(status.writtenBytes > 0 && status.writtenBytes % 4096 == 0 && status.syncs > 0)
    }

    @Test func `readings that wait for numbers are counted`() {
        var bench = Bench()
        bench.input(.append(airReading(1, at: 1)))
        #expect(bench.ring.status.inMemory == 1 && bench.ring.status.unacknowledged == 1)
    }

    @Test func `a restart counts the same`() {
        let bench = storedRing(700)
        let next = bench.restarted()
        #expect(next.ring.status.unacknowledged == bench.ring.status.unacknowledged)
        #expect(next.ring.status.records == bench.ring.status.records)
        #expect(next.ring.status.evicted == bench.ring.status.evicted)
        #expect(next.ring.status.tail == bench.ring.status.tail)
    }
}
