import Telemetry
import Testing

@Suite struct InterpolationTests {
    @Test func `texts and whole numbers read as the standard library writes them`() {
        let text = "ä"
        #expect("<\(text)|\(-5)|\(Int64.min)|\(UInt64.max)>" == ["<ä", "-5", "-9223372036854775808", "18446744073709551615>"].joined(separator: "|"))
        #expect("a" + text == ["a", "ä"].joined())
    }
}
