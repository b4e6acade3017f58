package import Telemetry

/// Aosong DHT11: temperature and humidity on a single wire, coarser than an AM2302.
///
/// - Source: Aosong DHT11 product manual: a start pulse of 18 to 30 ms, one sample a second at most, -20 to 60 °C,
///   5 to 95 %RH. Each value is a whole byte and a byte of tenths; bit 7 of the temperature's tenths is its sign:
///   -10.1 °C arrives as 0x0A 0x81.
package struct DHT11: SensorDriver, Hashable {
    package static var model: ModelDescription {
        ModelDescription(
            name: "dht11", summary: "temperature and humidity on one wire, coarse", needsLine: true,
            every: .init(standard: .seconds(30), minimum: .seconds(1)), keys: [LineKeys.bias("pull-up")],
            quantities: { _ in SingleWireModel.quantities }, wiring: SingleWireModel.wiring,
            example: "{id: air, model: dht11, line: GPIO4, every: 30 s}")
    }

    private var sampler: SingleWireSampler

    package init(settings: SensorSettings, origin: Instant) {
        sampler = SingleWireSampler(
            settings: settings,
            timing: .init(
                startPulse: .microseconds(19_000), startPulseAtMost: .microseconds(21_000), minimumInterval: .seconds(1)),
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
        let humidityTenths = answer.humidity.low
        let temperatureTenths = answer.temperature.low & 0x7F
        guard humidityTenths < 10, temperatureTenths < 10 else {
            throw NoReading(
                .outOfRange, detail: "tenths of \(humidityTenths) and \(temperatureTenths), each is below 10; an am2302?")
        }
        let humidity = Int64(answer.humidity.high) * 10 + Int64(humidityTenths)
        let magnitude = Int64(answer.temperature.high) * 10 + Int64(temperatureTenths)
        let temperature = answer.temperature.low & 0x80 == 0 ? magnitude : -magnitude
        // An AM2302's first byte is at most 3: the lower bound keeps its answers from being read as a DHT11's. Above 95,
        // where the part ends, some go on to 100.
        try SingleWireModel.check("humidity", humidity, 50...1000, unit: "%RH")
        try SingleWireModel.check("temperature", temperature, -200...600, unit: "°C")
        return [temperature, humidity]
    }
}
