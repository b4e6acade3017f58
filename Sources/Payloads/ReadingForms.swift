package import Telemetry

/// Topic and payload of readings, each made from the last one of its sensor: they differ in a few digits, which are put over the old
/// ones, without a copy once the last message is gone. What does not fit is written anew: a value with another number of digits, a
/// reading without a time.
package struct ReadingForms: Sendable {
    private let topics: TopicNames
    /// Put into the payloads as `device`, and the sensor's id as `sensor`; nil: neither.
    private let device: String?
    private var forms: [Form] = []
    /// Readings come in turn as a rule: the next form is looked for behind the one of the last.
    private var last = 0
    /// A board with more sensors has the time to write more.
    private static let limit = 64

    package init(topics: TopicNames, device: String?) {
        self.topics = topics
        self.device = device
    }

    /// The message's topic, and what `readingJSON` writes.
    package mutating func written(_ reading: StampedReading) -> (topic: String, payload: [UInt8]) {
        let index = form(of: reading)
        if let index, forms[index].fill(with: reading) { return (forms[index].topic, forms[index].payload) }
        let sensor = reading.schema.sensor
        let payload = readingJSON(reading, device: device, sensor: device == nil ? nil : sensor)
        if case .unknown = reading.stamp { return (topics.unstamped(sensor), payload) }
        let topic = index.map { forms[$0].topic } ?? topics.sensor(sensor)
        if let place = index ?? free(for: reading), let form = Form(topic, payload, of: reading) {
            if place == forms.count { forms.append(form) } else { forms[place] = form }
            last = place
        }
        return (topic, payload)
    }

    private mutating func form(of reading: StampedReading) -> Int? {
        for _ in forms.indices {
            last = last + 1 < forms.count ? last + 1 : 0
            if forms[last].isOf(reading) { return last }
        }
        return nil
    }

    /// For one more form: behind the others, then in place of one of another stream, which will not come again as a rule.
    private func free(for reading: StampedReading) -> Int? {
        forms.count < Self.limit ? forms.count : forms.firstIndex { $0.stream != reading.stream }
    }
}

/// The last payload of a sensor.
private struct Form: Sendable {
    let topic: String
    private(set) var payload: [UInt8]
    let stream: StreamID
    private let schema: SensorSchema
    private let places: Places

    /// Nil for what has no measurements or no time.
    init?(_ topic: String, _ payload: [UInt8], of reading: StampedReading) {
        guard let places = Places(in: payload, of: reading) else { return nil }
        self.topic = topic
        self.payload = payload
        self.places = places
        stream = reading.stream
        schema = reading.schema
    }

    func isOf(_ reading: StampedReading) -> Bool { reading.stream == stream && reading.schema == schema }

    /// Makes it the payload of another reading of this sensor.
    /// - Returns: false where that is not of this form, which is then of no use any more.
    mutating func fill(with reading: StampedReading) -> Bool { places.fill(&payload, with: reading) }
}

/// Where in a payload the numbers of the reading stand.
private struct Places: Sendable {
    private let isEstimated: Bool
    private let sequence: Range<Int>
    /// Of its day, which is not written again, and where the time of day begins.
    private let midnight: WallTime
    private let timeOfDay: Int
    private var values: [Value] = []

    private struct Value: Sendable {
        /// Without a sign.
        var place: Range<Int>
        var isNegative: Bool
        var decimals: Int
    }

    init?(in payload: [UInt8], of reading: StampedReading) {
        guard case .measurements(let measured) = reading.outcome, let wallTime = reading.stamp.wallTime else { return nil }
        isEstimated = reading.stamp.isEstimated
        let beforeSequence = #"{"stream":"01234567","seq":"#.utf8.count
        var end = beforeSequence
        while payload[end] != 0x2C { end += 1 }
        sequence = beforeSequence..<end
        midnight = wallTime.midnight
        timeOfDay = end + #","time":"2026-11-24T"#.utf8.count
        // From the end: `,"name":value` for each, and the bracket.
        end = payload.count - 1
        for index in measured.indices.reversed() {
            let quantity = reading.schema.quantities[index]
            var start = end
            while payload[start - 1] != 0x3A { start -= 1 }
            let isNegative = measured[index] < 0
            values.append(Value(place: (isNegative ? start + 1 : start)..<end, isNegative: isNegative, decimals: Int(quantity.decimals)))
            end = start - quantity.name.utf8.count - 4
        }
        values.reverse()
    }

    /// - Returns: all that was put in has just so many digits as what it is put over.
    func fill(_ payload: inout [UInt8], with reading: StampedReading) -> Bool {
        guard case .measurements(let measured) = reading.outcome, measured.count == values.count,
            let wallTime = reading.stamp.wallTime, reading.stamp.isEstimated == isEstimated
        else { return false }
        var target = payload.mutableSpan
        guard wallTime.writeTimeOfDay(after: midnight, to: &target, at: timeOfDay),
            put(reading.sequence.rawValue, decimals: 0, in: sequence, of: &target)
        else { return false }
        for index in values.indices {
            let value = values[index]
            guard (measured[index] < 0) == value.isNegative,
                put(measured[index].magnitude, decimals: value.decimals, in: value.place, of: &target)
            else { return false }
        }
        return true
    }

    private func put(_ number: UInt64, decimals: Int, in place: Range<Int>, of target: inout MutableSpan<UInt8>) -> Bool {
        let rest = writeDigits(number, decimals: decimals, to: &target, in: place)
        let wholes = place.count - (decimals > 0 ? decimals + 1 : 0)
        return rest == 0 && (wholes == 1 || target[place.lowerBound] != 0x30)
    }
}

extension Stamp {
    fileprivate var wallTime: WallTime? {
        switch self {
        case .synced(let wallTime), .estimated(let wallTime): wallTime
        case .unknown: nil
        }
    }

    fileprivate var isEstimated: Bool { if case .estimated = self { true } else { false } }
}
