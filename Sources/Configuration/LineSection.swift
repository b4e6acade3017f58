internal import Telemetry

// Chips, and the lines that sensors and outputs want.

/// A line that something wants.
struct LineUse {
    var place: Place
    var shownLine: String
    /// `sensor 'air'`.
    var owner: String
}

extension Checker {
    mutating func chips(_ entry: Entry) -> [ChipSettings] {
        var result: [ChipSettings] = []
        for node in elements(entry, example: "- {name: bench, replay: FILE}") {
            if let chip = chip(node) { result.append(chip) }
        }
        return result
    }

    private mutating func chip(_ node: Node) -> ChipSettings? {
        let name = node["name"]?.value.scalar.map { shown($0.text) }
        let title = name.map { "chip '\($0)'" } ?? "chip"
        guard
            let section = section(
                node, name: "chips", title: title, keys: ["name", "replay", "label", "device", "loop", "speed"])
        else { return nil }
        require(section, "name", example: "bench")
        let chosen = text(section, "name", maximum: 64)
        let sources = ["replay", "label", "device"].compactMap { section[$0] }
        if sources.isEmpty {
            error(node.place, "\(title): says not which chip; write 'label: LABEL', or 'replay: FILE' for a recording")
        } else if sources.count > 1 {
            error(sources[1].keyPlace, "\(sources[1].key): goes without '\(sources[0].key)'; remove one of them")
        }
        let replay = path(section, "replay")
        let label = text(section, "label")
        let device = text(section, "device")
        if device != nil, let place = section["device"]?.value.place {
            warning(place, "device: the numbers of chips can change at a start; use 'label: LABEL' (see gpiodetect)")
        }
        let loop = logical(section, "loop")
        let speed = decimal(section, "speed", (Decimal(1, decimals: 3), Decimal(1000, decimals: 0)))
        for key in ["loop", "speed"] where section["replay"] == nil {
            if let entry = section[key] { error(entry.keyPlace, "\(key): goes with 'replay' only; remove it") }
        }
        guard let chosen, let place = section["name"]?.value.place else { return nil }
        if let first = chips.first(where: { $0.name == chosen }) {
            error(place, "duplicate chip '\(shown(chosen))'; the first is at \(named(first.place)), choose another name")
            return nil
        }
        chips.append(ChipFacts(name: chosen, place: place, other: label ?? device))
        let source: ChipSettings.Source
        if let replay {
            source = .replay(replay)
        } else if let label {
            source = .label(label)
        } else if let device {
            source = .device(device)
        } else {
            return nil
        }
        return ChipSettings(name: chosen, source: source, loop: loop ?? false, speed: speed ?? .one)
    }

    /// - Parameter owner: `sensor 'air'`.
    mutating func line(_ section: Section, owner: String) -> LineReference? {
        guard let entry = section["line"] else { return nil }
        guard let line = lineReference(entry) else { return nil }
        let use = LineUse(place: entry.value.place, shownLine: line.text, owner: owner)
        if let first = lineUses[identity(line)] {
            error(
                use.place,
                "line: \(use.shownLine) is taken by \(first.owner) at \(named(first.place)); choose another line")
        } else {
            lineUses.set(use, for: identity(line))
        }
        return line
    }

    private mutating func lineReference(_ entry: Entry) -> LineReference? {
        let wanted = "a line's name, or {chip: CHIP, offset: N}"
        guard entry.value.entries != nil, Reference(entry.value) == nil else {
            guard let scalar = scalar(entry, wanted: wanted) else { return nil }
            return lineName(scalar, "line", chipIsGiven: false).map { .name($0) }
        }
        guard let inner = section(entry, keys: ["chip", "offset", "name", "header"]) else { return nil }
        if let header = inner["header"] {
            for other in inner.entries where other.key != "header" {
                error(other.keyPlace, "\(other.key): goes without 'header'; remove one of them")
            }
            guard let pin = integer(inner, "header", 1...40) else { return nil }
            if let power = RaspberryPi.power(ofPin: Int(pin)) {
                let pins = (1...40).filter { RaspberryPi.gpio(ofPin: $0) != nil }.map { "\($0)" }.joined(separator: ", ")
                error(header.value.place, "header: pin \(pin) is \(power); lines are at \(pins)")
                return nil
            }
            return .header(Int(pin))
        }
        let chip = chipName(inner)
        if inner["chip"] == nil {
            error(entry.value.place, "line: 'chip' is missing; write {chip: CHIP, offset: N} or {chip: CHIP, name: NAME}")
        }
        switch (inner["offset"], inner["name"]) {
        case (nil, nil):
            error(entry.value.place, "line: 'offset' or 'name' is missing; write {chip: CHIP, offset: N} or {chip: CHIP, name: NAME}")
            return nil
        case (_?, let name?):
            error(name.keyPlace, "name: goes without 'offset'; remove one of them")
            return nil
        case (_?, nil):
            guard let offset = integer(inner, "offset", 0...65_535), let chip else { return nil }
            return .offset(chip: chip, offset: UInt32(offset))
        case (nil, let name?):
            guard let scalar = scalar(name, wanted: "a line's name"),
                let text = lineName(scalar, "name", chipIsGiven: true), let chip
            else { return nil }
            return .nameOnChip(chip: chip, name: text)
        }
    }

