import Telemetry
import Testing

@testable import Alerts

/// docs/alerts.md, "What a rule sees" and "States", sentence by sentence.
@Suite struct AlertMachineTests {
    static let below = AlertRule.Condition.below(number("2"), clearAbove: number("4"))

    // MARK: what a rule sees

    @Test func `a failed reading changes nothing; only the time without a value goes on`() {
        var bench = Bench(setup(Self.below, holdFor: 20, silence: 30))
        bench.value("1.0", 5)
        bench.failure(10)
        bench.failure(24)
        #expect(bench.take() == [])
        bench.pass(to: 25)
        #expect(bench.take() == ["frost raised@25 since 25"])
        bench.failure(30)
        bench.pass(to: 40)
        #expect(bench.take() == ["frost silent@35 since 35"])
    }

    @Test func `a value that lies before what the rule has done counts at that later instant`() {
        var bench = Bench(setup(Self.below, holdFor: 10, keepFor: 0))
        bench.value("1.0", 0)
        bench.pass(to: 12)
        #expect(bench.take() == ["frost raised@10 since 10"])
        // Taken at 4, but the rule has been raised at 10 already.
        bench.give("5.0", 4)
        #expect(bench.take() == ["frost cleared@10 since 10"])
        // A value that only comes late, with nothing done since, counts when it was taken.
        bench.value("1.0", 20)
        bench.pass(to: 28)
        bench.give("1.0", 26)
        bench.pass(to: 40)
        #expect(bench.take() == ["frost raised@30 since 30"])
    }

