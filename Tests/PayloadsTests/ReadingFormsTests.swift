import Payloads
import Telemetry
import Testing

@Suite struct ReadingFormsTests {
    private static let topics = TopicNames(prefix: "godwit", device: "g1")

    private func reading(
        _ sequence: UInt64, _ values: [Int64], at time: WallTime = exampleTime, schema: SensorSchema = air,
        stream: StreamID = exampleStream
    ) -> StampedReading {
        StampedReading(
            stream: stream, sequence: SequenceNumber(sequence), schema: schema, boot: exampleBoot,
            instant: Instant(nanoseconds: 12_345_678_901), stamp: .synced(time), outcome: .measurements(values))
    }

    /// What is written for them, one after the other, is what each alone would be.
    private func check(_ readings: [StampedReading], device: String? = nil) {
        var forms = ReadingForms(topics: Self.topics, device: device)
        for reading in readings {
            let (topic, payload) = forms.written(reading)
            let expected = text(readingJSON(reading, device: device, sensor: device == nil ? nil : reading.schema.sensor))
            if text(payload) != expected { Issue.record("\(text(payload)) is not \(expected)") }
            var isUnstamped = false
            if case .unknown = reading.stamp { isUnstamped = true }
            #expect(topic == "godwit/g1/\(isUnstamped ? "unstamped" : "sensors")/\(reading.schema.sensor)")
        }
    }

    @Test func `numbers of any length and sign follow each other`() {
        let values: [Int64] = [0, 1, 9, 10, -1, -10, 99, 100, -100, 101, .max, .min, -1, 215, 216, -216, 5]
        // The number of the reading has one digit always: what changes its length are the values.
        var readings: [StampedReading] = []
        for one in values {
            for other in values { readings += [reading(7, [one, other]), reading(8, [one, other]), reading(9, [other, one])] }
        }
        check(readings)
        let numbers: [UInt64] = [0, 9, 10, 11, 99, 100, 4_294_967_295, 4_294_967_296, 9_999_999_999, 10_000_000_000, .max - 1, .max]
        check(numbers.flatMap { one in numbers.flatMap { [reading(one, [1, 2]), reading($0, [3, 4])] } })
        check(readings, device: "with \"quotes\": and ünicode")
    }

    @Test func `the time goes on within a day, into the next one and back`() {
        let steps: [Int64] = [0, 1, 999, 1000, 59_000, 3_600_000, 57_000_000, 56_866_876, 56_866_877, 56_866_876, 86_400_000, -86_400_000, -1]
        check(steps.map { reading(7, [1, 2], at: exampleTime.advanced(by: .milliseconds($0))) })
        check([-1, 0, 1, -86_400_001].map { reading(7, [1, 2], at: WallTime(nanoseconds: $0 * 1_000_000)) })
    }

    @Test func `stamps, errors and streams may change from one reading to the next`() {
        var readings: [StampedReading] = []
        for stamp in [.synced(exampleTime), .estimated(exampleTime), .unknown(notBefore: nil), .synced(exampleTime)] as [Stamp] {
            for outcome in [.measurements([1, 2]), .noReading(NoReading(.noAnswer, detail: "x")), .measurements([3, 4])] as [Outcome] {
                var next = reading(UInt64(readings.count + 1), [])
                (next.stamp, next.outcome) = (stamp, outcome)
                readings.append(next)
            }
        }
        check(readings + [reading(1, [1, 2], stream: StreamID(5)), reading(2, [1, 2])])
    }

    @Test func `sensors come in any order, more than are remembered, and one that has other quantities than before`() {
        func schema(_ number: Int, _ decimals: [UInt8]) -> SensorSchema {
            SensorSchema(
                sensor: "s\(number)",
                quantities: decimals.enumerated().map { Quantity(name: "q\($0)", unit: "1", decimals: $1) })
        }
        var random = RandomSource(seed: 7)
        var readings: [StampedReading] = []
        for number in 0..<2000 {
            let sensor = number < 500 ? number % 5 : Int(random.next() % 100)
            let decimals: [UInt8] = sensor % 3 == 0 ? [0] : sensor % 3 == 1 ? [3, 0, 1] : []
            let values = decimals.map { _ in Int64(truncatingIfNeeded: random.next() % 20_001) - 10_000 }
            readings.append(reading(UInt64(number), values, schema: schema(sensor, number % 97 == 0 ? decimals.reversed() : decimals)))
        }
        check(readings)
    }

    @Test func `the readings of a new stream are remembered though those of others fill the place`() {
        var readings: [StampedReading] = []
        for stream in 1...20 as ClosedRange<UInt32> {
            for number in 0..<30 {
                let schema = SensorSchema(sensor: "s\(number % 10)", quantities: air.quantities)
                readings.append(reading(UInt64(number) + 1, [Int64(number), 5], schema: schema, stream: StreamID(stream)))
            }
        }
        check(readings)
    }

    @Test func `what was written before stays as it was`() {
        var forms = ReadingForms(topics: Self.topics, device: nil)
        let first = forms.written(reading(1, [1, 2])).payload
        let second = forms.written(reading(2, [3, 4])).payload
        #expect(text(first) == text(readingJSON(reading(1, [1, 2]))))
        #expect(text(second) == text(readingJSON(reading(2, [3, 4]))))
    }
}
