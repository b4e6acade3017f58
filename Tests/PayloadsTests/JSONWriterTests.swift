import Foundation
import Payloads
import Telemetry
import Testing

@Suite struct JSONWriterTests {
    func written(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        write(&json)
        return text(json.bytes)
    }

    @Test(arguments: [
        ("", #""""#),
        ("air", #""air""#),
        (#"say "no""#, #""say \"no\"""#),
        (#"C:\x"#, #""C:\\x""#),
        ("a/b", #""a/b""#),
        ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#),
        ("\0\u{1}\u{b}\u{e}\u{1b}\u{1f}", #""\u0000\u0001\u000b\u000e\u001b\u001f""#),
        ("\u{7f}", "\"\u{7f}\""),
        ("21,5 °C", #""21,5 °C""#),
        ("🦆\u{2028}", "\"🦆\u{2028}\""),
    ])
    func `a string is escaped where JSON wants it, and nowhere else`(value: String, expected: String) {
        #expect(written { $0.string(value) } == expected)
    }

    @Test func `every scalar value below U+0100 comes back through another parser`() throws {
        for scalar in (0..<256).compactMap({ Unicode.Scalar(UInt32($0)) }) {
            let value = "x\(Character(scalar))y"
            let json = written { $0.string(value) }
            let back = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed) as? String
            #expect(back?.unicodeScalars.elementsEqual(value.unicodeScalars) == true, "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test(arguments: [
        ([0x61, 0xFF, 0x62], "\"a\u{FFFD}b\""),
        ([0xC3], "\"\u{FFFD}\""),
        ([0xC3, 0xA9], "\"é\""),
        // A surrogate half, which UTF-8 does not allow.
        ([0xED, 0xA0, 0x80], "\"\u{FFFD}\u{FFFD}\u{FFFD}\""),
    ] as [([UInt8], String)])
    func `what is not UTF-8 becomes the replacement character`(bytes: [UInt8], expected: String) {
        #expect(written { $0.string(repairing: bytes) } == expected)
    }

    @Test(arguments: [
        (0, 0, "0"), (0, 1, "0.0"), (0, 3, "0.000"), (5, 1, "0.5"), (-5, 1, "-0.5"), (-1, 3, "-0.001"), (10, 1, "1.0"),
        (215, 1, "21.5"), (-215, 1, "-21.5"), (123_456, 3, "123.456"), (7, 0, "7"), (-7, 0, "-7"), (100, 0, "100"),
        (999, 2, "9.99"), (1000, 2, "10.00"), (4_294_967_295, 0, "4294967295"), (4_294_967_296, 0, "4294967296"),
        (4_294_967_296, 9, "4.294967296"), (1, 9, "0.000000001"), (42_949_672_950, 1, "4294967295.0"),
        (.max, 0, "9223372036854775807"), (.min, 0, "-9223372036854775808"), (.min, 3, "-9223372036854775.808"),
    ] as [(Int64, UInt8, String)])
    func `a decimal has exactly its digits`(significand: Int64, decimals: UInt8, expected: String) {
        #expect(written { $0.decimal(significand, decimals: decimals) } == expected)
        #expect(written { $0.decimal(Decimal(significand, decimals: decimals)) } == expected)
    }

    @Test func `a decimal is what Telemetry writes, for a million's worth of seeds`() {
        var random = RandomSource(seed: 0x90d)
        for _ in 0..<20_000 {
            let value = Decimal(
                Int64(bitPattern: random.next()) >> Int64(random.next() % 63), decimals: UInt8(random.next() % 10))
            #expect(written { $0.decimal(value) } == value.text)
        }
    }

    @Test func `the largest unsigned integer fits`() {
        #expect(written { $0.integer(UInt64.max) } == "18446744073709551615")
    }

    @Test(arguments: [
        (Duration.zero, "0.000"), (.milliseconds(12_345), "12.345"), (.nanoseconds(999_999), "0.000"),
        (.nanoseconds(1_999_999), "0.001"), (.milliseconds(-1500), "-1.500"), (.nanoseconds(-999_999), "0.000"),
        (.seconds(86_400 * 3650), "315360000.000"),
    ])
    func `seconds are cut to the millisecond`(duration: Duration, expected: String) {
        #expect(written { $0.seconds(duration) } == expected)
        #expect(written { $0.seconds(Instant(nanoseconds: duration.nanoseconds)) } == expected)
    }

    @Test func `commas stand between values and nowhere else`() {
        let json = written {
            $0.beginObject()
            $0.key("a")
            $0.beginArray()
            $0.endArray()
            $0.key("b")
            $0.beginArray()
            $0.integer(Int64(-1))
            $0.null()
            $0.logical(true)
            $0.logical(false)
            $0.beginObject()
            $0.endObject()
            $0.string("x")
            $0.raw(Array("[1]".utf8))
            $0.endArray()
            $0.key("c")
            $0.beginObject()
            $0.key("d")
            $0.time(exampleTime)
            $0.endObject()
            $0.endObject()
        }
        #expect(json == #"{"a":[],"b":[-1,null,true,false,{},"x",[1]],"c":{"d":"2026-11-24T08:12:13.123Z"}}"#)
    }

    @Test func `a member that is not known is null`() {
        let json = written {
            $0.beginObject()
            $0.member("a", nil as String?)
            $0.member("b", nil as UInt64?)
            $0.member("c", nil as Bool?)
            $0.member("d", nil as WallTime?)
            $0.member("e", seconds: nil)
            $0.endObject()
        }
        #expect(json == #"{"a":null,"b":null,"c":null,"d":null,"e":null}"#)
    }
}
