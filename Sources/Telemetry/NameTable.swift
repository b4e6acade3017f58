/// Values by their names. Every table has the same hash table, from names to indices: a Dictionary of its own for each kind of value
/// would be 3 kB of code each.
package struct NameTable<Value> {
    private var index: [String: Int] = [:]
    /// In the order in which their names came.
    package private(set) var values: [Value] = []

    package init() {}

    /// In the order in which they came.
    package var names: [String] {
        index.sorted { $0.value < $1.value }.map { $0.key }
    }

    package subscript(name: String) -> Value? {
        guard let position = index[name] else { return nil }
        return values[position]
    }

    /// In the place of what has this name, or behind all others.
    package mutating func set(_ value: Value, for name: String) {
        if let position = index[name] {
            values[position] = value
        } else {
            index[name] = values.count
            values.append(value)
        }
    }
}

extension NameTable: Sendable where Value: Sendable {}
