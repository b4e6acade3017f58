package import Telemetry

/// The model is described; its driver follows.
package struct AM2302: SensorDriver, Hashable {
    package static var model: ModelDescription {
        ModelDescription(
            name: "am2302", aliases: ["dht22", "am2301", "rht03"], summary: "temperature and humidity on one wire (DHT22, AM2301, RHT03)",
            needsLine: true, every: .init(standard: .seconds(30), minimum: .seconds(2)), keys: [LineKeys.bias("pull-up")],
            quantities: { _ in
                [Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "humidity", unit: "%RH", decimals: 1)]
            },
            wiring: "VDD to 3.3 V, GND to ground, data to the line, with 4.7 kΩ to 10 kΩ from data to 3.3 V (modules have it); the "
                + "pull-up inside the chip (some 50 kΩ) is enough for a short wire only.",
            example: "{id: air, model: am2302, line: GPIO4, every: 30 s}")
    }

    package init(settings: SensorSettings, origin: Instant) {}
    package var deadline: Instant? { nil }
    package mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] { [] }
    package static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading] { [] }
}
