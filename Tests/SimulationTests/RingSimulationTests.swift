import Foundation
import RingStore
import Simulation
import Telemetry
import Testing

/// `GODWIT_RING_SEED=N swift test --filter RingSimulationTests` runs only that seed, in each family;
/// `GODWIT_RING_RUNS=20` runs twenty times as many.
private let wantedSeed = ProcessInfo.processInfo.environment["GODWIT_RING_SEED"].flatMap { UInt64($0) }
private let factor = ProcessInfo.processInfo.environment["GODWIT_RING_RUNS"].flatMap { Int($0) } ?? 1

/// Runs seeds until one fails; says how to run that one again.
private func run(_ family: String, seeds: Int, _ options: RingSimulation.Options) {
    let first = UInt64(family.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }) << 32
    let all = wantedSeed.map { [$0] } ?? (0..<UInt64(seeds * factor)).map { first + $0 }
    var cuts = 0
    for seed in all {
        var simulation = RingSimulation(seed: seed, options: options)
        let violations = simulation.run()
        cuts += simulation.cuts
        if !violations.isEmpty {
            Issue.record(
                "\(family): \(violations.joined(separator: "; ")). Again: GODWIT_RING_SEED=\(seed) swift test --filter RingSimulationTests")
            return
        }
    }
    print("\(family): seeds \(all.first!)...\(all.last!), \(cuts) cuts")
}

@Suite struct RingSimulationTests {
    @Test func `the laws hold over power cuts`() {
        var options = RingSimulation.Options()
        options.lives = 25
        options.stepsPerLife = 24
        run("power cuts", seeds: 40, options)
    }

    @Test func `the laws hold when the process alone is killed`() {
        var options = RingSimulation.Options()
        options.cutsPower = false
        options.lives = 10
        options.stepsPerLife = 40
        run("kills", seeds: 20, options)
    }

    @Test func `the laws hold when each turn syncs`() {
        var options = RingSimulation.Options()
        options.sync = .zero
        options.lives = 10
        options.stepsPerLife = 24
        run("sync 0", seeds: 20, options)
    }

    @Test func `the laws hold when the ring is full`() {
        var options = RingSimulation.Options()
        options.longReadings = true
        options.stepsPerLife = 300
        run("full", seeds: 12, options)
    }

    @Test func `the laws hold on a disk that fails`() {
        var options = RingSimulation.Options()
        options.faults.writeFails = 60
        options.faults.syncFails = 60
        options.faults.readFails = 20
        options.faults.openFails = 200
        options.lives = 8
        options.stepsPerLife = 60
        run("failing disk", seeds: 30, options)
    }

    @Test func `nothing is invented or named twice when pages are damaged`() {
        var options = RingSimulation.Options()
        options.faults.garbage = 300
        options.faults.neighbour = 300
        options.lives = 10
        options.stepsPerLife = 40
        run("damage", seeds: 30, options)
    }

    @Test(arguments: RingSimulation.Mutant.allCases)
    func `a mistake is seen`(_ mutant: RingSimulation.Mutant) {
        var options = RingSimulation.Options()
        options.mutant = mutant
        options.lives = 6
        let seen = (0..<100).contains { seed in
            var simulation = RingSimulation(seed: UInt64(seed), options: options)
            return !simulation.run().isEmpty
        }
        #expect(seen, "\(mutant) was not seen in 100 runs")
    }
}

@Suite struct RingCrashPointsTests {
    @Test(arguments: [(readings: 14, detail: 180, sync: 0), (60, 190, 3)])
    func `the laws hold at every crash point of a short history`(readings: Int, detail: Int, sync: Int) {
        var points = RingCrashPoints(configuration: RingConfiguration(size: 256 << 10, sync: .seconds(sync)))
        points.run(readings: readings, detail: detail)
        #expect(points.violations == [])
        #expect(points.crashes > 2000)
        print("\(readings) readings: \(points.crashes) crash points")
    }

    @Test func `a disk that ignores syncs is seen`() {
        var points = RingCrashPoints(configuration: RingConfiguration(size: 256 << 10, sync: .zero), ignoresSync: true)
        points.run(readings: 14, detail: 180)
        #expect(points.violations != [])
    }
}
