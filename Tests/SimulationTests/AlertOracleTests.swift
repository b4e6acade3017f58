import Simulation
import Testing

/// The oracle itself, on histories worked out by hand from docs/alerts.md. Ticks are seconds here, values hundredths.
@Suite struct AlertOracleTests {
    private typealias Rule = AlertOracle.Rule

    private func states(_ rule: Rule, _ steps: [AlertOracle.Step]) -> [String] {
        var oracle = AlertOracle(rule, start: 0)
        for step in steps { oracle.take(step) }
        return oracle.told.map { "\($0.state)\($0.isFlapping ? "!" : "") \($0.at) \($0.since)" }
    }

    private func rule(_ condition: Rule.Condition, _ change: (inout Rule) -> Void = { _ in }) -> Rule {
        var rule = Rule(condition)
        change(&rule)
        return rule
    }

    @Test func `between the thresholds nothing changes`() {
        let steps: [AlertOracle.Step] = [.value(210, at: 1), .value(150, at: 2), .value(100, at: 3), .value(99, at: 4)]
        #expect(states(rule(.above(200, clearBelow: 100)), steps) == ["raised 1 1", "cleared 4 4"])
        #expect(states(rule(.above(200, clearBelow: nil)), steps) == ["raised 1 1", "cleared 2 2"])
    }

    @Test func `for ends at its own instant, and a value at that instant comes first`() {
        let pending = rule(.below(200, clearAbove: nil)) { $0.holdFor = 5 }
        #expect(states(pending, [.value(100, at: 1), .value(100, at: 9)]) == ["raised 6 6"])
        #expect(states(pending, [.value(100, at: 1), .value(200, at: 6), .time(20)]) == [])
        #expect(states(pending, [.value(100, at: 1), .value(200, at: 7), .time(20)]) == ["raised 6 6", "cleared 7 7"])
    }

    @Test func `silence gives up what was pending and is ended by one event`() {
        let silent = rule(.above(200, clearBelow: nil)) {
            $0.holdFor = 8
            $0.silence = 5
        }
        #expect(
            states(silent, [.value(300, at: 1), .time(20), .value(300, at: 20), .value(300, at: 24), .time(28)])
                == ["silent 6 6", "cleared 20 20", "raised 28 28"])
        let atOnce = rule(.above(200, clearBelow: nil)) { $0.silence = 5 }
        #expect(
            states(atOnce, [.value(300, at: 1), .time(20), .value(300, at: 20), .time(30), .value(100, at: 31)])
                == ["raised 1 1", "silent 6 6", "raised 20 1", "silent 25 25", "cleared 31 31"])
    }

    @Test func `values that keep coming clear silent_for`() {
        let silent = rule(.silentFor(3)) { $0.keepFor = 4 }
        #expect(
            states(silent, [.time(5), .value(1, at: 6), .value(1, at: 10), .value(1, at: 12), .time(14)])
                == ["raised 3 3", "cleared 14 14"])
    }

    @Test func `a change is counted from the extreme of the window`() {
        let change = rule(.changesBy(-100, within: 4))
        #expect(
            states(change, [.value(300, at: 0), .value(250, at: 2), .value(200, at: 4), .value(170, at: 5)])
                == ["raised 4 4", "cleared 5 5"])
    }

    @Test func `too many changes are held raised until the window has room`() {
        let flapping = rule(.equals(100)) {
            $0.flappingChanges = 3
            $0.flappingWithin = 10
        }
        let steps: [AlertOracle.Step] = [
            .value(100, at: 0), .value(0, at: 1), .value(100, at: 2), .value(0, at: 3), .value(100, at: 4), .time(30),
        ]
        // Changes at 0, 1, 2, 3, 4: held from 3 on; three are left when that of 1 leaves the window.
        #expect(
            states(flapping, steps)
                == ["raised 0 0", "cleared 1 1", "raised 2 2", "raised! 3 2", "raised 11 2"])
    }

    @Test func `what ends while the process is away ends at its time, and the observation begins anew`() {
        let silent = rule(.above(200, clearBelow: nil)) {
            $0.holdFor = 5
            $0.silence = 7
        }
        #expect(
            states(silent, [.value(300, at: 1), .time(2), .restart(at: 20, newBoot: false), .time(40)])
                == ["raised 6 6", "silent 27 27"])
    }
}
