internal import Telemetry

/// Where something stands: which of the files that are read together, line and column from 1.
///
/// Columns count characters (Unicode scalars), as editors and libyaml do.
package struct Place: Hashable, Comparable, Sendable {
    /// Index into the files in the order they are read: the main file is 0.
    package var file: Int
    package var line: Int
    package var column: Int

    package init(file: Int = 0, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package static func < (a: Place, b: Place) -> Bool {
        (a.file, a.line, a.column) < (b.file, b.line, b.column)
    }
}

/// One value of a YAML file with its place; anchors, aliases and merge keys are already expanded.
package struct Node: Hashable, Sendable {
    package indirect enum Content: Hashable, Sendable {
        case scalar(Scalar)
        case sequence([Node])
        /// In the order of the file, each key once.
        case mapping([Entry])
    }

    package var place: Place
    package var content: Content

    package init(place: Place, content: Content) {
        self.place = place
        self.content = content
    }

    /// An empty value, `~` or `null`, and not in quotes.
    package var isNull: Bool {
        guard case .scalar(let scalar) = content, scalar.style == .plain else { return false }
        return scalar.text == "" || scalar.text == "~" || scalar.text == "null"
    }

    package var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    package var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    package var elements: [Node]? { if case .sequence(let elements) = content { elements } else { nil } }

    package subscript(key: String) -> Entry? { entries?.first { $0.key == key } }
}

package struct Scalar: Hashable, Sendable {
    package enum Style: Hashable, Sendable {
        case plain
        /// In single or double quotes, or a block: a text whatever it looks like.
        case quoted
    }

    package var text: String
    package var style: Style

    package init(text: String, style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

package struct Entry: Hashable, Sendable {
    package var key: String
    package var keyPlace: Place
    package var value: Node
    /// `<<` in quotes is a key like any other.
    package var isMergeKey: Bool

    package init(key: String, keyPlace: Place, value: Node, isMergeKey: Bool = false) {
        self.key = key
        self.keyPlace = keyPlace
        self.value = value
        self.isMergeKey = isMergeKey
    }
}

/// What stands in place of a scalar whose text is elsewhere: `{credential: NAME}`, `{file: PATH}`, `{environment: NAME}`.
package struct Reference: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A file of that name in `$CREDENTIALS_DIRECTORY`, where systemd puts what `LoadCredential=` names.
        case credential
        case file
        case environment

        package var text: String {
            switch self {
            case .credential: "credential"
            case .file: "file"
            case .environment: "environment"
            }
        }
    }

    package static let kinds: [Kind] = [.credential, .file, .environment]

    package var kind: Kind
    /// As written; a relative path is not resolved yet.
    package var name: String

    package init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }

    /// The only entry of a mapping is one of the three, and its value a scalar.
    package init?(_ node: Node) {
        guard let entries = node.entries, entries.count == 1, let scalar = entries[0].value.scalar,
            !entries[0].value.isNull, let kind = Self.kinds.first(where: { $0.text == entries[0].key })
        else { return nil }
        self.init(kind: kind, name: scalar.text)
    }

    /// As written.
    package var text: String { "{\(kind.text): \(shown(name))}" }
}

/// What the shell found behind a reference.
package enum ReferenceValue: Hashable, Sendable {
    case text(String)
    /// Why it cannot be read, and what to do.
    case unreadable(String)
}
