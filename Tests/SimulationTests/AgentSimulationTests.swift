import Foundation
import Simulation
import Testing

/// `GODWIT_AGENT_SEED=N swift test --filter AgentSimulationTests` runs only that seed; `GODWIT_AGENT_RUNS=20` runs twenty
/// times as many.
private let wantedSeed = ProcessInfo.processInfo.environment["GODWIT_AGENT_SEED"].flatMap { UInt64($0) }
private let factor = ProcessInfo.processInfo.environment["GODWIT_AGENT_RUNS"].flatMap { Int($0) } ?? 1

@Suite struct AgentSimulationTests {
    @Test(arguments: [UInt64(0), 1]) func `the laws hold whatever happens to the agent`(half: UInt64) {
        let all = wantedSeed.map { half == 0 ? [$0] : [] } ?? (0..<UInt64(150 * factor)).map { half * 1_000_000 + $0 }
        var turns = 0
        var stamps: [String: Int] = [:]
        for seed in all {
            var weather = AgentWeather(seed: seed)
            let violations = weather.run()
            turns += weather.simulation.turns
            stamps.merge(weather.simulation.laws.stamps) { $0 + $1 }
            if !violations.isEmpty {
                Issue.record(
                    """
                    \(violations.joined(separator: "; ")). Again: GODWIT_AGENT_SEED=\(seed) swift test --filter AgentSimulationTests
                    \(weather.story.joined(separator: " "))
                    \(weather.simulation.log.suffix(wantedSeed == nil ? 12 : 1000).joined(separator: "\n"))
                    """)
                return
            }
        }
        print("whole agent: seeds \(all.first ?? 0)...\(all.last ?? 0), \(turns) turns, readings \(stamps)")
    }
}
