package import Telemetry

// The records of a page, decoded. Each describes the next position or positions; only definitions and clock records
// describe none. There is no other gap: every position from a page's first to its end is in exactly one record.

/// The low three bits of a record's first byte. The high five are the series, or 31: the series follows as a varint.
enum RecordKind: UInt8 {
    /// The rest of the page is empty.
    case end = 0
    /// A sensor's id and quantities, before its first use in the page; the series are counted from 0.
    case definition = 1
    case reading = 2
    case noReading = 3
    case clock = 4
    case loss = 5
    /// Positions that were acknowledged before they were written.
    case acknowledged = 6
    /// One entry of an alert ring, opaque.
    case event = 7

    static let longSeries: UInt8 = 31
}

/// One record that takes positions.
package struct StoredRecord: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// `series` indexes `StoredPage.schemas`.
        case reading(series: Int, instant: Instant, outcome: Outcome)
        case loss(cause: Loss.Cause, count: UInt64?, atMost: UInt64?, sensors: [Loss.SensorCount])
        case acknowledged
    }

    var first: UInt64
    /// One behind its last position.
    var end: UInt64
    package var content: Content
}

/// A page of the log with its records.
package struct StoredPage: Hashable, Sendable {
    package var header: PageHeader
    package var schemas: [SensorSchema] = []
    package var records: [StoredRecord] = []
    /// The record in force at the start, if any, and those made inside the page.
    var clocks: [ClockRecord] = []

    /// Nil when the records are not what a ring writes.
    init?(header: PageHeader, bytes: [UInt8], at offset: Int) {
        self.header = header
        if let clock = header.clock { clocks.append(clock) }
        let start = offset + PageHeader.size
        var reader = ByteReader(bytes, from: start, to: start + header.recordBytes)
        var position = header.first
        var instant: Int64 = 0
        var values: [[Int64]] = []
        var readings: UInt64 = 0
        // No reading takes less than three bytes.
        records.reserveCapacity(min(Int(clamping: header.readings), header.recordBytes / 3) + 2)
        while !reader.isAtEnd {
            guard let tag = reader.byte(), let kind = RecordKind(rawValue: tag & 7) else { return nil }
            func series(_ reader: inout ByteReader) -> Int? {
                if tag >> 3 < RecordKind.longSeries { return Int(tag >> 3) }
                guard let index = reader.varint(), index < 4096 else { return nil }
                return Int(index)
            }
            switch kind {
            case .end:
                return nil
            case .definition:
                guard let schema = Self.definition(&reader) else { return nil }
                schemas.append(schema)
                values.append(Array(repeating: 0, count: schema.quantities.count))
            case .reading:
                guard let index = series(&reader), index < schemas.count, let delta = reader.signed() else {
                    return nil
                }
                instant &+= delta
                for quantity in values[index].indices {
                    guard let delta = reader.signed() else { return nil }
                    values[index][quantity] &+= delta
                }
                take(
                    &position, 1,
                    .reading(
                        series: index, instant: Instant(nanoseconds: instant), outcome: .measurements(values[index])))
                readings += 1
            case .noReading:
                guard let index = series(&reader), index < schemas.count, let delta = reader.signed(),
                    let byte = reader.byte(), let code = NoReading.Code(rawValue: byte), let detail = reader.text()
                else { return nil }
                instant &+= delta
                take(
                    &position, 1,
                    .reading(
                        series: index, instant: Instant(nanoseconds: instant),
                        outcome: .noReading(NoReading(code, detail: detail))))
                readings += 1
            case .event:
                guard let index = series(&reader), index < schemas.count, let delta = reader.signed(),
                    let count = reader.varint(), count <= UInt64(Outcome.maximumEventBytes),
                    let event = reader.bytes(Int(count))
                else { return nil }
                instant &+= delta
                take(
                    &position, 1,
                    .reading(series: index, instant: Instant(nanoseconds: instant), outcome: .event(event)))
                readings += 1
            case .clock:
                guard let delta = reader.signed(), let wall = reader.signed() else { return nil }
                instant &+= delta
                clocks.append(
                    ClockRecord(
                        instant: Instant(nanoseconds: instant), wallTime: WallTime(nanoseconds: wall),
                        position: position))
            case .loss:
                guard let record = loss(&reader) else { return nil }
                take(&position, record.length, record.content)
            case .acknowledged:
                guard let length = reader.varint(), length > 0, length <= header.end - position else { return nil }
                take(&position, length, .acknowledged)
            }
            if position > header.end { return nil }
        }
        guard position == header.end, readings == header.readings else { return nil }
        // Only what was acknowledged may lie before the stream begins.
        guard !records.contains(where: { $0.first <= header.span.base && $0.content != .acknowledged }) else {
            return nil
        }
    }

    private mutating func take(_ position: inout UInt64, _ length: UInt64, _ content: StoredRecord.Content) {
        records.append(StoredRecord(first: position, end: position + length, content: content))
        position += length
    }

    private static func definition(_ reader: inout ByteReader) -> SensorSchema? {
        guard let sensor = reader.text(), let count = reader.byte(), count <= 8 else { return nil }
        var quantities: [Quantity] = []
        for _ in 0..<count {
            guard let decimals = reader.byte(), let name = reader.text(), let unit = reader.text() else { return nil }
            quantities.append(Quantity(name: name, unit: unit, decimals: decimals))
        }
        return SensorSchema(sensor: sensor, quantities: quantities)
    }

    private func loss(_ reader: inout ByteReader) -> (length: UInt64, content: StoredRecord.Content)? {
        guard let length = reader.varint(), length > 0, length < UInt64(Int64.max), let byte = reader.byte(),
            let cause = Loss.Cause(rawValue: byte), let count = reader.varint(), let atMost = reader.varint(),
            let sensorCount = reader.varint(), sensorCount <= schemas.count
        else { return nil }
        var sensors: [Loss.SensorCount] = []
        for _ in 0..<sensorCount {
            guard let index = reader.varint(), index < schemas.count, let count = reader.varint() else { return nil }
            sensors.append(.init(sensor: schemas[Int(index)].sensor, count: count))
        }
        return (
            length,
            .loss(
                cause: cause, count: count == 0 ? nil : count - 1, atMost: atMost == 0 ? nil : atMost - 1,
                sensors: sensors)
        )
    }

    /// The record that holds `position`.
    func index(of position: UInt64) -> Int? {
        // Where each takes one position, the common case, it lies here.
        let guess = position &- header.first
        if guess < UInt64(records.count), records[Int(guess)].first == position { return Int(guess) }
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].end <= position { low = middle + 1 } else { high = middle }
        }
        guard low < records.count, records[low].first <= position else { return nil }
        return low
    }

    /// When its last reading was taken, or its clock was looked at where that is later; nil: its boot did not know the time.
    var lastTime: ClockRecord? {
        guard let clock = clocks.last ?? header.firstClock else { return nil }
        for record in records.reversed() {
            guard case .reading(_, let instant, _) = record.content, instant > clock.instant else { continue }
            return ClockRecord(instant: instant, wallTime: clock.time(of: instant), position: clock.position)
        }
        return clock
    }

    /// What this page alone knows of the time of its reading at `position`.
    func stamp(position: UInt64, instant: Instant) -> Stamp {
        if let record = clocks.last(where: { $0.position <= position }) { return .synced(record.time(of: instant)) }
        if let record = header.firstClock { return .estimated(record.time(of: instant)) }
        return .unknown(notBefore: header.notBefore)
    }
}
