import Foundation
import Telemetry
import Testing

@Suite struct WallTimeParsingTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-24T08:12:13.123Z", 1_795_507_933_123_000_000),
        ("2026-11-24t09:12:13.123+01:00", 1_795_507_933_123_000_000), ("2026-11-23T23:12:13.123-09:00", 1_795_507_933_123_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000), ("2000-02-29T00:00:00z", 951_782_400_000_000_000),
        ("2026-11-24T08:12:13.123456789Z", 1_795_507_933_123_456_789),
        ("2026-11-24T08:12:13.1234567891234Z", 1_795_507_933_123_456_789),
        // The leap second at the end of 2016 is the first second of 2017.
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000), ("2017-01-01T00:59:60+01:00", 1_483_228_800_000_000_000),
        ("9999-12-31T23:59:59Z", Int64.max), ("0000-01-01T00:00:00Z", Int64.min),
    ] as [(String, Int64)])
    func `times are read exactly`(text: String, nanoseconds: Int64) {
        #expect(WallTime(parsing: text.utf8) == WallTime(nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "2026", "2026-11-24", "2026-11-24T08:12Z", "2026-11-24T08:12:13", "2026-11-24 08:12:13Z", "2026-11-24T08:12:13.Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-11-24T24:00:00Z", "2026-11-24T08:60:00Z", "2026-11-24T08:12:61Z", "2026-11-24T08:12:60Z", "2026-11-24T23:59:60Z",
        "2026-11-24T08:12:13+1:00", "2026-11-24T08:12:13+24:00", "2026-11-24T08:12:13+01:60", "2026-11-24T08:12:13+0100",
        "2026-11-24T08:12:13ZZ", "2026-11-24T08:12:13Z ", " 2026-11-24T08:12:13Z", "26-11-24T08:12:13Z", "2026-1-24T08:12:13Z",
        "2026-11-24T08:12:13,5Z", "２026-11-24T08:12:13Z",
    ])
    func `what is no time of RFC 3339 is none`(text: String) {
        #expect(WallTime(parsing: text.utf8) == nil)
    }

    @Test func `what is written is read again, over six hundred years`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = RandomSource(seed: seed)
        for _ in 0..<10_000 {
            // Whole milliseconds, since no more is written.
            let milliseconds = Int64(bitPattern: random.next()) / 1_000_000 - 1
            let time = WallTime(nanoseconds: max(milliseconds, -9_223_372_036_853) * 1_000_000)
            #expect(WallTime(parsing: time.rfc3339.utf8) == time, "seed \(seed): \(time.rfc3339)")
        }
    }

    @Test func `days and months agree with Foundation's calendar`() throws {
        let format = ISO8601DateFormatter()
        for day in stride(from: 0, to: 200 * 366, by: 17) {
            let date = Date(timeIntervalSince1970: Double(day) * 86400 - 1e9)
            let parsed = try #require(WallTime(parsing: format.string(from: date).utf8))
            #expect(parsed.nanoseconds == Int64(date.timeIntervalSince1970) * 1_000_000_000)
        }
    }
}
