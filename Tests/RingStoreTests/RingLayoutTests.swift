import RingStore
import Testing

@Suite struct RingLayoutTests {
    @Test func `segments are a 64th of the file, rounded down to a power of two`() {
        let table: [(mebibytes: UInt64, pages: UInt64)] = [(1, 4), (16, 64), (64, 256), (1024, 256), (3, 8)]
        for (mebibytes, pages) in table {
            #expect(RingLayout(pages: mebibytes * 256)?.segmentPages == pages)
        }
        #expect(RingLayout(pages: 64)?.segmentPages == 1)
    }

    @Test func `no ring is smaller than 256 KiB or larger than 1 TiB`() {
        #expect(RingLayout(pages: 63) == nil)
        #expect(RingLayout(pages: 64) != nil)
        #expect(RingLayout(pages: 1 << 28) != nil)
        #expect(RingLayout(pages: 1 << 28 + 1) == nil)
    }

    @Test(arguments: [64, 65, 100, 255, 256, 1000, 16384] as [UInt64])
    func `headers, slots and log pages share no page and stay inside the file`(_ pages: UInt64) throws {
        let layout = try #require(RingLayout(pages: pages))
        var taken = Set(layout.headers + layout.slots)
        #expect(taken.count == 6)
        for number in 0..<layout.logPages {
            #expect(taken.insert(layout.filePage(of: number)).inserted)
            #expect(layout.filePage(of: number + 3 * layout.logPages) == layout.filePage(of: number))
        }
        #expect(taken.max()! < pages)
        let places = (0..<pages).compactMap { layout.place(ofFilePage: $0) }
        #expect(places == Array(0..<layout.logPages))
        #expect((0..<layout.logPages).allSatisfy { layout.place(ofFilePage: layout.filePage(of: $0)) == $0 })
    }

    @Test(arguments: [64, 100, 256, 4096, 16384] as [UInt64])
    func `a page, its copy and the copy before lie far apart`(_ pages: UInt64) throws {
        let layout = try #require(RingLayout(pages: pages))
        let wanted = min(1024, pages / 3 - layout.segmentPages - 2)
        for number in stride(from: 0, to: layout.logPages, by: 7) {
            var newest: Int?
            for _ in 0..<4 {
                let slot = layout.slot(forPage: number, newest: newest, avoided: [])
                let place = layout.filePage(of: number)
                func distance(_ a: UInt64, _ b: UInt64) -> UInt64 { a > b ? a - b : b - a }
                #expect(distance(layout.slots[slot], place) >= wanted)
                if let newest { #expect(distance(layout.slots[slot], layout.slots[newest]) >= wanted) }
                newest = slot
            }
        }
    }

    @Test func `a slot that fails is avoided, and the newest copy is never overwritten`() throws {
        let layout = try #require(RingLayout(pages: 64))
        for newest in 0..<4 {
            for bad in 0..<4 where bad != newest {
                let slot = layout.slot(forPage: 5, newest: newest, avoided: [bad])
                #expect(slot != newest && slot != bad)
            }
        }
    }
}
