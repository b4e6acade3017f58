import Telemetry
import Testing

@testable import RingStore

private func held(_ position: UInt64) -> HeldReading {
    HeldReading(
        position: position,
        reading: StampedReading(
            stream: StreamID(1), sequence: SequenceNumber(position), schema: air, boot: BootID(1), instant: .zero, stamp: .unknown(notBefore: nil),
            outcome: .measurements([Int64(position), 1])), isOut: true)
}

@Suite struct HeldQueueTests {
    @Test func `it stays in order, whatever comes and goes at which end`() {
        var random = RandomSource(seed: 4)
        var queue = HeldQueue()
        var model: [UInt64] = []
        for step in 0..<5000 {
            if model.isEmpty || Int.random(in: 0..<100, using: &random) < (step % 1000 < 500 ? 60 : 40) {
                // Mostly behind all others.
                var position = (model.last ?? 0) + 1
                if step % 7 == 0 { position = UInt64.random(in: 0...position, using: &random) }
                guard !model.contains(position) else { continue }
                queue.insert(held(position))
                model.insert(position, at: model.firstIndex { $0 > position } ?? model.count)
            } else {
                let index = step % 3 == 0 ? Int.random(in: 0..<model.count, using: &random) : 0
                let removed = queue.remove(at: index)
                #expect(removed.position == model.remove(at: index))
            }
            #expect(queue.count == model.count && queue.isEmpty == model.isEmpty)
            #expect(queue.first?.position == model.first)
            #expect(queue.indices.map { queue.position(at: $0) } == model)
            let position = UInt64.random(in: 0...((model.last ?? 0) + 2), using: &random)
            #expect(queue.index(from: position) == model.firstIndex { $0 >= position } ?? model.count)
        }
        #expect(queue.removeAll().map(\.position) == model && queue.isEmpty)
    }

    @Test func `what is changed in place stays changed`() {
        var queue = HeldQueue()
        for position in 1...100 as ClosedRange<UInt64> { queue.insert(held(position)) }
        for _ in 0..<60 { _ = queue.remove(at: 0) }
        queue[3].isOut = false
        #expect(queue[3].position == 64 && !queue[3].isOut && queue[4].isOut)
    }
}
