import Telemetry
import Testing

@testable import RingStore

@Suite struct RingTests {
    @Test func `what is appended is handed over in order, and again after a rewind`() {
        var bench = Bench()
        bench.input(.append(airReading(1, at: 1)))
        bench.input(.start)
        #expect(bench.isOpen)
        bench.input(.append(airReading(2, at: 2)))
        check(numbers(bench.drain()) == [1, 2])
        let stream = bench.ring.status.stream
        bench.input(.acknowledged(.reading(stream, SequenceNumber(1))))
        #expect(bench.ring.status.watermark == SequenceNumber(1))
        bench.input(.rewind)
        check(numbers(bench.drain()) == [2])
    }

    @Test func `numbers wait until the file has reserved them`() {
        var bench = Bench()
        bench.holds = true
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        bench.release()
        check(bench.next() == nil && !bench.isOpen)
        bench.release()
        #expect(bench.isOpen)
        check(bench.next()?.reading?.sequence == .first)
    }

    @Test func `while all is acknowledged at once, the file is written once`() {
        var bench = Bench()
        bench.input(.start)
        let atStart = bench.writes.count
        for second in 1...600 {
            bench.now = seconds(Double(second))
            bench.input(.append(airReading(Int64(second), at: Double(second))))
            _ = bench.drain(acknowledge: true)
            bench.advance(to: Double(second))
        }
        #expect(bench.writes.count == atStart)
        #expect(atStart == 1)
    }

    @Test func `at one reading a second numbers are reserved once an hour`() {
        var bench = Bench()
        bench.input(.start)
        let atStart = bench.writes.count
        for second in 1...36_000 {
            bench.now = seconds(Double(second))
            bench.input(.append(airReading(Int64(second), at: Double(second))))
            _ = bench.drain(acknowledge: true)
        }
        let pages = bench.writes.dropFirst(atStart).reduce(0) { $0 + $1.count }
        #expect((9...11).contains(pages))
    }

    @Test func `a copy of a ring is another ring`() {
        var bench = Bench()
        bench.input(.start)
        let before = bench.ring
        #expect(before == bench.ring)
        bench.input(.append(airReading(1, at: 1)))
        #expect(before != bench.ring)
    }

    @Test func `limits that a reload brings count from then on`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        let before = bench.ring.deadline
        bench.input(.limits(sync: .seconds(3600), memory: 64 << 10, whenFull: .dropOldest))
        #expect(before == bench.ring.deadline?.advanced(by: .seconds(-3595)))
        #expect(bench.ring.configuration.memory == 64 << 10)
    }
}
