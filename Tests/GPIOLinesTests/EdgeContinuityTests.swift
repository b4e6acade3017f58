import GPIOLines
import Telemetry
import Testing

@Suite struct EdgeContinuityTests {
    func events(_ numbers: [UInt32]) -> [EdgeEvent] {
        numbers.map { EdgeEvent(instant: Instant(nanoseconds: Int64($0)), kind: $0 % 2 == 1 ? .rising : .falling, lineSequence: $0) }
    }

    func unnumbered(_ kinds: String) -> [EdgeEvent] {
        kinds.enumerated().map {
            EdgeEvent(instant: Instant(nanoseconds: Int64($0)), kind: $1 == "r" ? .rising : .falling, lineSequence: 0)
        }
    }

    @Test func `numbers in a row are one batch, over several reads`() {
        var continuity = EdgeContinuity(isNumbered: true)
        #expect(continuity.split(events([1, 2, 3]), bothEdges: true) == [EdgeBatch(events: events([1, 2, 3]))])
        #expect(continuity.split([], bothEdges: true) == [])
        #expect(continuity.split(events([4]), bothEdges: true) == [EdgeBatch(events: events([4]))])
    }

    @Test func `a gap begins a new batch and says exactly how many are missing`() {
        var continuity = EdgeContinuity(isNumbered: true)
        #expect(
            continuity.split(events([1, 2, 7, 8]), bothEdges: true) == [
                EdgeBatch(events: events([1, 2])), EdgeBatch(events: events([7, 8]), lostBefore: 4),
            ])
        #expect(continuity.split(events([10]), bothEdges: true) == [EdgeBatch(events: events([10]), lostBefore: 1)])
    }

    @Test func `what is missing ahead of the very first event is seen`() {
        var continuity = EdgeContinuity(isNumbered: true)
        #expect(continuity.split(events([5]), bothEdges: true).map(\.lostBefore) == [4])
    }

    @Test func `numbers that begin again at zero are no gap`() {
        var continuity = EdgeContinuity(isNumbered: true)
        continuity.skip(events([.max]))
        #expect(continuity.split(events([0, 1]), bothEdges: true).map(\.lostBefore) == [0])
    }

    @Test func `events dropped on purpose are not lost`() {
        var continuity = EdgeContinuity(isNumbered: true)
        _ = continuity.split(events([1]), bothEdges: true)
        continuity.skip(events([4, 9]))
        #expect(continuity.split(events([10]), bothEdges: true).map(\.lostBefore) == [0])
    }

    @Test func `without numbers two equal edges in a row are a loss of at least one`() {
        var continuity = EdgeContinuity(isNumbered: false)
        let batches = continuity.split(unnumbered("rfrrf"), bothEdges: true)
        #expect(batches.map(\.events.count) == [3, 2])
        #expect(batches.map(\.lostBefore) == [0, 1])
        #expect(batches.map(\.lostIsExact) == [false, false])
        // Over the border of two reads as well.
        #expect(continuity.split(unnumbered("f"), bothEdges: true).map(\.lostBefore) == [1])
    }

    @Test func `without numbers equal edges are nothing special where only one kind is asked for`() {
        var continuity = EdgeContinuity(isNumbered: false)
        #expect(continuity.split(unnumbered("ffff"), bothEdges: false).map(\.lostBefore) == [0])
    }

    @Test func `without numbers a full buffer is a loss behind the last event`() {
        var continuity = EdgeContinuity(isNumbered: false)
        let batches = continuity.split(unnumbered("rfrfrfrfrfrfrfrf"), bothEdges: true, bufferWasFull: true)
        #expect(batches.map(\.events.count) == [16, 0])
        #expect(batches.map(\.lostBefore) == [0, 1])
        // The loss is counted already, whichever edge comes next.
        #expect(continuity.split(unnumbered("f"), bothEdges: true).map(\.lostBefore) == [0])
    }
}
