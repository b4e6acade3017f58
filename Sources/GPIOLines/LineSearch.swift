package import Telemetry

/// One chip and the names of its lines, as a search needs them.
package struct ChipListing: Hashable, Sendable {
    /// The kernel's name: `gpiochip0`; for a replayed chip its name in `chips`.
    package var name: String
    /// The driver's label: `pinctrl-bcm2711`; empty for a replayed chip.
    package var label: String
    /// The device file, `/dev/gpiochip0`; empty for a replayed chip.
    package var path: String
    /// By offset; empty where a line has no name.
    package var lines: [String]

    package init(name: String, label: String = "", path: String = "", lines: [String]) {
        self.name = name
        self.label = label
        self.path = path
        self.lines = lines
    }

    /// Its lines go by the names of a Raspberry Pi, too. A replayed chip has no label.
    package var isRaspberryPi: Bool { RaspberryPi.isChip(label: label) }

    /// `gpiochip0 [pinctrl-bcm2711], 58 lines`.
    package var text: String {
        var text = name
        if !label.isEmpty { text += " [\(label)]" }
        text += lines.count == 1 ? ", 1 line" : ", \(lines.count) lines"
        if !lines.isEmpty && lines.allSatisfy({ $0.isEmpty }) { text += ", none with a name" }
        return text
    }
}

/// Where a line is: the index of its chip among those searched, and its offset there.
package struct LineLocation: Hashable, Sendable {
    package var chip: Int
    package var offset: Int
    package init(chip: Int, offset: Int) {
        self.chip = chip
        self.offset = offset
    }
}

/// Finds lines by what the configuration calls them, over all chips. Pure: it sees listings only.
package struct LineSearch: Sendable {
    package var chips: [ChipListing]
    /// Other names of chips, from `chips` of the configuration: name, and what it stands for.
    package var aliases: [(name: String, chip: String)]

    package init(chips: [ChipListing], aliases: [(name: String, chip: String)] = []) {
        self.chips = chips
        self.aliases = aliases
    }

    /// The one line that the reference means.
    package func find(_ reference: LineReference) throws(LineProblem) -> LineLocation {
        switch reference {
        case .name(let name):
            if chips.isEmpty { throw .noChips(reference) }
            return try one(named: name, on: Array(chips.indices), reference)
        case .nameOnChip(let chip, let name):
            return try one(named: name, on: try indices(ofChip: chip, reference), reference)
        case .offset(let chip, let offset):
            let found = try indices(ofChip: chip, reference)
            guard found.count == 1 else { throw .ambiguous(reference, candidates: found.map { chips[$0].text }) }
            guard Int(offset) < chips[found[0]].lines.count else {
                throw .lineMissing(reference, near: [], searched: [chips[found[0]].text])
            }
            return LineLocation(chip: found[0], offset: Int(offset))
        case .header(let pin):
            guard let gpio = RaspberryPi.gpio(ofPin: pin) else { throw .notSupported(reference, what: "is power or ground") }
            if chips.isEmpty { throw .noChips(reference) }
            let found = chips.indices.filter { chips[$0].isRaspberryPi && gpio < chips[$0].lines.count }
            guard let chip = found.first else {
                throw .chipMissing(reference, chip: "pinctrl-bcm*", chips: chips.map { $0.text })
            }
            guard found.count == 1 else { throw .ambiguous(reference, candidates: found.map { chips[$0].text }) }
            return LineLocation(chip: chip, offset: gpio)
        }
    }

    /// How a problem of the line names it: on a Raspberry Pi with its pin of the header.
    package func named(_ reference: LineReference, at location: LineLocation) -> LineReference {
        guard chips[location.chip].isRaspberryPi, let pin = RaspberryPi.pin(ofGPIO: location.offset) else { return reference }
        return .header(pin)
    }

    /// The chips that go by a name: an alias first, else a label, else a kernel name or a path.
    package func chips(called name: String) -> [Int] {
        var wanted = name
        for alias in aliases where alias.name == name { wanted = alias.chip }
        let labelled = chips.indices.filter { !chips[$0].label.isEmpty && chips[$0].label == wanted }
        return labelled.isEmpty ? chips.indices.filter { chips[$0].name == wanted || chips[$0].path == wanted } : labelled
    }

    /// The chips that go by a name. Never empty.
    private func indices(ofChip name: String, _ reference: LineReference) throws(LineProblem) -> [Int] {
        if chips.isEmpty { throw .noChips(reference) }
        let found = chips(called: name)
        if !found.isEmpty { return found }
        var wanted = name
        for alias in aliases where alias.name == name { wanted = alias.chip }
        throw .chipMissing(reference, chip: wanted, chips: chips.map { $0.text })
    }

    private func one(named name: String, on searched: [Int], _ reference: LineReference) throws(LineProblem)
        -> LineLocation
    {
        var found: [LineLocation] = []
        let gpio = RaspberryPi.gpio(named: name)
        for chip in searched {
            // There the name means the line itself, whatever the kernel calls it, and no other of this chip.
            if let gpio, chips[chip].isRaspberryPi, gpio < chips[chip].lines.count {
                found.append(LineLocation(chip: chip, offset: gpio))
                continue
            }
            for offset in chips[chip].lines.indices where chips[chip].lines[offset] == name {
                found.append(LineLocation(chip: chip, offset: offset))
            }
        }
        if found.count == 1 { return found[0] }
        if found.isEmpty {
            throw .lineMissing(
                reference, near: near(name, on: searched), searched: searched.map { chips[$0].text })
        }
        throw .ambiguous(
            reference,
            candidates: found.map { "offset \($0.offset) of \(chips[$0.chip].name)"
                + (chips[$0.chip].label.isEmpty ? "" : " [\(chips[$0.chip].label)]") })
    }

    /// At most five names that differ by little from `name`: the nearest first, then in the order of the chips.
    private func near(_ name: String, on searched: [Int]) -> [String] {
        let wanted = name.bytes
        // A third of the length, so that short names do not find everything.
        let limit = Swift.max(1, wanted.count / 3)
        var found: [(name: String, distance: Int)] = []
        for chip in searched {
            for line in chips[chip].lines where !line.isEmpty && !found.contains(where: { $0.name == line }) {
                let distance = editDistance(wanted, line.bytes, atMost: limit)
                if distance <= limit { found.append((line, distance)) }
            }
        }
        // Sorted by hand: stable, and only five are wanted.
        var nearest: [String] = []
        for distance in 0...limit {
            for entry in found where entry.distance == distance && nearest.count < 5 { nearest.append(entry.name) }
        }
        return nearest
    }
}

/// How many bytes must be put in, taken out or replaced to make one text of the other (Levenshtein). Letters of either
/// case are the same. More than `limit` is `limit + 1`.
package func editDistance(_ a: [UInt8], _ b: [UInt8], atMost limit: Int) -> Int {
    func folded(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }
    if abs(a.count - b.count) > limit { return limit + 1 }
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let replaced = diagonal + (folded(a[i]) == folded(b[j]) ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = Swift.min(replaced, Swift.min(row[j], row[j + 1]) + 1)
        }
    }
    return Swift.min(row[b.count], limit + 1)
}
