import Telemetry
import Testing

@testable import RingStore

private func state(lost: UInt64 = 0, damaged: UInt64 = 0) -> RingState {
    var state = RingState()
    state.lost = lost
    state.damaged = damaged
    return state
}

@Suite struct HoleTests {
    @Test func `where the counters make up for every position the count is exact, whatever else was lost`() {
        let hole = Hole(from: 101, to: 121, storedBefore: 80, storedBehind: 100, sameProcess: 0, state(lost: 5000))
        #expect(hole.stored == 20 && hole.count == 20)
    }

    @Test func `positions that were acknowledged before they were written are not counted`() {
        let hole = Hole(from: 101, to: 121, storedBefore: 80, storedBehind: 83, sameProcess: 20, state())
        #expect(hole.stored == 3 && hole.count == 3)
        // What damage has cost lies in other holes.
        #expect(Hole(from: 101, to: 121, storedBefore: 80, storedBehind: 83, sameProcess: 500, state(lost: 9, damaged: 9)).count == 3)
    }

    @Test func `where something may have been lost before it was written nobody knows the count`() {
        let hole = Hole(from: 101, to: 121, storedBefore: 80, storedBehind: 80, sameProcess: 500, state(lost: 3))
        #expect(hole.stored == 0 && hole.count == nil)
    }

    @Test func `where a process may have ended in it, numbers that are lost with a process are not taken for acknowledged ones`() {
        let hole = Hole(from: 101, to: 121, storedBefore: 80, storedBehind: 83, sameProcess: 19, state())
        #expect(hole.stored == 3 && hole.count == nil)
    }

    @Test func `without a neighbour nothing is known, and counters that go back count nothing`() {
        let hole = Hole(from: 101, to: 121, storedBefore: nil, storedBehind: 80, sameProcess: 20, state())
        #expect(hole.stored == nil && hole.count == nil)
        #expect(Hole(from: 101, to: 121, storedBefore: 80, storedBehind: 60, sameProcess: 20, state()).count == 0)
    }

    /// Readings of which some are rejected while they wait in memory, and the page that tells of it is gone.
    @Test func `a page that told of rejected readings is a loss without a count, in the hand-over, in the tools and when it is evicted`() throws {
        var bench = Bench()
        bench.input(.start)
        func fill(_ numbers: ClosedRange<Int>) {
            for index in numbers {
                bench.now = seconds(Double(index))
                let text = "\(index) " + String(repeating: "d", count: 180)
                bench.input(.append(Reading(sensor: 0, instant: bench.now, outcome: .noReading(NoReading(.short, detail: text)))))
                bench.advance(to: Double(index))
            }
        }
        fill(1...100)
        bench.advance(to: 120)
        for handover in bench.drain() { bench.input(.acknowledged(handover.name)) }
        bench.now = seconds(121)
        bench.input(.append(airReading(1, at: 121)))
        let first = bench.next()
        let name = try #require(first).name
        bench.input(.rejected(name))
        bench.input(.append(airReading(2, at: 121)))
        bench.advance(to: 130)
        fill(131...180)
        bench.advance(to: 200)
        let layout = try #require(bench.ring.disk?.layout)
        // The page that holds the loss record.
        var file = bench.file!
        let page = try #require((0..<layout.logPages).first { number in
            let filePage = layout.filePage(of: number)
            guard let header = PageHeader(file, at: Int(filePage) * 4096, filePage: filePage) else { return false }
            return StoredPage(header: header, bytes: file, at: Int(filePage) * 4096)?.records.contains {
                if case .loss(.rejected, _, _, _) = $0.content { true } else { false }
            } ?? false
        })
        file[Int(layout.filePage(of: page)) * 4096 + 2000] ^= 1
        let items = try #require(readAll(file)).items
        let told = try #require(items.compactMap { $0.handover.loss }.first { $0.cause == .damaged })
        #expect(told.count == nil && (told.atMost ?? 0) > 1)
        var next = Bench(file: file, boot: 1, seed: 2)
        next.now = bench.now
        next.input(.start)
        let handovers = next.drain()
        let handed = try #require(handovers.compactMap { $0.loss }.first { $0.cause == .damaged })
        #expect(handed.count == nil && handed.first <= name.sequence! && handed.last >= name.sequence!)
        #expect(try #require(verify(file)).contains { $0.loss?.count == nil && $0.loss != nil })
    }
}

extension Handover.Name {
    fileprivate var sequence: SequenceNumber? { if case .reading(_, let sequence) = self { sequence } else { nil } }
}
