internal import Telemetry

// Configuration works on UTF-8: case mapping and grapheme breaking of String pull in half a megabyte of Unicode tables.

package func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
package func isLowerCase(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 }
package func isUpperCase(_ byte: UInt8) -> Bool { byte >= 65 && byte <= 90 }
package func isLetter(_ byte: UInt8) -> Bool { isLowerCase(byte) || isUpperCase(byte) }
package func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70)
}

/// ASCII letters small, all else as it is.
package func lowercased(_ text: String) -> [UInt8] {
    text.bytes.map { isUpperCase($0) ? $0 + 32 : $0 }
}

/// For a message: at most 60 bytes, control characters as `?`, cut at a scalar's first byte.
package func shown(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.bytes.prefix(61) { bytes.append(byte < 32 || byte == 127 ? 63 : byte) }
    guard bytes.count == 61 else { return String(decoding: bytes, as: UTF8.self) }
    while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
    return String(decoding: bytes, as: UTF8.self) + "..."
}
