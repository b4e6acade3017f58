import Configuration
import Testing

@Suite struct UnitsTests {
    @Test(arguments: [
        ("5 min", .seconds(300)), ("5min", .seconds(300)), ("0.5 s", .milliseconds(500)), ("0 s", .zero), ("1.5 h", .seconds(5400)),
        ("20ms", .milliseconds(20)), ("0.5 us", .nanoseconds(500)), ("1.123456789 d", .nanoseconds(97_066_666_569_600)),
        ("  7   d ", .seconds(604_800)), ("-1 s", .seconds(-1)), ("+2 s", .seconds(2)), ("106751 d", .seconds(106_751 * 86_400)),
        ("0.0000000005 s", .nanoseconds(1)), ("0.0000000004 s", .zero),
    ] as [(String, Duration)])
    func `a duration is a decimal number and a unit`(text: String, duration: Duration) throws {
        #expect(try Units.duration(text) == duration)
    }

    @Test(arguments: [
        ("60", "did you mean '60 s'?"), ("0", "did you mean '0 s'?"), ("5m", "did you mean '5 min'?"), ("5 M", "did you mean '5 min'?"),
        ("5 sec", "did you mean '5 s'?"), ("2 hours", "did you mean '2 h'?"), ("1 day", "did you mean '1 d'?"), ("9 µs", "did you mean '9 us'?"),
        ("9 MS", "did you mean '9 ms'?"), ("1 KiB", "is a size"), ("1 week", "known units: us, ms, s, min, h, d"), ("1h30m", "known units"),
        ("soon", "as in '60 s'"), ("", "as in '60 s'"), ("1.2.3 s", "as in '60 s'"), ("1,5 s", "unknown unit"), ("1e3 s", "unknown unit"),
        ("106752 d", "292 years"), ("999999999999999999 d", "too large"), ("--1 s", "as in '60 s'"),
    ])
    func `what is no duration is answered with the next step`(text: String, part: String) {
        do throws(ValueError) {
            let duration = try Units.duration(text)
            Issue.record("\(text) was read as \(duration)")
        } catch {
            #expect(error.text.contains(part), "\(error.text)")
        }
    }

    @Test(arguments: [("64 MiB", 64 << 20), ("1.5KiB", 1536), ("7 B", 7), ("1 TiB", 1 << 40), ("0 B", 0)] as [(String, UInt64)])
    func `a size is a decimal number and a unit`(text: String, bytes: UInt64) throws {
        #expect(try Units.size(text) == bytes)
    }

    @Test(arguments: [
        ("64", "did you mean '64 MiB'?"), ("64 MB", "did you mean '64 MiB'?"), ("64M", "did you mean '64 MiB'?"), ("1 gb", "did you mean '1 GiB'?"),
        ("1 kib", "did you mean '1 KiB'?"), ("1 bytes", "did you mean '1 B'?"), ("5 s", "is a duration"), ("-1 B", "negative"),
        ("99999999999 TiB", "too large"),
    ])
    func `what is no size is answered with the next step`(text: String, part: String) {
        do throws(ValueError) {
            let size = try Units.size(text)
            Issue.record("\(text) was read as \(size)")
        } catch {
            #expect(error.text.contains(part), "\(error.text)")
        }
    }

    @Test func `a range is told in the largest unit`() {
        #expect(Units.text(.seconds(18 * 3600)) == "18 h")
        #expect(Units.text(.milliseconds(1500)) == "1500 ms")
        #expect(Units.text(.zero) == "0 s")
        #expect(Units.text(size: 256 << 10) == "256 KiB")
        #expect(Units.text(size: 1000) == "1000 B")
    }
}
