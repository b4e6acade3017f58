import Configuration
import Telemetry
import Testing

@Suite struct OutputSectionTests {
    @Test func `an output that is right has its settings`() {
        let result = check(
            """
            \(broker)outputs:
              - {id: siren, line: GPIO27, active: low, initial: on, on_exit: off, remote: true, name: Siren, maximum_on: 10 min, minimum_on: 1 s,
                 minimum_off: 5 s, on_offline: {state: on, after: 5 min}, group: g}
              - {id: plain, line: {chip: main, offset: 3}}
            """)
        #expect(result.lines == [])
        #expect(
            result.settings?.outputs == [
                OutputSettings(
                    id: "siren", name: "Siren", line: .name("GPIO27"), isActiveLow: true, initial: true, isRemote: true, maximumOn: .seconds(600),
                    minimumOn: .seconds(1), minimumOff: .seconds(5), onOffline: .init(isOn: true, after: .seconds(300)), group: "g"),
                OutputSettings(id: "plain", line: .offset(chip: "main", offset: 3)),
            ])
    }

    @Test func `an output that stays on at the stop though it is bounded gets a warning`() {
        let result = check("\(broker)outputs: [{id: o, line: L, maximum_on: 5 s, on_exit: on}]\n")
        #expect(result.lines == ["godwit.yaml:2:54: warning: on_exit: on, and maximum_on holds only while godwitd runs; write off, unless it is to stay on"])
        #expect(result.settings?.outputs.first?.onExit == true)
    }

    @Test func `an alert finds its output`() {
        let result = check(
            "\(broker)sensors: [{id: a, model: dht22, line: L}]\noutputs: [{id: siren, line: M}]\nalerts: [{id: x, series: a.humidity, below: 1, outputs: [sirne]}]\n")
        #expect(result.problems.contains { $0.text == "outputs: unknown output 'sirne'; did you mean 'siren'?" }, "\(result.lines)")
    }

    @Test(arguments: [
        ("{line: L}", "write 'id: siren'"), ("{id: o}", "write 'line: GPIO27'"), ("{id: o, line: L, initial: maybe}", "neither true nor false"),
        ("{id: o, line: L, maximum_on: 10}", "did you mean '10 s'?"), ("{id: o, line: L, on_offline: {state: off}}", "'after' is missing"),
        ("{id: o, line: L, active: up}", "known values: high, low"), ("{id: o, line: L}\n  - {id: o, line: M}", "duplicate id 'o'"),
        ("{id: o, line: L}\n  - {id: p, line: L}", "taken by output 'o'"),
        ("{id: o, line: L, group: [a, b]}", "an output is in one group; write one name"),
        ("{id: o, line: L, group: a}\n  - {id: o, line: M, group: b}", "an output is in one group, so remove one"),
        ("{id: o, line: L, minimum_on: 1 min, maximum_on: 59 s}", "59 s is less than minimum_on (1 min); write at least 1 min"),
        ("{id: o, line: L, group: g, initial: on}\n  - {id: p, line: M, group: g, initial: on}", "initial: output 'o' of group 'g' is on then"),
        ("{id: o, line: L, group: g, on_exit: on}\n  - {id: p, line: M, group: g, on_exit: on}", "on_exit: output 'o' of group 'g' is on then"),
    ])
    func `an output that is not right is said with the next step`(text: String, part: String) {
        let result = check("\(broker)outputs:\n  - \(text)\n")
        #expect(result.problems.contains { $0.text.contains(part) && $0.severity == .error }, "\(result.lines)")
        #expect(result.settings == nil)
    }
}
