package import Telemetry

/// Writes JSON as bytes, in the order of the calls, without a space between them (RFC 8259).
///
/// It puts the commas and the escapes; that objects are closed and keys are followed by a value is the caller's part.
/// Numbers are written from integers, so that no rounding and no `-0` can come in between.
package struct JSONWriter: Sendable {
    /// What is written, and room behind it: a byte is put in its place and not appended, which is a call for each.
    private var buffer: [UInt8]
    private var count = 0
    /// A value stands before, in the same object or array.
    private var needsComma = false

    /// - Parameter capacity: a guess of the length, in bytes.
    package init(capacity: Int = 256) { buffer = [UInt8](repeating: 0, count: max(16, capacity)) }

    /// What is written so far.
    @inline(never) package var bytes: [UInt8] {
        mutating get {
            buffer.removeLast(buffer.count - count)
            return buffer
        }
    }

    /// Room for so many bytes more.
    @inline(never) private mutating func reserve(_ length: Int) {
        let room = buffer.count - count
        if room < length { buffer.append(contentsOf: repeatElement(0, count: max(length - room, buffer.count))) }
    }

    @inline(never) private mutating func put(_ byte: UInt8) {
        reserve(1)
        buffer[count] = byte
        count += 1
    }

    @inline(never) private mutating func put(all bytes: [UInt8]) {
        reserve(bytes.count)
        for byte in bytes {
            buffer[count] = byte
            count += 1
        }
    }

    @inline(never) package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    @inline(never) private mutating func open(_ bracket: UInt8) {
        separate()
        put(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        put(bracket)
        needsComma = true
    }

    @inline(never) private mutating func separate() {
        if needsComma { put(0x2C) }
        needsComma = true
    }

    /// The name of the value that the next call writes.
    @inline(never) package mutating func key(_ name: String) {
        separate()
        quote(name)
        put(0x3A)
        needsComma = false
    }

    @inline(never) package mutating func null() {
        separate()
        put(all: "null".bytes)
    }

    @inline(never) package mutating func logical(_ value: Bool) {
        separate()
        put(all: (value ? "true" : "false").bytes)
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
    @inline(never) package mutating func decimal(_ significand: Int64, decimals: UInt8) {
        separate()
        if significand < 0 { put(0x2D) }
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
        reserve(WallTime.rfc3339Length + 2)
        let start = count
        var target = buffer.mutableSpan
        target[start] = 0x22
        time.writeRFC3339(to: &target, at: start + 1)
        target[start + WallTime.rfc3339Length + 1] = 0x22
        count = start + WallTime.rfc3339Length + 2
    }

    /// As a string of 8 lower-case hexadecimal digits.
    package mutating func hexadecimal(_ value: UInt32) {
        separate()
        reserve(10)
        let start = count
        var target = buffer.mutableSpan
        target[start] = 0x22
        for place in 0..<8 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt32(28 - 4 * place) & 15)
            target[start + 1 + place] = digit < 10 ? 48 + digit : 87 + digit
        }
        target[start + 9] = 0x22
        count = start + 10
    }

    /// A value that is JSON already.
    @inline(never) package mutating func raw(_ json: [UInt8]) {
        separate()
        put(all: json)
    }

    /// The digits go in from the last to the first, one division each.
    @inline(never) private mutating func digits(_ magnitude: UInt64, decimals: Int) {
        let length = max(decimalLength(magnitude), decimals + 1) + (decimals > 0 ? 1 : 0)
        reserve(length)
        let start = count
        var target = buffer.mutableSpan
        _ = writeDigits(magnitude, decimals: decimals, to: &target, in: start..<start + length)
        count = start + length
    }

    /// Swift's strings are valid UTF-8 always; what JSON wants escaped is the quote, the backslash and the control
    /// characters below U+0020 (RFC 8259 section 7). Nearly no text has one.
    private mutating func quote(_ text: String) {
        let source = text.utf8.span
        reserve(source.count + 2)
        var at = count
        var target = buffer.mutableSpan
        target[at] = 0x22
        for index in source.indices {
            at += 1
            let byte = source[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return quoteEscaped(text) }
            target[at] = byte
        }
        target[at + 1] = 0x22
        count = at + 2
    }

    private mutating func quoteEscaped(_ text: String) {
        put(0x22)
        for byte in text.bytes { if byte >= 0x20, byte != 0x22, byte != 0x5C { put(byte) } else { escape(byte) } }
        put(0x22)
    }

    private mutating func escape(_ byte: UInt8) {
        put(0x5C)
        switch byte {
        case 0x22, 0x5C: put(byte)
        case 0x08: put(0x62)
        case 0x09: put(0x74)
        case 0x0A: put(0x6E)
        case 0x0C: put(0x66)
        case 0x0D: put(0x72)
        default:
            let low = byte & 15
            put(all: [0x75, 0x30, 0x30, 0x30 + byte >> 4, low < 10 ? 0x30 + low : 0x57 + low])
        }
    }
}

/// Fills a place with a number, from its last digit to the first, and a point before so many decimals.
/// - Returns: what is left of the number: 0 where the place is large enough for it.
func writeDigits(_ number: UInt64, decimals: Int, to target: inout MutableSpan<UInt8>, in place: Range<Int>) -> UInt64 {
    var rest = number
    var untilPoint = decimals
    var at = place.upperBound
    while at > place.lowerBound {
        at -= 1
        if untilPoint == 0, decimals > 0 {
            untilPoint = -1
            target[at] = 0x2E
            continue
        }
        untilPoint -= 1
        // A 64-bit division is a function call on a 32-bit board; most numbers are small.
        if rest > UInt64(UInt32.max) {
            target[at] = UInt8(0x30 + rest % 10)
            rest /= 10
        } else {
            let small = UInt32(truncatingIfNeeded: rest)
            target[at] = UInt8(truncatingIfNeeded: 0x30 + small % 10)
            rest = UInt64(small / 10)
        }
    }
    return rest
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
