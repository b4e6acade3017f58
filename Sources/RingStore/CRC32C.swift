internal import Telemetry

/// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4: polynomial 0x1EDC6F41, reflected.
///
/// Four bytes a step through four tables. The check value of `123456789` is 0xE3069283.
package struct CRC32C: Hashable, Sendable {
    private var register: UInt32 = ~0

    package init() {}

    package var value: UInt32 { ~register }

    package mutating func update(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { update(byte: UInt8(truncatingIfNeeded: number >> shift)) }
    }

    package mutating func update(byte: UInt8) {
        register = Self.tables[Int(UInt8(truncatingIfNeeded: register) ^ byte)] ^ (register >> 8)
    }

    package mutating func update(_ bytes: [UInt8], from start: Int, to end: Int) {
        precondition(start >= 0 && start <= end && end <= bytes.count, "a range of the bytes")
        let tables = Self.tables
        var crc = register
        var index = start
        while index + 4 <= end {
            crc ^=
                UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
                | UInt32(bytes[index + 3]) << 24
            crc =
                tables[768 + Int(crc & 255)] ^ tables[512 + Int(crc >> 8 & 255)] ^ tables[256 + Int(crc >> 16 & 255)]
                ^ tables[Int(crc >> 24)]
            index += 4
        }
        register = crc
        while index < end {
            update(byte: bytes[index])
            index += 1
        }
    }

    /// Four tables of 256 entries, one behind the other.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 1024)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for table in 1..<4 {
            for byte in 0..<256 {
                let previous = tables[(table - 1) * 256 + byte]
                tables[table * 256 + byte] = tables[Int(previous & 255)] ^ (previous >> 8)
            }
        }
        return tables
    }()
}
