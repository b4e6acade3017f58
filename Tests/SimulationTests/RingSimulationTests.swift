import StorageSimulation
import Testing

// The least of it, since a debug build takes twenty times as long: `scripts/simulate` runs the fixed set, the histories and
// the mutants, and scripts/test runs that.

@Suite struct RingSimulationTests {
    @Test(arguments: ["power-cuts", "failing-disk", "bit-rot", "refusals"])
    func `the laws hold`(name: String) throws {
        let family = try #require(Family.all.first { $0.name == name })
        var options = family.options
        options.lives = 3
        var simulation = RingSimulation(seed: family.firstSeed, options: options)
        #expect(simulation.run() == [])
    }

    @Test(arguments: [RingSimulation.Mutant.lyingDisk, .earlyAcknowledgement, .swappedOrder])
    func `a mistake is seen`(_ mutant: RingSimulation.Mutant) {
        let seen = (0..<10).contains { seed in
            var simulation = RingSimulation(seed: UInt64(seed), options: mutant.options)
            return !simulation.run().isEmpty
        }
        #expect(seen, "\(mutant) was not seen in 10 runs")
    }
}

@Suite struct RingCrashPointsTests {
    @Test func `the laws hold at every crash point of a short history`() {
        var points = RingCrashPoints(history: History("short", readings: 3, detail: 180, sync: 0))
        points.run()
        #expect(points.violations == [])
        #expect(points.crashes > 300)
    }

    @Test func `the laws hold where one request fails`() {
        let history = History("failing", readings: 3, detail: 190, sync: 2) {
            $0.depth = .extremes
            $0.failsEachRequest = true
        }
        var points = RingCrashPoints(history: history)
        points.run()
        #expect(points.violations == [])
        #expect(points.crashes > 20)
    }

    @Test func `a disk that ignores syncs is seen`() {
        var points = RingCrashPoints(history: History("lying", readings: 14, detail: 180, sync: 0) { $0.ignoresSync = true })
        points.run()
        #expect(points.violations != [])
    }
}
