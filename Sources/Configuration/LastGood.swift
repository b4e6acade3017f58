internal import Telemetry

/// The merged configuration as one file that means the same wherever it stands: relative paths are made absolute, references
/// stay what they are, and a secret that the configuration holds itself is left out.
package enum LastGood {
    /// In the state directory.
    package static let fileName = "last-good.yaml"

    package enum Result: Hashable, Sendable {
        case file([UInt8])
        /// A secret stands under another key as well (by an alias, say): it would be written, or be missing.
        case secretElsewhere
        /// A `psk` stands in the configuration: without it the file would say that it is missing.
        case secretNeeded
    }

    private static let pathKeys = ["replay", "ca_file", "certificate_file", "private_key_file"]
    private static let header = """
        # Kept by godwitd: the configuration that was in force last. It runs where the one of the operator is broken at a start.
        # Written anew with each configuration that is taken. A password that stands in a configuration itself is not kept.

        """

    /// - Parameter folders: where relative paths start, absolute, by `Place.file`.
    package static func file(of merged: Node, folders: [String]) -> Result {
        var secrets: [String] = []
        let node = portable(merged, key: "", folders: folders, secrets: &secrets)
        if holdsKey(merged) { return .secretNeeded }
        if secrets.contains(where: { holds(node, text: $0) }) { return .secretElsewhere }
        return .file(header.bytes + Emitter.yaml(node))
    }

    private static func portable(_ node: Node, key: String, folders: [String], secrets: inout [String]) -> Node {
        var node = node
        switch node.content {
        case .scalar(var scalar):
            if pathKeys.contains(key), !node.isNull {
                scalar.text = joined(folders[node.place.file], scalar.text)
                node.content = .scalar(scalar)
            }
        case .sequence(let elements):
            node.content = .sequence(elements.map { portable($0, key: key, folders: folders, secrets: &secrets) })
        case .mapping(let entries):
            // `buffer: {file: NAME}` looks like a reference, and is a section.
            if key != "buffer", let reference = Reference(node) {
                guard reference.kind == .file, case .scalar(var scalar) = entries[0].value.content else { return node }
                scalar.text = joined(folders[entries[0].value.place.file], reference.name)
                var entry = entries[0]
                entry.value.content = .scalar(scalar)
                node.content = .mapping([entry])
                return node
            }
            var kept: [Entry] = []
            for var entry in entries {
                if Emitter.secretKeys.contains(entry.key), let scalar = entry.value.scalar {
                    secrets.append(scalar.text)
                    continue
                }
                entry.value = portable(entry.value, key: entry.key, folders: folders, secrets: &secrets)
                kept.append(entry)
            }
            node.content = .mapping(kept)
        }
        return node
    }

    /// `psk` with a value that is no reference.
    private static func holdsKey(_ node: Node) -> Bool {
        switch node.content {
        case .scalar: false
        case .sequence(let elements): elements.contains { holdsKey($0) }
        case .mapping(let entries): entries.contains { ($0.key == "psk" && $0.value.scalar != nil) || holdsKey($0.value) }
        }
    }

    private static func holds(_ node: Node, text: String) -> Bool {
        switch node.content {
        case .scalar(let scalar): scalar.text == text
        case .sequence(let elements): elements.contains { holds($0, text: text) }
        case .mapping(let entries): entries.contains { holds($0.value, text: text) }
        }
    }
}
