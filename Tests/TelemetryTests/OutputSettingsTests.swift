import Telemetry
import Testing

@Suite struct OutputSettingsTests {
    @Test func `an output that says no more than its line is off, unbounded, and not for the broker`() {
        let output = OutputSettings(id: "siren", line: .name("GPIO27"))
        #expect(output.name == "siren")
        #expect(!output.isActiveLow && !output.initial && !output.onExit && !output.isRemote)
        #expect(output.maximumOn == nil && output.minimumOn == .zero && output.minimumOff == .zero)
        #expect(output.onOffline == nil && output.group == nil)
        #expect(OutputSettings(id: "siren", name: "Siren, roof", line: .name("GPIO27")).name == "Siren, roof")
    }
}
