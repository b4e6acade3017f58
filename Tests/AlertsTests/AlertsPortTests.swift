import Telemetry
import Testing

@testable import Alerts

@Suite struct AlertsPortTests {
    @Test func `a setup keeps what it is given, and speaks no words where there are none`() {
        let rule = AlertRule(id: "a", sensor: "air", quantity: nil, condition: .silentFor(.seconds(5)))
        let setup = AlertRuleSetup(
            rule: rule, sensorIndex: 3, quantityIndex: nil, quantity: nil, sensorName: "Air", silence: .seconds(90))
        #expect(setup.rule == rule)
        #expect(setup.sensorIndex == 3)
        #expect(setup.silence == .seconds(90))
        #expect(setup.words.isEmpty)
    }

    @Test func `refusals say why`() {
        #expect(AlertRefusal("no alert 'x'").text == "no alert 'x'")
    }
}