    private mutating func lineName(_ scalar: ScalarText, _ key: String, chipIsGiven: Bool) -> String? {
        // GPIO_MAX_NAME_SIZE of linux/gpio.h is 32, with the NUL.
        let count = scalar.text.utf8.count
        guard (1...31).contains(count), !scalar.text.bytes.contains(where: { $0 < 32 || $0 == 127 }) else {
            error(scalar.place, "\(key): \(scalar.shownText) is no line's name; it has 1 ... 31 characters (see gpioinfo)")
            return nil
        }
        if !chipIsGiven, scalar.text.bytes.allSatisfy(isDigit) {
            error(
                scalar.place,
                "\(key): \(scalar.shownText) is a number, and lines have names; did you mean 'GPIO\(shown(scalar.text))', or {chip: CHIP, offset: \(shown(scalar.text))}?"
            )
            return nil
        }
        return scalar.text
    }

    private mutating func chipName(_ section: Section) -> String? {
        guard let chip = text(section, "chip", wanted: "a chip's label"), let place = section["chip"]?.value.place
        else { return nil }
        if chips.contains(where: { $0.name == chip }) { return chip }
        if chip.hasPrefix("/") || isKernelName(chip) {
            warning(place, "chip: '\(shown(chip))' can be another chip after the next start; use its label (see gpiodetect)")
        } else if let near = Suggestion.nearest(to: chip, among: chips.map { $0.name }) {
            warning(place, "chip: '\(shown(chip))' is not in 'chips' and is taken for a label; did you mean '\(near)'?")
        }
        return chip
    }

    private func isKernelName(_ chip: String) -> Bool {
        let name = "gpiochip"
        guard chip.hasPrefix(name) else { return false }
        let number = chip.bytes.dropFirst(name.utf8.count)
        return !number.isEmpty && number.allSatisfy(isDigit)
    }

    /// The same for two ways to name one line. What a chip's label says of a Raspberry Pi is known without the board.
    private func identity(_ line: LineReference) -> String {
        switch line {
        case .name(let name): return gpioIdentity(RaspberryPi.gpio(named: name)) ?? "name \(name)"
        case .header(let pin): return gpioIdentity(RaspberryPi.gpio(ofPin: pin)) ?? ""
        case .offset(let chip, let offset):
            let chip = chipIdentity(chip)
            return (isRaspberryPi(chip) ? gpioIdentity(Int(offset)) : nil) ?? "offset \(offset) of \(chip)"
        case .nameOnChip(let chip, let name):
            let chip = chipIdentity(chip)
            return (isRaspberryPi(chip) ? gpioIdentity(RaspberryPi.gpio(named: name)) : nil) ?? "name \(name) of \(chip)"
        }
    }

    private func gpioIdentity(_ gpio: Int?) -> String? { gpio.map { "GPIO\($0)" } }

    /// - Parameter chip: a label, unless `chips` has a replayed one of that name.
    private func isRaspberryPi(_ chip: String) -> Bool {
        RaspberryPi.isChip(label: chip) && !chips.contains { $0.name == chip && $0.other == nil }
    }

    private func chipIdentity(_ chip: String) -> String {
        let prefix = "/dev/"
        var name = chip
        if let facts = chips.first(where: { $0.name == chip }), let other = facts.other { name = other }
        if name.hasPrefix(prefix) { name = String(decoding: name.bytes.dropFirst(prefix.utf8.count), as: UTF8.self) }
        return name
    }
}
