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
        (.min, "1677-09-21T00:12:43.145Z"), (.max, "2262-04-11T23:47:16.854Z"),
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

    @Test(arguments: [0, 1, -1, 86_399_999_999_999, -86_400_000_000_000, 1_795_507_933_123_456_789, .max, .min + 86_400_000_000_000] as [Int64])
    func `the time of day is that of the whole time, and of no other day`(nanoseconds: Int64) {
        let time = WallTime(nanoseconds: nanoseconds)
        let midnight = time.midnight
        #expect(midnight.rfc3339.hasSuffix("T00:00:00.000Z") && midnight.rfc3339.prefix(10) == time.rfc3339.prefix(10))
        var bytes = [UInt8](repeating: 0x2E, count: 14)
        var span = bytes.mutableSpan
        let isWritten = time.writeTimeOfDay(after: midnight, to: &span, at: 1)
        #expect(isWritten)
        #expect(String(decoding: bytes, as: UTF8.self) == ".\(time.rfc3339.dropFirst(11).dropLast()).")
        let untouched = bytes
        var again = bytes.mutableSpan
        let isWrittenLater = time.writeTimeOfDay(after: midnight.advanced(by: .seconds(86_400)), to: &again, at: 1)
        let isWrittenEarlier = time.writeTimeOfDay(after: midnight.advanced(by: .seconds(-86_400)), to: &again, at: 1)
        #expect(!isWrittenLater && !isWrittenEarlier)
        #expect(bytes == untouched)
    }
}
