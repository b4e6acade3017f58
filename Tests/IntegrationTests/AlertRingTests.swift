import Foundation
import LinuxIO
import RingStore
import Telemetry
import TestSupport
import Testing

/// `godwit ring` on a ring of alert events.
@Suite struct AlertRingTests {
    private static func event(_ alert: String, _ state: AlertEvent.State, at instant: Instant) -> AlertEvent {
        AlertEvent(
            alert: alert, state: state, severity: .major, message: "Greenhouse 1: \(alert) \(state.text)", since: .instant(instant),
            value: Decimal(14, decimals: 1), unit: "Cel", limit: Decimal(2, decimals: 0), series: "air.temperature",
            outputs: ["siren"])
    }

    /// Three events and one that a later version wrote; the first is acknowledged.
    private static func write(to path: String) {
        var writer = RingWriter(path, SensorSchema(sensor: "alerts", quantities: []))
        let now = writer.now
        let events: [[UInt8]] = [
            event("frost", .raised, at: now).encoded(), event("door-open", .silent, at: now).encoded(), [99, 1, 2],
            event("frost", .cleared, at: now).encoded(),
        ]
        for bytes in events { writer.append(.event(bytes)) }
        if let first = writer.ring.next(at: writer.now, unstamped: true).handover { writer.perform(.acknowledged(first.name)) }
        writer.stop()
    }

    @Test(arguments: Build.built)
    func `a dump gives the alerts of the contract in their order, and tells what it cannot read`(build: Build) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/alerts.ring"
        Self.write(to: path)
        let all = try run(build.executable("godwit"), ["ring", "dump", "--all", path])
        #expect(all.status == 0)
        #expect(all.error == "godwit: ring dump: 3: an event that this version cannot read\n")
        let alerts = try all.output.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(alerts.map { $0["seq"] as? Int } == [1, 2, 4])
        #expect(alerts.map { $0["alert"] as? String } == ["frost", "door-open", "frost"])
        #expect(alerts.map { $0["state"] as? String } == ["raised", "silent", "cleared"])
        #expect(alerts.first?["time"] as? String == "2026-11-24T08:12:13.000Z")
        #expect(alerts.first?["since"] as? String == "2026-11-24T08:12:13.000Z")
        #expect(alerts.last?["time"] as? String == "2026-11-24T08:12:16.000Z")
        #expect(all.output.hasPrefix("{\"stream\":\""))
        #expect(!all.output.contains("\"sensor\""))

        let waiting = try run(build.executable("godwit"), ["ring", "dump", path])
        #expect(waiting.output.split(separator: "\n").count == 2)
        #expect(!waiting.output.contains("\"seq\":1,"))
    }

    @Test(arguments: Build.built)
    func `its status counts events as a ring of readings counts readings`(build: Build) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/alerts.ring"
        Self.write(to: path)
        let result = try run(build.executable("godwit"), ["ring", "status", "--json", path])
        let status = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        for (key, value) in ["head": 5, "tail": 1, "watermark": 1, "records": 4, "unacknowledged": 3, "lost": 0, "damaged": 0] {
            #expect(status[key] as? Int == value, "\(key): \(result.output)")
        }
    }
}
