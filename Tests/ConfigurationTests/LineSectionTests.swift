import Configuration
import Telemetry
import Testing

@Suite struct LineSectionTests {
    private func line(_ text: String, chips: String = "") -> LineReference? {
        check("\(broker)\(chips)sensors:\n  - {id: a, model: contact, line: \(text)}\n").settings?.sensors.first?.line
    }

    @Test func `a line has a name, or a chip with an offset or a name`() {
        #expect(line("GPIO17") == .name("GPIO17"))
        #expect(line("{environment: L}") == nil)
        #expect(line("BCM17") == .name("BCM17"))
        #expect(line("{header: 11}") == .header(11))
        #expect(line("{chip: pinctrl-bcm2711, offset: 0x11}") == .offset(chip: "pinctrl-bcm2711", offset: 17))
        #expect(line("{chip: bench, name: data}", chips: "chips: [{name: bench, replay: a.csv}]\n") == .nameOnChip(chip: "bench", name: "data"))
    }

    @Test func `a chip has a name and one thing that it stands for`() {
        let result = check(
            "\(broker)chips:\n  - {name: bench, replay: captures/a.csv, loop: yes, speed: 2.5}\n  - {name: main, label: pinctrl-bcm2711}\n  - {name: old, device: gpiochip0}\n")
        #expect(
            result.settings?.chips == [
                ChipSettings(name: "bench", source: .replay("/etc/godwit/captures/a.csv"), loop: true, speed: Decimal(25, decimals: 1)),
                ChipSettings(name: "main", source: .label("pinctrl-bcm2711")), ChipSettings(name: "old", source: .device("gpiochip0")),
            ])
        #expect(result.problems.map { $0.severity } == [.warning])
    }

    @Test(arguments: [
        ("{chip: gpiochip0, offset: 4}", "can be another chip"), ("{chip: /dev/gpiochip0, offset: 4}", "can be another chip"),
        ("{chip: bensch, offset: 4}", "did you mean 'bench'?"),
    ])
    func `a chip that may move, and one that is nearly known, are taken with a warning`(text: String, part: String) {
        let result = check("\(broker)chips: [{name: bench, replay: a.csv}]\nsensors:\n  - {id: a, model: contact, line: \(text)}\n")
        #expect(result.problems.map { $0.severity } == [.warning])
        #expect(result.problems.first?.text.contains(part) == true)
    }

    @Test(arguments: [
        ("{header: 6}", "header: pin 6 is ground; lines are at 3, 5, 7"), ("{header: 17}", "pin 17 is 3.3 V"), ("{header: 2}", "pin 2 is 5 V"), ("{header: 41}", "outside 1 ... 40"),
        ("{header: 11, chip: x}", "goes without 'header'"), ("{chip: x}", "'offset' or 'name' is missing"),
        ("{chip: x, offset: 1, name: y}", "goes without 'offset'"), ("{chip: x, offset: -1}", "outside 0 ... 65535"), ("{offset: 1}", "'chip' is missing"),
        ("{chip: x, ofset: 1}", "did you mean 'offset'?"), ("17", "did you mean 'GPIO17'"), ("[GPIO4]", "is a list"), ("\"\"", "1 ... 31 characters"),
        ("abcdefghijklmnopqrstuvwxyz012345", "1 ... 31 characters"),
    ])
    func `what is no line is said with the next step`(text: String, part: String) {
        let result = check("\(broker)sensors:\n  - {id: a, model: contact, line: \(text)}\n")
        #expect(result.problems.contains { $0.severity == .error && $0.text.contains(part) }, "\(result.lines)")
    }

    @Test(arguments: [
        ("{name: c, replay: a, label: b}", "goes without 'replay'"), ("{name: c, label: b, loop: true}", "goes with 'replay' only"),
        ("{replay: a}", "write 'name: bench'"), ("{name: c, replay: a, speed: 0}", "outside 0.001 ... 1000"), ("{name: c, replay: a, speed: fast}", "is no number"),
        ("bench", "known keys: name"),
    ])
    func `what is no chip is said with the next step`(text: String, part: String) {
        let result = check("\(broker)chips:\n  - \(text)\n")
        #expect(result.problems.contains { $0.severity == .error && $0.text.contains(part) }, "\(result.lines)")
    }

    @Test(arguments: [
        ("GPIO17", "GPIO17", true), ("GPIO17", "BCM17", true), ("GPIO17", "{header: 11}", true), ("GPIO17", "GPIO18", false),
        ("BCM17", "{header: 11}", true), ("BCM17", "{header: 12}", false), ("{chip: pinctrl-bcm2711, offset: 17}", "GPIO17", true),
        ("{chip: pinctrl-rp1, name: BCM17}", "{header: 11}", true), ("{chip: pi, offset: 17}", "BCM17", true),
        ("{chip: label0, offset: 17}", "GPIO17", false), ("{chip: pinctrl-play, name: GPIO17}", "GPIO17", false),
        ("{chip: pinctrl-bcm-play, name: GPIO17}", "GPIO17", false), ("{chip: main, offset: 4}", "{chip: label0, offset: 4}", true), ("{chip: /dev/gpiochip0, offset: 4}", "{chip: gpiochip0, offset: 4}", true),
        ("{chip: main, offset: 4}", "{chip: main, offset: 5}", false), ("{chip: main, name: a}", "{chip: other, name: a}", false),
    ])
    func `two sensors on one line are found by any of its names`(a: String, b: String, isOne: Bool) {
        let result = check(
            "\(broker)chips: [{name: main, label: label0}, {name: pi, label: pinctrl-bcm2835}, {name: pinctrl-bcm-play, replay: a}]\nsensors:\n  - {id: a, model: contact, line: \(a)}\n  - {id: b, model: contact, line: \(b)}\n")
        #expect(result.problems.contains { $0.text.contains("taken by sensor 'a' at godwit.yaml:4:35") } == isOne, "\(result.lines)")
    }
}
