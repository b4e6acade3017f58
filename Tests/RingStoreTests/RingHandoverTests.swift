import Telemetry
import Testing

@testable import RingStore

@Suite struct RingHandoverTests {
    @Test func `stored and waiting readings come out as one stream`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...700 {
            bench.now = seconds(Double(index))
            bench.input(.append(airReading(Int64(index), at: Double(index))))
            bench.advance(to: Double(index))
        }
        let handovers = bench.drain()
        #expect(numbers(handovers) == Array(1...700))
        #expect(handovers.compactMap { $0.reading?.outcome } == (1...700).map { .measurements([Int64($0), 500]) })
    }

    @Test func `more of a page that is being filled is seen when it is looked at again`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        for index in 1...100 {
            bench.input(.append(airReading(Int64(index), at: 1)))
            check(numbers(bench.drain()) == [UInt64(index)])
        }
    }

    @Test func `acknowledgements come in any order, and only once`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...50 { bench.input(.append(airReading(Int64(index), at: 1))) }
        var random = RandomSource(seed: 4)
        let names = bench.drain().map { $0.name }
        var left = Set(1...50 as ClosedRange<UInt64>)
        for name in (names + names).shuffled(using: &random) {
            bench.input(.acknowledged(name))
            if case .reading(_, let number) = name { left.remove(number.rawValue) }
            #expect(bench.ring.status.watermark.rawValue == (left.min() ?? 51) - 1)
        }
    }

    @Test func `an acknowledgement of what was not handed over does nothing`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        let stream = bench.ring.status.stream
        for name in [
            Handover.Name.reading(stream, .first), .reading(stream, SequenceNumber(99)), .reading(stream, .zero),
            .reading(StreamID(7), .first), .reading(stream, SequenceNumber(.max)),
            .loss(stream, first: .first, last: SequenceNumber(5)),
        ] {
            bench.input(.acknowledged(name))
        }
        #expect(bench.ring.status.watermark == .zero)
        check(numbers(bench.drain()) == [1])
    }

    @Test func `after a rewind only what is not acknowledged comes again, in order, the same to the byte`() {
        var bench = Bench(sync: .seconds(1))
        bench.input(.start)
        for index in 1...10 { bench.input(.append(airReading(Int64(index), at: Double(index)))) }
        bench.now = seconds(10)
        bench.input(
            .clock(ClockReading(instant: seconds(10), wallTime: WallTime(nanoseconds: 1 << 60), isKnown: true)))
        let first = bench.drain()
        for index in [1, 4, 5] { bench.input(.acknowledged(first[index].name)) }
        bench.advance(to: 30)
        bench.input(.rewind)
        let again = bench.drain()
        #expect(again == [0, 2, 3, 6, 7, 8, 9].map { first[$0] })
    }

    @Test func `a damaged page is a loss with an exact count, and the rest comes`() throws {
        var bench = storedRing(400)
        let layout = try #require(bench.ring.disk?.layout)
        let page = Int(layout.filePage(of: 3)) * 4096
        bench.file![page + 1000] ^= 4
        let handovers = bench.drain()
        let losses = handovers.compactMap { $0.loss }
        #expect(losses.count == 1)
        #expect(losses[0].cause == .damaged)
        #expect(losses[0].count == losses[0].last.rawValue - losses[0].first.rawValue + 1)
        #expect(numbers(handovers).count + Int(losses[0].count!) == 400)
        #expect(numbers(handovers) == numbers(handovers).sorted())
    }

    /// 19 readings are a page, and that is a segment here.
    private func drainedSegment() -> Bench {
        var bench = storedRing(100).restarted()
        for _ in 0..<19 {
            guard let handover = bench.next() else { break }
            bench.input(.acknowledged(handover.name))
        }
        bench.holds = true
        // The next page is read, and then the watermark has to be written.
        check(bench.next() == nil)
        while case .read? = bench.held {
            bench.release()
            check(bench.next() == nil)
        }
        return bench
    }

    @Test func `of the next segment nothing is handed over before the file knows that this one was acknowledged`() {
        var bench = drainedSegment()
        guard case .write? = bench.held else {
            Issue.record("nothing is written")
            return
        }
        check(bench.next() == nil)
        bench.holds = false
        bench.release()
        #expect(bench.ring.disk?.watermark == 19)
        check(bench.next()?.reading?.sequence.rawValue == 20)
    }

    @Test func `a disk that does not take the watermark holds up nothing`() {
        var bench = drainedSegment()
        bench.held = nil
        bench.input(.storage(.failed(.inputOutput)))
        check(bench.next()?.reading?.sequence.rawValue == 20)
    }

    @Test func `a disk that cannot be read for a minute costs nothing`() {
        var bench = storedRing(400)
        bench.error = .inputOutput
        check(bench.next() == nil)
        for second in 411...440 { bench.advance(to: Double(second)) }
        bench.error = nil
        bench.advance(to: 500)
        check(numbers(bench.drain()) == Array(1...400))
    }
}

@Suite struct RingStoredFirstTests {
    @Test func `with sync 0 nothing is handed over before it is stored`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        bench.holds = true
        bench.input(.append(airReading(1, at: 1)))
        #expect(bench.next() == nil)
        #expect(bench.ring.hasMoreToHandOver)
        bench.release()
        bench.holds = false
        #expect(bench.drain().compactMap { $0.reading?.outcome } == [.measurements([1, 500])])
        #expect(!bench.ring.hasMoreToHandOver)
    }

    @Test func `with sync 0 and a disk that fails it is handed over from memory`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        bench.error = .noSpace
        bench.input(.append(airReading(1, at: 1)))
        #expect(bench.drain().count == 1)
    }
}

@Suite struct RingEventTests {
    @Test func `events of any length come back as they were, also after a restart`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        let events = [0, 1, 300, 2999, 3000].map { [UInt8](repeating: UInt8($0 % 251), count: $0) }
        for (index, event) in events.enumerated() {
            bench.input(.append(Reading(sensor: index % 2, instant: seconds(Double(index)), outcome: .event(event))))
        }
        var next = bench.restarted()
        for drained in [bench.drain(), next.drain()] {
            #expect(drained.compactMap { $0.reading?.outcome } == events.map { .event($0) })
        }
    }

    @Test func `the table of schemas grows while the ring runs, and what is there stays`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        bench.input(.append(airReading(7, at: 1)))
        let rain = SensorSchema(sensor: "rain", quantities: [Quantity(name: "pulses", unit: "1", decimals: 0)])
        bench.input(.schemas([air, door, rain]))
        bench.input(.append(Reading(sensor: 2, instant: seconds(2), outcome: .measurements([3]))))
        var next = bench.restarted()
        #expect(next.drain().compactMap { $0.reading?.schema.sensor } == ["air", "rain"])
    }

    @Test func `it tells whether a number came to the disk before a crash`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        for index in 1...3 { bench.input(.append(airReading(Int64(index), at: Double(index)))) }
        bench.holds = true
        bench.input(.append(airReading(4, at: 4)))
        let stream = bench.ring.status.stream
        let next = bench.restarted()
        #expect(next.ring.status.stream == stream)
        #expect((1...5).map { next.ring.wasKept(stream, SequenceNumber($0)) } == [true, true, true, false, false])
        #expect(!next.ring.wasKept(StreamID(stream.rawValue ^ 1), SequenceNumber(1)))
    }
}
