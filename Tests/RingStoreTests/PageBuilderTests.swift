import Telemetry
import Testing

@testable import RingStore

func builder(first: UInt64 = 1, clock: ClockRecord? = nil) -> PageBuilder {
    PageBuilder(
        number: 0, span: StreamSpan(stream: 5, base: 0), boot: 1, first: first, storedBefore: 0, clock: clock)
}

/// The page of a builder, read back.
func decoded(_ page: PageBuilder, firstClock: ClockRecord? = nil) -> StoredPage? {
    let header = PageHeader(
        ringID: 1, filePages: 64, kind: .log, number: page.number, revision: 1, span: page.span, boot: page.boot,
        first: page.first, end: page.end, storedBefore: page.storedBefore, readings: page.readings,
        recordBytes: page.bytes.count, state: RingState(), clock: page.clock, firstClock: firstClock, notBefore: nil)
    let bytes = header.encode(records: page.bytes, filePage: 2)
    guard let back = PageHeader(bytes, filePage: 2) else { return nil }
    return StoredPage(header: back, bytes: bytes, at: 0)
}

@Suite struct PageBuilderTests {
    @Test func `a reading of two values takes at most 16 bytes behind the first`() {
        var page = builder()
        _ = page.append(airReading(215, at: 1), schema: air, clock: nil)
        var most = 0
        for index in 0..<150 {
            let before = page.bytes.count
            // Up to an hour apart, values at the ends of the sensor's range.
            let value: Int64 = index % 2 == 0 ? -400 : 800
            let reading = Reading(
                sensor: 0, instant: seconds(Double(index * index) * 0.16 + 2.123456789),
                outcome: .measurements([value, 1000 - abs(value)]))
            check(page.append(reading, schema: air, clock: nil))
            most = max(most, page.bytes.count - before)
        }
        #expect(most <= 16)
    }

    @Test func `a page that is full refuses, and has not changed`() {
        var page = builder()
        var count: UInt64 = 0
        while true {
            let before = page
            let reading = Reading(
                sensor: 0, instant: seconds(Double(count)),
                outcome: .noReading(NoReading(.checksum, detail: String(repeating: "x", count: 50))))
            guard page.append(reading, schema: air, clock: nil) else {
                #expect(page == before)
                break
            }
            count += 1
        }
        #expect(count > 50)
        #expect(page.end == count + 1)
        #expect(decoded(page)?.records.count == Int(count))
    }

    @Test func `a sensor is defined once in a page`() {
        var page = builder()
        _ = page.append(airReading(1, at: 1), schema: air, clock: nil)
        _ = page.append(doorReading(1, at: 1), schema: door, clock: nil)
        _ = page.append(airReading(2, at: 2), schema: air, clock: nil)
        #expect(decoded(page)?.schemas == [air, door])
    }

    @Test func `a clock record stands before the first reading it is in force for, once`() {
        var page = builder()
        let record = ClockRecord(instant: seconds(2), wallTime: WallTime(nanoseconds: 1 << 60), position: 2)
        _ = page.append(airReading(1, at: 1), schema: air, clock: nil)
        _ = page.append(airReading(2, at: 2), schema: air, clock: record)
        _ = page.append(airReading(3, at: 3), schema: air, clock: record)
        #expect(decoded(page)?.clocks == [record])
    }

    @Test func `sensors of a loss that would fill the page are left out`() {
        var page = builder()
        var loss = LossEntry(span: StreamSpan(stream: 5, base: 0), first: 1, end: 101, count: 100, cause: .memoryFull)
        for index in 0..<100 { loss.add("a-sensor-with-a-long-name-\(index)", 1) }
        check(page.appendLoss(loss))
        guard case .loss(let cause, let count, _, let sensors)? = decoded(page)?.records.first?.content else {
            Issue.record("no loss")
            return
        }
        #expect(cause == .memoryFull && count == 100 && sensors.isEmpty)
    }
}
