import Telemetry
import Testing

@testable import RingStore

@Suite struct RingOpeningTests {
    @Test func `a crash leaves a loss of the numbers in doubt, and none is used twice`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.advance(to: 10)
        for index in 6...8 { bench.input(.append(airReading(Int64(index), at: 11))) }
        var next = bench.restarted(boot: 2)
        next.input(.append(airReading(9, at: 20)))
        let handovers = next.drain()
        #expect(numbers(handovers) == [1, 2, 3, 4, 5, 7201])
        let loss = handovers.compactMap { $0.loss }
        #expect(loss.count == 1)
        #expect(loss[0].first == SequenceNumber(6) && loss[0].last == SequenceNumber(7200))
        #expect(loss[0].cause == .restart && loss[0].count == nil && loss[0].atMost == 7195)
    }

    @Test(arguments: [StorageError.locked, .noSpace, .notPermitted, .inputOutput, .notAFile, .other(5)])
    func `a ring that cannot be opened works in memory, and joins the file later`(_ error: StorageError) {
        var first = Bench()
        first.input(.start)
        for index in 1...5 { first.input(.append(airReading(Int64(index), at: 1))) }
        first.input(.stop)
        let old = first.ring.status.stream

        var bench = Bench(file: first.file, boot: 2, seed: 5)
        bench.error = error
        bench.input(.start)
        #expect(bench.isOpen && bench.ring.status.isInMemoryOnly)
        #expect(bench.notices.contains { $0.level == .error })
        for index in 6...8 { bench.input(.append(airReading(Int64(index), at: 2))) }
        let early = bench.next()!
        #expect(early.reading?.stream != old && early.reading?.sequence == .first)
        bench.input(.acknowledged(early.name))
        bench.error = nil
        bench.advance(to: 100)
        #expect(!bench.ring.status.isInMemoryOnly)
        let later = bench.drain(acknowledge: true)
        // The file's own first, then what is left of the memory's stream.
        #expect(later.compactMap { $0.reading }.map { $0.stream == old } == [true, true, true, true, true, false, false])
        #expect(numbers(later) == [1, 2, 3, 4, 5, 2, 3])
        bench.input(.stop)
        var last = bench.restarted(boot: 3)
        check(last.drain().isEmpty)
    }

    @Test func `the ring of a later version is left alone, and said; readings are kept in memory`() {
        let file = ofLaterVersion(ofLaterVersion(storedRing(40).file!, page: 0), page: 63)
        var bench = Bench(file: file)
        bench.input(.start)
        #expect(bench.isOpen && bench.ring.status.isInMemoryOnly && bench.setAside == 0)
        #expect(bench.notices.contains { $0.level == .error && $0.text.contains("a later version of Godwit has written it") })
        bench.input(.append(airReading(1, at: 1)))
        check(numbers(bench.drain(acknowledge: true)) == [1])
        bench.advance(to: 1000)
        bench.input(.stop)
        #expect(bench.file == file)
    }

    @Test func `what is no ring is set aside, and said`() {
        var random = RandomSource(seed: 9)
        let noise = (0..<300_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var bench = Bench(file: noise)
        bench.input(.start)
        #expect(bench.setAside == 1 && bench.isOpen)
        #expect(bench.notices.contains { $0.level == .error })
        bench.input(.append(airReading(1, at: 1)))
        check(numbers(bench.drain()) == [1])
    }

    @Test func `empty files and files of zeros become rings where they are`() {
        for file in [[], [UInt8](repeating: 0, count: 256 << 10)] {
            var bench = Bench(file: file)
            bench.input(.start)
            #expect(bench.isOpen && bench.setAside == 0)
            #expect(!bench.ring.status.isInMemoryOnly)
        }
    }

    @Test func `damaged headers begin a new stream, and lose nothing`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.input(.stop)
        bench.file![100] ^= 1
        var next = bench.restarted()
        #expect(next.ring.status.stream != bench.ring.status.stream)
        next.input(.append(airReading(6, at: 20)))
        let handovers = next.drain().compactMap { $0.reading }
        #expect(handovers.map { $0.sequence.rawValue } == [1, 2, 3, 4, 5, 1])
    }

    @Test(arguments: [0, 63])
    func `a new stream that has not come into the log outlives the damage of either header`(page: Int) {
        var bench = Bench()
        bench.input(.start)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.input(.stop)
        bench.file![100] ^= 1
        let next = bench.restarted()
        let stream = next.ring.status.stream
        #expect(stream != bench.ring.status.stream)
        var damaged = Bench(file: next.file, boot: 2, seed: 9)
        damaged.file![page * 4096 + 100] ^= 1
        damaged.input(.start)
        let losses = damaged.drain().compactMap { $0.loss }
        #expect(losses.contains { $0.stream == stream && $0.first == .first && $0.cause == .restart })
    }

    @Test func `a stream that only a header names is named by the next header too, until the log has told it`() {
        var bench = Bench()
        bench.input(.start)
        var streams: [StreamID] = []
        // Each time the numbers of the last stream are in doubt, and the process ends before the log can tell that.
        for seed in 2...5 as ClosedRange<UInt64> {
            streams.append(bench.ring.status.stream)
            bench.file![63 * 4096 + 100] ^= 1
            bench = bench.restarted(seed: seed)
            #expect(bench.ring.status.stream != streams.last)
        }
        let losses = bench.drain().compactMap { $0.loss }
        for stream in streams { #expect(losses.contains { $0.stream == stream && $0.first == .first && $0.cause == .restart }) }
    }

    @Test func `a stream that begins while a header is on its way is in memory only until the next one names it`() {
        var bench = Bench(memory: 16 << 10)
        bench.input(.start)
        bench.input(.append(airReading(0, at: 0)))
        bench.input(.stop)
        var next = Bench(memory: 16 << 10, file: bench.file, boot: 1, seed: 2)
        // The first reading needs numbers; those behind it fill the memory before the header is there.
        next.holds = true
        next.input(.start)
        for _ in 0..<100 {
            if case .write? = next.held { break }
            next.release()
        }
        let stream = next.ring.status.stream
        for index in 1...200 { next.input(.append(airReading(Int64(index), at: 1))) }
        #expect(next.ring.status.stream != stream && next.ring.status.isInMemoryOnly)
        next.release()
        #expect(next.ring.status.isInMemoryOnly)
        next.release()
        #expect(!next.ring.status.isInMemoryOnly)
    }

    @Test func `where the newest header is gone, numbers that the other one reserves are in doubt`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(airReading(1, at: 1)))
        bench.input(.stop)
        let stream = bench.ring.status.stream
        // The first header was written last when the ring was made by one that reserves more than the clean stop used.
        bench.file![63 * 4096 + 100] ^= 1
        var next = bench.restarted()
        let losses = next.drain().compactMap { $0.loss }
        #expect(losses.contains { $0.stream == stream && $0.first.rawValue == 2 && $0.last.rawValue == 7200 && $0.cause == .restart })
    }

    @Test func `a stream of which every page is damaged is told by its name, which the page before it knows`() throws {
        var bench = Bench()
        bench.input(.start)
        for index in 1...5 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.input(.stop)
        var streams: [StreamID] = []
        for seed in [2, 3] as [UInt64] {
            // A header that is gone begins a new stream.
            bench.file![100] ^= 1
            bench = bench.restarted(seed: seed)
            streams.append(bench.ring.status.stream)
            for index in 1...3 { bench.input(.append(airReading(Int64(index), at: 20))) }
            bench.advance(to: 30 * Double(seed))
            bench.input(.stop)
        }
        let layout = try #require(bench.ring.disk?.layout)
        var count = 0
        for page in 0..<layout.pages {
            guard let header = PageHeader(pages(of: bench.file!, page, 1), filePage: page), header.kind == .log,
                header.span.stream == streams[0].rawValue
            else { continue }
            bench.file![Int(page) * 4096 + 1000] ^= 1
            count += 1
        }
        #expect(count > 0)
        var last = bench.restarted(seed: 4)
        let losses = last.drain().compactMap { $0.loss }
        #expect(losses.contains { $0.stream == streams[0] && $0.first == .first && $0.last.rawValue >= 3 && $0.cause == .damaged })
    }

    @Test func `a page that cannot be read for a while costs nothing`() {
        var first = Bench()
        first.input(.start)
        for index in 1...5 { first.input(.append(airReading(Int64(index), at: 1))) }
        first.input(.stop)
        for page in [0, 1, 2, 20, 62, 63] as [UInt64] {
            var bench = Bench(file: first.file, boot: 2, seed: 5)
            bench.unreadable = [page]
            bench.input(.start)
            let isNeeded = bench.ring.status.isInMemoryOnly
            bench.unreadable = []
            bench.advance(to: 60)
            #expect(!bench.ring.status.isInMemoryOnly && (isNeeded || ![0, 1, 62, 63].contains(page)))
            let handovers = bench.drain()
            #expect(numbers(handovers) == [1, 2, 3, 4, 5] && handovers.allSatisfy { $0.loss == nil })
        }
    }

    @Test func `a page that cannot be read at six openings, a minute long, is damaged`() {
        var first = Bench()
        first.input(.start)
        for index in 1...5 { first.input(.append(airReading(Int64(index), at: 1))) }
        first.input(.stop)
        var bench = Bench(file: first.file, boot: 2, seed: 5)
        bench.unreadable = [63]
        bench.input(.start)
        for second in 1...62 { bench.advance(to: Double(second)) }
        #expect(bench.ring.status.isInMemoryOnly)
        bench.advance(to: 63)
        #expect(!bench.ring.status.isInMemoryOnly)
        #expect(bench.requests.count { if case .open = $0 { true } else { false } } == 7)
        check(numbers(bench.drain()) == [1, 2, 3, 4, 5])
    }

    @Test func `a ring of a later version is left alone, whichever page says so`() {
        var first = Bench()
        first.input(.start)
        for index in 1...5 { first.input(.append(airReading(Int64(index), at: 1))) }
        first.input(.stop)
        let slot = RingLayout(pages: 64)!.slots.first { PageHeader(Array(first.file![Int($0) * 4096..<Int($0 + 1) * 4096]), filePage: $0) != nil }!
        for page in [0, 63, slot] {
            var file = first.file!
            let at = Int(page) * 4096
            let header = PageHeader(Array(file[at..<at + 4096]), filePage: page)!
            file.replaceSubrange(at..<at + 4096, with: header.encode(records: [], filePage: page, version: PageHeader.version + 1))
            var bench = Bench(file: file, boot: 2, seed: 5)
            bench.input(.start)
            bench.input(.append(airReading(6, at: 2)))
            bench.advance(to: 1000)
            #expect(bench.isOpen && bench.ring.status.isInMemoryOnly && bench.setAside == 0 && bench.file == file)
            #expect(bench.notices.contains { $0.level == .error && $0.text.contains("a later version of Godwit has written it") })
            check(numbers(bench.drain()) == [1])
        }
        // Rot that looks like it, beside a page that is whole.
        var file = first.file!
        file[84] = 9
        var bench = Bench(file: file, boot: 2, seed: 5)
        bench.input(.start)
        #expect(!bench.ring.status.isInMemoryOnly)
    }

    @Test func `a ring of version 1 is read, and goes on in the present one`() {
        var first = Bench()
        first.input(.start)
        for index in 1...700 { first.input(.append(airReading(Int64(index), at: Double(index) / 100))) }
        first.advance(to: 20)
        for handover in first.drain().prefix(300) { first.input(.acknowledged(handover.name)) }
        first.input(.stop)
        var file = first.file!
        for page in stride(from: 0, to: file.count, by: 4096) {
            let bytes = Array(file[page..<page + 4096])
            guard let header = PageHeader(bytes, filePage: UInt64(page / 4096)) else { continue }
            let old = header.encode(
                records: Array(bytes[PageHeader.size..<PageHeader.size + header.recordBytes]), filePage: UInt64(page / 4096), version: 1)
            file.replaceSubrange(page..<page + 4096, with: old)
        }
        #expect(file != first.file)
        var bench = Bench(file: file, boot: 2, seed: 5)
        bench.input(.start)
        #expect(bench.ring.status.stream == first.ring.status.stream)
        bench.input(.append(airReading(701, at: 30)))
        check(numbers(bench.drain(acknowledge: true)) == Array(301...701))
        bench.input(.stop)
        #expect(bench.file![84] == 2 || bench.file![63 * 4096 + 84] == 2)
        var next = bench.restarted(boot: 3)
        check(next.drain().isEmpty)
    }

    @Test func `the same process finishes a ring whose first headers failed`() {
        var bench = Bench()
        bench.holds = true
        bench.input(.start)
        bench.release()
        // The headers reach the disk, but the sync fails.
        _ = bench.perform(bench.held!)
        bench.held = nil
        bench.input(.storage(.failed(.inputOutput)))
        bench.holds = false
        bench.input(.append(airReading(1, at: 1)))
        bench.advance(to: 30)
        #expect(!bench.ring.status.isInMemoryOnly)
        check(numbers(bench.drain()) == [1])
    }

    @Test func `schemas of an earlier process are kept with its readings`() {
        var bench = Bench()
        bench.input(.start)
        bench.input(.append(doorReading(1, at: 1)))
        bench.input(.stop)
        var next = bench.restarted()
        check(next.next()?.reading?.schema == door)
    }
}
