import Testing

@testable import RingStore

@Suite struct ByteCodecTests {
    static let numbers: [Int64] = [0, 1, -1, 63, -64, 64, 8191, -8192, 8192, 1 << 40, -(1 << 40), .max, .min]

    @Test(arguments: numbers) func `a signed number comes back`(_ number: Int64) {
        var bytes: [UInt8] = []
        bytes.appendSigned(number)
        var reader = ByteReader(bytes, from: 0, to: bytes.count)
        check(reader.signed() == number)
        #expect(reader.isAtEnd)
    }

    @Test func `small magnitudes take few bytes`() {
        for (number, count) in [(0, 1), (-64, 1), (64, 2), (-8192, 2), (1 << 20, 4)] as [(Int64, Int)] {
            var bytes: [UInt8] = []
            bytes.appendSigned(number)
            #expect(bytes.count == count)
        }
    }

    @Test func `a number that is cut or too long is none`() {
        for bytes in [[], [0x80], [UInt8](repeating: 0x80, count: 9), [UInt8](repeating: 0xFF, count: 9) + [2]] {
            var reader = ByteReader(bytes, from: 0, to: bytes.count)
            check(reader.varint() == nil)
        }
    }

    @Test func `a text that is cut is none`() {
        var bytes: [UInt8] = []
        bytes.appendText("grün")
        var whole = ByteReader(bytes, from: 0, to: bytes.count)
        check(whole.text() == "grün")
        var cut = ByteReader(bytes, from: 0, to: bytes.count - 1)
        check(cut.text() == nil)
    }

    @Test func `fixed fields are little-endian`() {
        var bytes = [UInt8](repeating: 0, count: 10)
        bytes.put(0x0102_0304, at: 3, bytes: 4)
        #expect(bytes == [0, 0, 0, 4, 3, 2, 1, 0, 0, 0])
        #expect(bytes.get(at: 3, bytes: 4) == 0x0102_0304)
    }
}
