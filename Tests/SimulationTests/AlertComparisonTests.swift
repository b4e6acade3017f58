import Foundation
import Simulation
import Testing

/// `GODWIT_ALERT_SEED=N swift test --filter AlertComparisonTests` runs only that seed, in each set; `GODWIT_ALERT_RUNS=20`
/// runs twenty times as many.
private let wantedSeed = ProcessInfo.processInfo.environment["GODWIT_ALERT_SEED"].flatMap { UInt64($0) }
private let factor = ProcessInfo.processInfo.environment["GODWIT_ALERT_RUNS"].flatMap { Int($0) } ?? 1

private func compare(_ set: String, _ seeds: Range<Int>, _ options: AlertHistory.Options) {
    let all = wantedSeed.map { [$0] } ?? seeds.map { UInt64($0) }
    for seed in all {
        let history = AlertHistory(seed: seed, options: options)
        guard AlertComparison.disagreement(history) != nil else { continue }
        let short = AlertComparison.shrunk(history)
        Issue.record(
            """
            \(set): \(AlertComparison.disagreement(short) ?? ""). Again: GODWIT_ALERT_SEED=\(seed) swift test --filter AlertComparisonTests
            \(short.rule) silence \(short.rule.silence ?? 0)
            \(short.turns.map { "\($0.now)\($0.isPrompt ? " prompt" : ""): \($0.happenings)" }.joined(separator: "\n"))
            """)
        return
    }
    print("\(set): seeds \(all.first!)...\(all.last!), the oracle and the engine agree")
}

@Suite struct AlertComparisonTests {
    @Test(arguments: [0, 1, 2, 3]) func `the oracle and the engine agree on 100,000 histories`(part: Int) {
        let count = 20_000 * factor
        compare("alerts \(part)", part * count..<(part + 1) * count, AlertHistory.Options())
    }

    @Test func `they agree when the process ends in the middle, in the same boot and in another`() {
        var options = AlertHistory.Options()
        options.restarts = true
        compare("alerts over restarts", 1_000_000..<1_000_000 + 20_000 * factor, options)
    }

    @Test func `late turns tell the same events`() {
        var options = AlertHistory.Options()
        options.isLate = false
        for seed in 2_000_000..<2_000_000 + 2_000 * UInt64(factor) {
            var history = AlertHistory(seed: seed, options: options)
            let prompt = AlertComparison.events(history)
            for turn in history.turns.indices { history.turns[turn].isPrompt = false }
            let late = AlertComparison.events(history)
            if prompt != late {
                Issue.record("seed \(seed): \(prompt) \(late)")
                return
            }
        }
    }
}
