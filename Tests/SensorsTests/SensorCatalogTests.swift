import Foundation
import Telemetry
import Testing

@testable import Sensors

/// What every model owes: a test file, a row in the documentation, a recording where it has a line, a wiring.
struct SensorCatalogTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The models, and their source file, their rows, and what plays them.
    static let models: [(name: String, file: String, capture: String?)] = [
        ("contact", "Contact", "door.csv"), ("pulse-counter", "PulseCounter", "rain.csv"), ("am2302", "AM2302", "am2302.csv"),
        ("dht11", "DHT11", "dht11.csv"), ("synthetic", "Synthetic", nil),
    ]

    @Test func `the catalog holds these models, and no name twice`() {
        #expect(sensorCatalog.map { $0.model.name } == Self.models.map { $0.name })
        let names = sensorCatalog.flatMap { [$0.model.name] + $0.model.aliases }
        #expect(Set(names).count == names.count)
        for name in names { #expect(catalogEntry(named: name) != nil) }
        for name in ["dht22", "am2301", "rht03"] { #expect(catalogEntry(named: name)?.model.name == "am2302") }
        #expect(catalogEntry(named: "dht") == nil)
    }

    @Test(arguments: models)
    func `each model has its source, its test, its recording, its row and its wiring`(
        _ model: (name: String, file: String, capture: String?)
    ) throws {
        let entry = try #require(catalogEntry(named: model.name))
        for path in ["Sources/Sensors/\(model.file).swift", "Tests/SensorsTests/\(model.file)Tests.swift"] {
            #expect(FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(path).path), "\(path)")
        }
        let rows = try Self.text("docs/sensors.md").split(separator: "\n").filter { $0.hasPrefix("| \(model.name)") }
        let row = try #require(rows.first)
        for name in entry.model.aliases { #expect(row.contains(name), "\(name)") }
        for quantity in entry.model.quantities(settings(model.name)) {
            #expect(row.contains("`\(quantity.name)`") || quantity.name == "amount", "\(quantity.name)")
        }
        let wiring = try Self.text("hardware/README.md")
        #expect(wiring.contains("## \(model.name)") || !entry.model.needsLine)
        if let capture = model.capture {
            let bytes = try [UInt8](Data(contentsOf: Self.root.appendingPathComponent("config/captures/\(capture)")))
            let line = try #require(try Recording(parsing: bytes).line(named: nil))
            let readings = entry.decode(line.edges, settings(model.name))
            #expect(!readings.isEmpty)
            #expect(readings.allSatisfy { $0.outcome.values != nil })
        }
    }

    @Test(arguments: models)
    func `the description keeps its own rules`(_ model: (name: String, file: String, capture: String?)) throws {
        let description = try #require(catalogEntry(named: model.name)).model
        let names = description.keys.map { $0.name }
        #expect(Set(names).count == names.count)
        #expect(Set(names).isDisjoint(with: ["id", "model", "name", "line", "every", "calibrate", "filter"]))
        if let every = description.every { #expect(every.minimum <= every.standard) }
        let quantities = description.quantities(settings(model.name))
        #expect((1...8).contains(quantities.count))
        for quantity in quantities {
            #expect(!Quantity.reservedNames.contains(quantity.name))
            #expect(quantity.name.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".contains($0) })
        }
        #expect(description.example.contains("model: \(model.name)"))
        #expect(description.check(settings(model.name)).isEmpty)
        #expect(!description.summary.contains("\n") && !description.wiring.isEmpty)
        for key in description.keys {
            switch (key.kind, key.standard) {
            case (_, nil): break
            case (.duration(let low, let high), .duration(let value)?): #expect(low <= value && value <= high, "\(key.name)")
            case (.decimal, .decimal?), (.integer, .integer?), (.logical, .logical?), (.text, .text?), (.quantityName, .text?):
                break
            case (.enumeration(let words), .text(let word)?): #expect(words.contains(word), "\(key.name)")
            default: Issue.record("\(key.name): the default is of another kind")
            }
        }
    }
}
