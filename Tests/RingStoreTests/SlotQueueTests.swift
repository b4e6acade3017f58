import Telemetry
import Testing

@testable import RingStore

private func slot(_ position: UInt64) -> Slot { Slot(position: position, reading: airReading(Int64(position), at: 1)) }

@Suite struct SlotQueueTests {
    @Test func `slots come out in the order they went in, over many compactions`() {
        var queue = SlotQueue()
        var next: UInt64 = 1
        var out: UInt64 = 1
        for round in 0..<500 {
            for _ in 0...(round % 7) {
                queue.append(slot(next))
                next += 1
            }
            for _ in 0..<min(queue.count, round % 6) {
                check(queue.removeFirst().position == out)
                out += 1
            }
            #expect(queue.count == Int(next - out))
            #expect(queue.first?.position == (queue.isEmpty ? nil : out))
        }
    }

    @Test func `the first is dropped as it is taken out, with its bytes`() {
        var queue = SlotQueue()
        for position in 1...200 as ClosedRange<UInt64> { queue.append(slot(position)) }
        var same = queue
        for position in 1...200 as ClosedRange<UInt64> {
            check(queue.first?.position == position && queue.isFirstAcknowledged == false)
            check(queue.dropFirst() == Slot.bytes(same.removeFirst().reading))
            check(queue.count == same.count && queue.first == same.first)
        }
        #expect(queue.isEmpty && !queue.isFirstAcknowledged)
        queue.append(slot(1))
        queue.noteAcknowledged(at: 0)
        #expect(queue.isFirstAcknowledged)
    }

    @Test func `a position is found with and without gaps`() {
        var queue = SlotQueue()
        for position in [3, 4, 5, 9, 10, 20] as [UInt64] { queue.append(slot(position)) }
        for (index, position) in ([3, 4, 5, 9, 10, 20] as [UInt64]).enumerated() {
            #expect(queue.index(of: position) == index)
        }
        #expect(queue.index(of: 6) == nil && queue.index(of: 2) == nil && queue.index(of: 21) == nil)
        #expect(queue.firstIndex(from: 6) == 3)
        check(queue.remove(at: 2).position == 5)
        #expect(queue.index(of: 4) == 1 && queue.index(of: 9) == 2 && queue.count == 5)
    }

    @Test func `only what nobody has seen and no disk may have is dropped`() {
        #expect(slot(1).isDroppable)
        for change in [\Slot.isAcknowledged, \Slot.wasHanded, \Slot.wasSent] {
            var seen = slot(1)
            seen[keyPath: change] = true
            #expect(!seen.isDroppable)
        }
    }
}
