import Configuration
import Telemetry
import Testing

@Suite struct AlertSectionTests {
    private let sensors =
        "\(broker)sensors:\n  - {id: air, model: dht22, line: L1}\n  - {id: door, model: contact, line: L2, class: door}\n  - {id: leak, model: contact, line: L3, class: moisture}\n  - {id: odd, model: contact, line: L4, true_when: open}\n  - {id: still, model: contact, line: L5, heartbeat: 0 s}\n"
    private func alert(_ keys: String) -> CheckedConfiguration { check("\(sensors)alerts:\n  - {id: x, \(keys)}\n") }

    private func rule(_ quantity: String?, _ sensor: String, _ condition: AlertRule.Condition, _ change: (inout AlertRule) -> Void = { _ in })
        -> AlertRule
    {
        var rule = AlertRule(id: "x", sensor: sensor, quantity: quantity, condition: condition)
        change(&rule)
        return rule
    }

    @Test func `a rule that is right has its settings`() {
        let table: [(String, AlertRule)] = [
            (
                "series: air.temperature, below: 2, clear_above: 4.5, for: 5 min, keep_for: 1 min, severity: minor, message: \"{name}\"",
                rule("temperature", "air", .below(Decimal(2, decimals: 0), clearAbove: Decimal(45, decimals: 1))) {
                    $0.holdFor = .seconds(300)
                    $0.keepFor = .seconds(60)
                    $0.severity = .minor
                    $0.message = "{name}"
                }
            ),
            ("series: air, silent_for: 5 min, severity: warning", rule(nil, "air", .silentFor(.seconds(300))) { $0.severity = .warning }),
            ("series: air.humidity, silent_for: 5 min, keep_for: 1 min", rule("humidity", "air", .silentFor(.seconds(300))) { $0.keepFor = .seconds(60) }),
            (
                "series: air.temperature, changes_by: -5, within: 10 min, severity: critical",
                rule("temperature", "air", .changesBy(Decimal(-5, decimals: 0), within: .seconds(600))) { $0.severity = .critical }
            ),
            (
                "series: air.humidity, above: 80, clear_below: 80, flapping: {changes: 3, within: 1 min}",
                rule("humidity", "air", .above(Decimal(80, decimals: 0), clearBelow: Decimal(80, decimals: 0))) {
                    $0.flapping = AlertRule.Flapping(changes: 3, within: .seconds(60))
                }
            ),
            ("series: air.humidity, above: 80, flapping: {}", rule("humidity", "air", .above(Decimal(80, decimals: 0), clearBelow: nil))),
            ("series: air.humidity, equals: 50.0", rule("humidity", "air", .equals(Decimal(500, decimals: 1), word: nil))),
            // A door is 1 when it is open, and its circuit is open then.
            ("series: door.state, equals: open, for: 2 min", rule("state", "door", .equals(.one, word: "open")) { $0.holdFor = .seconds(120) }),
            ("series: door.state, equals: closed", rule("state", "door", .equals(.zero, word: "closed"))),
            ("series: leak.state, equals: open", rule("state", "leak", .equals(.zero, word: "open"))),
            ("series: leak.state, equals: closed", rule("state", "leak", .equals(.one, word: "closed"))),
            ("series: odd.state, equals: closed", rule("state", "odd", .equals(.zero, word: "closed"))),
            ("series: odd.state, equals: 1", rule("state", "odd", .equals(.one, word: nil))),
        ]
        for (keys, expected) in table {
            let result = alert(keys)
            #expect(result.lines == [], "\(keys)")
            #expect(result.settings?.alerts == [expected], "\(keys)")
        }
    }

    @Test func `the outputs of a rule are kept in their order`() {
        let result = check("\(sensors)outputs: [{id: a, line: A}, {id: b, line: B}]\nalerts: [{id: x, series: air.humidity, above: 1, outputs: [b, a]}]\n")
        #expect(result.lines == [])
        #expect(result.settings?.alerts.first?.outputs == ["b", "a"])
    }

    @Test func `a rule switches sixteen outputs, each once`() {
        func result(_ ids: [Int]) -> CheckedConfiguration {
            let outputs = (0..<20).map { "{id: o\($0), line: L\($0 + 10)}" }.joined(separator: ", ")
            let list = ids.map { "o\($0)" }.joined(separator: ", ")
            return check("\(sensors)outputs: [\(outputs)]\nalerts: [{id: x, series: air.humidity, above: 1, outputs: [\(list)]}]\n")
        }
        #expect(result(Array(0..<16)).lines == [])
        #expect(result(Array(0..<18)).problems.map { $0.text } == ["outputs: a rule switches at most 16; remove this and the rest, or write a second rule"])
        #expect(result([1, 2, 1]).problems.map { $0.text } == ["outputs: 'o1' stands there already; remove one"])
    }

    @Test(arguments: [
        ("series: still, silent_for: 5 min", "has 'heartbeat: 0 s' and says nothing while nothing changes"),
        ("series: air, silent_for: 30 s", "is not above the 'every' of sensor 'air' (30 s)"),
        ("series: door.state, silent_for: 10 min", "is not above the heartbeat of sensor 'door' (10 min)"),
        ("series: air.temperature, changes_by: 2, within: 20 s", "within: 20 s is not above the 'every' of sensor 'air' (30 s)"),
        ("series: air.temperature, changes_by: -2, within: 30 s", "is not above the 'every' of sensor 'air' (30 s)"),
        ("series: air.temperature, equals: 2.55", "'temperature' is given with 1 decimals"),
    ])
    func `a rule that can be meant and hardly is gets a warning`(keys: String, part: String) {
        let result = alert(keys)
        #expect(result.problems.count == 1 && result.problems[0].severity == .warning && result.problems[0].text.contains(part), "\(result.lines)")
        #expect(result.settings?.alerts.count == 1)
    }

    @Test func `two outputs of one group in a rule get a warning`() {
        let result = check(
            "\(sensors)outputs: [{id: a, line: A, group: g}, {id: b, line: B, group: g}]\nalerts: [{id: x, series: air.humidity, above: 1, outputs: [a, b]}]\n")
        #expect(result.problems.map { $0.text } == ["outputs: 'a' and 'b' are of group 'g', of which one is on at a time; name one of them"])
        #expect(result.settings != nil)
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
        ("series: air, silent_for: 5 min, for: 1 min", "for: goes without 'silent_for'"), ("series: door.state, equals: 2", "is no state of a contact"),
        ("series: door.state, changes_by: 1, within: 5 min", "write 'equals: open'"),
    ])
    func `a rule that is not right is said once`(keys: String, part: String) {
        let result = alert(keys)
        #expect(result.problems.filter { $0.text.contains(part) }.count == 1, "\(result.lines)")
        #expect(!result.problems.contains { $0.text.contains("not supported yet") })
    }

    @Test func `nothing is said of the series of a model that is not built`() {
        let result = check("\(broker)sensors: [{id: t, model: ds18b20}]\nalerts: [{id: x, series: t.temperature, below: 2}]\n")
        #expect(result.problems.map { $0.text } == ["model: not supported yet (ds18b20; see godwit sensors)"])
    }
}
