// The standard library's own of these are inlined at each of the hundreds of places that use them; of these there is one call
// each, with the same result (but `hasPrefix` and `hasSuffix`, which go by bytes). Interpolation.swift has those of interpolations. docs/performance.md has what it takes off.

private func count<Elements: Collection>(of elements: Elements) -> Int { elements.count }
private func array<Elements: Collection>(of elements: Elements) -> [Elements.Element] {
    var array: [Elements.Element] = []
    array.append(contentsOf: elements)
    return array
}
private func areEqual<Value: Equatable>(_ one: Value, _ other: Value) -> Bool { one == other }
private func decoded<Bytes: Collection>(_ bytes: Bytes) -> String where Bytes.Element == UInt8 { String(decoding: bytes, as: UTF8.self) }

extension String {
    @inline(never) package static func == (one: String, other: String) -> Bool { areEqual(one, other) }
    @inline(never) package static func != (one: String, other: String) -> Bool { !areEqual(one, other) }

    @inline(never) package mutating func append(_ other: String) { write(other) }
    @inline(never) package static func += (text: inout String, other: String) { text.write(other) }

    /// In UTF-8.
    @inline(never) package var bytes: [UInt8] { array(of: utf8) }
    /// By bytes.
    @inline(never) package func hasPrefix(_ start: String) -> Bool { bytes.starts(with: start.bytes) }
    /// By bytes.
    @inline(never) package func hasSuffix(_ end: String) -> Bool { bytes.suffix(end.utf8.count).elementsEqual(end.bytes) }

    /// Repairs what is no UTF-8.
    @inline(never) package init(decoding bytes: [UInt8], as encoding: UTF8.Type) {
        self = decoded(bytes)
    }
    /// Repairs what is no UTF-8.
    @inline(never) package init(decoding bytes: ArraySlice<UInt8>, as encoding: UTF8.Type) {
        self = decoded(bytes)
    }
}

/// For `switch` over texts.
@inline(never) package func ~= (pattern: String, text: String) -> Bool { areEqual(pattern, text) }

extension String.UTF8View {
    @inline(never) package var count: Int { Telemetry.count(of: self) }
}

extension Int {
    @inline(never) package init?(_ text: String) {
        guard let number = Int(text, radix: 10) else { return nil }
        self = number
    }
}

extension BidirectionalCollection where Element == String {
    @inline(never) package func joined(separator: String = "") -> String {
        var text = ""
        for (index, part) in enumerated() {
            if index > 0 { text.append(separator) }
            text.append(part)
        }
        return text
    }
}
