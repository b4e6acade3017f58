internal import RingStore
internal import Telemetry

/// Kinds of simulated lives: what the disk does to them, and how many seeds of each are run in continuous integration.
package struct Family: Sendable {
    package let name: String
    /// Of the fixed set.
    package let seeds: Int
    /// Numbers of the fixed set that fail and are not understood yet: each is told in docs/reliability.md, run all the same, and an
    /// error as soon as it holds, so that it leaves this list.
    package let open: [Int]
    package let options: RingSimulation.Options

    private init(_ name: String, seeds: Int, open: [Int] = [], _ change: (inout RingSimulation.Options) -> Void) {
        self.name = name
        self.seeds = seeds
        self.open = open
        var options = RingSimulation.Options()
        options.lives = 25
        options.stepsPerLife = 24
        change(&options)
        self.options = options
    }

    /// The seeds of two families have nothing in common.
    package var firstSeed: UInt64 { UInt64(name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }) << 32 }

    package static let all: [Family] = [
        Family("power-cuts", seeds: 400) { _ in },
        Family("kills", seeds: 100) { $0.cutsPower = false },
        Family("sync-0", seeds: 100) { $0.sync = .zero },
        Family("full", seeds: 40) {
            $0.longReadings = true
            $0.stepsPerLife = 150
        },
        Family("drop-newest", seeds: 40) {
            $0.longReadings = true
            $0.stepsPerLife = 150
            $0.whenFull = .dropNewest
        },
        Family("resize", seeds: 40) {
            $0.longReadings = true
            $0.stepsPerLife = 60
            $0.otherSizes = [384 << 10, 512 << 10]
        },
        Family("refusals", seeds: 100) { $0.refusesPermille = 200 },
        Family("refusals-full", seeds: 100) {
            $0.refusesPermille = 200
            $0.longReadings = true
            $0.stepsPerLife = 150
        },
        Family("stalls", seeds: 100) { $0.stalls = true },
        Family("failing-disk", seeds: 100) {
            $0.faults.writeFails = 60
            $0.faults.syncFails = 60
            $0.faults.readFails = 20
            $0.faults.openFails = 200
        },
        Family("full-disk", seeds: 100) { $0.failures = [.noSpace] },
        Family("read-only", seeds: 100) { $0.failures = [.notPermitted, .inputOutput] },
        Family("garbage", seeds: 100) { $0.faults.garbage = 300 },
        Family("neighbour", seeds: 100) {
            $0.faults.garbage = 300
            $0.faults.neighbour = 300
        },
        // The end of a stream is neither delivered nor lost.
        Family("bit-rot", seeds: 100, open: [56]) { $0.faults.bitRot = 300 },
        // A loss is told that takes in readings which come later.
        Family("everything", seeds: 100, open: [39]) {
            $0.longReadings = true
            $0.stepsPerLife = 60
            $0.stalls = true
            $0.failures = [.noSpace, .notPermitted, .inputOutput]
            $0.otherSizes = [384 << 10]
            $0.faults.writeFails = 20
            $0.faults.syncFails = 20
            $0.faults.readFails = 10
            $0.faults.openFails = 100
            $0.faults.garbage = 200
        },
    ]
}

extension RingSimulation.Mutant {
    /// A run in which it would show.
    package var options: RingSimulation.Options {
        var options = RingSimulation.Options()
        options.lives = 6
        if self == .forgottenWatermark { options.longReadings = true }
        options.mutant = self
        return options
    }
}
