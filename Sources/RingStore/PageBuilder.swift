internal import Telemetry

/// The page that is being filled: self-contained, so that it can be read when every other page is lost.
///
/// Each `append` returns false, and changes nothing, when the page has no room for it.
struct PageBuilder: Hashable, Sendable {
    static let capacity = RingLayout.pageSize - PageHeader.size

    private struct Series: Hashable {
        var sensor: String
        /// Index into the ring's schemas; nil: named by a loss only.
        var schema: Int?
        var values: [Int64]
    }

    let number: UInt64
    let span: StreamSpan
    let boot: UInt32
    let first: UInt64
    let storedBefore: UInt64
    /// In force for the first record.
    let clock: ClockRecord?
    private(set) var end: UInt64
    private(set) var readings: UInt64 = 0
    private(set) var bytes: [UInt8] = []
    private var series: [Series] = []
    private var instant: Int64 = 0
    /// In force for the next record.
    private var lastClock: ClockRecord?

    init(number: UInt64, span: StreamSpan, boot: UInt32, first: UInt64, storedBefore: UInt64, clock: ClockRecord?) {
        self.number = number
        self.span = span
        self.boot = boot
        self.first = first
        self.storedBefore = storedBefore
        self.clock = clock
        end = first
        lastClock = clock
    }

    var isEmpty: Bool { end == first }

    /// The same records under another number, where the place of the old one cannot be relied on.
    func renumbered(_ number: UInt64) -> PageBuilder {
        var copy = PageBuilder(
            number: number, span: span, boot: boot, first: first, storedBefore: storedBefore, clock: clock)
        copy.end = end
        copy.readings = readings
        copy.bytes = bytes
        copy.series = series
        copy.instant = instant
        copy.lastClock = lastClock
        return copy
    }

    /// Takes the next position. `record`: the clock record in force for it.
    mutating func append(_ reading: Reading, schema: SensorSchema, clock record: ClockRecord?) -> Bool {
        let saved = (bytes.count, series.count, instant, lastClock)
        if let record, record != lastClock { append(record) }
        let index = define(schema, reading.sensor)
        let previous = series[index].values
        switch reading.outcome {
        case .measurements(let values):
            precondition(values.count == schema.quantities.count, "one measurement for each quantity")
            tag(.reading, index)
            bytes.appendSigned(reading.instant.nanoseconds &- instant)
            for (quantity, value) in values.enumerated() { bytes.appendSigned(value &- previous[quantity]) }
            series[index].values = values
        case .noReading(let reason):
            tag(.noReading, index)
            bytes.appendSigned(reading.instant.nanoseconds &- instant)
            bytes.append(reason.code.rawValue)
            bytes.appendText(reason.detail)
        case .event(let event):
            precondition(event.count <= Outcome.maximumEventBytes, "an event fits a page")
            tag(.event, index)
            bytes.appendSigned(reading.instant.nanoseconds &- instant)
            bytes.appendVarint(UInt64(event.count))
            bytes.append(contentsOf: event)
        }
        instant = reading.instant.nanoseconds
        if bytes.count > Self.capacity {
            bytes.removeLast(bytes.count - saved.0)
            if index < saved.1 { series[index].values = previous }
            series.removeLast(series.count - saved.1)
            instant = saved.2
            lastClock = saved.3
            return false
        }
        end += 1
        readings += 1
        return true
    }

    /// Takes the positions `end ..< end + length`.
    mutating func appendAcknowledged(_ length: UInt64) -> Bool {
        guard bytes.count + 11 <= Self.capacity else { return false }
        tag(.acknowledged, 0)
        bytes.appendVarint(length)
        end += length
        return true
    }

    /// Takes the positions of the loss. Its sensors are left out where they would fill half a page.
    mutating func appendLoss(_ loss: LossEntry) -> Bool {
        let saved = (bytes.count, series.count)
        var sensors = loss.sensors
        if sensors.reduce(0, { $0 + $1.sensor.utf8.count + 16 }) > Self.capacity / 2 { sensors = [] }
        var indices: [Int] = []
        for sensor in sensors { indices.append(define(SensorSchema(sensor: sensor.sensor, quantities: []), nil)) }
        tag(.loss, 0)
        bytes.appendVarint(loss.end - loss.first)
        bytes.append(loss.cause.rawValue)
        bytes.appendVarint(loss.count.map { $0 + 1 } ?? 0)
        bytes.appendVarint(loss.atMost.map { $0 + 1 } ?? 0)
        bytes.appendVarint(UInt64(sensors.count))
        for (index, sensor) in zip(indices, sensors) {
            bytes.appendVarint(UInt64(index))
            bytes.appendVarint(sensor.count)
        }
        if bytes.count > Self.capacity {
            bytes.removeLast(bytes.count - saved.0)
            series.removeLast(series.count - saved.1)
            return false
        }
        end += loss.end - loss.first
        return true
    }

    private mutating func append(_ record: ClockRecord) {
        tag(.clock, 0)
        bytes.appendSigned(record.instant.nanoseconds &- instant)
        bytes.appendSigned(record.wallTime.nanoseconds)
        instant = record.instant.nanoseconds
        lastClock = record
    }

    private mutating func tag(_ kind: RecordKind, _ index: Int) {
        if index < Int(RecordKind.longSeries) {
            bytes.append(kind.rawValue | UInt8(index) << 3)
        } else {
            bytes.append(kind.rawValue | RecordKind.longSeries << 3)
            bytes.appendVarint(UInt64(index))
        }
    }

    /// The series of a sensor; defines it when it is new in the page.
    private mutating func define(_ schema: SensorSchema, _ index: Int?) -> Int {
        if let index {
            if let found = series.firstIndex(where: { $0.schema == index }) { return found }
        } else if let found = series.firstIndex(where: { $0.sensor == schema.sensor }) {
            return found
        }
        tag(.definition, 0)
        bytes.appendText(schema.sensor)
        bytes.append(UInt8(schema.quantities.count))
        for quantity in schema.quantities {
            bytes.append(quantity.decimals)
            bytes.appendText(quantity.name)
            bytes.appendText(quantity.unit)
        }
        series.append(
            Series(
                sensor: schema.sensor, schema: index, values: Array(repeating: 0, count: schema.quantities.count)))
        return series.count - 1
    }
}
