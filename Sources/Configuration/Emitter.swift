internal import Telemetry

/// Writes a tree as YAML: block style, two spaces, secrets as stars or as their reference.
package enum Emitter {
    /// What stands for a secret that the file holds itself.
    package static let mask = "********"
    /// Keys whose value is a secret, wherever they are.
    static let secretKeys = ["password", "psk"]

    package static func yaml(_ root: Node) -> [UInt8] {
        var out: [UInt8] = []
        // An alias brings a secret to a key of another name: what is a secret once is one everywhere.
        var secrets: [String] = []
        collectSecrets(root, into: &secrets)
        let shown = secrets.isEmpty ? root : masked(root, secrets)
        switch shown.content {
        case .mapping(let entries) where entries.isEmpty: out += "{}\n".bytes
        case .mapping(let entries): mapping(entries, indent: 0, to: &out)
        default: value(shown, indent: 0, to: &out)
        }
        return out
    }

    private static func collectSecrets(_ node: Node, into secrets: inout [String]) {
        switch node.content {
        case .scalar: break
        case .sequence(let elements): for element in elements { collectSecrets(element, into: &secrets) }
        case .mapping(let entries):
            for entry in entries {
                if secretKeys.contains(entry.key), let scalar = entry.value.scalar, !entry.value.isNull {
                    secrets.append(scalar.text)
                }
                collectSecrets(entry.value, into: &secrets)
            }
        }
    }

    private static func masked(_ node: Node, _ secrets: [String]) -> Node {
        var node = node
        switch node.content {
        case .scalar(var scalar):
            guard secrets.contains(scalar.text) else { return node }
            scalar.text = mask
            scalar.style = .quoted
            node.content = .scalar(scalar)
        case .sequence(let elements): node.content = .sequence(elements.map { masked($0, secrets) })
        case .mapping(let entries):
            node.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.value = masked(entry.value, secrets)
                    return entry
                })
        }
        return node
    }

    private static func mapping(_ entries: [Entry], indent: Int, to out: inout [UInt8], firstIsIndented: Bool = false) {
        for (index, entry) in entries.enumerated() {
            if index > 0 || !firstIsIndented { spaces(indent, to: &out) }
            text(entry.key, isPlain: isWord(entry.key), to: &out)
            out.append(58)
            if secretKeys.contains(entry.key), entry.value.scalar != nil, !entry.value.isNull {
                out += " \"\(mask)\"\n".bytes
            } else {
                value(entry.value, indent: indent, to: &out)
            }
        }
    }

    /// Behind a colon or a dash: a space and one line, or a new line and a block.
    private static func value(_ node: Node, indent: Int, to out: inout [UInt8]) {
        if let reference = Reference(node) {
            out += " {\(reference.kind.text): ".bytes
            text(reference.name, isPlain: isWord(reference.name), to: &out)
            out += "}\n".bytes
            return
        }
        switch node.content {
        case .scalar(let scalar):
            if !scalar.text.isEmpty || scalar.style == .quoted {
                out.append(32)
                text(scalar.text, isPlain: scalar.style == .plain && isOneLine(scalar.text), to: &out)
            }
            out.append(10)
        case .mapping(let entries) where entries.isEmpty: out += " {}\n".bytes
        case .mapping(let entries):
            out.append(10)
            mapping(entries, indent: indent + 2, to: &out)
        case .sequence(let elements) where elements.isEmpty: out += " []\n".bytes
        case .sequence(let elements):
            out.append(10)
            for element in elements {
                spaces(indent + 2, to: &out)
                out.append(45)
                if let entries = element.entries, !entries.isEmpty, Reference(element) == nil {
                    out.append(32)
                    mapping(entries, indent: indent + 4, to: &out, firstIsIndented: true)
                } else {
                    value(element, indent: indent + 2, to: &out)
                }
            }
        }
    }

    private static func spaces(_ count: Int, to out: inout [UInt8]) {
        for _ in 0..<count { out.append(32) }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text != "null"
            && text.bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == 95 }
    }

    private static func isOneLine(_ text: String) -> Bool { text.bytes.allSatisfy { $0 >= 32 && $0 != 127 } }

    private static func text(_ text: String, isPlain: Bool, to out: inout [UInt8]) {
        if isPlain {
            out += text.bytes
            return
        }
        out.append(34)
        for byte in text.bytes {
            switch byte {
            case 34, 92:
                out.append(92)
                out.append(byte)
            case 10: out += "\\n".bytes
            case 9: out += "\\t".bytes
            case 0..<32, 127: out += "\\x\(TextCheck.hexadecimal(byte))".bytes
            default: out.append(byte)
            }
        }
        out.append(34)
    }
}
