import Agent
import Foundation
import MQTTSession
import Simulation
import Telemetry
import Testing

/// `GODWIT_OUTAGE_SEED=N swift test --filter OutageTests` runs only that seed; `GODWIT_OUTAGE_RUNS=20` runs twenty times as many.
private let wantedSeed = ProcessInfo.processInfo.environment["GODWIT_OUTAGE_SEED"].flatMap { UInt64($0) }
private let factor = ProcessInfo.processInfo.environment["GODWIT_OUTAGE_RUNS"].flatMap { Int($0) } ?? 1

@Suite struct OutageTests {
    private func run(_ family: String, seeds: Int, _ options: OutageWeather.Options) {
        let first: UInt64 = 3_000_000
        let all = wantedSeed.map { [$0] } ?? Array(first..<first + UInt64(seeds * factor))
        var outages = 0
        var attempts = 0
        for seed in all {
            var weather = OutageWeather(seed: seed, options: options)
            let violations = weather.run()
            outages += weather.outages
            attempts += weather.simulation.broker.attempts
            if !violations.isEmpty {
                Issue.record(
                    """
                    \(family): \(violations.joined(separator: "; ")). Again: GODWIT_OUTAGE_SEED=\(seed) swift test --filter OutageTests
                    \(weather.story.joined(separator: " "))
                    \(weather.simulation.log.suffix(wantedSeed == nil ? 20 : 2000).joined(separator: "\n"))
                    """)
                return
            }
        }
        print("\(family): seeds \(all.first!)...\(all.last!), \(outages) outages, \(attempts) attempts to connect")
    }

    @Test func `over four thousand outages the laws hold with QoS 1`() {
        run("outages, QoS 1", seeds: 40, OutageWeather.Options())
    }

    @Test func `over three thousand outages the laws hold with QoS 2, whatever the broker forgets`() {
        var options = OutageWeather.Options()
        options.qos = 2
        options.keepsSessions = false
        run("outages, QoS 2", seeds: 30, options)
    }

    @Test func `over three thousand outages each reading comes once with QoS 2, while the process lives and the broker keeps the session`() {
        var options = OutageWeather.Options()
        options.qos = 2
        options.killsProcess = false
        options.refuses = false
        run("outages, QoS 2, kept", seeds: 30, options)
    }

    @Test(arguments: [UInt8(1), 2]) func `a broker that closes at once for an hour is asked seldom, and the loop sleeps`(qos: UInt8) {
        var settings = AgentSimulation.Options()
        settings.qos = qos
        var simulation = AgentSimulation(seed: 1, options: settings)
        simulation.run(for: .seconds(120))
        simulation.broker.link = .closing
        simulation.breakConnection()
        let attempts = simulation.broker.attempts
        let turns = simulation.turns
        simulation.run(for: .seconds(3600))
        // Delays of 1 s to 2 min, drawn between 1 s and three times the one before.
        #expect((30...300).contains(simulation.broker.attempts - attempts), "\(simulation.broker.attempts - attempts)")
        #expect(simulation.turns - turns < 3000, "\(simulation.turns - turns)")
        simulation.broker.link = .good
        simulation.run(for: .seconds(180))
        #expect(simulation.agent.session.isOnline)
        simulation.finish()
        #expect(simulation.violations == [])
    }
}
