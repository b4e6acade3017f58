import Telemetry
import Testing

@testable import Outputs

@Suite struct OutputMachineTests {
    private func machine(
        maximumOn: Duration? = nil, minimumOn: Duration = .zero, minimumOff: Duration = .zero,
        onOffline: OutputSettings.Offline? = nil
    ) -> OutputMachine {
        OutputMachine(
            settings: OutputSettings(
                id: "siren", line: .name("GPIO27"), maximumOn: maximumOn, minimumOn: minimumOn, minimumOff: minimumOff,
                onOffline: onOffline),
            at: at(0))
    }

    @Test func `it is wanted while its base is on or a demand is heard`() {
        var machine = machine()
        #expect(!machine.isWanted)
        machine.demand(of: "frost")
        #expect(machine.isWanted)
        machine.silence()
        #expect(!machine.isWanted)
        machine.demand(of: "smoke")
        #expect(machine.isWanted, "a later alert is heard")
        machine.demandEnds(of: "smoke")
        #expect(!machine.isWanted, "the first one stays silenced")
        machine.demand(of: "frost")
        #expect(machine.isWanted && machine.demands.count == 1, "raised again it is heard")
        machine.set(base: true)
        machine.demandEnds(of: "frost")
        #expect(machine.isWanted)
    }

    @Test func `a later setting of the base ends the pulse`() {
        var machine = machine()
        machine.set(base: true, until: at(5))
        #expect(machine.next(offlineSince: nil)! == (.pulseEnd, at(5)))
        machine.set(base: true)
        #expect(machine.next(offlineSince: nil) == nil)
    }

    @Test func `the earliest comes next`() {
        var machine = machine(maximumOn: .seconds(10), onOffline: .init(isOn: true, after: .seconds(20)))
        machine.line.ask(isOn: true)
        machine.lineReady(at: at(3))
        machine.set(base: true, until: at(12))
        #expect(machine.next(offlineSince: at(0))! == (.pulseEnd, at(12)))
        machine.set(base: true, until: at(30))
        #expect(machine.next(offlineSince: at(0))! == (.maximumOn, at(13)))
        machine.exhaust()
        #expect(machine.next(offlineSince: at(0))! == (.offline, at(20)))
        machine.isOfflineDone = true
        #expect(machine.next(offlineSince: at(0)) == nil)
        #expect(!machine.base && machine.isExhausted)
        machine.line.ask(isOn: false)
        machine.lineReady(at: at(13))
        #expect(!machine.isExhausted)
    }

    @Test func `the line may be switched when the minimum of what it is has passed`() {
        var machine = machine(minimumOn: .seconds(5), minimumOff: .seconds(7))
        #expect(machine.maySwitchAt == at(7))
        machine.line.ask(isOn: true)
        machine.lineReady(at: at(10))
        #expect(machine.maySwitchAt == at(15))
        _ = machine.lineFailed(.missing, at: at(20))
        #expect(machine.maySwitchAt == at(27))
    }
}
