import Foundation
import LinuxIO
import Telemetry
import Testing

@Suite struct ClockTests {
    private func known(_ source: Clock.Source, since epoch: String?) throws -> Bool {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        if let epoch {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(epoch.utf8).write(to: folder.appendingPathComponent("since_epoch"))
        }
        var clock = Clock(source: source, rtcFolder: folder.path)
        return clock.read().isKnown
    }

    @Test func `a real-time clock is believed when it is there and later than the release`() throws {
        let released = godwitReleaseTime.nanoseconds / 1_000_000_000
        #expect(try known(.rtc, since: "\(released + 1)\n"))
        #expect(try !known(.rtc, since: "\(released)\n"))
        // A battery that is empty: the chip begins in 2000, or in 1970.
        #expect(try !known(.rtc, since: "946684800\n"))
        #expect(try !known(.rtc, since: "-5\n"))
        #expect(try !known(.rtc, since: "99999999999999999999\n"))
        #expect(try !known(.rtc, since: ""))
        #expect(try !known(.rtc, since: nil))
        #expect(try known(.trust, since: nil))
    }

    @Test func `once believed it stays so, though the chip is gone`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("\(godwitReleaseTime.nanoseconds / 1_000_000_000 + 5)\n".utf8).write(to: folder.appendingPathComponent("since_epoch"))
        var clock = Clock(source: .rtc, rtcFolder: folder.path)
        let before = clock.read().isKnown
        try FileManager.default.removeItem(at: folder)
        let after = clock.read().isKnown
        #expect(before && after)
    }

    @Test func `both clocks are read, and neither goes back`() {
        var clock = Clock(source: .trust)
        let first = clock.read()
        let second = clock.read()
        #expect(first.instant <= second.instant)
        #expect(abs(Double(first.wallTime.nanoseconds) / 1e9 - Date().timeIntervalSince1970) < 60)
    }
}
