import Configuration
import Testing

@Suite struct BytesTests {
    @Test func `only ASCII letters change their case`() {
        #expect(String(decoding: lowercased("GPIO Ä7"), as: UTF8.self) == "gpio Ä7")
    }

    @Test func `what is shown has no control characters and an end`() {
        #expect(shown("a\nb\u{7f}") == "a?b?")
        #expect(shown(String(repeating: "x", count: 60)).utf8.count == 60)
        let cut = shown(String(repeating: "ä", count: 200))
        #expect(cut == String(repeating: "ä", count: 30) + "...")
    }
}
