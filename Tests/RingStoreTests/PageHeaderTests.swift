import Telemetry
import Testing

@testable import RingStore

let sampleHeader = PageHeader(
    ringID: 0x1122_3344_5566_7788, filePages: 64, kind: .log, number: 7, revision: 99,
    span: StreamSpan(stream: 0xABCD, base: 10), boot: 0xB007, first: 20, end: 25, storedBefore: 3, readings: 5,
    recordBytes: 4,
    state: {
        var state = RingState()
        state.watermark = 12
        state.reserved = 7000
        state.span = StreamSpan(stream: 0xABCD, base: 10)
        state.handedEnd = 22
        state.stored = 8
        state.settled = 2
        state.evicted = 4
        state.lost = 6
        state.damaged = 1
        state.heldEvicted = 2
        state.isClean = true
        state.early = [
            .init(span: StreamSpan(stream: 1, base: 0), first: 3, end: 5, count: 2, cause: .evicted),
            .init(span: StreamSpan(stream: 0xABCD, base: 10), first: 13, end: 15, count: nil, cause: .restart),
        ]
        return state
    }(),
    clock: ClockRecord(instant: Instant(nanoseconds: -5), wallTime: WallTime(nanoseconds: 1 << 60), position: 18),
    firstClock: ClockRecord(instant: Instant(nanoseconds: 5), wallTime: WallTime(nanoseconds: 77), position: 15),
    notBefore: WallTime(nanoseconds: 123), sameProcess: 17)

@Suite struct PageHeaderTests {
    @Test func `a header comes back whole`() {
        let page = sampleHeader.encode(records: [1, 2, 3, 4], filePage: 9)
        #expect(page.count == 4096)
        #expect(PageHeader(page, filePage: 9) == sampleHeader)
        #expect(PageHeader([0] + page, at: 1, filePage: 9) == sampleHeader)
    }

    @Test func `what is not known stays unknown`() {
        var header = sampleHeader
        header.clock = nil
        header.firstClock = nil
        header.notBefore = nil
        header.state.early = []
        header.state.isClean = false
        #expect(PageHeader(header.encode(records: [1, 2, 3, 4], filePage: 9), filePage: 9) == header)
    }

    @Test func `a file header carries as many streams as have room, the newest, and a log page none`() {
        let spans = (1...400).map { StreamSpan(stream: UInt32($0), base: UInt64($0) * 1000) }
        for count in [0, 1, 3, 308, 400] {
            let records = PageHeader.records(of: Array(spans.prefix(count)))
            var header = sampleHeader
            header.kind = .file
            let page = header.encode(records: records, filePage: 0)
            let read = PageHeader(page, filePage: 0)
            #expect(read?.spans(in: page) == Array(spans.prefix(count).suffix(308)))
            header.kind = .log
            let log = header.encode(records: records, filePage: 0)
            #expect(PageHeader(log, filePage: 0)?.spans(in: log) == [])
        }
    }

    @Test func `a page in another place is none`() {
        let page = sampleHeader.encode(records: [], filePage: 9)
        #expect(PageHeader(page, filePage: 10) == nil)
    }

    @Test func `one flipped bit is seen wherever it is`() {
        let page = sampleHeader.encode(records: [1, 2, 3, 4], filePage: 9)
        for bit in stride(from: 0, to: 4096 * 8, by: 37) {
            var flipped = page
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(PageHeader(flipped, filePage: 9) == nil, "bit \(bit)")
        }
    }

    @Test func `a page torn at a sector is none`() {
        let old = sampleHeader.encode(records: [1, 2, 3, 4], filePage: 9)
        var header = sampleHeader
        header.revision += 1
        let new = header.encode(records: (0..<3000).map { UInt8(truncatingIfNeeded: $0) }, filePage: 9)
        // 3,400 bytes are in use: the eighth sector is the same in both.
        for sectors in 1..<7 {
            #expect(PageHeader(Array(new[..<(sectors * 512)] + old[(sectors * 512)...]), filePage: 9) == nil)
        }
    }

    @Test func `a count that no disk can make is no header's, so that sums have room`() {
        for offset in [24, 32, 72, 88, 104, 112, 120, 128, 136, 144, 152, 232, 388] {
            let page = sampleHeader.encode(records: [], filePage: 0)
            #expect(PageHeader(forged(page, page: 0, at: offset, 1 << 60, bytes: 8), filePage: 0) == nil, "offset \(offset)")
        }
    }

    /// What lies behind the checksum is believed: it must not trap, nor go on for ever.
    @Test(arguments: [0, 1, 5]) func `whatever number stands in a page, the ring opens, hands over, is written, and is verified`(page: Int) {
        let file = storedRing(300).file!
        for offset in [16, 24, 32, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144, 152, 160, 168, 176, 216, 224, 232, 240, 376, 388] {
            for value in [0, 1 << 47, 1 << 59, UInt64(Int64.max), .max] as [UInt64] {
                let changed = forged(file, page: page, at: offset, value, bytes: offset == 16 || offset == 80 ? 4 : 8)
                check(verify(changed) != nil || readAll(changed) == nil)
                var bench = Bench(file: changed, boot: 2, seed: 5)
                bench.input(.start)
                bench.input(.append(airReading(1, at: 1)))
                bench.advance(to: 700)
                let handovers = bench.drain(acknowledge: true)
                #expect(handovers.contains { $0.reading != nil }, "offset \(offset), \(value)")
                bench.input(.stop)
                #expect(bench.isStopped && bench.file!.count == 64 * 4096, "offset \(offset), \(value)")
            }
        }
    }

    @Test func `zeros, too few bytes and noise are none`() {
        #expect(PageHeader([UInt8](repeating: 0, count: 4096), filePage: 0) == nil)
        #expect(PageHeader([UInt8](repeating: 1, count: 4095), filePage: 0) == nil)
        var random = RandomSource(seed: 3)
        for _ in 0..<50 {
            let noise = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(PageHeader(noise, filePage: 0) == nil)
        }
    }
}
