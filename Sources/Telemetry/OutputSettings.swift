/// One entry of `outputs`, checked and typed (contract, section 1). What it means over time is in docs/outputs.md.
package struct OutputSettings: Hashable, Sendable {
    /// `on_offline`: what is commanded after so long without the broker.
    package struct Offline: Hashable, Sendable {
        package var isOn: Bool
        package var after: Duration
        package init(isOn: Bool, after: Duration) {
            self.isOn = isOn
            self.after = after
        }
    }

    package var id: String
    package var name: String
    package var line: LineReference
    /// `active: low`.
    package var isActiveLow: Bool
    package var initial: Bool
    package var onExit: Bool
    /// `P/outputs/<id>/set` and the command `output` of `P/command` are taken.
    package var isRemote: Bool
    /// Nil: no bound.
    package var maximumOn: Duration?
    package var minimumOn: Duration
    package var minimumOff: Duration
    package var onOffline: Offline?
    /// Of the outputs with the same group one is on at a time.
    package var group: String?

    package init(
        id: String, name: String? = nil, line: LineReference, isActiveLow: Bool = false, initial: Bool = false,
        onExit: Bool = false, isRemote: Bool = false, maximumOn: Duration? = nil, minimumOn: Duration = .zero,
        minimumOff: Duration = .zero, onOffline: Offline? = nil, group: String? = nil
    ) {
        self.id = id
        self.name = name ?? id
        self.line = line
        self.isActiveLow = isActiveLow
        self.initial = initial
        self.onExit = onExit
        self.isRemote = isRemote
        self.maximumOn = maximumOn
        self.minimumOn = minimumOn
        self.minimumOff = minimumOff
        self.onOffline = onOffline
        self.group = group
    }
}
