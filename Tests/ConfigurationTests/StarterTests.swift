import Configuration
import Telemetry
import Testing

/// What godwit init prints is valid on every board, also with its examples switched on.
@Suite struct StarterTests {
    static let boards: [(String, BoardFindings)] = [
        ("nothing", BoardFindings()),
        (
            "a Raspberry Pi 4",
            BoardFindings(
                chips: [
                    .init(label: "raspberrypi-exp-gpio", text: "gpiochip1 [raspberrypi-exp-gpio], 8 lines", lines: ["BT_ON", "WL_ON", "A", "B", "C", "D", "E", "F"]),
                    .init(label: "pinctrl-bcm2711", text: "gpiochip0 [pinctrl-bcm2711], 58 lines", lines: (0..<58).map { "GPIO\($0)" }),
                ],
                others: [("I2C bus", "i2c-1"), ("1-Wire device", "28-0316a4b2c3ff"), ("thermal zone", "thermal_zone0 (cpu-thermal)")])
        ),
        (
            "a board with named lines, some in use",
            BoardFindings(chips: [.init(label: "gpio-vm", text: "gpiochip0 [gpio-vm], 6 lines", lines: ["P9-1", "yes", "P8_7", "a b", "P8_7", "x"], used: [5])])
        ),
        (
            "lines without names, and texts that are traps",
            BoardFindings(
                chips: [.init(label: "a\"b\\\n: #{", text: "gpiochip0\nbroker: 1\u{7f}", lines: ["", "", "", "", ""])],
                others: [("hwmon", "hwmon0 (x\ny: 1)"), ("serial port", "\r\nsensors: []")])
        ),
        ("a chip too small", BoardFindings(chips: [.init(label: "exp", text: "gpiochip0 [exp], 1 line", lines: ["P1"])])),
    ]

    @Test(arguments: boards)
    func `it passes the check as it stands, and gives a reading`(board: String, findings: BoardFindings) throws {
        let result = check(starterConfiguration(findings))
        #expect(result.lines == [])
        #expect(result.settings?.sensors.map { $0.model } == ["synthetic"])
    }

    @Test(arguments: boards)
    func `its examples are valid, too`(board: String, findings: BoardFindings) throws {
        var text = ""
        for line in starterConfiguration(findings).split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# alerts:") || line.hasPrefix("# outputs:") || line.hasPrefix("#   - {") {
                text += line.dropFirst(2) + "\n"
            } else if line.hasPrefix("  # - {") {
                text += "  " + line.dropFirst(4) + "\n"
            } else {
                text += line + "\n"
            }
        }
        let result = check(text)
        #expect(result.lines == [], "\(text)")
        #expect(result.settings?.sensors.map { $0.id } == ["demo", "air", "door", "rain"])
        #expect(result.settings?.outputs.count == 1)
        #expect(result.settings?.alerts.count == 1)
    }

    @Test func `what was found is in it, in one line each`() {
        let text = starterConfiguration(Self.boards[1].1)
        for found in ["gpiochip0 [pinctrl-bcm2711], 58 lines", "i2c-1", "28-0316a4b2c3ff", "cpu-thermal", "line: GPIO4}"] {
            #expect(text.contains(found), "\(found)")
        }
        let trap = starterConfiguration(Self.boards[3].1)
        #expect(!trap.contains("\r") && !trap.contains("\u{7f}"))
        #expect(trap.contains("\n#   hwmon hwmon0 (x?y: 1)\n"))
        #expect(starterConfiguration(Self.boards[2].1).contains("line: P9-1"))
    }
}
