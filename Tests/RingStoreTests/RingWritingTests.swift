import Telemetry
import Testing

@testable import RingStore

@Suite struct RingWritingTests {
    @Test func `a reading is written when it is as old as sync, with all behind it, in one sync`() {
        var bench = Bench(sync: .seconds(5))
        bench.input(.start)
        for index in 1...4 { bench.input(.append(airReading(Int64(index), at: Double(index)))) }
        #expect(bench.ring.deadline == seconds(6))
        let before = bench.writes.count
        bench.advance(to: 5.9)
        #expect(bench.ring.status.inMemory == 4)
        bench.advance(to: 6)
        #expect(bench.ring.status.inMemory == 0)
        // The zeros of the first segment come behind it.
        let written = bench.writes[before...].filter { $0.contains { $0.bytes.contains { $0 != 0 } } }
        #expect(written.count == 1 && written[0].count == 1 && written[0][0].bytes.count == 4096)
    }

    @Test func `with sync 0 each append is written in its own turn`() {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        for index in 1...3 {
            bench.input(.append(airReading(Int64(index), at: 1)))
            #expect(bench.ring.status.inMemory == 0)
        }
        var next = bench.restarted()
        check(numbers(next.drain()) == [1, 2, 3])
    }

    @Test func `at a quarter of the memory it is written earlier`() {
        var bench = Bench(sync: .seconds(3600), memory: 64 << 10)
        bench.input(.start)
        for index in 1...1000 {
            bench.input(.append(airReading(Int64(index), at: 1)))
            #expect(bench.ring.memoryBytes <= (64 << 10) / 4 + 200)
        }
        #expect(bench.ring.status.syncs > 1)
    }

    @Test func `what is acknowledged in time is never written, the rest is`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...6 { bench.input(.append(airReading(Int64(index), at: 1))) }
        let handed = bench.drain()
        for index in [0, 2, 4] { bench.input(.acknowledged(handed[index].name)) }
        bench.advance(to: 10)
        #expect(bench.ring.disk?.stored == 3)
        var next = bench.restarted()
        check(numbers(next.drain()) == [2, 4, 6])
    }

    @Test func `the tail page goes to slots in turn, a full page to its place`() throws {
        var bench = Bench(sync: .zero)
        bench.input(.start)
        var slots: [UInt64] = []
        var places: [UInt64] = []
        for index in 0..<1500 {
            let before = bench.writes.count
            bench.input(.append(airReading(Int64(index), at: Double(index))))
            let layout = try #require(bench.ring.disk?.layout)
            for page in bench.writes[before...].joined() where page.bytes.contains(where: { $0 != 0 }) {
                if layout.slots.contains(page.page) {
                    #expect(slots.last != page.page, "the newest good copy was overwritten")
                    slots.append(page.page)
                } else if !layout.headers.contains(page.page) {
                    places.append(page.page)
                }
            }
        }
        #expect(slots.count >= 1500)
        #expect(places.count == Set(places).count && places.count >= 2)
    }

    @Test func `after a failed sync the same records go to other pages, and nothing is lost or doubled`() {
        var bench = Bench(sync: .seconds(1))
        bench.input(.start)
        for index in 0..<1200 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.holds = true
        bench.now = seconds(3)
        bench.input(.timer)
        var failed: Set<UInt64> = []
        var count = 0
        // The zeros of the first segment pass, then the batch with a place fails although it reaches the disk.
        while let request = bench.held, count < 10 {
            count += 1
            bench.held = nil
            if case .write(let pages, _) = request, pages.count > 1 {
                _ = bench.perform(request)
                for page in pages { failed.insert(page.page) }
                bench.input(.storage(.failed(.inputOutput)))
                break
            }
            bench.input(.storage(bench.perform(request)))
        }
        #expect(!failed.isEmpty)
        bench.holds = false
        let before = bench.writes.count
        bench.advance(to: 20)
        let after = Set(bench.writes[before...].joined().map { $0.page })
        #expect(bench.ring.status.inMemory == 0)
        #expect(after.intersection(failed).subtracting(bench.ring.disk!.layout.slots).isEmpty)
        check(numbers(bench.drain()) == Array(1...1200))
        var next = bench.restarted()
        check(numbers(next.drain()) == Array(1...1200))
    }

    @Test func `after a drained backlog nothing is written while the broker answers, though some are always in flight`() {
        var bench = Bench()
        bench.input(.start)
        // An outage of 20 s at 100 readings a second.
        var time = 0.0
        var value: Int64 = 0
        func take(_ bench: inout Bench) {
            time += 0.01
            value += 1
            bench.advance(to: time)
            bench.input(.append(airReading(value, at: time)))
        }
        while time < 20 { take(&bench) }
        // From here on there is a window of twenty, and each reading that comes finds five settled, as over a slow link.
        var flying: [Handover.Name] = []
        var settled = 0
        let before = bench.writes.count
        while time < 60 {
            take(&bench)
            while flying.count < 20, let handover = bench.next() { flying.append(handover.name) }
            for _ in 0..<5 where flying.count > 5 {
                bench.input(.acknowledged(flying.removeFirst()))
                settled += 1
            }
        }
        #expect(settled > 5900)
        // While the backlog is drained new readings grow older than `sync`: one page of slots each 5 s.
        #expect(bench.writes.count - before <= 10)
    }

    @Test func `the watermark is written when the backlog is drained`() {
        var bench = Bench()
        bench.input(.start)
        for index in 1...20 { bench.input(.append(airReading(Int64(index), at: 1))) }
        bench.advance(to: 10)
        let before = bench.writes.count
        _ = bench.drain(acknowledge: true)
        #expect(bench.writes.count == before + 1)
        var next = bench.restarted()
        check(numbers(next.drain()).isEmpty)
    }
}
