internal import Telemetry

/// Merges the files of the `.d` folder, in order, into the first: maps merge, of scalars the later wins, lists append.
package enum FolderMerge {
    /// Keys whose value has two shapes (a URL or a list of them; a name or a mapping): the later wins, whatever its shape.
    private static let twoShapes = ["url", "line", "connect", "batch"]

    /// - Parameter files: the names, for problems that name a second place.
    package static func merge(_ roots: [Node], files: [String], problems: inout [PlacedProblem]) -> Node {
        var result = Node(place: Place(line: 1, column: 1), content: .mapping([]))
        for root in roots {
            if root.isNull { continue }
            guard root.entries != nil else {
                problems.append(
                    PlacedProblem(
                        root.place, "a configuration is a mapping; begin with 'broker:' or another section at the left"))
                continue
            }
            result = merged(result, root, key: "", files: files, problems: &problems)
        }
        return result
    }

    private static func merged(
        _ old: Node, _ new: Node, key: String, files: [String], problems: inout [PlacedProblem]
    ) -> Node {
        // An empty section takes nothing away.
        if old.isNull { return new }
        if new.isNull { return isSection(old) ? old : new }
        switch (old.content, new.content) {
        case (.mapping(var entries), .mapping(let more)):
            // A reference is a scalar.
            if Reference(old) != nil, Reference(new) != nil { return new }
            var index = NameTable<Int>()
            for (position, entry) in entries.enumerated() { index.set(position, for: entry.key) }
            for entry in more {
                if let position = index[entry.key] {
                    entries[position].value = merged(
                        entries[position].value, entry.value, key: entry.key, files: files, problems: &problems)
                    entries[position].keyPlace = entry.keyPlace
                } else {
                    index.set(entries.count, for: entry.key)
                    entries.append(entry)
                }
            }
            return Node(place: old.place, content: .mapping(entries))
        case (.sequence(let elements), .sequence(let more)):
            return Node(place: old.place, content: .sequence(elements + more))
        case (.scalar, .scalar):
            return new
        default:
            let replaces =
                twoShapes.contains(key) || (old.scalar != nil && Reference(new) != nil)
                || (new.scalar != nil && Reference(old) != nil)
            if !replaces {
                problems.append(
                    PlacedProblem(
                        new.place,
                        "\(shown(key)): is \(shape(new)) here, but \(shape(old)) at \(files[old.place.file]):\(old.place.line):\(old.place.column); write both the same way"
                    ))
            }
            return new
        }
    }

    private static func isSection(_ node: Node) -> Bool { node.scalar == nil && Reference(node) == nil }

    private static func shape(_ node: Node) -> String {
        switch node.content {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
