internal import RingStore
internal import Telemetry

/// Kinds of simulated lives: what the disk does to them, and how many seeds of each are run in continuous integration.
package struct Family: Sendable {
    package let name: String
    /// Of the fixed set.
    package let seeds: Int
    /// Fresh seeds that once found a mistake; they are run with the fixed set.
    package let found: [UInt64]
    package let options: RingSimulation.Options

    private init(_ name: String, seeds: Int, found: [UInt64] = [], _ change: (inout RingSimulation.Options) -> Void) {
        self.name = name
        self.seeds = seeds
        self.found = found
        var options = RingSimulation.Options()
        options.lives = 25
        options.stepsPerLife = 24
        change(&options)
        self.options = options
    }

    /// The seeds of two families have nothing in common.
    package var firstSeed: UInt64 { UInt64(name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }) << 32 }

    /// The fixed set.
    package var fixedSeeds: [UInt64] { (0..<seeds).map { firstSeed + UInt64($0) } + found }

    package static let all: [Family] = [
        Family("power-cuts", seeds: 400) { _ in },
        Family("kills", seeds: 100) { $0.cutsPower = false },
        Family("sync-0", seeds: 100) { $0.sync = .zero },
        Family("full", seeds: 40, found: [8_524_171_552_337_466]) {
            $0.longReadings = true
            $0.stepsPerLife = 150
        },
        Family("drop-newest", seeds: 40, found: [20033, 3_597_922_180_646_077]) {
            $0.longReadings = true
            $0.stepsPerLife = 150
            $0.whenFull = .dropNewest
        },
        Family("resize", seeds: 40, found: [55_711_746_029_268_040, 3_597_922_180_646_004, 9_669_900_300_435_869]) {
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
        Family("failing-disk", seeds: 100, found: [18_091_111_939_115_430, 37_359_419_171_768_520]) {
            $0.faults.writeFails = 60
            $0.faults.syncFails = 60
            $0.faults.readFails = 20
            $0.faults.openFails = 200
        },
        Family("full-disk", seeds: 100, found: [8_524_171_552_337_403]) { $0.failures = [.noSpace] },
        Family("read-only", seeds: 100, found: [55_711_746_029_268_106, 18_091_111_939_115_338]) { $0.failures = [.notPermitted, .inputOutput] },
        Family("garbage", seeds: 100, found: [55_711_746_029_268_173]) { $0.faults.garbage = 300 },
        Family("neighbour", seeds: 100) {
            $0.faults.garbage = 300
            $0.faults.neighbour = 300
        },
        Family("bit-rot", seeds: 100, found: [
            57_773_738_660_098_154, 8_524_171_552_337_424, 8_524_171_552_337_537, 8_524_171_552_337_704, 37_359_419_171_768_656,
            3_597_922_180_646_029,
        ]) { $0.faults.bitRot = 300 },
        Family("everything", seeds: 100, found: [18_091_111_939_115_403, 37_359_419_171_768_494]) {
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
