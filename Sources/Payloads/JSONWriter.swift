package import Telemetry

/// Writes JSON as bytes, in the order of the calls, without a space between them (RFC 8259).
///
/// It puts the commas and the escapes; that objects are closed and keys are followed by a value is the caller's part.
/// Numbers are written from integers, so that no rounding and no `-0` can come in between.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// A value stands before, in the same object or array.
    private var needsComma = false

    /// - Parameter capacity: a guess of the length, in bytes.
    package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    /// The name of the value that the next call writes.
    @inline(never) package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(0x3A)
        needsComma = false
    }

    @inline(never) package mutating func null() {
        separate()
        bytes.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C])
    }

    @inline(never) package mutating func logical(_ value: Bool) {
        separate()
        bytes.append(contentsOf: value ? [0x74, 0x72, 0x75, 0x65] : [0x66, 0x61, 0x6C, 0x73, 0x65])
    }

    @inline(never) package mutating func string(_ text: String) {
        separate()
        quote(text)
    }

    /// A text of which it is not known that it is UTF-8: what is not becomes U+FFFD.
    package mutating func string(repairing text: some Collection<UInt8>) { string(String(decoding: text, as: UTF8.self)) }

    @inline(never) package mutating func integer(_ value: Int64) { decimal(value, decimals: 0) }

    package mutating func integer(_ value: UInt64) {
        separate()
        digits(value, decimals: 0)
    }

    /// `significand` × 10^-`decimals`, with exactly so many digits after the point.
    package mutating func decimal(_ significand: Int64, decimals: UInt8) {
        separate()
        if significand < 0 { bytes.append(0x2D) }
        digits(significand.magnitude, decimals: Int(decimals))
    }

    package mutating func decimal(_ value: Decimal) { decimal(value.significand, decimals: value.decimals) }

    /// Seconds with 3 decimals, cut to the millisecond.
    @inline(never) package mutating func seconds(_ duration: Duration) { decimal(duration.nanoseconds / 1_000_000, decimals: 3) }

    /// The time since the start of the boot clock, in seconds with 3 decimals.
    @inline(never) package mutating func seconds(_ instant: Instant) { decimal(instant.nanoseconds / 1_000_000, decimals: 3) }

    /// RFC 3339 in UTC, with milliseconds.
    package mutating func time(_ time: WallTime) {
        separate()
        bytes.append(0x22)
        time.appendRFC3339(to: &bytes)
        bytes.append(0x22)
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// The digits go out from the last to the first and are turned round in place: no second buffer, one division each.
    private mutating func digits(_ magnitude: UInt64, decimals: Int) {
        let start = bytes.count
        var rest = magnitude
        var count = 0
        // A 64-bit division is a function call on a 32-bit board; most numbers are small.
        while rest > UInt64(UInt32.max) {
            put(UInt8(rest % 10), at: &count, decimals)
            rest /= 10
        }
        var small = UInt32(rest)
        repeat {
            put(UInt8(small % 10), at: &count, decimals)
            small /= 10
        } while small > 0 || count <= decimals
        var low = start
        var high = bytes.count - 1
        while low < high {
            bytes.swapAt(low, high)
            low += 1
            high -= 1
        }
    }

    private mutating func put(_ digit: UInt8, at count: inout Int, _ decimals: Int) {
        if count == decimals, count > 0 { bytes.append(0x2E) }
        bytes.append(0x30 + digit)
        count += 1
    }

    /// Swift's strings are valid UTF-8 always; what JSON wants escaped is the quote, the backslash and the control
    /// characters below U+0020 (RFC 8259 section 7).
    private mutating func quote(_ text: String) {
        bytes.append(0x22)
        for byte in text.utf8 {
            if byte >= 0x20, byte != 0x22, byte != 0x5C {
                bytes.append(byte)
            } else {
                escape(byte)
            }
        }
        bytes.append(0x22)
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            let low = byte & 15
            bytes.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + byte >> 4, low < 10 ? 0x30 + low : 0x57 + low])
        }
    }
}

/// A key with a value that may be unknown: then it is `null`, never left out.
extension JSONWriter {
    @inline(never) package mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }
    @inline(never) package mutating func member(_ name: String, _ value: UInt64?) {
        key(name)
        if let value { integer(value) } else { null() }
    }
    @inline(never) package mutating func member(_ name: String, _ value: Bool?) {
        key(name)
        if let value { logical(value) } else { null() }
    }
    @inline(never) package mutating func member(_ name: String, _ value: WallTime?) {
        key(name)
        if let value { time(value) } else { null() }
    }
    @inline(never) package mutating func member(_ name: String, _ value: Decimal?) {
        key(name)
        if let value { decimal(value) } else { null() }
    }
    @inline(never) package mutating func member(_ name: String, seconds value: Duration?) {
        key(name)
        if let value { seconds(value) } else { null() }
    }
}
