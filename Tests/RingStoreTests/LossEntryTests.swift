import Telemetry
import Testing

@testable import RingStore

private let span = StreamSpan(stream: 9, base: 100)

private func entry(_ first: UInt64, _ end: UInt64, _ cause: Loss.Cause = .evicted, count: UInt64? = nil) -> LossEntry {
    LossEntry(span: span, first: first, end: end, count: count ?? end - first, cause: cause)
}

@Suite struct LossEntryTests {
    @Test func `positions become numbers of the stream`() {
        let loss = entry(101, 106).loss
        #expect(loss.stream == StreamID(9))
        #expect(loss.first == SequenceNumber(1) && loss.last == SequenceNumber(5) && loss.count == 5)
    }

    @Test func `a loss takes in what follows, with its sensors`() {
        var first = LossEntry(
            span: span, first: 101, end: 103, count: 2, cause: .evicted, sensors: [.init(sensor: "a", count: 2)])
        let second = LossEntry(
            span: span, first: 103, end: 104, count: 1, cause: .evicted, sensors: [.init(sensor: "b", count: 1)])
        check(first.absorb(second))
        #expect(first.end == 104 && first.count == 3 && first.sensors.map { $0.sensor } == ["a", "b"])
    }

    @Test func `it takes in nothing of another cause or stream, behind a gap, or once it was told`() {
        var loss = entry(101, 103)
        check(!loss.absorb(entry(103, 104, .damaged)))
        check(!loss.absorb(entry(104, 105)))
        var other = entry(103, 104)
        other.span.stream = 10
        check(!loss.absorb(other))
        loss.isFrozen = true
        check(!loss.absorb(entry(103, 104)))
        #expect(loss == { var same = entry(101, 103); same.isFrozen = true; return same }())
    }

    @Test func `sensors that are known in part are not told`() {
        var loss = entry(101, 103)
        let known = LossEntry(
            span: span, first: 103, end: 104, count: 1, cause: .evicted, sensors: [.init(sensor: "a", count: 1)])
        check(loss.absorb(known))
        #expect(loss.count == 3 && loss.sensors.isEmpty)
    }

    @Test func `an unknown count stays unknown, with a bound`() {
        var loss = LossEntry(span: span, first: 101, end: 111, count: nil, atMost: 10, cause: .restart)
        check(loss.absorb(LossEntry(span: span, first: 111, end: 121, count: nil, atMost: 10, cause: .restart)))
        #expect(loss.loss.count == nil && loss.loss.atMost == 20)
        #expect(entry(101, 111).from(105).loss.atMost == 6)
    }
}
