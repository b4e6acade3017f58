import RingStore
import Testing

private func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes, from: 0, to: bytes.count)
    return crc.value
}

@Suite struct CRC32CTests {
    @Test func `the check values of RFC 3720 come out`() {
        #expect(crc(Array("123456789".utf8)) == 0xE306_9283)
        #expect(crc([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
        #expect(crc(Array(0..<32)) == 0x46DD_794E)
    }

    @Test func `pieces of any length give what the whole gives`() {
        let bytes = (0..<257).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        for cut in 0...bytes.count {
            var pieces = CRC32C()
            pieces.update(bytes, from: 0, to: cut)
            pieces.update(bytes, from: cut, to: bytes.count)
            #expect(pieces.value == crc(bytes))
        }
    }
}
