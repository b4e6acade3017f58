import Telemetry
import Testing

@testable import RingStore

/// Readings 1 ... 3000, of which 1 ... 1500 are acknowledged.
private func backlog(size: UInt64 = 1 << 20, clean: Bool = true) -> Bench {
    var bench = Bench(size: size)
    bench.input(.start)
    bench.input(.clock(ClockReading(instant: .zero, wallTime: WallTime(nanoseconds: 1_700_000_000_000_000_000), isKnown: true)))
    for index in 1...3000 { bench.input(.append(airReading(Int64(index), at: Double(index) / 100))) }
    bench.advance(to: 40)
    for handover in bench.drain().prefix(1500) { bench.input(.acknowledged(handover.name)) }
    bench.input(.rewind)
    if clean { bench.input(.stop) }
    return bench
}

private func isCopy(_ request: StorageRequest) -> Bool {
    switch request {
    case .beginCopy, .writeCopy, .finishCopy: true
    default: false
    }
}

extension Handover {
    fileprivate var stream: StreamID {
        switch self {
        case .reading(let reading): reading.stream
        case .loss(let loss): loss.stream
        }
    }
}

@Suite struct ResizingTests {
    @Test(arguments: [256 << 10, 512 << 10, 2 << 20, (8 << 20) + 4096] as [UInt64])
    func `another size keeps what is not settled, its numbers and its counts`(size: UInt64) {
        var old = backlog()
        var same = old.restarted(boot: 2, size: 1 << 20)
        let expected = same.drain()
        var next = old.restarted(boot: 2, size: size)
        #expect(next.file?.count == Int(size) && next.copy == nil && next.isOpen)
        #expect(next.notices.contains { $0.text.contains("another size bytes=\(size)") })
        #expect(next.ring.status.stream == old.ring.status.stream && next.ring.status.head == SequenceNumber(3001))
        #expect(next.ring.status.watermark == SequenceNumber(1500) && next.ring.status.unacknowledged == 1500)
        let handovers = next.drain(acknowledge: true)
        #expect(handovers == expected && handovers.count == 1500)
        // It is written on as any other, over its end.
        for index in 3001...9000 {
            next.input(.append(airReading(Int64(index), at: 50 + Double(index) / 100)))
            if index % 50 == 0 { next.advance(to: 60 + Double(index) / 100) }
        }
        next.input(.stop)
        var last = next.restarted(boot: 3, size: size)
        let more = last.drain()
        #expect(numbers(more).last == 9000)
        var number: UInt64 = 3001
        for handover in more {
            switch handover {
            case .reading(let reading):
                #expect(reading.sequence.rawValue == number)
                number += 1
            case .loss(let loss):
                #expect(loss.first.rawValue == number && loss.count == loss.last.rawValue - number + 1)
                number = loss.last.rawValue + 1
            }
        }
        old = last
    }

    @Test func `a crash between, and damage, are carried over as they are`() {
        var old = backlog(clean: false)
        let page = Int(RingLayout(pages: 256)!.filePage(of: 3)) * 4096
        old.file![page + 1000] ^= 1
        var same = old.restarted(boot: 2, size: 1 << 20)
        let expected = same.drain()
        #expect(expected.contains { $0.loss?.cause == .damaged } && expected.contains { $0.loss?.cause == .restart })
        var next = old.restarted(boot: 2, size: 2 << 20)
        check(next.drain() == expected)
    }

    @Test func `cut at any request, the next start has the old ring or the new one, both whole`() {
        let old = backlog()
        var whole = old.restarted(boot: 2, size: 512 << 10)
        let copies = whole.requests.count { isCopy($0) }
        #expect(copies >= 4)
        let expected = whole.drain()
        for cut in 0..<whole.requests.count {
            var bench = Bench(size: 512 << 10, file: old.file, boot: 2, seed: 2)
            bench.holds = true
            bench.input(.start)
            for _ in 0..<cut { bench.release() }
            var next = bench.restarted(boot: 2, size: 512 << 10)
            #expect(next.file?.count == 512 << 10)
            // Only the numbers that this process had reserved may be in doubt.
            check(next.drain().filter { $0.reading != nil } == expected)
        }
    }

    @Test func `without space, or when a write fails, the old size stays, once said, and is tried at the next start`() {
        let old = backlog()
        for after in 0..<4 {
            for error in [StorageError.noSpace, .inputOutput] {
                var bench = Bench(size: 512 << 10, file: old.file, boot: 2, seed: 2)
                bench.copyError = (after, error)
                bench.input(.start)
                bench.advance(to: 100)
                let isSaid = bench.notices.contains { $0.level == .warning && $0.text.contains("keeps its size") }
                // The last one may have done its work: the file is opened anew.
                let isLast = bench.requests.contains(.finishCopy)
                #expect(bench.file?.count == 1 << 20 && (isSaid || isLast) && !bench.ring.status.isInMemoryOnly)
                check(numbers(bench.drain()) == Array(1501...3000))
            }
        }
    }

    @Test func `a backlog that does not fit keeps the old size, and loses nothing`() {
        var old = Bench(size: 1 << 20)
        old.input(.start)
        for index in 1...30_000 {
            old.input(.append(airReading(Int64(index), at: Double(index) / 100)))
            if index % 100 == 0 { old.advance(to: 10 + Double(index) / 100) }
        }
        old.input(.stop)
        var next = old.restarted(boot: 2)
        #expect(next.file?.count == 1 << 20)
        #expect(next.notices.contains { $0.text.contains("do not fit") })
        check(numbers(next.drain(acknowledge: true)) == Array(1...30_000))
        next.input(.stop)
        let last = next.restarted(boot: 3)
        #expect(last.file?.count == 256 << 10)
    }

