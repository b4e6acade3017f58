import Telemetry
import Testing

@testable import RingStore

@Suite struct RingOpeningTests {
    @Test func `a crash leaves a loss of the numbers in doubt, and none is used twice`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.advance(to: 10)
        for index in 6...8 { bench.input(.append(airReading(Int64(index), at: 11))) }
        var next = bench.restarted(boot: 2)
        next.input(.append(airReading(9, at: 20)))
        let handovers = next.drain()
        #expect(numbers(handovers) == [1, 2, 3, 4, 5, 7201])
        let loss = handovers.compactMap { $0.loss }
        #expect(loss.count == 1)
        #expect(loss[0].first == SequenceNumber(6) && loss[0].last == SequenceNumber(7200))
        #expect(loss[0].cause == .restart && loss[0].count == nil && loss[0].atMost == 7195)
    }

    @Test(arguments: [StorageError.locked, .noSpace, .notPermitted, .inputOutput, .notAFile, .other(5)])
    func `a ring that cannot be opened works in memory, and joins the file later`(_ error: StorageError) {
        var first = Bench()
        first.input(.start)
        for index in 1...5 { first.input(.append(airReading(Int64(index), at: 1))) }
        first.input(.stop)
        let old = first.ring.status.stream

        var bench = Bench(file: first.file, boot: 2, seed: 5)
        bench.error = error
        bench.input(.start)
        #expect(bench.isOpen && bench.ring.status.isInMemoryOnly)
        #expect(bench.notices.contains { $0.level == .error })
        for index in 6...8 { bench.input(.append(airReading(Int64(index), at: 2))) }
        let early = bench.next()!
        #expect(early.reading?.stream != old && early.reading?.sequence == .first)
        bench.input(.acknowledged(early.name))
        bench.error = nil
        bench.advance(to: 100)
        #expect(!bench.ring.status.isInMemoryOnly)
        let later = bench.drain(acknowledge: true)
        // The file's own first, then what is left of the memory's stream.
        #expect(later.compactMap { $0.reading }.map { $0.stream == old } == [true, true, true, true, true, false, false])
        #expect(numbers(later) == [1, 2, 3, 4, 5, 2, 3])
        bench.input(.stop)
        var last = bench.restarted(boot: 3)
        check(last.drain().isEmpty)
    }

    @Test func `the ring of a later version is left alone, and said; readings are kept in memory`() {
        let file = ofLaterVersion(ofLaterVersion(storedRing(40).file!, page: 0), page: 63)
        var bench = Bench(file: file)
        bench.input(.start)
        #expect(bench.isOpen && bench.ring.status.isInMemoryOnly && bench.setAside == 0)
        #expect(bench.notices.contains { $0.level == .error && $0.text.contains("a later version of Godwit has written it") })
        bench.input(.append(airReading(1, at: 1)))
        check(numbers(bench.drain(acknowledge: true)) == [1])
        bench.advance(to: 1000)
        bench.input(.stop)
        #expect(bench.file == file)
    }

    @Test func `what is no ring is set aside, and said`() {
        var random = RandomSource(seed: 9)
        let noise = (0..<300_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var bench = Bench(file: noise)
        bench.input(.start)
        #expect(bench.setAside == 1 && bench.isOpen)
        #expect(bench.notices.contains { $0.level == .error })
        bench.input(.append(airReading(1, at: 1)))
        check(numbers(bench.drain()) == [1])
    }

    @Test func `empty files and files of zeros become rings where they are`() {
        for file in [[], [UInt8](repeating: 0, count: 256 << 10)] {
            var bench = Bench(file: file)
            bench.input(.start)
            #expect(bench.isOpen && bench.setAside == 0)
            #expect(!bench.ring.status.isInMemoryOnly)
        }
    }

    @Test func `damaged headers begin a new stream, and lose nothing`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.input(.stop)
        bench.file![100] ^= 1
        var next = bench.restarted()
        #expect(next.ring.status.stream != bench.ring.status.stream)
        next.input(.append(airReading(6, at: 20)))
        let handovers = next.drain().compactMap { $0.reading }
        #expect(handovers.map { $0.sequence.rawValue } == [1, 2, 3, 4, 5, 1])
    }

    @Test func `another size is kept and said`() {
        var bench = Bench(size: 1 << 20)
        bench.input(.start)
        let next = bench.restarted(size: 256 << 10)
        #expect(next.notices.contains { $0.text.contains("keeps its size") })
        #expect(next.isOpen)
    }

    @Test func `the same process finishes a ring whose first headers failed`() {
        var bench = Bench()
        bench.holds = true
        bench.input(.start)
        bench.release()
        // The headers reach the disk, but the sync fails.
        _ = bench.perform(bench.held!)
        bench.held = nil
        bench.input(.storage(.failed(.inputOutput)))
        bench.holds = false
        bench.input(.append(airReading(1, at: 1)))
        bench.advance(to: 30)
        #expect(!bench.ring.status.isInMemoryOnly)
        check(numbers(bench.drain()) == [1])
    }

    @Test func `schemas of an earlier process are kept with its readings`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(doorReading(1, at: 1)))
        bench.input(.stop)
        var next = bench.restarted()
        check(next.next()?.reading?.schema == door)
    }
}
