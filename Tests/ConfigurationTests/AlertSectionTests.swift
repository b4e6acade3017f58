import Configuration
import Testing

@Suite struct AlertSectionTests {
    private let sensors =
        "\(broker)sensors:\n  - {id: air, model: dht22, line: L1}\n  - {id: door, model: contact, line: L2}\n"
    private func alert(_ keys: String) -> CheckedConfiguration { check("\(sensors)alerts:\n  - {id: x, \(keys)}\n") }

    @Test(arguments: [
        "series: air.temperature, below: 2, clear_above: 4, for: 5 min, keep_for: 1 min, severity: major",
        "series: air, silent_for: 5 min, severity: minor", "series: air.humidity, silent_for: 5 min",
        "series: air.temperature, changes_by: -5, within: 10 min, message: \"{name}: fell by {change} {unit}\"",
        "series: door.state, equals: open, for: 2 min", "series: air.humidity, above: 80, clear_below: 80, flapping: {changes: 6, within: 10 min}",
    ])
    func `a rule that is right is not built yet, and that is all`(keys: String) {
        #expect(alert(keys).lines == ["godwit.yaml:5:1: error: alerts: not supported yet"])
    }

    @Test(arguments: [
        ("series: ari.temperature, below: 2", "did you mean 'air'?"), ("series: air.temp, below: 2", "has no quantity 'temp'"),
        ("series: air, below: 2", "as in 'air.temperature'"), ("below: 2", "write 'series: SENSOR.QUANTITY'"),
        ("series: air.humidity", "has no condition"), ("series: air.humidity, above: 1, equals: 2", "contradicts 'above'"),
        ("series: air.humidity, above: 5, clear_below: 6", "write at most 5"), ("series: air.humidity, below: 5, clear_above: 4.9", "write at least 5"),
        ("series: air.humidity, below: 5, clear_below: 4", "did you mean 'clear_above'?"), ("series: air.humidity, changes_by: 5", "needs 'within' too"),
        ("series: air.humidity, below: 5, within: 5 s", "goes with 'changes_by' only"), ("series: air.humidity, changes_by: 0, within: 5 s", "is no change"),
        ("series: air.humidity, equals: open", "is for contacts"), ("series: door.state, equals: ajar", "write open, closed, 1 or 0"),
        ("series: air.humidity, below: 5, severity: bad", "known values: critical"), ("series: air.humidity, below: 5, message: \"{nam}\"", "did you mean 'name'?"),
        ("series: air.humidity, below: 5, message: \"{name\"", "is not closed"), ("series: air.humidity, below: 5, outputs: siren", "write '[siren]'"),
        ("series: air.humidity, below: 5 %", "without a unit"), ("series: air.humidity, below: 5, for: 5", "did you mean '5 s'?"),
        ("series: air.humidity, below: 5, flapping: {changes: 1}", "outside 2 ... 1000"),
    ])
    func `a rule that is not right is said once, and nothing about later`(keys: String, part: String) {
        let result = alert(keys)
        #expect(result.problems.filter { $0.text.contains(part) }.count == 1, "\(result.lines)")
        #expect(!result.problems.contains { $0.text.contains("not supported yet") })
    }

    @Test func `nothing is said of the series of a model that is not built`() {
        let result = check("\(broker)sensors: [{id: t, model: ds18b20}]\nalerts: [{id: x, series: t.temperature, below: 2}]\n")
        #expect(result.problems.map { $0.text } == ["model: not supported yet (ds18b20; see godwit sensors)", "alerts: not supported yet"])
    }
}