    @Test func `where the numbers are in doubt the size is changed at the start after`() {
        var old = backlog()
        old.file![100] ^= 1
        var next = old.restarted(boot: 2, size: 512 << 10)
        #expect(next.file?.count == 1 << 20)
        let stream = next.ring.status.stream
        #expect(stream != old.ring.status.stream)
        check(numbers(next.drain()) == Array(1501...3000))
        next.input(.append(airReading(3001, at: 50)))
        next.input(.stop)
        var last = next.restarted(boot: 3, size: 512 << 10)
        #expect(last.file?.count == 512 << 10 && last.ring.status.stream == stream)
        check(numbers(last.drain()) == Array(1501...3000) + [1])
    }

    @Test func `a page that cannot be read while it is copied costs nothing`() {
        let old = backlog()
        let page = RingLayout(pages: 256)!.filePage(of: 3)
        var bench = Bench(size: 512 << 10, file: old.file, boot: 2, seed: 2)
        bench.unreadable = [page]
        bench.input(.start)
        #expect(bench.ring.status.isInMemoryOnly)
        bench.unreadable = []
        bench.advance(to: 60)
        #expect(bench.file?.count == 512 << 10)
        check(numbers(bench.drain()) == Array(1501...3000))
    }

    @Test(arguments: [250, 200, 130, 90, 64, 20] as [Int])
    func `of a file that was cut what is left goes into a new one; the rest is counted, and a new stream begins`(kept: Int) {
        let old = backlog()
        var cut = Bench(size: 1 << 20, file: Array(old.file!.prefix(kept * 4096)), boot: 2, seed: 2)
        cut.input(.start)
        #expect(cut.file?.count == 1 << 20 && cut.copy == nil && cut.isOpen && cut.setAside == 0)
        #expect(cut.notices.contains { $0.level == .warning && $0.text.contains("was cut") })
        #expect(cut.ring.status.stream != old.ring.status.stream && cut.ring.status.head == .first)
        // Nothing was written behind the end of the old file.
        for pages in cut.requests.prefix(while: { $0 != .finishCopy }) {
            if case .write = pages { Issue.record("the file that was cut is written") }
        }
        cut.input(.append(airReading(1, at: 50)))
        let handovers = cut.drain(acknowledge: true)
        // The page that knew what is acknowledged may be gone; then it comes again.
        var next = handovers.first.map { $0.reading?.sequence.rawValue ?? $0.loss!.first.rawValue } ?? 0
        #expect(next == 1501 || next == 1)
        for handover in handovers where handover.stream == old.ring.status.stream {
            switch handover {
            case .reading(let reading):
                #expect(reading.sequence.rawValue == next)
                next += 1
            case .loss(let loss):
                #expect(loss.first.rawValue == next)
                next = loss.last.rawValue + 1
            }
        }
        #expect(next > 3000 && handovers.last?.reading?.sequence == .first)
        cut.input(.stop)
        let last = cut.restarted(boot: 3, size: 1 << 20)
        #expect(last.ring.status.stream == cut.ring.status.stream && last.ring.status.head == SequenceNumber(2))
        #expect(verify(last.file!) == [])
    }

    @Test func `while there is no space for what a cut file has left, readings wait in memory, and it is not written`() {
        let old = backlog()
        let file = Array(old.file!.prefix(200 * 4096))
        var bench = Bench(size: 1 << 20, file: file, boot: 2, seed: 2)
        bench.copyError = (0, .noSpace)
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        bench.advance(to: 30)
        #expect(bench.isOpen && bench.ring.status.isInMemoryOnly && bench.file == file)
        bench.copyError = nil
        bench.advance(to: 400)
        #expect(!bench.ring.status.isInMemoryOnly && bench.file?.count == 1 << 20)
        check(numbers(bench.drain()).contains(1600))
    }

    @Test func `a full ring that was cut, whose backlog does not fit, keeps the newest`() {
        let old = storedRing(30_000, size: 4 << 20)
        let file = Array(old.file!.prefix(1000 * 4096))
        var bench = Bench(size: 256 << 10, file: file, boot: 2, seed: 2)
        bench.input(.start)
        #expect(bench.file?.count == 256 << 10 && !bench.ring.status.isInMemoryOnly)
        let handovers = bench.drain()
        let losses = handovers.compactMap(\.loss)
        #expect(losses.first?.cause == .evicted && numbers(handovers).count > 500)
        var next: UInt64 = 1
        for handover in handovers {
            let (first, last) = handover.loss.map { ($0.first.rawValue, $0.last.rawValue) } ?? (handover.reading!.sequence.rawValue, handover.reading!.sequence.rawValue)
            #expect(first == next)
            next = last + 1
        }
    }

    @Test func `an empty ring changes its size too`() {
        var old = Bench(size: 1 << 20)
        old.input(.start)
        old.input(.stop)
        var next = old.restarted(boot: 2, size: 512 << 10)
        #expect(next.file?.count == 512 << 10 && next.ring.status.stream == old.ring.status.stream)
        next.input(.append(airReading(1, at: 1)))
        check(numbers(next.drain()) == [1])
    }
}
