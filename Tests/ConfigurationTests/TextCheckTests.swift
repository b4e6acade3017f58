import Configuration
import Testing

@Suite struct TextCheckTests {
    @Test func `text in any language, with either end of line, is text`() {
        #expect(TextCheck.problem(in: Array("\u{FEFF}a: Grün 温室 🌡\r\n\tb\n".utf8), file: 0) == nil)
        #expect(TextCheck.problem(in: [], file: 0) == nil)
    }

    @Test(arguments: [
        ([97, 10, 98, 0], 2, 2, "NUL"), ([0xC3, 0xA9, 7], 1, 2, "0x07"), ([0x80], 1, 1, "0x80"), ([97, 0xC3], 1, 2, "0xC3"),
        ([0xC0, 0x80], 1, 1, "0xC0"), ([0xE0, 0x80, 0x80], 1, 1, "0xE0"), ([0xED, 0xA0, 0x80], 1, 1, "0xED"),
        ([0xF4, 0x90, 0x80, 0x80], 1, 1, "0xF4"), ([0xF0, 0x9F, 0x8C], 1, 1, "0xF0"), ([97, 13, 10, 13, 0x7F], 3, 1, "0x7F"),
        ([0xFE, 0xFF, 0, 97], 1, 1, "UTF-16"),
    ] as [([UInt8], Int, Int, String)])
    func `what is no text is told with its place`(bytes: [UInt8], line: Int, column: Int, part: String) {
        let problem = TextCheck.problem(in: bytes, file: 3)
        #expect(problem?.place == Place(file: 3, line: line, column: column))
        #expect(problem?.text.contains(part) == true)
    }

    @Test func `every scalar is accepted, and no surrogate`() {
        for value in [UInt32](0...0x10FFFF) where value % 0x101 == 0 || value & 0xFFF == 0 {
            guard value >= 32, value != 127, let scalar = Unicode.Scalar(value) else { continue }
            #expect(TextCheck.problem(in: [97] + Array(String(scalar).utf8), file: 0) == nil, "\(value)")
        }
    }

    @Test func `one byte above the limit is too much`() {
        #expect(TextCheck.problem(in: [UInt8](repeating: 32, count: TextCheck.maximumBytes), file: 0) == nil)
        #expect(TextCheck.problem(in: [UInt8](repeating: 32, count: TextCheck.maximumBytes + 1), file: 0) != nil)
    }
}
