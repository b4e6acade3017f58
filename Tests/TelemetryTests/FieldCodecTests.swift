import Testing

@testable import Telemetry

@Suite struct FieldCodecTests {
    @Test func `what was written is read back, in the same order, to the end`() {
        let unsigned: [UInt64] = [0, 1, 127, 128, 16383, 16384, UInt64(UInt32.max), .max]
        let signed: [Int64] = [0, -1, 1, -64, 64, .min, .max]
        let texts = ["", "air", "Gewächshaus 1: 1.4 °C", String(repeating: "é", count: 500)]
        var writer = FieldWriter()
        for value in unsigned { writer.unsigned(value) }
        for value in signed { writer.signed(value) }
        for value in texts { writer.text(value) }
        writer.decimal(Decimal(-125, decimals: 2))
        writer.duration(.milliseconds(1500))
        writer.instant(Instant(nanoseconds: 77))
        writer.byte(9)
        var reader = FieldReader(writer.bytes)
        for value in unsigned { #expect(reader.unsigned() == value) }
        for value in signed { #expect(reader.signed() == value) }
        for value in texts { #expect(reader.text(maximum: 1000) == value) }
        #expect(reader.decimal() == Decimal(-125, decimals: 2))
        #expect(reader.duration() == .milliseconds(1500))
        #expect(reader.instant() == Instant(nanoseconds: 77))
        #expect(!reader.isAtEnd)
        #expect(reader.byte() == 9)
        #expect(reader.isAtEnd)
        #expect(reader.byte() == nil)
    }

    @Test(arguments: [
        [], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    ] as [[UInt8]])
    func `a number that ends too early or is too long is none`(bytes: [UInt8]) {
        var reader = FieldReader(bytes)
        #expect(reader.unsigned() == nil)
    }

    @Test func `a text that is longer than the bytes, than the bound, or no UTF-8 is none`() {
        var short = FieldReader([3, 0x61, 0x62])
        #expect(short.text(maximum: 10) == nil)
        var bounded = FieldReader([3, 0x61, 0x62, 0x63])
        #expect(bounded.text(maximum: 2) == nil)
        for bad in [[1, 0xFF], [2, 0x61, 0xC3], [3, 0xED, 0xA0, 0x80]] as [[UInt8]] {
            var reader = FieldReader(bad)
            #expect(reader.text(maximum: 10) == nil)
        }
        var huge = FieldReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        #expect(huge.text(maximum: .max) == nil)
    }

    @Test func `more entries than the bound are refused`() {
        var reader = FieldReader([5, 5])
        #expect(reader.count(maximum: 5) == 5)
        #expect(reader.count(maximum: 4) == nil)
    }

    @Test(arguments: [
        ("abc", 3, "abc"), ("abc", 2, "ab"), ("aé", 2, "a"), ("aé", 3, "aé"), ("€€", 5, "€"), ("😀", 3, ""), ("", 0, ""),
    ])
    func `a text is cut between two scalars`(text: String, maximum: Int, expected: String) {
        #expect(cut(text, toBytes: maximum) == expected)
    }
}
