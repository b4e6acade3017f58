import Testing

@testable import Telemetry

struct QuantityTests {
    @Test(arguments: [
        ("0", 0, 0), ("-12.50", -1250, 2), ("+7", 7, 0), (".5", 5, 1), ("5.", 5, 0), ("0.2794", 2794, 4),
        ("000000000000000000000001", 1, 0),
    ]) func `a decimal number is parsed without rounding`(text: String, significand: Int64, decimals: UInt8) {
        #expect(Decimal(parsing: text.utf8) == Decimal(significand, decimals: decimals))
    }

    @Test(arguments: ["", "-", ".", "1e3", "1.2.3", "0x10", " 1", "1 ", "1234567890123456789", "--1", "1-"])
    func `what is no decimal number is refused`(text: String) {
        #expect(Decimal(parsing: text.utf8) == nil)
    }

    @Test(arguments: [
        (25, 1, 0, 3), (-25, 1, 0, -3), (24, 1, 0, 2), (249, 2, 1, 25), (251, 2, 1, 25), (245, 2, 1, 25), (-245, 2, 1, -25),
        (4, 1, 0, 0), (-4, 1, 0, 0), (7, 0, 3, 7000), (2449, 3, 0, 2),
    ] as [(Int64, UInt8, UInt8, Int64)])
    func `scaling rounds half away from zero, once`(significand: Int64, decimals: UInt8, target: UInt8, expected: Int64) {
        #expect(Decimal(significand, decimals: decimals).scaled(to: target) == expected)
    }

    @Test func `a value that does not fit 64 bits is nil`() {
        #expect(Decimal(.max, decimals: 0).scaled(to: 1) == nil)
    }

    @Test(arguments: [
        (215, 1, "21.5"), (-5, 1, "-0.5"), (0, 1, "0.0"), (7, 0, "7"), (7, 3, "0.007"), (-1234, 2, "-12.34"),
        (.min, 3, "-9223372036854775.808"),
    ] as [(Int64, UInt8, String)])
    func `a number is written with exactly its decimals`(significand: Int64, decimals: UInt8, text: String) {
        #expect(Decimal(significand, decimals: decimals).text == text)
    }
}
