import Testing

@testable import Telemetry

struct IdentifiersTests {
    @Test(arguments: [(UInt32(0), "00000000"), (0x7f3a_9c12, "7f3a9c12"), (.max, "ffffffff")])
    func `a stream and a boot are written as 8 lower-case hexadecimal digits`(value: UInt32, text: String) {
        #expect(StreamID(value).text == text)
        #expect(BootID(value).text == text)
    }

    @Test func `sequence numbers count from 1`() {
        #expect(SequenceNumber.first.rawValue == 1)
        #expect(SequenceNumber.zero.next == .first)
        #expect(SequenceNumber(3).advanced(by: 4) == SequenceNumber(7))
        #expect(SequenceNumber(3) < SequenceNumber(4))
    }

    @Test func `a number has as many digits as its text`() {
        var power: UInt64 = 1
        for _ in 1...19 {
            for number in [power - 1, power, power + 1, power * 9] { #expect(decimalLength(number) == String(number).utf8.count) }
            power *= 10
        }
        for number in [power - 1, power, UInt64.max] { #expect(decimalLength(number) == String(number).utf8.count) }
    }
}
