import Telemetry
import Testing

@testable import Alerts

/// docs/alerts.md, "Restart and power cut".
@Suite struct AlertMachineRestartTests {
    static let below = AlertRule.Condition.below(number("2"), clearAbove: number("4"))

    static func pending() -> Bench {
        var bench = Bench(setup(below, holdFor: 60, silence: 300))
        bench.value("1.0", 100)
        return bench
    }

    static func clearing() -> Bench {
        var bench = Bench(setup(below, keepFor: 60, silence: 300, outputs: ["siren"]))
        bench.value("1.0", 90)
        bench.value("5.0", 100)
        return bench
    }

    /// Held raised, cleared by itself; the hold ends at 162.
    static func held() -> Bench {
        var bench = Bench(setup(below, silence: 300, flapping: .init(changes: 2, within: .seconds(60)), outputs: ["siren"]))
        for second in 101...104 { bench.value(second % 2 == 1 ? "1.0" : "5.0", Double(second)) }
        return bench
    }

    // MARK: the same boot

    @Test func `pending goes on`() {
        var next = Self.pending().restarted(at: 130)
        next.pass(to: 159)
        #expect(next.take() == [])
        next.pass(to: 160)
        #expect(next.take() == ["frost raised@160 since 160"])
        #expect(next.events[0].value == number("1.0"))
    }

