import GPIOLines
import Telemetry
import Testing

@Suite struct LineSearchTests {
    /// A Raspberry Pi 4 in small, an expander whose lines have no names, and two chips of one label.
    let search = LineSearch(
        chips: [
            ChipListing(
                name: "gpiochip0", label: "pinctrl-bcm2711", path: "/dev/gpiochip0",
                lines: ["ID_SDA", "ID_SCL", "GPIO2", "GPIO3", "GPIO4", "GPIO17", "shared"]),
            ChipListing(
                name: "gpiochip1", label: "raspberrypi-exp-gpio", path: "/dev/gpiochip1", lines: ["BT_ON", "shared"]),
            ChipListing(name: "gpiochip2", label: "pcf8574", path: "/dev/gpiochip2", lines: ["", "", "", ""]),
            ChipListing(name: "gpiochip3", label: "twin", path: "/dev/gpiochip3", lines: ["a", "b"]),
            ChipListing(name: "gpiochip4", label: "twin", path: "/dev/gpiochip4", lines: ["c", "b"]),
            ChipListing(name: "bench", lines: ["data"]),
        ],
        aliases: [("header", "pinctrl-bcm2711"), ("expander", "/dev/gpiochip2")])

    func problem(_ reference: LineReference) -> LineProblem? {
        do {
            _ = try search.find(reference)
            return nil
        } catch { return error }
    }

    @Test(arguments: [
        (LineReference.name("GPIO17"), 0, 5),
        (.name("BT_ON"), 1, 0),
        (.name("data"), 5, 0),
        (.nameOnChip(chip: "raspberrypi-exp-gpio", name: "shared"), 1, 1),
        (.nameOnChip(chip: "header", name: "shared"), 0, 6),
        (.nameOnChip(chip: "twin", name: "c"), 4, 0),
        (.nameOnChip(chip: "bench", name: "data"), 5, 0),
        (.offset(chip: "pinctrl-bcm2711", offset: 6), 0, 6),
        (.offset(chip: "gpiochip1", offset: 0), 1, 0),
        (.offset(chip: "/dev/gpiochip1", offset: 1), 1, 1),
        (.offset(chip: "expander", offset: 3), 2, 3),
    ])
    func `a line is found by name over all chips, and by a chip's alias, label, name or path`(
        reference: LineReference, chip: Int, offset: Int
    ) throws {
        #expect(try search.find(reference) == LineLocation(chip: chip, offset: offset))
    }

    @Test func `a missing line names the near ones and the chips searched`() throws {
        let found = try #require(problem(.name("gpio-17")))
        #expect(found.code == .missing)
        #expect(found.text.hasPrefix("line 'gpio-17' not found; near: GPIO17; searched "))
        #expect(found.text.contains("gpiochip0 [pinctrl-bcm2711], 7 lines"))
        #expect(found.text.contains("gpiochip2 [pcf8574], 4 lines, none with a name"))
        #expect(found.text.contains("bench, 1 line"))
    }

    @Test func `letters of either case are near, though not the same`() throws {
        guard case .lineMissing(_, let near, _) = problem(.name("bt_on")) else {
            Issue.record("not missing")
            return
        }
        #expect(near == ["BT_ON"])
    }

    @Test func `a line missing on one chip is searched on that chip only`() throws {
        guard case .lineMissing(_, let near, let searched) = problem(.nameOnChip(chip: "header", name: "BT_ON")) else {
            Issue.record("not missing")
            return
        }
        #expect(near == [])
        #expect(searched == ["gpiochip0 [pinctrl-bcm2711], 7 lines"])
    }

    @Test func `an offset beyond the last line is missing`() throws {
        let found = try #require(problem(.offset(chip: "pcf8574", offset: 4)))
        #expect(found.text == "line offset 4 of chip 'pcf8574' not found; searched gpiochip2 [pcf8574], 4 lines, none with a name")
    }

