// As in StandardCalls.swift, for arrays: what makes room in one, or closes a gap, is not inlined at each use. `@inlinable` is for builds
// that are not Embedded, so that there too each type has its own.

@inlinable func appendOne<Elements: RangeReplaceableCollection>(_ element: __owned Elements.Element, to elements: inout Elements) {
    elements.append(element)
}
@inlinable func insertOne<Elements: RangeReplaceableCollection>(
    _ element: __owned Elements.Element, at index: Elements.Index, into elements: inout Elements
) {
    elements.insert(element, at: index)
}
@inlinable func removeOne<Elements: RangeReplaceableCollection>(at index: Elements.Index, from elements: inout Elements) -> Elements.Element {
    elements.remove(at: index)
}
@inlinable func removeTheFirst<Elements: RangeReplaceableCollection>(from elements: inout Elements) -> Elements.Element {
    elements.removeFirst()
}
@inlinable func removeTheLast<Elements: RangeReplaceableCollection & BidirectionalCollection>(
    from elements: inout Elements
) -> Elements.Element {
    elements.removeLast()
}

extension Array {
    @inlinable @inline(never) package mutating func append(_ element: __owned Element) { appendOne(element, to: &self) }
    @inlinable @inline(never) package mutating func insert(_ element: __owned Element, at index: Int) { insertOne(element, at: index, into: &self) }
    @inlinable @inline(never) @discardableResult package mutating func remove(at index: Int) -> Element { removeOne(at: index, from: &self) }
    @inlinable @inline(never) @discardableResult package mutating func removeFirst() -> Element { removeTheFirst(from: &self) }
    @inlinable @inline(never) @discardableResult package mutating func removeLast() -> Element { removeTheLast(from: &self) }

    /// `removeAll(keepingCapacity: true)` for the few elements of a turn: the standard library's replaces a range of the array by
    /// another that is empty.
    @inlinable package mutating func clear() { while case _? = popLast() {} }

    @inlinable package func filter(_ isIncluded: (Element) -> Bool) -> [Element] {
        var results: [Element] = []
        for element in self where isIncluded(element) { results.append(element) }
        return results
    }
    @inlinable package mutating func removeAll(where isGone: (Element) -> Bool) { self = filter { !isGone($0) } }

    /// Merges ever longer runs. What is equal stays in its order.
    @inlinable @inline(never) package func sorted(by isBefore: (Element, Element) -> Bool) -> [Element] {
        var runs = self
        var length = 1
        while length < count {
            var longer: [Element] = []
            for start in stride(from: 0, to: count, by: 2 * length) {
                let (middle, end) = (Swift.min(start + length, count), Swift.min(start + 2 * length, count))
                var (left, right) = (start, middle)
                while left < middle || right < end {
                    if right == end || left < middle && !isBefore(runs[right], runs[left]) {
                        longer.append(runs[left])
                        left += 1
                    } else {
                        longer.append(runs[right])
                        right += 1
                    }
                }
            }
            runs = longer
            length *= 2
        }
        return runs
    }
}

extension Array where Element: Comparable {
    @inlinable package func sorted() -> [Element] { sorted { $0 < $1 } }
}

extension Collection {
    // Without room for all from the beginning: an array that grows is a call.
    @inlinable package func map<Result, Failure: Error>(_ transform: (Element) throws(Failure) -> Result) throws(Failure) -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try transform(element)) }
        return results
    }
    @inlinable package func compactMap<Result, Failure: Error>(
        _ transform: (Element) throws(Failure) -> Result?
    ) throws(Failure) -> [Result] {
        var results: [Result] = []
        for element in self { if let result = try transform(element) { results.append(result) } }
        return results
    }
}
