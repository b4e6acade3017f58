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

    @inline(never) package subscript(name: String) -> [UInt8]? {
        get { sections.first { $0.name == name }?.bytes }
        set {
            sections.removeAll { $0.name == name }
            if let newValue { sections.append(Section(name: name, bytes: newValue)) }
        }
    }

    package func encoded() -> [UInt8] {
        var fields = FieldWriter()
        fields.unsigned(UInt64(boot.rawValue))
        fields.unsigned(UInt64(sections.count))
        for section in sections {
            fields.text(section.name)
            fields.block(section.bytes)
        }
        return fields.bytes
    }

    /// Nil for bytes that are no saved state.
    package init?(decoding bytes: [UInt8]) {
        var fields = FieldReader(bytes)
        guard let boot = fields.unsigned(), boot <= UInt64(UInt32.max), let count = fields.count(maximum: 65_536) else { return nil }
        self.boot = BootID(UInt32(boot))
        for _ in 0..<count {
            guard let name = fields.text(maximum: 255), let content = fields.block(maximum: StateKeeper.maximumBytes) else { return nil }
            sections.append(Section(name: name, bytes: content))
        }
        guard fields.isAtEnd else { return nil }
    }
}
