package import Telemetry

/// What is kept in `godwit.state`: sections, each under a name and in its owner's own form.
package struct SavedState: Hashable, Sendable {
    /// The boot in which it was written: instants inside are of it.
    package var boot: BootID
    package private(set) var sections: [Section] = []

    package struct Section: Hashable, Sendable {
        package var name: String
        package var bytes: [UInt8]
    }

    package init(boot: BootID) { self.boot = boot }

    package subscript(name: String) -> [UInt8]? {
        get { sections.first { $0.name == name }?.bytes }
        set {
            sections.removeAll { $0.name == name }
            if let newValue { sections.append(Section(name: name, bytes: newValue)) }
        }
    }

    package func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4)
        bytes.put(UInt64(boot.rawValue), at: 0, bytes: 4)
        bytes.appendVarint(UInt64(sections.count))
        for section in sections {
            bytes.appendText(section.name)
            bytes.appendVarint(UInt64(section.bytes.count))
            bytes.append(contentsOf: section.bytes)
        }
        return bytes
    }

    /// Nil for bytes that are no saved state.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        boot = BootID(UInt32(bytes.get(at: 0, bytes: 4)))
        var reader = ByteReader(bytes, from: 4, to: bytes.count)
        guard let count = reader.varint(), count <= 65_536 else { return nil }
        for _ in 0..<count {
            guard let name = reader.text(), let length = reader.varint(), length <= UInt64(bytes.count),
                let content = reader.bytes(Int(length))
            else { return nil }
            sections.append(Section(name: name, bytes: content))
        }
        guard reader.isAtEnd else { return nil }
    }
}
