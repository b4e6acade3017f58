import Telemetry
import Testing

@testable import Alerts

@Suite struct AlertSlotTests {
    static let below = AlertRule.Condition.below(number("2"), clearAbove: nil)

    @Test func `an event has all that the contract asks for`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"], severity: .critical))
        #expect(bench.engine.event("frost") == nil)
        bench.value("1.4", 3)
        #expect(
            bench.events == [
                AlertEvent(
                    alert: "frost", state: .raised, severity: .critical, message: "Greenhouse 1: air temperature 1.4 °C, below 2 °C",
                    since: .instant(at(3)), value: number("1.4"), unit: "Cel", limit: number("2"), series: "air.temperature",
                    reading: .init(stream: StreamID(7), sequence: SequenceNumber(1)), outputs: ["siren"])
            ])
        #expect(bench.engine.event("frost") == bench.events[0])
    }

    @Test func `value and reading are the newest of the series when it happens`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        bench.value("1.4", 3)
        bench.value("1.2", 8)
        bench.pass(to: 13)
        #expect(bench.events[0].value == number("1.2"))
        #expect(bench.events[0].reading?.sequence == SequenceNumber(2))
        // A deadline ahead of a value that comes late does not know that value.
        var late = Bench(setup(Self.below, holdFor: 10))
        late.give("1.4", 0)
        late.now = at(30)
        late.give("9.0", 20)
        #expect(late.events.map { $0.value } == [number("1.4"), number("9.0")])
    }

    @Test func `a whole sensor has neither value nor unit nor limit`() {
        var bench = Bench(setup(.silentFor(.seconds(10)), quantity: nil))
        bench.value("1", 5)
        bench.pass(to: 15)
        let event = bench.events[0]
        #expect(event.value == nil && event.unit == nil && event.limit == nil)
        #expect(event.series == "air")
        #expect(event.reading?.sequence == SequenceNumber(1))
    }

    @Test func `the limit is that of the condition`() {
        let conditions: [(AlertRule.Condition, Decimal?)] = [
            (.above(number("3.5"), clearBelow: number("2")), number("3.5")), (.equals(.one, word: "open"), .one),
            (.changesBy(number("-5"), within: .seconds(9)), number("-5")), (.silentFor(.seconds(9)), nil),
        ]
        for (condition, limit) in conditions {
            var bench = Bench(setup(condition))
            bench.mute(for: 5)
            #expect(bench.events[0].limit == limit)
        }
    }

    @Test func `the message keeps the value with which the state began, the event tells the newest`() {
        var bench = Bench(setup(.below(number("2"), clearAbove: number("4"))))
        bench.value("1.4", 0)
        bench.value("3.0", 5)
        bench.acknowledge()
        #expect(bench.events[1].value == number("3.0"))
        #expect(bench.events[1].message == "Greenhouse 1: air temperature 1.4 °C, below 2 °C")
    }

    @Test func `the fingerprint is that of the condition`() {
        let base = setup(Self.below, holdFor: 5).rule
        let print = AlertSlot.fingerprint(of: base)
        var same = base
        same.severity = .warning
        same.message = "x"
        same.outputs = ["a"]
        same.flapping.changes = 9
        same.id = "other"
        #expect(AlertSlot.fingerprint(of: same) == print)
        let different: [AlertRule] = [
            setup(.below(number("2.5"), clearAbove: nil), holdFor: 5).rule, setup(.above(number("2"), clearBelow: nil), holdFor: 5).rule,
            setup(.below(number("2"), clearAbove: number("2")), holdFor: 5).rule, setup(Self.below, holdFor: 6).rule,
            setup(Self.below, holdFor: 5, keepFor: 1).rule, setup(Self.below, holdFor: 5, sensorName: "roof").rule,
            setup(.equals(number("2"), word: nil), holdFor: 5).rule, setup(.changesBy(number("2"), within: .seconds(1)), holdFor: 5).rule,
            setup(.changesBy(number("2"), within: .seconds(2)), holdFor: 5).rule, setup(.silentFor(.seconds(2)), holdFor: 5).rule,
        ]
        #expect(Set(different.map { AlertSlot.fingerprint(of: $0) } + [print]).count == different.count + 1)
    }

    @Test func `a message that is too long is cut between two characters`() {
        var bench = Bench(setup(Self.below, message: String(repeating: "{device}°", count: 200)))
        bench.value("1.0", 0)
        #expect(bench.events[0].message.utf8.count <= AlertEvent.maximumMessageBytes)
        #expect(AlertEvent(decoding: bench.events[0].encoded()) == bench.events[0])
    }
}
