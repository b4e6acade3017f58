package import Telemetry

/// Aosong AM2302, sold as DHT22, AM2301 and RHT03 as well: temperature and humidity on a single wire.
///
/// - Source: Aosong AM2302 product manual: a start pulse of 0.8 ms at least and 1 ms typically, one sample each 2 s at
///   most, -40 to 80 °C, 0 to 100 %RH.
package struct AM2302: SensorDriver, Hashable {
    package static var model: ModelDescription {
        ModelDescription(
            name: "am2302", aliases: ["dht22", "am2301", "rht03"],
            summary: "temperature and humidity on one wire (DHT22, AM2301, RHT03)", needsLine: true,
            every: .init(standard: .seconds(30), minimum: .seconds(2)), keys: [LineKeys.bias("pull-up")],
            quantities: { _ in SingleWireModel.quantities }, wiring: SingleWireModel.wiring,
            example: "{id: air, model: am2302, line: GPIO4, every: 30 s}")
    }

    private var sampler: SingleWireSampler

    package init(settings: SensorSettings, origin: Instant) {
        sampler = SingleWireSampler(
            settings: settings,
            timing: .init(
                startPulse: .microseconds(1100), startPulseAtMost: .microseconds(2000), minimumInterval: .seconds(2)),
            standard: .seconds(30), origin: origin)
    }

    package var deadline: Instant? { sampler.deadline }

    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] {
        sampler.handle(input, at: now, convert: Self.measurements)
    }

    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] {
        SingleWireExchange.decode(edges, measurements)
    }

    /// Tenths of a degree and of a percent.
    static func measurements(_ answer: SingleWireAnswer) throws(NoReading) -> [Int64] {
        let humidity = Int64(answer.humidity.high) << 8 | Int64(answer.humidity.low)
        // Bit 15 is a sign, not two's complement: -10.1 °C arrives as 0x8065.
        let magnitude = Int64(answer.temperature.high & 0x7F) << 8 | Int64(answer.temperature.low)
        let temperature = answer.temperature.high & 0x80 == 0 ? magnitude : -magnitude
        try SingleWireModel.check("humidity", humidity, 0...1000, unit: "%RH")
        try SingleWireModel.check("temperature", temperature, -400...800, unit: "°C")
        return [temperature, humidity]
    }
}

/// What the descriptions of the single-wire models have in common.
enum SingleWireModel {
    static var quantities: [Quantity] {
        [Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "humidity", unit: "%RH", decimals: 1)]
    }

    static var wiring: String {
        "VDD to 3.3 V, GND to ground, data to the line, with 4.7 kΩ to 10 kΩ from data to 3.3 V (modules have it); the "
            + "pull-up inside the chip (some 50 kΩ) is enough for a short wire only."
    }

    /// - Parameter tenths: the value, as `range` and the detail give it.
    static func check(
        _ name: String, _ tenths: Int64, _ range: ClosedRange<Int64>, unit: String
    ) throws(NoReading) {
        if range.contains(tenths) { return }
        let (value, low, high) = (
            Decimal(tenths, decimals: 1).text, Decimal(range.lowerBound, decimals: 1).text,
            Decimal(range.upperBound, decimals: 1).text
        )
        throw NoReading(.outOfRange, detail: "\(name) \(value) \(unit), the part gives \(low) to \(high)")
    }
}
