import Telemetry
import Testing

@testable import RingStore

func verify(_ file: [UInt8], unreadable: Set<UInt64> = []) -> [RingReader.Damage]? {
    var reader = RingReader(fileSize: UInt64(file.count), showsItems: false, verifies: true)
    var result: StorageResult?
    var damages: [RingReader.Damage] = []
    // Each page is read once to count, once to check, and four times where it is damaged.
    let bound = 6 * (file.count / 4096) + 200
    for _ in 0..<bound {
        switch reader.step(result) {
        case .request(.read(let first, let count)), .again(.read(let first, let count)):
            result = unreadable.contains { $0 >= first && $0 < first + UInt64(count) }
                ? .failed(.inputOutput) : .read(pages(of: file, first, count))
        case .damage(let more):
            damages += more
            result = nil
        case .done: return damages
        case .request, .again, .items, .blank, .notARing, .failed: return nil
        }
    }
    return nil
}

@Suite struct RingVerifyingTests {
    @Test(arguments: [0, 40, 700, 3000])
    func `a healthy ring has no damaged place, however full`(count: Int) throws {
        #expect(try #require(verify(storedRing(count).file!)) == [])
    }

    @Test func `each damaged page is named, whatever it holds, and what all of them cost is exact`() throws {
        let bench = storedRing(3000)
        let whole = try #require(readAll(bench.file!))
        for page in [0, 1, 2, 3, 9, 17, 22, 30, 41, 50, 59, 61, 62, 63] as [UInt64] {
            var file = bench.file!
            file[Int(page) * 4096 + 2000] ^= 0x55
            let damages = try #require(verify(file))
            #expect(damages.map(\.page) == [page])
            let after = try #require(readAll(file))
            let lost = damages.reduce(0) { $0 + ($1.loss?.count ?? 0) }
            // What a slot held that no other page knows of is in doubt after a crash: nobody can count it.
            if damages.first?.place != .slot { #expect(whole.summary.records - after.summary.records == lost, "page \(page)") }
        }
    }

    @Test func `a page that cannot be read is named and costs no other`() throws {
        let bench = storedRing(3000)
        let layout = try #require(RingLayout(pages: 64))
        let page = layout.filePage(of: try #require(bench.ring.disk?.tailPage) + 20)
        let damages = try #require(verify(bench.file!, unreadable: [page]))
        #expect(damages.map(\.page) == [page] && damages[0].place == .log && !damages[0].isReadable)
        #expect(try #require(damages[0].loss?.count) < 40)
    }
    @Test(arguments: [65, 1 << 20, 1 << 28] as [UInt64])
    func `a header that tells of a longer file, with a good checksum, makes nobody read to the end that it claims`(pages: UInt64) throws {
        for count in [0, 300, 3000] {
            let file = forged(storedRing(count).file!, page: 0, at: 16, pages, bytes: 4)
            let damages = verify(file)
            // Of the pages, none is of a file so long.
            #expect(damages?.last.map { $0.place == .missing && $0.page == 64 } ?? true)
            _ = readAll(file)
            // A whole ring that says so in all its pages.
            var all = storedRing(count).file!
            for page in 0..<64 where all[page * 4096 + 4] != 0 { all = forged(all, page: page, at: 16, pages, bytes: 4) }
            let more = try #require(verify(all))
            #expect(more.last?.place == .missing && more.count { $0.place == .missing } == 1)
            #expect(readAll(all) != nil)
        }
    }

    @Test func `the end that a cut file lacks is one damage, with what it cost`() throws {
        let bench = storedRing(3000)
        let whole = try #require(readAll(bench.file!))
        var costs: [Int] = []
        for kept in [63, 60, 50, 30, 23] {
            let file = Array(bench.file!.prefix(kept * 4096))
            let damages = try #require(verify(file))
            let missing = damages.filter { $0.place == .missing }
            #expect(missing.count == 1 && missing[0].page == UInt64(kept) && damages.last == missing[0], "\(kept): \(damages)")
            let after = try #require(readAll(file))
            let lost = damages.reduce(0) { $0 + ($1.loss?.count ?? 0) }
            #expect(lost <= whole.summary.records - after.summary.records, "\(kept)")
            if missing[0].loss != nil { costs.append(kept) }
            let inOrder = numbers(after.items.map(\.handover))
            #expect(inOrder == inOrder.sorted())
        }
        // Where a page that is left knows of what is missing.
        #expect(!costs.isEmpty)
    }
}
