import Telemetry
import Testing

@testable import Alerts

@Suite struct AlertMessageTests {
    static let frost = AlertRule.Condition.below(number("2"), clearAbove: number("4"))
    static let stateQuantity = Quantity(name: "state", unit: "1", decimals: 0)

    static func door(_ holdFor: Double = 0, _ message: String? = nil) -> AlertRuleSetup {
        setup(
            .equals(.one, word: "open"), holdFor: holdFor, message: message, sensorName: "door", quantity: stateQuantity,
            words: doorWords)
    }

    func text(
        _ setup: AlertRuleSetup, _ state: AlertEvent.State, _ reason: AlertMachine.Reason = .changed, value: String? = "1.4",
        change: String? = nil, flapping: Bool = false, isRaised: Bool? = nil
    ) -> String {
        AlertMessage(
            setup: setup, deviceName: "Greenhouse 1", state: state, reason: reason, isFlapping: flapping,
            isRaised: isRaised ?? (state == .raised), value: value.map { number($0) }, change: change.map { number($0) }
        ).text
    }

    @Test func `the standard text of the contract, to the byte`() {
        #expect(
            text(setup(Self.frost, holdFor: 300), .raised) == "Greenhouse 1: air temperature 1.4 °C, below 2 °C for 5 min")
    }

    @Test func `thresholds`() {
        let above = setup(.above(number("30.5"), clearBelow: nil))
        #expect(text(above, .raised, value: "31.2") == "Greenhouse 1: air temperature 31.2 °C, above 30.5 °C")
        #expect(text(above, .cleared, value: "30.0") == "Greenhouse 1: air temperature 30.0 °C, no longer above 30.5 °C")
        #expect(text(setup(Self.frost), .cleared, value: "4.1") == "Greenhouse 1: air temperature 4.1 °C, no longer below 2 °C")
        #expect(text(setup(Self.frost), .raised, value: nil) == "Greenhouse 1: air temperature, below 2 °C")
    }

    @Test func `a contact is spoken of in its words`() {
        #expect(text(Self.door(120), .raised, value: "1") == "Greenhouse 1: door open for 2 min")
        #expect(text(Self.door(), .raised, value: "1") == "Greenhouse 1: door open")
        #expect(text(Self.door(), .cleared, value: "0") == "Greenhouse 1: door closed")
        #expect(text(Self.door(), .cleared, value: nil) == "Greenhouse 1: door, no longer open")
    }

    @Test func `equality of numbers`() {
        let quantity = Quantity(name: "water_level", unit: "1", decimals: 0)
        let level = setup(.equals(number("5"), word: nil), holdFor: 60, sensorName: "tank", quantity: quantity)
        #expect(text(level, .raised, value: "5") == "Greenhouse 1: tank water level at 5 for 1 min")
        #expect(text(level, .cleared, value: "4") == "Greenhouse 1: tank water level 4, no longer at 5")
    }

    @Test func `silence as a rule and as a state`() {
        let rule = setup(.silentFor(.seconds(300)), quantity: nil)
        #expect(text(rule, .raised, value: nil) == "Greenhouse 1: air gave no value for 5 min")
        #expect(text(rule, .cleared, value: nil) == "Greenhouse 1: air gives values again")
        let silent = setup(Self.frost, holdFor: 300, silence: 90)
        #expect(text(silent, .silent) == "Greenhouse 1: air temperature gave no value for 90 s")
        #expect(
            text(silent, .silent, isRaised: true) == "Greenhouse 1: air temperature gave no value for 90 s, still raised")
        #expect(text(silent, .cleared, .silenceEnded, value: "5.0") == "Greenhouse 1: air temperature 5.0 °C, gives values again")
        #expect(
            text(silent, .raised, .silenceEnded, value: "3.0")
                == "Greenhouse 1: air temperature 3.0 °C, gives values again, still raised (below 2 °C for 5 min)")
    }

    @Test func `changes`() {
        let fall = setup(.changesBy(number("-5"), within: .seconds(600)), sensorName: "tank")
        #expect(
            text(fall, .raised, value: "13.1", change: "5.2") == "Greenhouse 1: tank temperature fell by 5.2 °C within 10 min to 13.1 °C")
        #expect(text(fall, .raised, value: nil) == "Greenhouse 1: tank temperature fell by at least 5 °C within 10 min")
        #expect(
            text(fall, .cleared, value: "13.1")
                == "Greenhouse 1: tank temperature 13.1 °C, no longer falling by 5 °C within 10 min")
        let rise = setup(.changesBy(number("2.5"), within: .seconds(3600)), holdFor: 30)
        #expect(
            text(rise, .raised, value: "20.0", change: "3.0")
                == "Greenhouse 1: air temperature rose by 3.0 °C within 1 h to 20.0 °C, for 30 s")
    }

    @Test func `flapping is said, with the rule`() {
        let rule = setup(Self.frost, flapping: .init(changes: 4, within: .seconds(60)))
        #expect(
            text(rule, .raised, .holdBegan, value: "5.0", flapping: true)
                == "Greenhouse 1: air temperature 5.0 °C, changes more than 4 times in 1 min: held raised (below 2 °C)")
        #expect(
            text(rule, .raised, .holdEnded) == "Greenhouse 1: air temperature 1.4 °C, changes less often, still raised (below 2 °C)")
        #expect(text(rule, .cleared, .holdEnded, value: "5.0") == "Greenhouse 1: air temperature 5.0 °C, changes less often, cleared")
        let own = setup(Self.frost, message: "Frost!")
        #expect(
            text(own, .raised, .holdBegan, flapping: true) == "Frost! (changes more than 6 times in 10 min: held raised)")
    }

    @Test func `an alert that is muted before it ever was raised`() {
        #expect(text(setup(Self.frost), .cleared, .asked, value: "9.0") == "Greenhouse 1: air temperature 9.0 °C, not raised")
    }

    @Test func `every placeholder has its value`() {
        let message = "{device}|{name}|{quantity}|{value}|{unit}|{limit}|{for}|{change}"
        #expect(
            text(setup(Self.frost, holdFor: 300, message: message), .raised)
                == "Greenhouse 1|air|temperature|1.4|°C|2|5 min|")
        #expect(
            text(setup(.changesBy(number("-5"), within: .seconds(600)), message: message), .raised, value: "13.1", change: "5.2")
                == "Greenhouse 1|air|temperature|13.1|°C|-5|0 s|5.2")
        #expect(text(Self.door(120, message), .raised, value: "1") == "Greenhouse 1|door|state|open||open|2 min|")
        #expect(
            text(setup(.silentFor(.seconds(300)), message: message, quantity: nil), .raised, value: nil)
                == "Greenhouse 1|air||?||5 min|5 min|")
    }

    @Test func `the example of the contract`() {
        let leak = setup(
            .changesBy(number("-5"), within: .seconds(600)), message: "{name}: fell by {change} {unit}", sensorName: "Tank")
        #expect(text(leak, .raised, value: "13.1", change: "5.2") == "Tank: fell by 5.2 °C")
    }

    @Test func `the space before a placeholder that gives nothing goes too`() {
        #expect(text(Self.door(0, "{name} is {value} {unit}!"), .raised, value: "1") == "door is open!")
    }

    @Test func `a message of one's own is for raised only`() {
        let own = setup(Self.frost, message: "Frost!")
        #expect(text(own, .raised) == "Frost!")
        #expect(text(own, .raised, .silenceEnded) == "Frost!")
        #expect(text(own, .cleared, value: "4.1") == "Greenhouse 1: air temperature 4.1 °C, no longer below 2 °C")
    }

    @Test(arguments: ["{", "}", "{}", "{unknown}", "a { b", "{{name}}", "°{name", "100 %"])
    func `braces that are no placeholder stay`(message: String) {
        let text = text(setup(Self.frost, message: message), .raised)
        #expect(text == message)
    }

    @Test(arguments: [
        (0, "0 s"), (1_000, "1 us"), (20_000_000, "20 ms"), (1_500_000_000, "1.5 s"), (1_000_000_000, "1 s"), (90_000_000_000, "90 s"),
        (300_000_000_000, "5 min"), (5_400_000_000_000, "90 min"), (3_600_000_000_000, "1 h"), (129_600_000_000_000, "36 h"),
        (86_400_000_000_000, "1 d"), (2_678_400_000_000_000, "31 d"), (61_250_000_000, "61.25 s"), (1_500, "0.0000015 s"),
    ] as [(Int64, String)])
    func `durations are written as a person writes them`(nanoseconds: Int64, expected: String) {
        #expect(spoken(.nanoseconds(nanoseconds)) == expected)
    }

    @Test func `units are written as people do`() {
        #expect(["Cel", "%RH", "1", "Pa", "mm", "deg"].map { spokenUnit($0) } == ["°C", "%", "", "Pa", "mm", "°"])
    }
}
