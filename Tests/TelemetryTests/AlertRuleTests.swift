import Testing

@testable import Telemetry

@Suite struct AlertRuleTests {
    @Test func `severities are said as in the contract, and numbered for ever`() {
        #expect(AlertRule.Severity.allCases.map(\.text) == ["critical", "major", "minor", "warning"])
        #expect(AlertRule.Severity.allCases.map(\.rawValue) == [1, 2, 3, 4])
    }

    @Test func `the series is written as in the configuration`() {
        let condition = AlertRule.Condition.silentFor(.seconds(300))
        #expect(AlertRule(id: "a", sensor: "air", quantity: "temperature", condition: condition).series == "air.temperature")
        #expect(AlertRule(id: "a", sensor: "air", quantity: nil, condition: condition).series == "air")
    }

    @Test func `a rule that says nothing else holds at once, is major, and flaps at more than 6 changes in 10 min`() {
        let rule = AlertRule(id: "a", sensor: "air", quantity: nil, condition: .silentFor(.seconds(1)))
        #expect(rule.holdFor == .zero)
        #expect(rule.keepFor == .zero)
        #expect(rule.severity == .major)
        #expect(rule.flapping == AlertRule.Flapping(changes: 6, within: .seconds(600)))
    }
}
