internal import Telemetry

// How numbers lie in a page: fixed fields little-endian; in records LEB128 varints, signed ones zigzag first.

extension [UInt8] {
    /// At `offset`, little-endian.
    mutating func put(_ value: UInt64, at offset: Int, bytes count: Int) {
        for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    func get(at offset: Int, bytes count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(self[offset + index]) << UInt64(8 * index) }
        return value
    }

    /// 1 to 10 bytes.
    mutating func appendVarint(_ value: UInt64) {
        var value = value
        while value > 127 {
            append(UInt8(truncatingIfNeeded: value) | 128)
            value >>= 7
        }
        append(UInt8(value))
    }

    /// Small magnitudes of either sign become small numbers: 0, -1, 1, -2, 2 …
    mutating func appendSigned(_ value: Int64) {
        appendVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// A length byte, then the UTF-8 bytes. At most 255.
    mutating func appendText(_ text: String) {
        precondition(text.utf8.count <= 255, "texts in a page have at most 255 bytes")
        append(UInt8(text.utf8.count))
        append(contentsOf: text.bytes)
    }
}

/// Reads what `[UInt8]` above has written; nil at the end of the bytes or for what cannot have been written.
struct ByteReader {
    let bytes: [UInt8]
    var offset: Int
    let end: Int

    init(_ bytes: [UInt8], from offset: Int, to end: Int) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
    }

    var isAtEnd: Bool { offset >= end }

    mutating func byte() -> UInt8? {
        guard offset < end else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    @inline(never) mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard let byte = byte() else { return nil }
            // The tenth byte holds one bit only.
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
            shift += 7
        }
        return nil
    }

    @inline(never) mutating func signed() -> Int64? {
        guard let value = varint() else { return nil }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard offset + count <= end else { return nil }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    @inline(never) mutating func text() -> String? {
        guard let count = byte(), offset + Int(count) <= end else { return nil }
        defer { offset += Int(count) }
        return String(decoding: bytes[offset..<offset + Int(count)], as: UTF8.self)
    }
}
