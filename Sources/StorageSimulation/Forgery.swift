internal import RingStore

/// Mistakes that a ring could make in its pages, for the checks to see: a page is changed and its checksum made good.
package enum Forgery: Hashable, Sendable {
    /// The watermark is never written.
    case watermark
    /// Numbers are used that were not reserved.
    case reservation
    /// The checksum is not looked at: bits that have rotted are believed.
    case checksum

    private static let magic: [UInt8] = Array("GWR1".utf8)
    private static let number = 24, watermarkOffset = 88, reservedOffset = 96

    func forge(_ write: inout PageWrite) {
        guard self != .checksum else { return }
        for start in stride(from: 0, to: write.bytes.count - SimulatedStorage.pageSize + 1, by: SimulatedStorage.pageSize)
        where Array(write.bytes[start + 4..<start + 8]) == Self.magic {
            switch self {
            case .watermark: for offset in 0..<8 { write.bytes[start + Self.watermarkOffset + offset] = 0 }
            case .reservation: for offset in 0..<8 { write.bytes[start + Self.reservedOffset + offset] = 0 }
            case .checksum: break
            }
            Self.sign(&write.bytes, at: start, filePage: write.page + UInt64(start / SimulatedStorage.pageSize))
        }
    }

    func mend(_ image: inout [UInt8], page: Int) {
        let start = page * SimulatedStorage.pageSize
        guard self == .checksum, Array(image[start + 4..<start + 8]) == Self.magic else { return }
        Self.sign(&image, at: start, filePage: UInt64(page))
    }

    /// What an opening can learn: how far the numbers of each stream go, by the readings of each whole page, and by the file
    /// headers and the page that was written last, which tell of the present stream and what is reserved.
    static func numbers(in image: [UInt8]) -> [UInt32: UInt64] {
        var known: [UInt32: UInt64] = [:]
        var last: (revision: UInt64, stream: UInt32, number: UInt64) = (0, 0, 0)
        func note(_ stream: UInt32, _ number: UInt64) { known[stream] = max(known[stream] ?? 0, number) }
        for page in 0..<image.count / SimulatedStorage.pageSize {
            let start = page * SimulatedStorage.pageSize
            guard Array(image[start + 4..<start + 8]) == magic else { continue }
            func number(_ at: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(image[start + at + $1]) << UInt64(8 * $1) } }
            func short(_ at: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(at)) }
            guard short(0) == checksum(image, at: start, filePage: UInt64(page)) else { continue }
            let reserved = number(reservedOffset) - min(number(reservedOffset), number(376))
            if image[start + 20] == 1 { note(short(40), number(64) - min(number(64), number(48) + 1)) }
            if image[start + 20] == 2 {
                note(short(384), reserved)
                // Earlier streams, each up to the next one.
                let count = Int(number(22) & 0xFFFF) / 12
                for index in 0..<count {
                    let next = index + 1 < count ? number(412 + 12 * index) : number(376)
                    note(short(408 + 12 * index), next - min(next, number(400 + 12 * index)))
                }
            }
            if number(32) > last.revision { last = (number(32), short(384), reserved) }
        }
        note(last.stream, last.number)
        return known
    }

    /// As in docs/ring-format.md.
    private static func checksum(_ bytes: [UInt8], at start: Int, filePage: UInt64) -> UInt32 {
        var crc = CRC32C()
        for offset in 8..<16 { crc.update(byte: bytes[start + offset]) }
        for offset in number..<number + 8 { crc.update(byte: bytes[start + offset]) }
        crc.update(filePage)
        crc.update(bytes, from: start + 4, to: start + SimulatedStorage.pageSize)
        return crc.value
    }

    static func sign(_ bytes: inout [UInt8], at start: Int, filePage: UInt64) {
        let sum = checksum(bytes, at: start, filePage: filePage)
        for offset in 0..<4 { bytes[start + offset] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * offset)) }
    }
}