    @Test func `an older value behind a newer one counts with that one's instant`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        bench.value("5.0", 20)
        bench.give("1.0", 15)
        bench.pass(to: 40)
        #expect(bench.take() == ["frost raised@30 since 30"])
    }

    @Test func `a value that is said to be of the future counts now`() {
        var bench = Bench(setup(Self.below))
        bench.pass(to: 10)
        bench.give("1.0", 99)
        #expect(bench.take() == ["frost raised@10 since 10"])
    }

    @Test func `a tie of for goes to the value`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        bench.value("1.0", 0)
        bench.value("3.0", 10)
        bench.pass(to: 30)
        #expect(bench.take() == [])
        // One nanosecond later it is too late.
        bench.value("1.0", 40)
        bench.value("3.0", 50.000000001)
        #expect(bench.take() == ["frost raised@50 since 50"])
    }

    @Test func `a tie of silent_for goes to the value`() {
        var bench = Bench(setup(.silentFor(.seconds(10))))
        bench.value("1.0", 10)
        bench.value("1.0", 20)
        #expect(bench.take() == [])
        bench.pass(to: 30)
        #expect(bench.take() == ["frost raised@30 since 30"])
    }

    @Test func `a tie of silence goes to the value`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.value("5.0", 30)
        bench.value("5.0", 60)
        #expect(bench.take() == [])
        bench.pass(to: 90)
        #expect(bench.take() == ["frost silent@90 since 90"])
    }

    @Test func `a value that begins a condition with for 0 at the instant of a silence prevents the silence`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.value("1.0", 30)
        #expect(bench.take() == ["frost raised@30 since 30"])
    }

    @Test func `of deadlines at one instant for comes before silence`() {
        var bench = Bench(setup(Self.below, holdFor: 30, silence: 30))
        bench.value("1.0", 0)
        bench.pass(to: 30)
        #expect(bench.take() == ["frost raised@30 since 30", "frost silent@30 since 30"])
    }

    @Test func `of deadlines at one instant keep_for comes before silent_for`() {
        var bench = Bench(setup(.silentFor(.seconds(10)), keepFor: 10))
        bench.pass(to: 10)
        bench.value("1.0", 20)
        bench.pass(to: 30)
        #expect(
            bench.take() == ["frost raised@10 since 10", "frost cleared@30 since 30", "frost raised@30 since 30"])
    }

    @Test func `a timer that comes late finds each deadline at its own instant, in order`() {
        var bench = Bench([
            setup(Self.below, id: "a", holdFor: 20), setup(Self.below, id: "b", holdFor: 10, silence: 15),
        ])
        bench.give("1.0", 0)
        bench.now = at(100)
        bench.note(bench.engine.handle(.timer, at: bench.now))
        #expect(
            bench.take() == ["b raised@10 since 10", "b silent@15 since 15", "a raised@20 since 20"])
    }

    // MARK: 1 and 2

    @Test func `with for 0 it is raised at the value`() {
        var bench = Bench(setup(Self.below))
        bench.value("2.0", 1)
        #expect(bench.take() == [])
        bench.value("1.9", 2)
        #expect(bench.take() == ["frost raised@2 since 2"])
        bench.value("1.0", 3)
        #expect(bench.take() == [])
    }

    @Test func `pending ends at a value without the condition, also between the thresholds`() {
        for value in ["3.0", "5.0"] {
            var bench = Bench(setup(Self.below, holdFor: 10))
            bench.value("1.0", 0)
            bench.value(value, 5)
            bench.value("1.0", 6)
            bench.pass(to: 15.9)
            #expect(bench.take() == [])
            bench.pass(to: 16)
            #expect(bench.take() == ["frost raised@16 since 16"])
        }
    }

    @Test func `further values with the condition do not begin it anew`() {
        var bench = Bench(setup(Self.below, holdFor: 10))
        for second in 0..<10 { bench.value("1.0", Double(second)) }
        bench.pass(to: 10)
        #expect(bench.take() == ["frost raised@10 since 10"])
    }

    @Test func `it is raised though no further value comes`() {
        var bench = Bench(setup(.equals(.one, word: "open"), holdFor: 120))
        bench.value("1", 3)
        bench.pass(to: 500)
        #expect(bench.take() == ["frost raised@123 since 123"])
    }

    // MARK: 3 and 4

    @Test func `with keep_for 0 it is cleared at the value; between the thresholds nothing changes`() {
        var bench = Bench(setup(Self.below))
        bench.value("1.0", 1)
        bench.value("3.0", 2)
        bench.value("4.0", 3)
        #expect(bench.take() == ["frost raised@1 since 1"])
        bench.value("4.1", 4)
        #expect(bench.take() == ["frost cleared@4 since 4"])
        bench.value("3.0", 5)
        #expect(bench.take() == [])
    }

    @Test func `clearing ends at a value without the clear condition`() {
        for value in ["3.0", "1.0"] {
            var bench = Bench(setup(Self.below, keepFor: 10))
            bench.value("1.0", 0)
            _ = bench.take()
            bench.value("5.0", 5)
            bench.value(value, 10)
            bench.value("5.0", 20)
            bench.pass(to: 29.9)
            #expect(bench.take() == [])
            bench.pass(to: 30)
            #expect(bench.take() == ["frost cleared@30 since 30"])
        }
    }

    @Test func `a tie of keep_for goes to the value`() {
        var bench = Bench(setup(Self.below, keepFor: 10))
        bench.value("1.0", 0)
        bench.value("5.0", 5)
        bench.value("3.0", 15)
        bench.pass(to: 100)
        #expect(bench.take() == ["frost raised@0 since 0"])
    }

    // MARK: 5

    @Test func `silence is counted from the beginning of the observation and from the last value`() {
        var bench = Bench([setup(.silentFor(.seconds(10)), quantity: nil)], start: 100)
        bench.value("1", 109)
        bench.value("1", 118)
        bench.pass(to: 200)
        #expect(bench.take() == ["frost raised@128 since 128"])
        bench.failure(201)
        #expect(bench.take() == [])
        bench.value("1", 202)
        #expect(bench.take() == ["frost cleared@202 since 202"])
        var never = Bench([setup(.silentFor(.seconds(10)), quantity: nil)], start: 100)
        never.pass(to: 200)
        #expect(never.take() == ["frost raised@110 since 110"])
    }

    @Test func `keep_for of silent_for wants values that keep coming`() {
        var bench = Bench(setup(.silentFor(.seconds(10)), keepFor: 25))
        bench.pass(to: 10)
        bench.value("1.0", 20)
        bench.value("1.0", 29)
        // None until 39: what was clearing since 20 has ended.
        bench.value("1.0", 42)
        bench.value("1.0", 50)
        bench.value("1.0", 58)
        bench.value("1.0", 66)
        bench.pass(to: 67)
        #expect(bench.take() == ["frost raised@10 since 10", "frost cleared@67 since 67"])
    }

    @Test func `a rule of silence is never silent`() {
        var bench = Bench(setup(.silentFor(.seconds(60)), silence: 30))
        bench.pass(to: 59)
        #expect(bench.take() == [])
    }

    // MARK: 6

    @Test func `a series that gave nothing is silent, whatever the base is`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.pass(to: 29)
        #expect(bench.take() == [])
        bench.pass(to: 100)
        #expect(bench.take() == ["frost silent@30 since 30"])
        bench.value("5.0", 110)
        #expect(bench.take() == ["frost cleared@110 since 110"])
        bench.value("1.0", 120)
        bench.pass(to: 200)
        #expect(bench.take() == ["frost raised@120 since 120", "frost silent@150 since 150"])
    }

    @Test func `without a silence it is never silent`() {
        var bench = Bench(setup(Self.below))
        bench.pass(to: 1_000_000)
        #expect(bench.take() == [])
    }

    @Test(arguments: [
        // what the base was, for, keep_for, the value that ends it, what is told
        (false, 0.0, 0.0, "5.0", "cleared@100 since 100"), (false, 0, 0, "3.0", "cleared@100 since 100"),
        (false, 0, 0, "1.0", "raised@100 since 100"), (false, 10, 0, "1.0", "cleared@100 since 100"),
        (true, 0, 0, "1.0", "raised@100 since 5"), (true, 0, 0, "3.0", "raised@100 since 5"),
        (true, 0, 0, "5.0", "cleared@100 since 100"), (true, 0, 10, "5.0", "raised@100 since 5"),
    ])
    func `the first value after a silence tells the state after it, with one event`(
        wasRaised: Bool, holdFor: Double, keepFor: Double, value: String, expected: String
    ) {
        var bench = Bench(setup(Self.below, holdFor: holdFor, keepFor: keepFor, silence: 30))
        bench.value(wasRaised ? "1.0" : "5.0", 5)
        bench.pass(to: 60)
        _ = bench.take()
        bench.value(value, 100)
        #expect(bench.take() == ["frost " + expected])
    }

    @Test func `pending and clearing begin at the value that ends a silence`() {
        var pending = Bench(setup(Self.below, holdFor: 10, silence: 30))
        pending.value("1.0", 95)
        _ = pending.take()
        pending.pass(to: 105)
        #expect(pending.take() == ["frost raised@105 since 105"])
        var clearing = Bench(setup(Self.below, keepFor: 10, silence: 30))
        clearing.value("1.0", 0)
        clearing.pass(to: 40)
        clearing.value("5.0", 100)
        clearing.pass(to: 110)
        #expect(
            clearing.take() == [
                "frost raised@0 since 0", "frost silent@30 since 30", "frost raised@100 since 0", "frost cleared@110 since 110",
            ])
    }

    @Test func `a silence gives up what is pending or clearing`() {
        var pending = Bench(setup(Self.below, holdFor: 60, silence: 30))
        pending.value("1.0", 10)
        pending.value("1.0", 100)
        pending.pass(to: 129)
        #expect(pending.take() == ["frost silent@40 since 40", "frost cleared@100 since 100"])
        var clearing = Bench(setup(Self.below, keepFor: 60, silence: 30))
        clearing.value("1.0", 0)
        clearing.value("5.0", 10)
        clearing.pass(to: 99)
        clearing.value("1.0", 100)
        #expect(
            clearing.take() == ["frost raised@0 since 0", "frost silent@40 since 40", "frost raised@100 since 0"])
    }

    @Test func `what is on stays on in a silence`() {
        var bench = Bench(setup(Self.below, silence: 30, outputs: ["siren"]))
        bench.value("1.0", 0)
        bench.pass(to: 100)
        #expect(bench.take() == ["frost raised@0 since 0", "frost -> siren on", "frost silent@30 since 30"])
        #expect(bench.engine.slots[0].machine.isRaised)
    }

    // MARK: 7

    /// Raised and cleared each second, from second 1 on.
    static func flap(_ bench: inout Bench, from: Int = 1, to: Int) {
        for second in from...to { bench.value(second % 2 == 1 ? "1.0" : "5.0", Double(second)) }
    }

    @Test func `more than so many changes are held raised, and said so`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 4, within: .seconds(60))))
        Self.flap(&bench, to: 6)
        #expect(
            bench.take() == [
                "frost raised@1 since 1", "frost cleared@2 since 2", "frost raised@3 since 3", "frost cleared@4 since 4",
                // The fifth change is no clearing; the sixth would be.
                "frost raised@5 since 5", "frost raised@6 since 5 flapping",
            ])
    }

    @Test func `exactly so many changes are not held`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 6, within: .seconds(60))))
        Self.flap(&bench, to: 6)
        #expect(bench.take().last == "frost cleared@6 since 6")
    }

    @Test func `where the rule does not say, it is six in ten minutes`() {
        var bench = Bench(setup(Self.below))
        Self.flap(&bench, to: 8)
        #expect(bench.take().last == "frost raised@8 since 7 flapping")
    }

    @Test func `a change counts while it is younger than the window`() {
        // Five changes, the first at 0; the sixth, a clearing, when that one is just out of the window.
        for (second, expected) in [
            (59.999, ["frost raised@59.999 since 50 flapping"]), (60.0, ["frost cleared@60 since 60"]),
        ] {
            var bench = Bench(setup(Self.below, flapping: .init(changes: 3, within: .seconds(60))))
            bench.value("1.0", 0)
            bench.value("5.0", 1)
            bench.value("1.0", 50)
            _ = bench.take()
            bench.value("5.0", second)
            #expect(bench.take() == expected)
        }
    }

    @Test func `the hold ends when enough changes have left the window: cleared, if the rule is`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 4, within: .seconds(60))))
        Self.flap(&bench, to: 6)
        _ = bench.take()
        bench.pass(to: 61.9)
        #expect(bench.take() == [])
        // Changes at 1 and 2 are out: four are left.
        bench.pass(to: 62)
        #expect(bench.take() == ["frost cleared@62 since 62"])
    }

    @Test func `the hold ends raised, without the flag, if the rule is`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 4, within: .seconds(60))))
        Self.flap(&bench, to: 7)
        _ = bench.take()
        bench.pass(to: 100)
        #expect(bench.take() == ["frost raised@63 since 5"])
        bench.value("5.0", 101)
        #expect(bench.take() == ["frost cleared@101 since 101"])
    }

    @Test func `while it is held what would have changed counts, and nothing is told`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 4, within: .seconds(60)), outputs: ["siren"]))
        Self.flap(&bench, to: 400)
        #expect(bench.take().last == "frost raised@6 since 5 flapping")
        bench.pass(to: 1000)
        // Changes at 397 to 400 are four: 396 leaves at 456.
        #expect(bench.take() == ["frost cleared@456 since 456", "frost -> siren off"])
        #expect(bench.engine.slots[0].machine.changes.count <= 5)
    }

    @Test func `for and keep_for go on inside a hold`() {
        var bench = Bench(setup(Self.below, keepFor: 5, flapping: .init(changes: 2, within: .seconds(100))))
        bench.value("1.0", 0)
        bench.value("5.0", 1)
        bench.pass(to: 6)
        bench.value("1.0", 10)
        bench.value("5.0", 11)
        bench.pass(to: 16)
        #expect(
            bench.take() == [
                "frost raised@0 since 0", "frost cleared@6 since 6", "frost raised@10 since 10", "frost raised@16 since 10 flapping",
            ])
        bench.value("1.0", 20)
        bench.value("5.0", 21)
        bench.value("1.0", 25.9)
        bench.pass(to: 500)
        // The raise at 20 is the last change: 10, 16, 20 count until 110.
        #expect(bench.take() == ["frost raised@110 since 10"])
    }

    @Test func `a tie of the hold's end goes to the value`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 2, within: .seconds(60))))
        Self.flap(&bench, to: 4)
        _ = bench.take()
        // At 62 the change at 2 leaves, and this one comes: three again, until 63.
        bench.value("1.0", 62)
        bench.pass(to: 62.5)
        #expect(bench.take() == [])
        bench.pass(to: 63)
        #expect(bench.take() == ["frost raised@63 since 3"])
    }

    @Test func `of deadlines at one instant silence comes before the end of a hold, and for before both`() {
        // Changes at 1 to 4; the last value is at 32, and 2 leaves at 62.
        var bench = Bench(setup(Self.below, silence: 30, flapping: .init(changes: 2, within: .seconds(60)), outputs: ["siren"]))
        Self.flap(&bench, to: 4)
        bench.value("5.0", 32)
        _ = bench.take()
        bench.pass(to: 62)
        #expect(bench.take() == ["frost silent@62 since 62", "frost -> siren off"])
        // A clearing at 65, when the hold would end, is a change: the hold goes on.
        var waiting = Bench(setup(Self.below, keepFor: 2, flapping: .init(changes: 2, within: .seconds(60))))
        for (value, second) in [("1.0", 0.0), ("5.0", 1), ("1.0", 5), ("5.0", 6)] { waiting.value(value, second) }
        waiting.pass(to: 50)
        // Changes at 0, 3, 5 and 8: held from 8 on. With 51 it is until 5 leaves at 65.
        waiting.value("1.0", 51)
        waiting.value("5.0", 63)
        _ = waiting.take()
        waiting.pass(to: 65)
        #expect(waiting.take() == [])
        waiting.pass(to: 500)
        #expect(waiting.take() == ["frost cleared@68 since 68"])
    }

    @Test func `a hold that ends in a silence ends without an event, and the first value tells the state`() {
        var bench = Bench(setup(Self.below, silence: 30, flapping: .init(changes: 2, within: .seconds(60)), outputs: ["siren"]))
        Self.flap(&bench, to: 4)
        _ = bench.take()
        bench.pass(to: 34)
        #expect(bench.take() == ["frost silent@34 since 34"])
        bench.pass(to: 100)
        // It is the base that drives the outputs.
        #expect(bench.take() == ["frost -> siren off"])
        bench.value("3.0", 101)
        #expect(bench.take() == ["frost cleared@101 since 101"])
    }

    @Test func `a silence in a hold is told, and the value that ends it tells the hold`() {
        var bench = Bench(setup(Self.below, silence: 30, flapping: .init(changes: 2, within: .seconds(600))))
        Self.flap(&bench, to: 4)
        bench.pass(to: 50)
        bench.value("5.0", 51)
        #expect(bench.take().suffix(2) == ["frost silent@34 since 34", "frost raised@51 since 3 flapping"])
    }

    // MARK: bounds

    @Test(arguments: [
        AlertRule.Condition.below(number("2"), clearAbove: number("4")), .above(number("3"), clearBelow: nil),
        .equals(number("1"), word: nil), .silentFor(.seconds(5)), .changesBy(number("-3"), within: .seconds(600)),
    ])
    func `after 10,000 values no rule has grown or stopped, with a printed seed`(condition: AlertRule.Condition) {
        for seed in UInt64(1)...3 {
            var random = RandomSource(seed: seed)
            var bench = Bench(
                setup(condition, holdFor: 2, keepFor: 3, silence: 30, flapping: .init(changes: 5, within: .seconds(100))))
            var now = 0.0
            for _ in 0..<10_000 {
                now += Double(random.next() % 8000) / 1000
                bench.value("\(random.next() % 7).0", now)
            }
            let machine = bench.engine.slots[0].machine
            #expect(machine.changes.count <= 6, "seed \(seed)")
            #expect(bench.engine.saved(at: Bench.clock(bench.now, nil)).count < 300, "seed \(seed)")
            #expect(bench.events.count > 5, "seed \(seed)")
            // What is told alternates: nothing is told twice that is the same.
            for (a, b) in zip(bench.events, bench.events.dropFirst()) {
                #expect(a.state != b.state || a.isFlapping != b.isFlapping, "seed \(seed)")
            }
        }
    }
}
