import Telemetry
import Testing

@testable import RingStore

private func found(_ file: [UInt8]) -> Recovered? {
    guard case .found(let recovered) = recover(file).step else { return nil }
    return recovered
}

private func zero(_ file: inout [UInt8], _ page: UInt64) {
    for offset in 0..<4096 { file[Int(page) * 4096 + offset] = 0 }
}

@Suite struct RecoverySearchTests {
    @Test(arguments: [0, 1, 17, 18, 100, 500, 1000, 1043, 1044, 1500, 3000])
    func `the newest page is found in any state of the ring, with at most 66 reads`(_ count: Int) throws {
        let bench = storedRing(count)
        let (step, reads) = recover(bench.file!)
        guard case .found(let recovered) = step else {
            Issue.record("\(count): nothing found")
            return
        }
        #expect(reads <= 66)
        #expect(recovered.newest?.end ?? 1 == UInt64(count) + 1)
        #expect(!recovered.isDoubtful)
    }

    @Test(arguments: [1 << 20, 16 << 20, 64 << 20] as [UInt64])
    func `a large ring opens with at most 66 reads, full or not`(_ size: UInt64) throws {
        // Enough for more than a lap of the smallest; a part of the others.
        let bench = storedRing(size == 1 << 20 ? 6000 : 3000, size: size)
        let (step, reads) = recover(bench.file!)
        guard case .found(let recovered) = step else {
            Issue.record("nothing found")
            return
        }
        #expect(reads <= 66)
        #expect(recovered.newest?.end == bench.ring.disk?.logEnd)
    }

    @Test(arguments: [30, 500, 2000]) func `it opens with both headers lost, and then doubts the numbers`(_ count: Int) throws {
        var file = storedRing(count).file!
        zero(&file, 0)
        zero(&file, 63)
        let recovered = try #require(found(file))
        #expect(recovered.newest?.end == UInt64(count) + 1)
        #expect(recovered.isDoubtful)
    }

    @Test func `it opens with headers and all tail slots lost`() throws {
        let bench = storedRing(500)
        var file = bench.file!
        for page in [0, 63] + bench.ring.disk!.layout.slots { zero(&file, page) }
        let recovered = try #require(found(file))
        #expect(recovered.placed == bench.ring.disk?.placed)
        #expect(recovered.isDoubtful)
    }

    @Test func `a torn page at the end of the log is covered by its copy in a slot`() throws {
        let bench = storedRing(500)
        let placed = try #require(bench.ring.disk?.placed)
        let layout = try #require(bench.ring.disk?.layout)
        // The last log page is torn while the slots still hold the copy before: as a cut in the middle of the batch.
        var earlier = storedRing(0)
        _ = earlier.drain()
        var file = bench.file!
        for offset in 2048..<4096 { file[Int(layout.filePage(of: placed)) * 4096 + offset] ^= 0x55 }
        let recovered = try #require(found(file))
        #expect(recovered.newest!.end == 501)
    }

    @Test func `where the log begins with damage, what lies behind it is not lost`() throws {
        var bench = storedRing(400)
        let layout = try #require(bench.ring.disk?.layout)
        for slot in layout.slots where PageHeader(pages(of: bench.file!, slot, 1), filePage: slot).map({ $0.number < 5 }) ?? false {
            bench.file![Int(slot) * 4096 + 1000] ^= 1
        }
        for number in 0..<5 as Range<UInt64> { bench.file![Int(layout.filePage(of: number)) * 4096 + 1000] ^= 1 }
        var next = bench.restarted()
        let handovers = next.drain()
        let whole = layout.filePage(of: 5)
        let end = try #require(PageHeader(pages(of: bench.file!, whole, 1), filePage: whole)).first
        #expect(numbers(handovers) == Array(end...400))
        let losses = handovers.compactMap { $0.loss }.filter { $0.cause != .restart }
        #expect(losses.map { $0.first.rawValue...$0.last.rawValue } == [1...end - 1] && losses[0].cause == .damaged)
    }

    @Test func `a copy in a slot is as good as its page, also where the page behind that is damaged too`() throws {
        var bench = storedRing(500)
        let layout = try #require(bench.ring.disk?.layout)
        let copies = layout.slots.compactMap { PageHeader(pages(of: bench.file!, $0, 1), filePage: $0) }
        let copy = try #require(copies.min { $0.number < $1.number })
        try #require(copy.number + 2 < bench.ring.disk!.placed!)
        for number in [copy.number, copy.number + 1] { bench.file![Int(layout.filePage(of: number)) * 4096 + 1000] ^= 1 }
        let behind = layout.filePage(of: copy.number + 2)
        let end = try #require(PageHeader(pages(of: bench.file!, behind, 1), filePage: behind)).first
        var next = bench.restarted()
        let expected: [UInt64] = Array(1..<copy.end) + Array(end...500)
        #expect(numbers(next.drain()) == expected)
        // It goes to its place with the next page that is written, and the log is as it was.
        next.input(.append(airReading(1, at: 600)))
        next.advance(to: 700)
        let recovered = try #require(found(next.file!))
        #expect(recovered.unplaced.allSatisfy { $0.header.number > copy.number })
        #expect(recovered.logEnd > 501)
        var last = next.restarted(seed: 3)
        #expect(numbers(last.drain().filter { $0.reading?.stream == bench.ring.status.stream }).filter { $0 <= 500 } == expected)
    }

    @Test func `pages of another ring are not taken for this one's`() throws {
        let mine = storedRing(300)
        var other = Bench(seed: 77)
        other.input(.start)
        for index in 0..<600 {
            other.input(.append(airReading(Int64(index), at: Double(index))))
            other.advance(to: Double(index))
        }
        var file = mine.file!
        let layout = mine.ring.disk!.layout
        let end = try #require(mine.ring.disk?.placed) + 1
        for number in end..<layout.logPages {
            let page = Int(layout.filePage(of: number)) * 4096
            file.replaceSubrange(page..<page + 4096, with: other.file![page..<page + 4096])
        }
        #expect(found(file)?.newest?.end == 301)
    }

    @Test func `a file that was cut opens, and then doubts the numbers`() throws {
        var file = storedRing(600).file!
        file.removeLast(100_000)
        let recovered = try #require(found(file))
        #expect(recovered.isDoubtful)
        #expect(recovered.layout.pages == 64)
        #expect(recovered.isCut && recovered.filePages < 64)
    }

    @Test func `a header that tells of a longer file makes nobody look behind the end`() throws {
        for count in [0, 300, 3000] {
            let whole = storedRing(count).file!
            for pages in [65, 1 << 20, 1 << 28] as [UInt64] {
                let (_, reads) = recover(forged(whole, page: 0, at: 16, pages, bytes: 4))
                #expect(reads <= 150, "\(reads) of 64 pages")
            }
        }
    }

    @Test func `of a cut file only what is there is scanned`() throws {
        let bench = storedRing(3000, size: 1 << 20)
        var file = Array(bench.file!.prefix(100 * 4096))
        zero(&file, 2)
        let (_, reads) = recover(file)
        #expect(reads <= 120, "\(reads)")
        #expect(found(file)?.newest != nil)
    }
}
