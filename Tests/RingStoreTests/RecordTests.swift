import Telemetry
import Testing

@testable import RingStore

@Suite struct RecordTests {
    @Test func `every kind of record comes back`() throws {
        var page = builder(first: 10)
        check(page.appendAcknowledged(3))
        check(page.append(airReading(-123, at: 1.5), schema: air, clock: nil))
        let failed = Reading(
            sensor: 1, instant: seconds(2), outcome: .noReading(NoReading(.noAnswer, detail: "nach 5 ms, ±1")))
        check(page.append(failed, schema: door, clock: nil))
        let loss = LossEntry(
            span: StreamSpan(stream: 5, base: 0), first: 15, end: 20, count: 5, cause: .memoryFull,
            sensors: [.init(sensor: "air", count: 3), .init(sensor: "gone", count: 2)])
        check(page.appendLoss(loss))
        let unknown = LossEntry(
            span: StreamSpan(stream: 5, base: 0), first: 20, end: 30, count: nil, atMost: 10, cause: .restart)
        check(page.appendLoss(unknown))
        let records = try #require(decoded(page)).records
        #expect(records.map { [$0.first, $0.end] } == [[10, 13], [13, 14], [14, 15], [15, 20], [20, 30]])
        #expect(records[0].content == .acknowledged)
        #expect(
            records[1].content == .reading(series: 0, instant: seconds(1.5), outcome: .measurements([-123, 500])))
        #expect(records[2].content == .reading(series: 1, instant: seconds(2), outcome: failed.outcome))
        #expect(records[3].content == .loss(cause: .memoryFull, count: 5, atMost: nil, sensors: loss.sensors))
        #expect(records[4].content == .loss(cause: .restart, count: nil, atMost: 10, sensors: []))
    }

    @Test func `values and instants at the ends of their ranges come back`() throws {
        var page = builder()
        let values: [[Int64]] = [[.max, .min], [.min, .max], [0, -1], [1, 0]]
        for (index, pair) in values.enumerated() {
            let instant = Instant(nanoseconds: index % 2 == 0 ? .max : .min)
            check(
                page.append(Reading(sensor: 0, instant: instant, outcome: .measurements(pair)), schema: air, clock: nil)
            )
        }
        let outcomes = try #require(decoded(page)).records.map { $0.content }
        for (index, pair) in values.enumerated() {
            let instant = Instant(nanoseconds: index % 2 == 0 ? .max : .min)
            #expect(outcomes[index] == .reading(series: 0, instant: instant, outcome: .measurements(pair)))
        }
    }

    /// A page whose checksum is right, but whose records no ring writes: a bug must not become a trap.
    @Test func `random records are refused or read, never a trap`() {
        var random = RandomSource(seed: 11)
        var refused = 0
        for _ in 0..<3000 {
            let count = Int.random(in: 0...40, using: &random)
            let records = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 7) & 0x7F }
            var header = sampleHeader
            header.recordBytes = records.count
            let bytes = header.encode(records: records, filePage: 9)
            if StoredPage(header: header, bytes: bytes, at: 0) == nil { refused += 1 }
        }
        #expect(refused > 2990)
    }

    @Test func `every prefix of a page's records is refused`() {
        var page = builder()
        _ = page.append(airReading(1, at: 1), schema: air, clock: nil)
        _ = page.append(doorReading(1, at: 1), schema: door, clock: nil)
        for count in 0..<page.bytes.count {
            var header = sampleHeader
            header.first = 1
            header.span.base = 0
            header.end = 3
            header.readings = 2
            header.recordBytes = count
            let bytes = header.encode(records: Array(page.bytes[..<count]), filePage: 9)
            #expect(StoredPage(header: header, bytes: bytes, at: 0) == nil)
        }
    }

    @Test func `a reading is stamped by the record before it, else by the first of its boot`() throws {
        let later = ClockRecord(instant: seconds(3), wallTime: WallTime(nanoseconds: 3_000_000_000_000), position: 3)
        var page = builder()
        _ = page.append(airReading(1, at: 1), schema: air, clock: nil)
        _ = page.append(airReading(2, at: 2), schema: air, clock: nil)
        _ = page.append(airReading(3, at: 4), schema: air, clock: later)
        let known = try #require(decoded(page, firstClock: later))
        #expect(known.stamp(position: 1, instant: seconds(1)) == .estimated(WallTime(nanoseconds: 2_998_000_000_000)))
        #expect(known.stamp(position: 3, instant: seconds(4)) == .synced(WallTime(nanoseconds: 3_001_000_000_000)))
        let unknown = try #require(decoded(page))
        #expect(unknown.stamp(position: 2, instant: seconds(2)) == .unknown(notBefore: nil))
    }
}
