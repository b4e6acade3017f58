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