    @Test func `what ended while the daemon was away ended at its time, and is told at the start`() {
        #expect(Self.pending().restarted(at: 200).take() == ["frost raised@160 since 160"])
        #expect(
            Self.clearing().restarted(at: 200).take() == [
                "frost -> siren on", "frost cleared@160 since 160", "frost -> siren off",
            ])
        #expect(
            Self.held().restarted(at: 200).take() == ["frost -> siren on", "frost cleared@162 since 162", "frost -> siren off"])
    }

    @Test func `clearing goes on`() {
        var next = Self.clearing().restarted(at: 130)
        next.value("3.0", 140)
        next.value("5.0", 150)
        next.pass(to: 210)
        #expect(next.take() == ["frost -> siren on", "frost cleared@210 since 210", "frost -> siren off"])
    }

    @Test func `a hold goes on, with its changes`() {
        var next = Self.held().restarted(at: 130)
        next.pass(to: 162)
        #expect(next.take() == ["frost -> siren on", "frost cleared@162 since 162", "frost -> siren off"])
    }

    @Test func `what is still raised is not raised again, and keeps its since`() {
        var bench = Bench(setup(Self.below, silence: 300, outputs: ["siren"]))
        bench.value("1.0", 10)
        var next = bench.restarted(at: 50)
        #expect(next.take() == ["frost -> siren on"])
        next.value("1.0", 60)
        #expect(next.take() == [])
        next.acknowledge()
        #expect(next.take() == ["frost raised@60 since 10 acknowledged 60"])
    }

    @Test func `what is silent stays silent until the first value`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.value("1.0", 10)
        bench.pass(to: 50)
        var next = bench.restarted(at: 60)
        next.pass(to: 500)
        #expect(next.take() == [])
        next.value("3.0", 501)
        #expect(next.take() == ["frost raised@501 since 10"])
    }

    @Test func `a rule is not silent because the daemon was away`() {
        var bench = Bench(setup(Self.below, silence: 30))
        bench.value("5.0", 10)
        var next = bench.restarted(at: 1000)
        next.pass(to: 1029)
        #expect(next.take() == [])
        next.pass(to: 1030)
        #expect(next.take() == ["frost silent@1030 since 1030"])
    }

    @Test func `values of before a restart are not known to a change`() {
        var bench = Bench(setup(.changesBy(number("-5"), within: .seconds(600))))
        bench.value("20.0", 10)
        var next = bench.restarted(at: 20)
        next.value("14.0", 30)
        #expect(next.take() == [])
        next.value("9.0", 40)
        #expect(next.take() == ["frost raised@40 since 40"])
    }

    // MARK: another boot, the wall time known then and now

    // The first process saw second 0 at wall 1,000,000; the second boot's second 0 is wall 1,000,100 + something.

    @Test func `pending goes on by the wall time`() {
        // Pending since wall 1,000,100; now it is 1,000,130 at second 20.
        var next = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100, wall: 1_000_130)
        next.pass(to: 49)
        #expect(next.take() == [])
        next.pass(to: 50)
        #expect(next.take() == ["frost raised@50 since 50"])
    }

    @Test func `what ended before the start ends at the start`() {
        #expect(
            Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100, wall: 1_000_500).take()
                == ["frost raised@20 since 20"])
        #expect(
            Self.clearing().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100, wall: 1_000_500).take()
                == ["frost -> siren on", "frost cleared@20 since 20", "frost -> siren off"])
        #expect(
            Self.held().restarted(at: 20, sameBoot: false, wallBefore: 1_000_104, wall: 1_000_500).take()
                == ["frost -> siren on", "frost cleared@20 since 20", "frost -> siren off"])
    }

    @Test func `a hold goes on by the wall time`() {
        var next = Self.held().restarted(at: 20, sameBoot: false, wallBefore: 1_000_104, wall: 1_000_150)
        next.pass(to: 31)
        #expect(next.take() == ["frost -> siren on"])
        next.pass(to: 32)
        #expect(next.take() == ["frost cleared@32 since 32", "frost -> siren off"])
    }

    @Test func `a clock that stands before what was saved puts nothing later than the start`() {
        var next = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100, wall: 5_000)
        next.pass(to: 80)
        #expect(next.take() == ["frost raised@80 since 80"])
    }

    @Test func `a state of an earlier boot tells the wall time of then as its since`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"]))
        bench.value("1.0", 10)
        var next = bench.restarted(at: 5, sameBoot: false, wallBefore: 1_000_010, wall: 1_000_500)
        next.acknowledge()
        #expect(next.take() == ["frost -> siren on", "frost raised@5 since wall 1000010 acknowledged 5"])
        var unknown = bench.restarted(at: 5, sameBoot: false, wall: 1_000_500)
        unknown.acknowledge()
        #expect(unknown.take() == ["frost -> siren on", "frost raised@5 since unknown acknowledged 5"])
    }

    // MARK: another boot, the wall time not known

    @Test(arguments: [(Int64?.none, Int64?.none), (1_000_100, nil), (nil, 1_000_500)])
    func `pending begins at the first value, if that has the condition`(before: Int64?, now: Int64?) {
        var next = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: before, wall: now)
        next.pass(to: 200)
        #expect(next.take() == [])
        next.value("1.0", 201)
        next.pass(to: 261)
        #expect(next.take() == ["frost raised@261 since 261"])
        var without = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: before, wall: now)
        without.value("3.0", 30)
        without.clock(2_000_000)
        without.pass(to: 300)
        #expect(without.take() == [])
    }

    @Test func `clearing likewise`() {
        var next = Self.clearing().restarted(at: 20, sameBoot: false)
        next.pass(to: 200)
        next.value("5.0", 201)
        next.pass(to: 261)
        #expect(next.take() == ["frost -> siren on", "frost cleared@261 since 261", "frost -> siren off"])
    }

    @Test func `changes count as if made at the start`() {
        var next = Self.held().restarted(at: 20, sameBoot: false)
        next.pass(to: 79)
        #expect(next.take() == ["frost -> siren on"])
        next.pass(to: 80)
        #expect(next.take() == ["frost cleared@80 since 80", "frost -> siren off"])
    }

    @Test func `when the wall time becomes known, times take their place, and what has ended by it ends then`() {
        // Pending since wall 1,000,100. At second 40 it is 1,000,130: 30 s are left.
        var waiting = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100)
        waiting.value("1.0", 30)
        waiting.pass(to: 40)
        waiting.clock(1_000_130)
        waiting.pass(to: 69)
        #expect(waiting.take() == [])
        waiting.pass(to: 70)
        #expect(waiting.take() == ["frost raised@70 since 70"])
        // At second 40 it is 1,000,500: over already.
        var over = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100)
        over.value("1.0", 30)
        over.pass(to: 40)
        over.clock(1_000_500)
        #expect(over.take() == ["frost raised@40 since 40"])
        // Before any value.
        var early = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100)
        early.pass(to: 40)
        early.clock(1_000_500)
        #expect(early.take() == ["frost raised@40 since 40"])
        var held = Self.held().restarted(at: 20, sameBoot: false, wallBefore: 1_000_104)
        held.pass(to: 30)
        held.clock(1_000_150)
        held.pass(to: 42)
        #expect(held.take() == ["frost -> siren on", "frost cleared@42 since 42", "frost -> siren off"])
    }

    @Test func `a second look at the clock changes nothing`() {
        var next = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100)
        next.value("1.0", 30)
        next.clock(1_000_130)
        let engine = next.engine
        next.clock(1_999_999)
        #expect(next.engine == engine)
    }

    @Test func `a boot without a clock between two with one keeps the wall times`() {
        // Pending since wall 1,000,100.
        let between = Self.pending().restarted(at: 20, sameBoot: false, wallBefore: 1_000_100)
        var next = between.restarted(at: 10, sameBoot: false, wall: 1_000_140)
        next.pass(to: 30)
        #expect(next.take() == ["frost raised@30 since 30"])
    }
}
