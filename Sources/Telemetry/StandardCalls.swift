// The standard library's own of these are inlined at each of the hundreds of places that use them; of these there is one call
// each, with the same result. Interpolation.swift has those of interpolations. docs/performance.md has what it takes off.

private func areEqual<Value: Equatable>(_ one: Value, _ other: Value) -> Bool { one == other }
private func appendOne<Element>(_ element: Element, to array: inout [Element]) { array.append(element) }
private func appendAll<Elements: Collection>(_ elements: Elements, to array: inout [Elements.Element]) { array.append(contentsOf: elements) }
private func decoded<Bytes: Collection>(_ bytes: Bytes) -> String where Bytes.Element == UInt8 { String(decoding: bytes, as: UTF8.self) }

extension String {
    @inline(never) package static func == (one: String, other: String) -> Bool { areEqual(one, other) }
    @inline(never) package static func != (one: String, other: String) -> Bool { !areEqual(one, other) }

    @inline(never) package mutating func append(_ other: String) { write(other) }
    @inline(never) package static func += (text: inout String, other: String) { text.write(other) }

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

extension Array where Element == UInt8 {
    @inline(never) package mutating func append(_ byte: UInt8) { appendOne(byte, to: &self) }
    @inline(never) package mutating func append(contentsOf text: String.UTF8View) { appendAll(text, to: &self) }
}

extension Array {
    /// `removeAll(keepingCapacity: true)` for the few elements of a turn: the standard library's replaces a range of the array by
    /// another that is empty.
    @inlinable package mutating func clear() { while !isEmpty { removeLast() } }
}
