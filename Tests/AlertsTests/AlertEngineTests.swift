import Telemetry
import Testing

@testable import Alerts

@Suite struct AlertEngineTests {
    static let below = AlertRule.Condition.below(number("2"), clearAbove: number("4"))

    // MARK: readings

    @Test func `a reading touches the rules of its sensor and quantity only`() {
        var humid = setup(.above(number("80"), clearBelow: nil), id: "humid", quantity: Quantity(name: "humidity", unit: "%RH", decimals: 1))
        humid.quantityIndex = 1
        var bench = Bench([setup(Self.below), humid, setup(Self.below, id: "roof", sensor: 2, sensorName: "roof")])
        bench.now = at(1)
        bench.note(bench.engine.handle(.reading(sensor: 0, .measurements([10, 900]), name: nil, at: at(1)), at: at(1)))
        #expect(bench.take() == ["frost raised@1 since 1", "humid raised@1 since 1"])
        #expect(bench.events.map { $0.value } == [number("1.0"), number("90.0")])
        bench.now = at(2)
        bench.note(bench.engine.handle(.reading(sensor: 2, .measurements([10]), name: nil, at: at(2)), at: at(2)))
        #expect(bench.engine.states.map { $0.state } == [.raised, .raised, .raised])
    }

    @Test func `readings of sensors without a rule, and of sensors that there are not, do nothing`() {
        var bench = Bench([setup(Self.below, sensor: 3)])
        let before = bench.engine
        for sensor in [0, 1, 2, 4, 100] { bench.give("1.0", 0, sensor: sensor) }
        bench.note(bench.engine.handle(.reading(sensor: 3, .noReading(NoReading(.bus, detail: "")), name: nil, at: .zero), at: .zero))
        #expect(bench.engine == before)
        #expect(bench.take() == [])
    }

    @Test func `a reading with fewer values than the rule knows of does nothing`() {
        var bench = Bench(setup(Self.below))
        bench.note(bench.engine.handle(.reading(sensor: 0, .measurements([]), name: nil, at: .zero), at: .zero))
        #expect(bench.take() == [])
    }

    @Test func `no rule, no deadline, no action`() {
        var engine = AlertEngine(rules: [], deviceName: "x")
        #expect(engine.handle(.start, at: .zero) == [])
        #expect(engine.handle(.reading(sensor: 0, .measurements([1]), name: nil, at: .zero), at: .zero) == [])
        #expect(engine.handle(.timer, at: at(100)) == [])
        #expect(engine.deadline == nil)
        #expect(engine.states.isEmpty)
    }

    @Test func `the deadline is the nearest of all rules, also after it has moved`() {
        var bench = Bench([
            setup(Self.below, id: "a", silence: 30), setup(Self.below, id: "b", holdFor: 10, silence: 60, sensor: 1),
        ])
        #expect(bench.engine.deadline == at(30))
        bench.value("5.0", 20)
        #expect(bench.engine.deadline == at(50))
        bench.value("1.0", 35, sensor: 1)
        #expect(bench.engine.deadline == at(45))
        bench.value("5.0", 40, sensor: 1)
        #expect(bench.engine.deadline == at(50))
        bench.value("5.0", 49)
        #expect(bench.engine.deadline == at(79))
    }

    @Test func `500 rules, and the deadline is that of the nearest, with a printed seed`() {
        let seed: UInt64 = 11
        var random = RandomSource(seed: seed)
        let setups = (0..<500).map { index in
            setup(
                Self.below, id: "rule\(index)", holdFor: Double(1 + random.next() % 50), silence: Double(30 + random.next() % 100),
                sensor: Int(random.next() % 40))
        }
        var bench = Bench(setups)
        var now = 0.0
        for round in 0..<3000 {
            now += Double(random.next() % 1000) / 1000
            bench.value("\(random.next() % 6).0", now, sensor: Int(random.next() % 40))
            let expected = bench.engine.slots.compactMap { $0.deadline }.min()
            #expect(bench.engine.deadline == expected, "seed \(seed) round \(round)")
        }
        #expect(bench.events.count > 500)
        #expect(bench.engine.saved(at: Bench.clock(bench.now, nil)).count < 500 * 300)
    }

