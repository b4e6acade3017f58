import Telemetry
import Testing

@testable import RingStore

@Suite struct RingTurnTests {
    @Test func `there is one storage request at a time`() {
        var bench = Bench(sync: .zero)
        bench.holds = true
        bench.input(.start)
        var made = 1
        for index in 1...50 {
            bench.input(.append(airReading(Int64(index), at: Double(index))))
            #expect(bench.requests.count == made)
            if index % 3 == 0 {
                bench.release()
                made = bench.requests.count
            }
        }
    }

    @Test func `a failing disk is tried again after 1, 2, 4 seconds and at last each 5 minutes`() {
        let delays = (1...12).map { Ring.backOff($0) }
        #expect(delays.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(delays.last == .seconds(300))
    }

    @Test func `a disk that fails and comes back is said once each, and nothing is lost`() {
        var bench = Bench()
        bench.input(.start)
        bench.error = .inputOutput
        for second in 1...60 {
            bench.now = seconds(Double(second))
            bench.input(.append(airReading(Int64(second), at: Double(second))))
            bench.advance(to: Double(second))
        }
        #expect(bench.ring.status.isInMemoryOnly)
        #expect(bench.notices.count { $0.level == .error } == 1)
        bench.error = nil
        bench.advance(to: 400)
        #expect(!bench.ring.status.isInMemoryOnly)
        #expect(bench.ring.status.inMemory == 0)
        var next = bench.restarted()
        check(next.drain().compactMap { $0.reading }.map { $0.outcome }
            == (1...60).map { .measurements([Int64($0), 500]) })
    }

    @Test func `a stop writes what is not settled and the exact next number`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...10 { bench.input(.append(airReading(Int64(index), at: 1))) }
        for _ in 1...4 { bench.input(.acknowledged(bench.next()!.name)) }
        bench.input(.stop)
        #expect(bench.isStopped)
        var next = bench.restarted()
        #expect(next.ring.status.head == SequenceNumber(11))
        let handovers = next.drain()
        #expect(numbers(handovers) == Array(5...10))
        #expect(handovers.allSatisfy { $0.loss == nil })
    }

    @Test func `a stop with a dead disk ends, and says what is lost`() {
        var bench = Bench()
        bench.input(.start)
        bench.error = .inputOutput
        bench.input(.append(airReading(1, at: 1)))
        bench.input(.stop)
        #expect(bench.isStopped)
        #expect(bench.notices.last?.text.contains("count=1") == true)
    }

    @Test func `what is acknowledged after a stop is kept by a second stop`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        let name = bench.next()!.name
        bench.input(.stop)
        bench.isStopped = false
        bench.input(.acknowledged(name))
        bench.input(.stop)
        #expect(bench.isStopped)
        var next = bench.restarted()
        check(next.drain().isEmpty)
    }
}
