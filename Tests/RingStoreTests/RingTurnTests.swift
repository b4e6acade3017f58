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

    @Test func `a file that is taken away is missed at the next write, and a new one begins with all that is in memory`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...10 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.advance(to: 10)
        let flying = (1...3).map { _ in bench.next()! }
        bench.input(.acknowledged(flying[0].name))
        let stream = bench.ring.status.stream
        bench.isGone = true
        for index in 11...14 { bench.input(.append(airReading(Int64(index), at: 11))) }
        bench.advance(to: 20)
        #expect(bench.setAside == 1 && !bench.ring.status.isInMemoryOnly && bench.ring.status.stream == stream)
        #expect(bench.notices.contains { $0.level == .error && $0.text.contains("deleted, replaced or cut") })
        // What was only in the file, 4 to 10, is a loss; what was in flight is in the new file.
        bench.input(.rewind)
        let handovers = bench.drain()
        #expect(numbers(handovers) == [2, 3, 11, 12, 13, 14])
        let loss = handovers[2].loss
        #expect(loss == Loss(stream: stream, first: SequenceNumber(4), last: SequenceNumber(10), count: 7, cause: .damaged))
        var next = bench.restarted(boot: 2)
        #expect(next.ring.status.stream == stream)
        check(numbers(next.drain()) == [2, 3, 11, 12, 13, 14])
    }

    @Test func `with drop-newest a full ring that waits to store its clock keeps what is acknowledged over a crash`() {
        var bench = Bench(whenFull: .dropNewest)
        bench.input(.start)
        for index in 0..<3000 {
            bench.now = seconds(Double(index))
            let text = "\(index) " + String(repeating: "d", count: 180)
            bench.input(.append(Reading(sensor: 0, instant: bench.now, outcome: .noReading(NoReading(.short, detail: text)))))
            if let deadline = bench.ring.deadline, deadline <= bench.now { bench.input(.timer) }
        }
        #expect(bench.ring.isRefusing)
        let clock = ClockReading(instant: bench.now, wallTime: WallTime(nanoseconds: 1_700_000_000_000_000_000), isKnown: true)
        bench.input(.clock(clock))
        for number in 1...100 {
            let handover = bench.next()
            #expect(handover?.reading?.sequence.rawValue == UInt64(number))
            if let handover { bench.input(.acknowledged(handover.name)) }
        }
        // A segment is a page of 18 here.
        let next = bench.restarted(boot: 2, whenFull: .dropNewest)
        #expect(next.ring.status.watermark.rawValue >= 100 - 2 * 18)
    }

    @Test func `a reading that was acknowledged while the one before it was rejected is not due for ever`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 0)))
        bench.input(.append(airReading(2, at: 0)))
        let handovers = bench.drain()
        bench.input(.acknowledged(handovers[1].name))
        bench.input(.rejected(handovers[0].name))
        let writes = bench.writes.count
        bench.advance(to: 60)
        #expect(bench.writes.count - writes <= 2)
        #expect(bench.ring.memoryBytes == 0)
    }
}
