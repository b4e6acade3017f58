// For the few that a sensor agent has of most things: each is looked at until it is found (of the 4,096 slots of lines at most, too). A
// Dictionary or a Set of the standard library is a hash table that is compiled anew for each type in it, 1 to 3 kB each.

/// Values by their keys, in the order in which these came.
package struct ShortTable<Key: Equatable, Value> {
    /// To go through them without a copy: `for case (let key, let value?) in table.entries`. A value is nil only while it is written.
    package private(set) var entries: [(key: Key, value: Value?)] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }
    package var keys: [Key] { entries.map { $0.key } }

    /// Nil: there is none; to write nil removes it.
    @inline(never) package subscript(key: Key) -> Value? {
        get { place(of: key).flatMap { entries[$0].value } }
        _modify {
            let place = place(of: key) ?? entries.count
            if place == entries.count { entries.append((key, nil)) }
            defer {
                if case nil = entries[place].value { entries.remove(at: place) }
            }
            yield &entries[place].value
        }
    }

    /// What was there.
    package mutating func removeValue(forKey key: Key) -> Value? {
        let value = self[key]
        self[key] = nil
        return value
    }

    private func place(of key: Key) -> Int? { entries.firstIndex { $0.key == key } }
}

extension ShortTable: Sendable where Key: Sendable, Value: Sendable {}

/// Each element once, in the order in which they came.
package struct ShortSet<Element: Equatable>: ExpressibleByArrayLiteral {
    package private(set) var elements: [Element] = []

    package init(_ elements: [Element]) {
        for element in elements { insert(element) }
    }
    package init(arrayLiteral elements: Element...) { self.init(elements) }

    package var isEmpty: Bool { elements.isEmpty }

    package func contains(_ element: Element) -> Bool { elements.contains(element) }

    package mutating func insert(_ element: Element) {
        if !contains(element) { elements.append(element) }
    }

    /// - Returns: whether it was there.
    @discardableResult package mutating func remove(_ element: Element) -> Bool {
        guard let place = elements.firstIndex(of: element) else { return false }
        elements.remove(at: place)
        return true
    }

    /// Keeps the memory.
    package mutating func clear() { elements.clear() }
}

extension ShortSet: Sendable where Element: Sendable {}
