import Configuration
import Testing

@Suite struct OutputSectionTests {
    @Test func `an output that is right is not built yet, and that is all`() {
        let result = check(
            "\(broker)outputs:\n  - {id: siren, line: GPIO27, active: high, initial: off, on_exit: off, remote: false, maximum_on: 10 min, minimum_off: 5 s, on_offline: {state: off, after: 5 min}, group: g}\n")
        #expect(result.lines == ["godwit.yaml:2:1: error: outputs: not supported yet"])
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
    ])
    func `an output that is not right is said with the next step`(text: String, part: String) {
        let result = check("\(broker)outputs:\n  - \(text)\n")
        #expect(result.problems.contains { $0.text.contains(part) }, "\(result.lines)")
    }
}
