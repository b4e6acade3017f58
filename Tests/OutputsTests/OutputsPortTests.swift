import Telemetry
import Testing

@testable import Outputs

@Suite struct OutputsPortTests {
    @Test func `a bank is a value: the same inputs at the same times give the same actions`() {
        let settings = [
            OutputSettings(id: "a", line: .name("A"), initial: true, maximumOn: .seconds(3), group: "g"),
            OutputSettings(id: "b", line: .name("B"), minimumOff: .seconds(2), group: "g"),
        ]
        var first = Play(settings)
        var second = first
        for step in 1..<20 {
            let input: OutputInput = step % 3 == 0 ? .command(step % 2, .toggle) : .command(step % 2, .on(lasting: .seconds(2)))
            first.run(to: Double(step))
            first.give(input)
            second.run(to: Double(step))
            second.give(input)
        }
        #expect(first.bank == second.bank && first.switches == second.switches && !first.switches.isEmpty)
    }
}
