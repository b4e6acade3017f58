import Foundation
import Testing

@testable import Telemetry

struct WallTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_507_933_123_999_999, "2026-11-24T08:12:13.123Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_399_999_000_000, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ]) func `RFC 3339 in UTC, cut to milliseconds`(nanoseconds: Int64, text: String) {
        #expect(WallTime(nanoseconds: nanoseconds).rfc3339 == text)
    }

    @Test func `it agrees with Foundation on every 37th day of 130 years`() {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: 0, to: 130 * 365, by: 37) {
            let seconds = day * 86400 + 12345
            let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            let text = WallTime(nanoseconds: Int64(seconds) * 1_000_000_000).rfc3339
            #expect(text == expected.dropLast() + ".000Z")
        }
    }

    @Test func `a time is moved by a duration`() {
        let time = WallTime(nanoseconds: 10)
        #expect(time.advanced(by: .nanoseconds(5)).nanoseconds == 15)
        #expect(time.duration(to: WallTime(nanoseconds: 7)) == .nanoseconds(-3))
    }
}
