import Foundation
import Telemetry

@testable import Sensors

/// Makes the edges of exchanges, as the data sheet draws them.
struct SingleWire {
    /// Microseconds.
    var idle: Double = 1000
    var start: Double? = 1100
    var wait: Double = 30
    var responseLow: Double = 80
    var responseHigh: Double = 80
    var low: Double = 50
    var zero: Double = 26
    var one: Double = 70
    var end: Double = 50
    /// Multiplies what the sensor does.
    var slowness: Double = 1

    /// High and low times behind the idle time, beginning low; of one answer of 40 bits.
    func widths(_ bits: UInt64) -> [Double] {
        var widths: [Double] = start.map { [$0, wait] } ?? []
        widths += [responseLow * slowness, responseHigh * slowness]
        for bit in (0..<40).reversed() { widths += [low * slowness, (bits >> bit & 1 == 1 ? one : zero) * slowness] }
        return widths + [end * slowness]
    }

    /// A recording of these answers, each behind `idle` (the first at least so long).
    func edges(_ answers: [UInt64]) -> [RecordedEdge] {
        Self.edges(answers.map { (idle, widths($0)) })
    }

    /// Levels alternate, idle (high) first.
    static func edges(_ exchanges: [(idle: Double, widths: [Double])]) -> [RecordedEdge] {
        var edges = [RecordedEdge(time: 0, isHigh: true)]
        var time = 0.0
        for exchange in exchanges {
            time += exchange.idle
            var isHigh = false
            for width in exchange.widths {
                edges.append(RecordedEdge(time: Int64((time * 1000).rounded()), isHigh: isHigh))
                time += width
                isHigh.toggle()
            }
            if isHigh { edges.append(RecordedEdge(time: Int64((time * 1000).rounded()), isHigh: true)) }
        }
        return edges
    }

    /// Four bytes and their sum.
    static func bits(_ bytes: [UInt8]) -> UInt64 {
        let sum = bytes.reduce(0, &+)
        return (bytes + [sum]).reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func csv(_ edges: [RecordedEdge], line: String = "data") -> String {
        "time_ns,line,level\n" + edges.map { "\($0.time),\(line),\($0.isHigh ? 1 : 0)\n" }.joined()
    }
}

enum Captures {
    /// Real recordings, beside the project and not in it.
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("../shared/captures").standardizedFileURL

    static var arePresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

    /// One of `config/captures`, played once.
    static func own(_ name: String) throws -> ReplayedChip {
        let file = SensorCatalogTests.root.appendingPathComponent("config/captures/\(name)")
        let recording = try Recording(parsing: [UInt8](Data(contentsOf: file)))
        return ReplayedChip(recording: recording, loop: false, speed: .one, origin: .zero)
    }

    static func edges(_ name: String, line: String? = nil) throws -> [RecordedEdge] {
        let bytes = try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
        return try Recording(parsing: bytes).line(named: line)!.edges
    }
}
