/// Values by their names. Names are found by halving what is in their order: a Dictionary would be 3 kB of code for each kind of value.
package struct NameTable<Value> {
    /// In the order in which they came.
    package private(set) var names: [String] = []
    package private(set) var values: [Value] = []
    /// Positions, in the order of their names.
    private var order: [Int] = []

    package init() {}

    package subscript(name: String) -> Value? {
        let rank = place(of: name, in: names, order)
        return isTaken(rank, by: name) ? values[order[rank]] : nil
    }

    /// In the place of what has this name, or behind all others.
    @inline(never) package mutating func set(_ value: Value, for name: String) {
        let rank = place(of: name, in: names, order)
        if isTaken(rank, by: name) {
            values[order[rank]] = value
        } else {
            order.insert(names.count, at: rank)
            names.append(name)
            values.append(value)
        }
    }

    private func isTaken(_ rank: Int, by name: String) -> Bool { rank < order.count && names[order[rank]] == name }
}

extension NameTable: Sendable where Value: Sendable {}

/// How many names come before this one.
@inline(never) private func place(of name: String, in names: [String], _ order: [Int]) -> Int {
    var known = 0..<order.count
    while !known.isEmpty {
        let middle = known.lowerBound + known.count / 2
        known = names[order[middle]] < name ? middle + 1..<known.upperBound : known.lowerBound..<middle
    }
    return known.lowerBound
}