    @Test func `a name that two chips have is ambiguous and lists both`() throws {
        let found = try #require(problem(.name("shared")))
        #expect(found.code == .ambiguous)
        #expect(
            found.text
                == "line 'shared' is ambiguous: offset 6 of gpiochip0 [pinctrl-bcm2711], offset 1 of gpiochip1 [raspberrypi-exp-gpio]"
        )
    }

    @Test func `an offset on a label that two chips have is ambiguous`() throws {
        let found = try #require(problem(.offset(chip: "twin", offset: 0)))
        #expect(found.text == "line offset 0 of chip 'twin' is ambiguous: gpiochip3 [twin], 2 lines, gpiochip4 [twin], 2 lines")
        #expect(problem(.nameOnChip(chip: "twin", name: "b"))?.code == .ambiguous)
    }

    @Test func `a missing chip lists those that are here`() throws {
        let found = try #require(problem(.offset(chip: "pinctrl-rp1", offset: 0)))
        #expect(found.code == .missing)
        #expect(found.text.hasPrefix("line offset 0 of chip 'pinctrl-rp1': no chip 'pinctrl-rp1'; there is gpiochip0 [pinctrl-bcm2711]"))
    }

    @Test func `with no chip at all every reference says so`() {
        let empty = LineSearch(chips: [])
        for reference in [LineReference.name("GPIO4"), .offset(chip: "gpiochip0", offset: 4), .nameOnChip(chip: "a", name: "b")] {
            #expect(throws: LineProblem.noChips(reference)) { try empty.find(reference) }
        }
    }

    @Test(arguments: [
        ("GPIO17", "GPIO17", 2, 0), ("GPIO17", "gpio17", 2, 0), ("GPIO17", "GPIO7", 2, 1), ("GPIO17", "GPIO71", 2, 2),
        ("", "ab", 2, 2), ("abc", "xyz", 2, 3), ("kitten", "sitting", 3, 3), ("a", "abcdef", 2, 3),
    ])
    func `edit distance counts bytes put in, taken out and replaced, up to its limit`(
        a: String, b: String, limit: Int, expected: Int
    ) {
        #expect(editDistance(Array(a.utf8), Array(b.utf8), atMost: limit) == expected)
        #expect(editDistance(Array(b.utf8), Array(a.utf8), atMost: limit) == expected)
    }

    /// A Raspberry Pi as its kernels describe it: names of the header (`names`), or none, or others.
    private func pi(_ label: String, names: (Int) -> String = { _ in "" }, count: Int = 54, more: [ChipListing] = []) -> LineSearch {
        LineSearch(
            chips: more + [ChipListing(name: "gpiochip9", label: label, path: "/dev/gpiochip9", lines: (0..<count).map(names))])
    }

    @Test(arguments: ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"])
    func `on a Raspberry Pi its names mean the line itself, whatever the kernel calls it`(label: String) throws {
        for names in [{ _ in "" }, { "GPIO\($0)" }, { "GPIO\(53 - $0)" }, { $0 < 2 ? "ID_SD" : "PIN" }] as [(Int) -> String] {
            let board = pi(label, names: names, more: [ChipListing(name: "gpiochip0", label: "raspberrypi-exp-gpio", lines: ["BT_ON", ""])])
            for (gpio, pin) in [(17, 11), (0, 27), (4, 7), (27, 13)] {
                let line = LineLocation(chip: 1, offset: gpio)
                for reference in [
                    LineReference.name("GPIO\(gpio)"), .name("BCM\(gpio)"), .header(pin), .nameOnChip(chip: label, name: "BCM\(gpio)"),
                    .offset(chip: label, offset: UInt32(gpio)),
                ] {
                    #expect(try board.find(reference) == line, "\(reference.text)")
                    #expect(board.named(reference, at: line) == .header(pin))
                }
                #expect(board.named(.name("x"), at: line).text == "GPIO\(gpio) (header pin \(pin))")
            }
            // Beyond the header there is no pin.
            #expect(try board.find(.name("GPIO53")) == LineLocation(chip: 1, offset: 53))
            #expect(board.named(.name("GPIO53"), at: LineLocation(chip: 1, offset: 53)) == .name("GPIO53"))
        }
    }

    @Test func `other chips and replayed ones have the names that they have`() throws {
        let replayed = ChipListing(name: "bench", lines: ["GPIO17", "x"])
        let board = pi("pinctrl-rp1", names: { _ in "" }, more: [replayed])
        #expect(try board.find(.nameOnChip(chip: "bench", name: "GPIO17")) == LineLocation(chip: 0, offset: 0))
        #expect(try board.find(.header(11)) == LineLocation(chip: 1, offset: 17))
        #expect(throws: LineProblem.self) { try board.find(.name("GPIO17")) }
        #expect(throws: LineProblem.self) { try search.find(.name("BCM_17")) }
        let other = LineSearch(chips: [ChipListing(name: "gpiochip0", label: "gpio-sim", lines: ["BCM17", "GPIO4"])])
        #expect(try other.find(.name("BCM17")) == LineLocation(chip: 0, offset: 0))
        #expect(other.named(.name("GPIO4"), at: LineLocation(chip: 0, offset: 1)) == .name("GPIO4"))
        do {
            _ = try other.find(.header(11))
            Issue.record("found")
        } catch {
            #expect(error.text == "line GPIO17 (header pin 11): no chip 'pinctrl-bcm*'; there is gpiochip0 [gpio-sim], 2 lines")
        }
    }

    @Test func `a chip of a Raspberry Pi that has not so many lines has not that one`() {
        #expect(throws: LineProblem.self) { try pi("pinctrl-bcm2835", count: 10).find(.header(11)) }
        #expect(throws: LineProblem.self) { try pi("pinctrl-bcm2835").find(.name("GPIO54")) }
    }
}
