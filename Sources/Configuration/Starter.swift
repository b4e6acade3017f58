package import Telemetry

/// What `godwit init` found on a board. Texts come from the kernel and from parts: they are not trusted.
package struct BoardFindings: Sendable {
    package struct Chip: Sendable {
        package var label: String
        /// `gpiochip0 [pinctrl-bcm2711], 58 lines`.
        package var text: String
        /// By offset; empty where a line has no name.
        package var lines: [String]
        /// Offsets that something holds already.
        package var used: ShortSet<Int>

        package init(label: String, text: String, lines: [String], used: ShortSet<Int> = []) {
            self.label = label
            self.text = text
            self.lines = lines
            self.used = used
        }
    }

    package var chips: [Chip]
    /// Anything else that sensors sit on: `I2C bus`, `i2c-1`.
    package var others: [(kind: String, name: String)]

    package init(chips: [Chip] = [], others: [(kind: String, name: String)] = []) {
        self.chips = chips
        self.others = others
    }
}

/// An annotated configuration that is valid as it stands, and gives a reading without any wiring.
package func starterConfiguration(_ findings: BoardFindings) -> String {
    let lines = exampleLines(findings.chips)
    var text = """
        # Godwit, a configuration to start from: made by godwit init for this board. What stands behind a # is an example.
        # After a change: godwit check, then systemctl restart godwitd. All keys: man godwit.yaml, or
        # /usr/share/doc/godwit/examples. All about a sensor: godwit sensors MODEL.

        broker:
          url: mqtt://localhost         # your broker: mqtt://192.168.1.10, mqtts://broker.example:8883
          # username: NAME
          # password: {credential: broker-password}     # in /etc/credstore/godwit.broker-password

        sensors:
          # A made-up value, so that the first start gives a reading without any wiring. Take it out later.
          - {id: demo, model: synthetic, every: 10 s}
          # - {id: air, model: dht22, line: \(lines[0])}
          # - {id: door, model: contact, line: \(lines[1]), class: door}
          # - {id: rain, model: pulse-counter, line: \(lines[2]), per_pulse: 0.2794, unit: mm, quantity: rain}

        # alerts:
        #   - {id: demo-high, series: demo.value, above: 0.9, clear_below: 0.5}
        # outputs:
        #   - {id: siren, line: \(lines[3]), maximum_on: 10 min}

        # Found here:

        """
    for chip in findings.chips { text += "#   GPIO chip \(printable(chip.text))\n" }
    if findings.chips.isEmpty { text += "#   no GPIO chip that may be opened (/dev/gpiochip*): the lines above are those of a Raspberry Pi\n" }
    for other in findings.others { text += "#   \(other.kind) \(printable(other.name))\n" }
    if !findings.others.isEmpty { text += "# godwit sensors lists the models of this version; those on buses come with later ones.\n" }
    return text
}

/// Four lines as `line:` has them. A Raspberry Pi's go by their names; of another board the first chip's free ones.
private func exampleLines(_ chips: [BoardFindings.Chip]) -> [String] {
    let standard = ["GPIO4", "GPIO17", "GPIO22", "GPIO27"]
    if chips.contains(where: { RaspberryPi.isChip(label: $0.label) }) { return standard }
    guard let chip = chips.first(where: { $0.lines.count - $0.used.elements.count >= 4 }) else { return standard }
    return chip.lines.indices.filter { !chip.used.contains($0) }.prefix(4).map { offset in
        let name = chip.lines[offset]
        let isUnique = chips.reduce(0) { $0 + $1.lines.count { $0 == name } } == 1
        if isUnique, isPlain(name) { return name }
        return "{chip: \"\(quotable(chip.label))\", offset: \(offset)}"
    }
}

/// A word that YAML takes as it stands, and that is no number.
private func isPlain(_ name: String) -> Bool {
    guard let first = name.bytes.first, isLowerCase(first | 32) else { return false }
    return name.bytes.allSatisfy { isLowerCase($0 | 32) || isDigit($0) || $0 == 95 || $0 == 45 }
        && !["true", "false", "yes", "no", "on", "off", "null"].contains(name)
}

/// One line, whatever the kernel said: else it would go on outside of the comment.
private func printable(_ text: String) -> String {
    String(decoding: text.bytes.map { $0 < 32 || $0 >= 127 ? 63 : $0 }, as: UTF8.self)
}

private func quotable(_ text: String) -> String {
    String(decoding: text.bytes.map { $0 < 32 || $0 >= 127 || $0 == 34 || $0 == 92 ? 63 : $0 }, as: UTF8.self)
}
