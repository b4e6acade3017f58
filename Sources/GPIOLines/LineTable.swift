package import Telemetry

/// One line of this board with all that is known of it.
package struct LineRow: Hashable, Sendable {
    package var chip: ChipListing
    package var offset: Int
    package var state: LineState
    /// `sensor air`, `output siren`: what of the configuration wants it.
    package var wantedBy: [String]

    package init(chip: ChipListing, offset: Int, state: LineState, wantedBy: [String] = []) {
        self.chip = chip
        self.offset = offset
        self.state = state
        self.wantedBy = wantedBy
    }

    /// Empty where the kernel has none.
    package var name: String { chip.lines[offset] }
    /// The pin of the header of a Raspberry Pi.
    package var pin: Int? { chip.isRaspberryPi ? RaspberryPi.pin(ofGPIO: offset) : nil }
    /// What the configuration calls it: on a Raspberry Pi `GPIO17`.
    package var gpio: String? { chip.isRaspberryPi ? "GPIO\(offset)" : nil }
    package var direction: String { state.isOutput ? "output" : "input" }
    package var bias: String? {
        switch state.bias {
        case .pullUp: "pull-up"
        case .pullDown: "pull-down"
        case .disabled: "none"
        case .asIs: nil
        }
    }
}

extension CharacterDevices {
    /// - Parameters:
    ///   - chips: which, by index.
    ///   - wants: who wants which line.
    ///   - search: these devices, with the names of chips that the configuration has.
    /// - Returns: a row for each line, and for each want that finds none here its owner and why.
    package func rows(
        chips wanted: [Int], wants: [(owner: String, line: LineReference)], search: LineSearch
    ) -> (rows: [LineRow], missing: [(owner: String, problem: LineProblem)]) {
        var owners = ShortTable<LineLocation, [String]>()
        var missing: [(owner: String, problem: LineProblem)] = []
        for (owner, line) in wants {
            do throws(LineProblem) {
                let location = try search.find(line)
                owners[location] = (owners[location] ?? []) + [owner]
            } catch {
                missing.append((owner, error))
            }
        }
        var rows: [LineRow] = []
        for chip in wanted {
            for offset in chips[chip].lines.indices {
                rows.append(
                    LineRow(
                        chip: chips[chip], offset: offset, state: states[chip][offset],
                        wantedBy: owners[LineLocation(chip: chip, offset: offset)] ?? []))
            }
        }
        return (rows, missing)
    }
}

/// For people: one block for each chip, columns as wide as their widest word.
package func lineTable(_ rows: [LineRow]) -> String {
    var text = ""
    var start = 0
    while start < rows.count {
        let chip = rows[start].chip
        var end = start
        while end < rows.count, rows[end].chip == chip { end += 1 }
        text += (start == 0 ? "" : "\n") + chip.text + "\n"
        var table = [["pin", "line", "name", "direction", "bias", "used by", "wanted by"]]
        for row in rows[start..<end] {
            let user = row.state.consumer.isEmpty ? row.state.isUsed ? "the kernel" : "-" : row.state.consumer
            table.append([
                row.pin.map { "\($0)" } ?? "-", row.gpio ?? "\(row.offset)", row.name.isEmpty ? "-" : row.name,
                row.direction + (row.state.isActiveLow ? ", active low" : ""), row.bias ?? "-", user,
                row.wantedBy.isEmpty ? "-" : row.wantedBy.joined(separator: ", "),
            ])
        }
        // Only a Raspberry Pi has pins.
        if !chip.isRaspberryPi { for index in table.indices { table[index].removeFirst() } }
        let widths = table[0].indices.map { column in table.map { $0[column].utf8.count }.max() ?? 0 }
        for row in table {
            var line = " "
            for (column, word) in row.enumerated() {
                line += " " + word
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - word.utf8.count + 1) }
            }
            text += line + "\n"
        }
        start = end
    }
    return text
}
