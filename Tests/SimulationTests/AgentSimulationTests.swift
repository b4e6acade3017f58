import Foundation
import Simulation
import Testing

/// `GODWIT_AGENT_SEED=N swift test --filter AgentSimulationTests` runs only that seed; `GODWIT_AGENT_RUNS=20` runs twenty
/// times as many.
private let wantedSeed = ProcessInfo.processInfo.environment["GODWIT_AGENT_SEED"].flatMap { UInt64($0) }
private let factor = ProcessInfo.processInfo.environment["GODWIT_AGENT_RUNS"].flatMap { Int($0) } ?? 1

/// Runs seeds until one fails; says how to run that one again.
private func run(_ family: String, _ seeds: Range<UInt64>, _ options: AgentWeather.Options = AgentWeather.Options()) {
    let all = wantedSeed.map { [$0] } ?? Array(seeds.lowerBound..<seeds.lowerBound + UInt64(seeds.count * factor))
    var turns = 0
    var stamps: [String: Int] = [:]
    for seed in all {
        var weather = AgentWeather(seed: seed, options: options)
        let violations = weather.run()
        turns += weather.simulation.turns
        stamps.merge(weather.simulation.laws.stamps) { $0 + $1 }
        if !violations.isEmpty {
            Issue.record(
                """
                \(family): \(violations.joined(separator: "; ")). Again: GODWIT_AGENT_SEED=\(seed) swift test --filter AgentSimulationTests
                \(weather.story.joined(separator: " "))
                \(weather.simulation.log.suffix(wantedSeed == nil ? 12 : 1000).joined(separator: "\n"))
                """)
            return
        }
    }
    let readings = stamps.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    print("\(family): seeds \(all.first!)...\(all.last!), \(turns) turns, readings \(readings)")
}

@Suite struct AgentSimulationTests {
    @Test(arguments: [UInt64(1_000_000), 1_000_040]) func `the laws hold whatever happens to the agent`(first: UInt64) {
        run("whole agent", first..<first + 40)
    }

    @Test func `the laws hold on a good disk, and no restart raises an alert again`() {
        var options = AgentWeather.Options()
        options.damagesDisk = false
        run("good disk", 1_000_000..<1_000_060, options)
    }

    @Test func `in one life of the process the alerts are those of the oracle`() {
        var options = AgentWeather.Options()
        options.lives = 1
        options.happenings = 40
        run("one life", 1_000_000..<1_000_060, options)
    }
}
