import Glibc
import RingStore
import StorageSimulation
import Telemetry

// The simulation of the ring as a program of its own, so that it can be optimized; `scripts/simulate` builds it and starts
// one for each core.

/// Each line at once, also into a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// Prints a failure with the one command that replays it.
func run(_ family: Family, _ seed: UInt64, isTraced: Bool = false) -> (cuts: Int, forgotten: Int, isGood: Bool) {
    var simulation = RingSimulation(seed: seed, options: family.options)
    simulation.isTraced = isTraced
    let violations = simulation.run()
    if !violations.isEmpty {
        say("\(family.name), seed \(seed): \(violations.joined(separator: "; "))")
        say("again: scripts/simulate --family \(family.name) --seed \(seed)")
    }
    return (simulation.cuts, simulation.oracle.forgottenStreams, violations.isEmpty)
}

/// The fixed seeds, those whose number leaves `part` when divided by `parts`.
func runFixed(part: Int, parts: Int, only: String?) -> Bool {
    var cuts = 0
    var forgotten = 0
    var failures = 0
    for family in Family.all where only == nil || only == family.name {
        for (number, seed) in family.fixedSeeds.enumerated() where number % parts == part {
            let result = run(family, seed)
            cuts += result.cuts
            forgotten += result.forgotten
            if !result.isGood { failures += 1 }
        }
    }
    say("fixed seeds, part \(part + 1) of \(parts): \(cuts) cuts, \(failures) failures; streams that no page named any more: \(forgotten)")
    return failures == 0
}

/// Fresh seeds for a time; they begin where the clock says.
func runFresh(minutes: Double, part: Int) -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(minutes * 60)
    var random = SystemRandomNumberGenerator()
    var seed = random.next() >> 8
    var cuts = 0
    var failures = 0
    repeat {
        for family in Family.all {
            let result = run(family, seed)
            cuts += result.cuts
            if !result.isGood { failures += 1 }
        }
        seed += 1
    } while clock.now < end && failures < 20
    say("fresh seeds, process \(part + 1): \(cuts) cuts, \(failures) failures")
    return failures == 0
}

func runHistories(part: Int, parts: Int, only: String?) -> Bool {
    var isGood = true
    for (number, history) in History.all.enumerated() where number % parts == part && (only == nil || only == history.name) {
        var points = RingCrashPoints(history: history)
        points.run()
        say("history \(history.name): \(points.crashes) crash points" + (points.violations.isEmpty ? "" : ", \(points.violations)"))
        if !points.violations.isEmpty {
            isGood = false
            say("again: scripts/simulate --histories --family \(history.name)")
        }
    }
    return isGood
}

func runMutants() -> Bool {
    var isGood = true
    for mutant in RingSimulation.Mutant.allCases {
        let options = mutant.options
        var seen: (seed: UInt64, text: String)?
        for seed in UInt64(0)..<200 where seen == nil {
            var simulation = RingSimulation(seed: seed, options: options)
            if let violation = simulation.run().first { seen = (seed, violation) }
        }
        if let seen {
            say("\(mutant.rawValue): caught with seed \(seen.seed): \(seen.text)")
        } else {
            isGood = false
            say("\(mutant.rawValue): NOT caught in 200 seeds")
        }
    }
    return isGood
}

func usage() -> Never {
    say("ring-simulation fixed|histories [PART PARTS [NAME]] | minutes N PART | mutants | one FAMILY SEED [trace]")
    exit(64)
}

let arguments = Array(CommandLine.arguments.dropFirst())
let part = arguments.count > 2 ? Int(arguments[1]) ?? 0 : 0
let parts = arguments.count > 2 ? Int(arguments[2]) ?? 1 : 1
let only = arguments.count > 3 ? arguments[3] : nil
switch arguments.first {
case "fixed": exit(runFixed(part: part, parts: parts, only: only) ? 0 : 1)
case "histories": exit(runHistories(part: part, parts: parts, only: only) ? 0 : 1)
case "mutants": exit(runMutants() ? 0 : 1)
case "minutes":
    guard arguments.count == 3, let minutes = Double(arguments[1]), let number = Int(arguments[2]) else { usage() }
    exit(runFresh(minutes: minutes, part: number) ? 0 : 1)
case "one":
    guard arguments.count >= 3, let family = Family.all.first(where: { $0.name == arguments[1] }), let seed = UInt64(arguments[2])
    else { usage() }
    let result = run(family, seed, isTraced: arguments.contains("trace"))
    say("\(family.name), seed \(seed): \(result.cuts) cuts, \(result.isGood ? "the laws hold" : "failed")")
    exit(result.isGood ? 0 : 1)
default: usage()
}
