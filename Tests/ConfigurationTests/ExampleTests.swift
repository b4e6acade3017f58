import Configuration
import Foundation
import Sensors
import Telemetry
import Testing

/// What the project gives people to start from.
@Suite struct ExampleTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: Self.root.appendingPathComponent(name)), as: UTF8.self)
    }

    func annotated() throws -> String { try text("config/godwit.yaml") }

    @Test func `the annotated file has no problem and uses every model that is built`() throws {
        let result = check(try text("config/godwit.yaml"))
        #expect(result.lines == [])
        #expect(Set(result.settings?.sensors.map { $0.model } ?? []) == Set(sensorCatalog.map { $0.model.name }))
    }

    @Test func `what the annotated file states as defaults are the defaults`() throws {
        let stated = try #require(check(try text("config/godwit.yaml")).settings)
        let plain = try #require(check("broker: {url: \"mqtt://localhost:1883\"}\ndevice: {id: greenhouse-1}\n").settings)
        #expect(stated.broker == plain.broker)
        #expect(stated.publish == plain.publish)
        #expect(stated.buffer == plain.buffer)
        #expect(stated.logLevel == plain.logLevel)
    }

    @Test func `every yaml block of the documentation is right`() throws {
        for name in ["README.md", "docs/configuration.md", "hardware/README.md", "hardware/overlays.md"] {
            var found = 0
            // A block may stand in a list, with its indentation.
            for part in try text(name).components(separatedBy: "```yaml\n").dropFirst() {
                var block = part.components(separatedBy: "```")[0]
                let indent = block.prefix { $0 == " " }.count
                block = block.split(separator: "\n", omittingEmptySubsequences: false).map { String($0.dropFirst(indent)) }.joined(separator: "\n")
                if !block.contains("broker:") { block = broker + block }
                #expect(check(block).lines == [], "\(name)")
                found += 1
            }
            #expect(found > 0, "\(name)")
        }
    }
}
