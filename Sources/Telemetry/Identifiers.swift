/// The number of a reading in its stream; the first is 1.
package struct SequenceNumber: Hashable, Comparable, Sendable {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static let first = SequenceNumber(1)
    package static let zero = SequenceNumber(0)

    package static func < (a: SequenceNumber, b: SequenceNumber) -> Bool { a.rawValue < b.rawValue }

    package var next: SequenceNumber { SequenceNumber(rawValue + 1) }
    package func advanced(by count: UInt64) -> SequenceNumber { SequenceNumber(rawValue + count) }
}

/// Names one run of sequence numbers: drawn when a ring is created and whenever numbers cannot be kept durably.
package struct StreamID: Hashable, Sendable {
    package var rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
    /// 8 lower-case hexadecimal digits.
    package var text: String { hexadecimal8(rawValue) }
}

/// The first 8 hexadecimal digits of the kernel's boot id (`/proc/sys/kernel/random/boot_id`).
package struct BootID: Hashable, Sendable {
    package var rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
    /// 8 lower-case hexadecimal digits.
    package var text: String { hexadecimal8(rawValue) }
}

/// How many decimal digits it has: 1 to 20.
package func decimalLength(_ number: UInt64) -> Int {
    var length = 1
    var power: UInt64 = 10
    while length < 20, number >= power {
        length += 1
        power = length < 20 ? power * 10 : .max
    }
    return length
}

package func hexadecimal8(_ value: UInt32) -> String {
    var text = String(value, radix: 16)
    while text.utf8.count < 8 { text = "0" + text }
    return text
}
