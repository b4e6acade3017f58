import Telemetry
import Testing

@testable import RingStore

private func known(_ time: Double, wall: Double) -> RingInput {
    .clock(ClockReading(instant: seconds(time), wallTime: WallTime(nanoseconds: Int64(wall * 1e9)), isKnown: true))
}

private func wall(_ time: Double) -> WallTime { WallTime(nanoseconds: Int64(time * 1e9)) }

@Suite struct RingClockTests {
    @Test func `readings before the clock are estimated, those after it synced`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        check(bench.next(unstamped: false) == nil)
        #expect(bench.ring.isWaitingForClock)
        bench.input(known(3, wall: 1003))
        #expect(bench.ring.clockOfThisBoot != nil)
        bench.input(.append(airReading(2, at: 4)))
        let stamps = bench.drain(unstamped: false).compactMap { $0.reading?.stamp }
        #expect(stamps == [.estimated(wall(1001)), .synced(wall(1004))])
    }

    @Test func `a clock that is not known is none`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.clock(ClockReading(instant: .zero, wallTime: wall(5), isKnown: false)))
        bench.input(.append(airReading(1, at: 1)))
        check(bench.next(unstamped: false) == nil)
        check(bench.next(unstamped: true)?.reading?.stamp == .unknown(notBefore: nil))
    }

    @Test func `a reading that went out unstamped may come again with a time, never the other way`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        check(bench.next()?.reading?.stamp == .unknown(notBefore: nil))
        bench.input(known(3, wall: 1003))
        bench.input(.rewind)
        check(bench.next()?.reading?.stamp == .estimated(wall(1001)))
    }

    @Test func `a step and a drift beyond 10 ms make a new record, less does not`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(known(1, wall: 1001))
        let steps: [(wall: Double, count: Int)] = [(1002.009, 1), (1003.011, 2), (900, 3)]
        for (index, step) in steps.enumerated() {
            bench.input(.append(airReading(1, at: 1)))
            bench.input(known(Double(index + 2), wall: step.wall))
            #expect(bench.ring.clocks.count == step.count)
        }
    }

    @Test func `readings stored before the clock was known are stamped after a power cut and in another boot`() {
        var bench = Bench(sync: .seconds(1))
        bench.input(.start)
        for index in 1...600 {
            bench.now = seconds(Double(index))
            bench.input(.append(airReading(Int64(index), at: Double(index))))
            bench.advance(to: Double(index))
        }
        bench.now = seconds(700)
        bench.input(known(700, wall: 10_700))
        var next = bench.restarted(boot: 2)
        let handovers = next.drain(unstamped: false)
        #expect(numbers(handovers).count >= 599)
        for reading in handovers.compactMap({ $0.reading }) {
            #expect(reading.stamp == .estimated(wall(10_000 + Double(reading.sequence.rawValue))))
        }
    }

    @Test func `a stored reading waits until the record that stamps it is stored`() {
        var bench = Bench(sync: .seconds(1))
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        bench.advance(to: 5)
        bench.holds = true
        bench.input(known(6, wall: 1006))
        #expect(bench.held != nil)
        check(bench.next(unstamped: false) == nil)
        bench.release()
        check(bench.next(unstamped: false)?.reading?.stamp == .estimated(wall(1001)))
    }

    @Test func `readings of an earlier boot without a clock go out at once, with the last time from before as bound`() {
        var first = Bench()
        first.input(.start)
        first.input(known(1, wall: 5000))
        first.input(.append(airReading(1, at: 2)))
        first.input(.stop)
        var second = first.restarted(boot: 2)
        second.input(.append(airReading(2, at: 1)))
        second.input(.stop)
        var third = second.restarted(boot: 3)
        third.input(.append(airReading(3, at: 1)))
        let stamps = third.drain(unstamped: false).compactMap { $0.reading?.stamp }
        #expect(stamps == [.synced(wall(5001)), .unknown(notBefore: wall(5001))])
        #expect(third.ring.isWaitingForClock)
    }

    @Test(arguments: [true, false])
    func `a clock that was set back bounds by its new time, which the readings behind it have`(hasReadingBehind: Bool) {
        var first = Bench(sync: .zero)
        first.input(.start)
        first.input(known(1, wall: 50_000))
        for index in 1...5 { first.input(.append(airReading(Int64(index), at: Double(index) + 1))) }
        first.input(known(10, wall: 20_000))
        if hasReadingBehind { first.input(.append(airReading(6, at: 12))) }
        first.input(.stop)
        var second = first.restarted(boot: 2)
        second.input(.append(airReading(7, at: 1)))
        second.input(.stop)
        var third = second.restarted(boot: 3)
        let stamps = third.drain(unstamped: false).compactMap { $0.reading?.stamp }
        #expect(stamps.last == .unknown(notBefore: wall(hasReadingBehind ? 20_002 : 20_000)), "\(stamps)")
    }

    @Test func `the next process of the same boot stamps by the same record`() {
        var first = Bench(sync: .seconds(1))
        first.input(.start)
        first.input(.append(airReading(1, at: 1)))
        first.input(known(2, wall: 1002))
        first.advance(to: 10)
        let stamp = first.next()?.reading?.stamp
        var second = Bench(file: first.file, boot: 1, seed: 3)
        second.input(known(20, wall: 1020.005))
        second.input(.start)
        #expect(second.next()?.reading?.stamp == stamp)
    }

    /// What the next process of the boot takes the wall clock to be at 500 s.
    private func clockAfterwards(_ bench: Bench) -> WallTime? {
        bench.restarted(boot: 1).ring.clockOfThisBoot.map { $0.wallTime.advanced(by: $0.instant.duration(to: seconds(500))) }
    }

    /// A reading each second that is acknowledged at once, so that none is written; the wall clock is `offset` from the boot clock.
    private func run(_ bench: inout Bench, to end: Int, offset: Double) {
        while bench.now < seconds(Double(end)) {
            bench.now = bench.now.advanced(by: .seconds(1))
            let time = Double(bench.now.nanoseconds) / 1e9
            bench.input(known(time, wall: time + offset))
            bench.input(.append(airReading(1, at: time)))
            _ = bench.drain(acknowledge: true)
        }
    }

    @Test func `the next process of the same boot goes on by the clock that was set last, after a stop and after a kill`() {
        for (isStopped, end) in [(true, 25), (false, 140)] {
            var bench = Bench(sync: .seconds(1))
            bench.input(.start)
            run(&bench, to: 10, offset: 20_000)
            run(&bench, to: 15, offset: 30_800)
            run(&bench, to: end, offset: 12_800)
            if isStopped { bench.input(.stop) }
            #expect(clockAfterwards(bench) == wall(13_300), "stopped: \(isStopped)")
        }
    }

    @Test func `a clock that is set each second is written once a minute`() {
        var bench = Bench(sync: .seconds(1))
        bench.input(.start)
        run(&bench, to: 10, offset: 20_000)
        let before = bench.ring.syncs
        for second in 11...310 { run(&bench, to: second, offset: second % 2 == 0 ? 20_000 : 30_000) }
        #expect(bench.ring.syncs - before <= 5)
        #expect(bench.ring.syncs > before)
    }

    @Test func `while the file is being opened nothing is stamped by a clock that it may know better`() {
        func look(_ at: Double, _ wall: Int64) -> RingInput {
            .clock(ClockReading(instant: seconds(at), wallTime: WallTime(nanoseconds: 1_700_000_000_000_000_000 + wall), isKnown: true))
        }
        var first = Bench()
        first.input(.start)
        first.input(.append(airReading(1, at: 1)))
        first.input(look(2, 0))
        first.advance(to: 10)
        // The same boot; the file takes its time, and readings fill the memory. The wall clock was set by 3 s meanwhile.
        var second = Bench(memory: 64 << 10, file: first.file, boot: 1, seed: 2)
        second.holds = true
        second.now = seconds(20)
        second.input(.start)
        for index in 0..<1000 { second.input(.append(airReading(Int64(index), at: 20))) }
        second.input(look(21, 22_000_000_000))
        // What found no room in memory is told.
        while let handover = second.ring.next(at: second.now, unstamped: false).handover { #expect(handover.loss?.cause == .memoryFull) }
        #expect(second.ring.isWaitingForClock)
        second.holds = false
        second.release()
        let handovers = second.drain(unstamped: false)
        #expect(handovers.contains { if case .estimated? = $0.reading?.stamp { true } else { false } })
        second.advance(to: 100)
        var third = second.restarted(boot: 2, seed: 3)
        let again = third.drain()
        for handover in handovers {
            guard let reading = handover.reading else { continue }
            let same = again.compactMap(\.reading).first { $0.stream == reading.stream && $0.sequence == reading.sequence }
            #expect(same == reading)
        }
    }

    @Test func `what was stamped while the file could not be opened, and what the file had, both keep their time`() {
        func look(_ at: Double, _ offset: Double) -> RingInput {
            .clock(ClockReading(instant: seconds(at), wallTime: WallTime(nanoseconds: Int64((at + offset) * 1e9)), isKnown: true))
        }
        var first = Bench()
        first.input(.start)
        first.input(.append(airReading(1, at: 1)))
        first.advance(to: 10)
        // Stored without a time, which becomes known.
        first.now = seconds(11)
        first.input(look(11, 100))
        first.advance(to: 20)
        let stored = first.drain(unstamped: false)
        // The same boot; the wall clock was set by 3 s meanwhile, and the disk does not serve.
        var second = Bench(file: first.file, boot: 1, seed: 2)
        second.now = seconds(20)
        second.error = .inputOutput
        second.input(.start)
        second.input(.append(airReading(2, at: 20)))
        second.now = seconds(21)
        second.input(look(21, 103))
        let handed = stored + second.drain(unstamped: false)
        #expect(handed.count == 2)
        second.error = nil
        second.advance(to: 60)
        second.input(.rewind)
        #expect(second.drain(unstamped: false).filter { $0.reading != nil } == handed)
        for boot in [1, 2] as [UInt32] {
            var third = Bench(file: second.file, boot: boot, seed: 3)
            third.now = seconds(70)
            third.input(.start)
            #expect(third.drain().filter { $0.reading != nil } == handed)
        }
    }

    @Test func `a look at the clocks is of use when it tells something new`() {
        func look(_ time: Double, _ wallTime: Double, isKnown: Bool = true) -> ClockReading {
            ClockReading(instant: seconds(time), wallTime: wall(wallTime), isKnown: isKnown)
        }
        var bench = Bench()
        bench.input(.start)
        #expect(!bench.ring.hasUse(for: look(1, 1001, isKnown: false)) && bench.ring.hasUse(for: look(1, 1001)))
        bench.input(known(1, wall: 1001))
        #expect(!bench.ring.hasUse(for: look(5, 1005)) && !bench.ring.hasUse(for: look(5, 1005.009)))
        #expect(bench.ring.hasUse(for: look(5, 1005.02)) && bench.ring.hasUse(for: look(5, 5)))
    }
}
