// How values lie in what is kept as bytes and is no page of a ring: alert events, saved states. Numbers are LEB128 varints,
// signed ones zigzag first; a text is its length and its UTF-8 bytes.

package struct FieldWriter: Hashable, Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// 1 to 10 bytes.
    @inline(never) package mutating func unsigned(_ value: UInt64) {
        var value = value
        while value > 127 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 128)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    /// Small magnitudes of either sign are short.
    package mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    package mutating func decimal(_ value: Decimal) {
        byte(value.decimals)
        signed(value.significand)
    }

    package mutating func instant(_ value: Instant) { signed(value.nanoseconds) }

    package mutating func duration(_ value: Duration) { signed(value.nanoseconds) }

    @inline(never) package mutating func text(_ value: String) { block(value.bytes) }

    @inline(never) package mutating func block(_ value: [UInt8]) {
        unsigned(UInt64(value.count))
        bytes.append(contentsOf: value)
    }
}

/// Reads what `FieldWriter` has written; nil at the end of the bytes and for what it cannot have written.
package struct FieldReader: Hashable, Sendable {
    private let bytes: [UInt8]
    private var offset = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var isAtEnd: Bool { offset == bytes.count }

    @inline(never) package mutating func byte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    @inline(never) package mutating func unsigned() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            // The tenth byte holds one bit only.
            guard let byte = byte(), shift < 63 || byte < 2 else { return nil }
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
            shift += 7
        }
        return nil
    }

    package mutating func signed() -> Int64? {
        guard let value = unsigned() else { return nil }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// How many entries follow; nil for more than `maximum`.
    @inline(never) package mutating func count(maximum: Int) -> Int? {
        guard let value = unsigned(), value <= UInt64(maximum) else { return nil }
        return Int(value)
    }

    package mutating func decimal() -> Decimal? {
        guard let decimals = byte(), decimals <= 18, let significand = signed() else { return nil }
        return Decimal(significand, decimals: decimals)
    }

    package mutating func instant() -> Instant? { signed().map { Instant(nanoseconds: $0) } }

    package mutating func duration() -> Duration? { signed().map { .nanoseconds($0) } }

    /// Nil also for bytes that are no UTF-8.
    @inline(never) package mutating func text(maximum: Int) -> String? {
        guard let content = block(maximum: maximum) else { return nil }
        let text = String(decoding: content, as: UTF8.self)
        // Decoding repairs; what had to be repaired was never written.
        return text.utf8.count == content.count && text.bytes.elementsEqual(content) ? text : nil
    }

    @inline(never) package mutating func block(maximum: Int) -> [UInt8]? {
        guard let count = count(maximum: maximum), count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }
}

/// The longest beginning of `text` with at most `maximum` bytes of UTF-8 that ends between two scalars.
@inline(never) package func cut(_ text: String, toBytes maximum: Int) -> String {
    precondition(maximum >= 0)
    guard text.utf8.count > maximum else { return text }
    var kept = Array(text.bytes.prefix(maximum + 1))
    while let last = kept.popLast(), last & 0xC0 == 0x80 {}
    return String(decoding: kept, as: UTF8.self)
}
