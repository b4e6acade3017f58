import Foundation
import LinuxIO
import RingStore
import Telemetry
import TestSupport
import Testing

/// `godwit ring verify` and `export` on a ring of readings.
@Suite struct RingToolsTests {
    /// Two readings and a failed one.
    private static func write(to path: String) {
        let air = SensorSchema(
            sensor: "air",
            quantities: [Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "state", unit: "1", decimals: 0)])
        var writer = RingWriter(path, air)
        writer.append(.measurements([-5, 1]))
        writer.append(.measurements([215, 0]))
        writer.append(.noReading(NoReading(.checksum, detail: "received \"0x12\", computed 0x34")))
        writer.stop()
    }

    private func damage(_ path: String, at offset: UInt64, _ bytes: [UInt8]) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    @Test(arguments: Build.built)
    func `verify says ok and 0, or names the damaged place and 1, or 65 where there is no ring`(build: Build) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/readings.ring"
        Self.write(to: path)
        let healthy = try run(build.executable("godwit"), ["ring", "verify", path])
        #expect(healthy.status == 0 && healthy.output == "\(path): ok, 3 readings\n" && healthy.error == "")
        try damage(path, at: 63 * 4096 + 100, [1, 2, 3])
        let damaged = try run(build.executable("godwit"), ["ring", "verify", path])
        #expect(damaged.status == 1)
        #expect(damaged.output == "page 63 at byte 258048: header, damaged: cost no reading; the next start begins a new stream\n")
        let json = try run(build.executable("godwit"), ["ring", "verify", "--json", path])
        #expect(json.status == 1)
        #expect(json.output == "{\"page\":63,\"offset\":258048,\"place\":\"header\",\"readable\":true,\"lost\":null}\n")
        let none = folder.path + "/none"
        try Data(repeating: 7, count: 300_000).write(to: URL(fileURLWithPath: none))
        let noRing = try run(build.executable("godwit"), ["ring", "verify", none])
        #expect(noRing.status == 65 && noRing.error.contains("it is no ring"))
        // As a disk without space leaves it, and as a kill does before the first page.
        for size in [0, 1 << 20] {
            try Data(count: size).write(to: URL(fileURLWithPath: none))
            let blank = try run(build.executable("godwit"), ["ring", "verify", none])
            #expect(blank.status == 65 && blank.error.contains("it is empty, or holds nothing but zeros"))
        }
    }

    @Test(arguments: Build.built)
    func `export gives every reading as CSV, JSON lines or SenML`(build: Build) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/readings.ring"
        Self.write(to: path)
        func export(_ format: String) throws -> Outcome { try run(build.executable("godwit"), ["ring", "export", path, "--format", format]) }
        let lines = try export("json-lines")
        #expect(lines.status == 0)
        #expect(lines.output == (try run(build.executable("godwit"), ["ring", "dump", "--all", path])).output)
        let stream = String(lines.output.dropFirst("{\"stream\":\"".count).prefix(8))
        let csv = try export("csv")
        #expect(
            csv.output == """
                stream,seq,time,clock,boot,uptime,sensor,quantity,value,unit,error,detail
                \(stream),1,2026-11-24T08:12:13.000Z,synced,0a1b2c3d,10.000,air,temperature,-0.5,Cel,,
                \(stream),1,2026-11-24T08:12:13.000Z,synced,0a1b2c3d,10.000,air,state,1,1,,
                \(stream),2,2026-11-24T08:12:14.000Z,synced,0a1b2c3d,11.000,air,temperature,21.5,Cel,,
                \(stream),2,2026-11-24T08:12:14.000Z,synced,0a1b2c3d,11.000,air,state,0,1,,
                \(stream),3,2026-11-24T08:12:15.000Z,synced,0a1b2c3d,12.000,air,,,,checksum,"received ""0x12"", computed 0x34"

                """)
        let senml = try export("senml")
        let records = try #require(JSONSerialization.jsonObject(with: Data(senml.output.utf8)) as? [[String: Any]])
        #expect(records.map { $0["n"] as? String } == ["air/temperature", "air/state", "air/temperature", "air/state", "air/error"])
        #expect(records.map { $0["v"] as? Double } == [-0.5, 1, 21.5, 0, nil])
        #expect(records.map { $0["u"] as? String } == ["Cel", nil, "Cel", nil, nil])
        #expect(records.first?["t"] as? Double == 1_795_507_933 && records.last?["vs"] as? String == "checksum")
        let other = try export("xml")
        #expect(other.status == 64 && other.error.contains("csv, json-lines or senml"))
    }
}