    @Test func `each event is in the log too, in one line`() {
        var bench = Bench(setup(Self.below))
        let actions = bench.engine.handle(.reading(sensor: 0, .measurements([14]), name: nil, at: .zero), at: .zero)
        #expect(
            actions.last
                == .notice(Notice(.info, "alert raised alert=frost message=Greenhouse 1: air temperature 1.4 °C, below 2 °C")))
    }

    // MARK: demands

    @Test func `outputs are demanded while the base is raised`() {
        var bench = Bench(setup(Self.below, outputs: ["siren", "lamp"]))
        bench.value("1.0", 1)
        bench.value("5.0", 2)
        bench.value("1.0", 3)
        #expect(
            bench.take() == [
                "frost raised@1 since 1", "frost -> siren,lamp on", "frost cleared@2 since 2", "frost -> siren,lamp off",
                "frost raised@3 since 3", "frost -> siren,lamp on",
            ])
    }

    @Test func `a rule without outputs demands nothing`() {
        var bench = Bench(setup(Self.below))
        bench.value("1.0", 1)
        bench.mute(for: 5)
        bench.pass(to: 10)
        #expect(!bench.take().contains { $0.contains("->") })
    }

    // MARK: acknowledge

    @Test func `acknowledge marks what is raised or silent, and the mark goes when it is cleared`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.value("1.0", 0)
        bench.pass(to: 5)
        bench.acknowledge()
        bench.pass(to: 30)
        bench.value("5.0", 40)
        #expect(
            bench.take() == [
                "frost raised@0 since 0", "frost raised@5 since 0 acknowledged 5", "frost silent@30 since 30 acknowledged 5",
                "frost cleared@40 since 40",
            ])
    }

    @Test func `the mark goes also when the base becomes raised, for it was the silence that was acknowledged`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.pass(to: 35)
        bench.acknowledge()
        bench.value("1.0", 40)
        #expect(
            bench.take() == [
                "frost silent@30 since 30", "frost silent@35 since 30 acknowledged 35", "frost raised@40 since 40",
            ])
    }

    @Test func `a second acknowledge does nothing, and what is not raised has nothing to acknowledge`() {
        var bench = Bench(setup(Self.below))
        #expect(throws: AlertRefusal("alert 'frost' is not raised; nothing is there to acknowledge")) {
            try bench.engine.acknowledge("frost", at: at(0))
        }
        bench.value("1.0", 0)
        bench.acknowledge()
        _ = bench.take()
        bench.acknowledge()
        #expect(bench.take() == [])
        bench.value("5.0", 1)
        #expect(throws: AlertRefusal.self) { try bench.engine.acknowledge("frost", at: at(2)) }
        #expect(throws: AlertRefusal("no alert 'fog'; 'alerts' in the configuration has their ids")) {
            try bench.engine.acknowledge("fog", at: at(2))
        }
    }

    @Test func `what came due before a refused command is not lost`() {
        var bench = Bench(setup(Self.below, keepFor: 10))
        bench.value("1.0", 0)
        bench.value("5.0", 1)
        _ = bench.take()
        bench.now = at(20)
        #expect(throws: AlertRefusal.self) { try bench.engine.acknowledge("frost", at: bench.now) }
        #expect(bench.engine.deadline.map { $0 <= bench.now } == true)
        bench.pass(to: 20)
        #expect(bench.take() == ["frost cleared@11 since 11"])
        #expect(bench.engine.deadline == nil)
    }

    // MARK: mute

    @Test func `a mute stops the outputs, never what is recorded, and ends by itself`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"]))
        bench.value("1.0", 0)
        bench.pass(to: 5)
        bench.mute(for: 20)
        bench.value("5.0", 10)
        bench.value("1.0", 15)
        bench.pass(to: 100)
        #expect(
            bench.take() == [
                "frost raised@0 since 0", "frost -> siren on", "frost raised@5 since 0 muted 25", "frost -> siren muted",
                "frost cleared@10 since 10 muted 25", "frost -> siren off", "frost raised@15 since 15 muted 25",
                "frost -> siren on, muted", "frost raised@25 since 15", "frost -> siren unmuted",
            ])
    }

    @Test func `a mute of 0 s ends it, and does nothing where there is none`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"]))
        bench.mute(for: 0)
        #expect(bench.take() == [])
        bench.value("1.0", 0)
        bench.mute(for: 100)
        bench.pass(to: 10)
        _ = bench.take()
        bench.mute(for: 0)
        #expect(bench.take() == ["frost raised@10 since 0", "frost -> siren unmuted"])
    }

    @Test func `a mute before any event tells the alert as cleared, since the beginning of the observation`() {
        var bench = Bench([setup(Self.below, outputs: ["siren"])], start: 3)
        bench.pass(to: 7)
        bench.mute(for: 10)
        bench.pass(to: 20)
        #expect(bench.take() == ["frost cleared@7 since 3 muted 17", "frost cleared@17 since 3"])
    }

    @Test func `a second mute takes the place of the first`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"]))
        bench.value("1.0", 0)
        bench.mute(for: 10)
        bench.pass(to: 5)
        bench.mute(for: 20)
        bench.pass(to: 24)
        #expect(
            bench.take() == [
                "frost raised@0 since 0", "frost -> siren on", "frost raised@0 since 0 muted 10", "frost -> siren muted",
                "frost raised@5 since 0 muted 25",
            ])
    }

    @Test func `a mute is at most 31 days, and never negative`() {
        var bench = Bench(setup(Self.below))
        for lasting in [Duration.seconds(31 * 86_400) + .nanoseconds(1), .seconds(-1)] {
            #expect(throws: AlertRefusal.self) { try bench.engine.mute("frost", lasting: lasting, at: .zero) }
        }
        #expect(throws: AlertRefusal("for: 32 d is outside 0 s ... 31 d")) {
            try bench.engine.mute("frost", lasting: .seconds(32 * 86_400), at: .zero)
        }
        #expect(throws: AlertRefusal.self) { try bench.engine.mute("fog", lasting: .seconds(1), at: .zero) }
        bench.mute(for: 31 * 86_400)
        #expect(bench.events.count == 1)
    }

    @Test func `at one instant the end of a mute is the last`() {
        var bench = Bench(setup(Self.below, holdFor: 10, outputs: ["siren"]))
        bench.value("1.0", 0)
        bench.mute(for: 10)
        bench.pass(to: 10)
        #expect(
            bench.take() == [
                "frost cleared@0 since 0 muted 10", "frost raised@10 since 10 muted 10", "frost -> siren on, muted",
                "frost raised@10 since 10", "frost -> siren unmuted",
            ])
    }

    @Test func `a command comes behind the deadlines that are due`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        bench.value("1.0", 0)
        bench.now = at(20)
        bench.acknowledge()
        #expect(bench.take() == ["frost raised@10 since 10", "frost raised@20 since 10 acknowledged 20"])
        // And a value of before it counts as if it had come with it.
        bench.give("5.0", 15)
        #expect(bench.take() == ["frost cleared@20 since 20"])
    }

    // MARK: revisions

    @Test func `the revision rises with what is kept, the urgent one with events only`() {
        var bench = Bench(setup(Self.below, holdFor: 10, keepFor: 10, silence: 300))
        func step(_ what: (inout Bench) -> Void) -> (changed: Bool, urgent: Bool) {
            let before = (bench.engine.revision, bench.engine.urgentRevision)
            what(&bench)
            return (bench.engine.revision != before.0, bench.engine.urgentRevision != before.1)
        }
        #expect(step { $0.value("5.0", 1) } == (false, false))
        #expect(step { $0.value("1.0", 2) } == (true, false))
        #expect(step { $0.value("1.0", 3) } == (false, false))
        #expect(step { $0.value("5.0", 4) } == (true, false))
        #expect(step { $0.value("1.0", 5) } == (true, false))
        #expect(step { $0.pass(to: 20) } == (true, true))
        #expect(step { $0.value("1.0", 21) } == (false, false))
        #expect(step { $0.acknowledge() } == (true, true))
        #expect(step { $0.mute(for: 5) } == (true, true))
        #expect(step { $0.pass(to: 30) } == (true, true))
        #expect(step { $0.value("5.0", 31) } == (true, false))
        #expect(step { $0.pass(to: 41) } == (true, true))
        #expect(step { $0.value("5.0", 42) } == (false, false))
    }

    // MARK: reload

    @Test func `what a reload does not change goes on as if nothing had been`() {
        let rule = setup(Self.below, holdFor: 10, silence: 60, outputs: ["siren"])
        var bench = Bench(rule)
        bench.value("1.0", 0)
        bench.pass(to: 5)
        var other = rule
        other.rule.severity = .critical
        other.rule.message = "Frost!"
        other.sensorIndex = 4
        bench.note(bench.engine.reload([setup(Self.below, id: "new", silence: 30), other], at: bench.now))
        #expect(bench.take() == [])
        bench.pass(to: 10)
        #expect(bench.take() == ["frost raised@10 since 10", "frost -> siren on"])
        #expect(bench.events[0].message == "Frost!")
        #expect(bench.events[0].severity == .critical)
        // By its new index; the new rule is observed from the reload on.
        bench.value("5.0", 20, sensor: 4)
        bench.pass(to: 35)
        #expect(bench.take() == ["frost cleared@20 since 20", "frost -> siren off", "new silent@35 since 35"])
    }

    @Test func `a condition that changes gives up what is pending and keeps the base`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        bench.value("1.0", 0)
        bench.pass(to: 5)
        bench.note(bench.engine.reload([setup(.below(number("1.5"), clearAbove: nil), holdFor: 10)], at: bench.now))
        bench.pass(to: 12)
        #expect(bench.take() == [])
        bench.value("1.0", 13)
        bench.pass(to: 23)
        #expect(bench.take() == ["frost raised@23 since 23"])
        bench.note(bench.engine.reload([setup(.below(number("0"), clearAbove: nil))], at: bench.now))
        #expect(bench.take() == [])
        bench.value("1.0", 30)
        #expect(bench.take() == ["frost cleared@30 since 30"])
    }

    @Test func `what was due before a reload was due by the old rules`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        bench.value("1.0", 0)
        bench.now = at(20)
        bench.note(bench.engine.reload([setup(Self.below, holdFor: 100)], at: bench.now))
        #expect(bench.take() == ["frost raised@10 since 10"])
    }

    @Test func `the window of a change is kept unless the condition changes`() {
        let rule = setup(.changesBy(number("-5"), within: .seconds(600)))
        for (other, expected) in [(rule, 1), (setup(.changesBy(number("-4"), within: .seconds(600))), 0)] {
            var bench = Bench(rule)
            bench.value("20.0", 0)
            bench.note(bench.engine.reload([other], at: at(10)))
            bench.value("14.0", 20)
            #expect(bench.events.count == expected)
        }
    }

    @Test func `outputs hear of a rule whose list changes, and of one that is gone`() {
        var bench = Bench(setup(Self.below, outputs: ["siren", "lamp"]))
        bench.value("1.0", 0)
        _ = bench.take()
        bench.note(bench.engine.reload([setup(Self.below, outputs: ["lamp", "bell"])], at: at(1)))
        #expect(bench.take() == ["frost -> lamp,bell instead"])
        bench.note(bench.engine.reload([setup(Self.below)], at: at(1)))
        #expect(bench.take() == ["frost -> lamp,bell off"])
        bench.note(bench.engine.reload([setup(Self.below, outputs: ["lamp", "bell"])], at: at(1)))
        #expect(bench.take() == ["frost -> lamp,bell on"])
        bench.note(bench.engine.reload([setup(Self.below, id: "other")], at: at(2)))
        #expect(bench.take() == ["frost -> lamp,bell off"])
        #expect(bench.engine.event("frost") == nil)
        #expect(bench.engine.states.map { $0.alert } == ["other"])
    }

    @Test func `a series that is new to the rule is observed from the reload on`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.value("1.0", 20)
        _ = bench.take()
        bench.pass(to: 40)
        bench.note(bench.engine.reload([setup(Self.below, silence: 30, sensor: 1, sensorName: "roof")], at: bench.now))
        bench.pass(to: 69)
        #expect(bench.take() == [])
        bench.pass(to: 70)
        #expect(bench.take() == ["frost silent@70 since 70"])
        #expect(bench.events[1].value == nil)
    }

    @Test func `a rule that becomes one of silence while it is silent is raised in its time`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.pass(to: 30)
        bench.note(bench.engine.reload([setup(.silentFor(.seconds(60)))], at: bench.now))
        bench.pass(to: 100)
        #expect(bench.take() == ["frost silent@30 since 30", "frost raised@60 since 60"])
    }
}
