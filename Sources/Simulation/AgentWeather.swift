internal import Agent
internal import RingStore
internal import StorageSimulation
internal import Telemetry

/// Whatever may happen to an agent, happens: one random run over several lives of the process, from one seed.
package struct AgentWeather {
    package struct Options: Sendable {
        package var lives = 3
        /// What happens in one life, one after the other.
        package var happenings = 14
        package var damagesDisk = true
        package init() {}
    }

    package private(set) var simulation: AgentSimulation
    private let options: Options
    private var random: RandomSource
    /// What happened, for whoever looks for a mistake.
    package private(set) var story: [String] = []

    package init(seed: UInt64, options: Options = Options()) {
        self.options = options
        random = RandomSource(seed: seed &* 31 &+ 7)
        var settings = AgentSimulation.Options()
        settings.waitForClock = .seconds([20, 120, 3600].randomElement(using: &random)!)
        settings.airEvery = .seconds([30, 60, 300].randomElement(using: &random)!)
        settings.rainEvery = .seconds([60, 600].randomElement(using: &random)!)
        settings.sync = .seconds([0, 5, 5, 30].randomElement(using: &random)!)
        settings.slowness = [0, 20, -50].randomElement(using: &random)!
        settings.wrongBy = Self.error(&random)
        simulation = AgentSimulation(seed: seed, options: settings)
    }

    private static func error(_ random: inout RandomSource) -> Duration {
        .seconds([-400 * 86400, -86400, -3 * 3600, -90, 90, 3 * 3600, 30 * 86400].randomElement(using: &random)!)
    }

    private mutating func chance(_ permille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < permille }
    private mutating func seconds(_ range: ClosedRange<Int>) -> Duration { .seconds(Int.random(in: range, using: &random)) }

    /// - Returns: what was not as it has to be; empty when all is well.
    package mutating func run() -> [String] {
        for life in 0..<options.lives {
            for _ in 0..<options.happenings where simulation.violations.isEmpty {
                // Short, so that things fall together; at times so long that limits are reached.
                let pause = chance(60) ? seconds(600...2000) : chance(300) ? seconds(30...300) : seconds(0...12)
                story.append("\(simulation.now.nanoseconds / 1_000_000_000) s")
                simulation.run(for: pause)
                happen()
            }
            guard simulation.violations.isEmpty else { break }
            if life + 1 < options.lives { end() }
        }
        if simulation.violations.isEmpty { simulation.finish() }
        return simulation.violations
    }

    private mutating func happen() {
        let what = Int.random(in: 0..<23, using: &random)
        switch what {
        case 0, 1: simulation.toggleDoor()
        case 2: for _ in 0..<Int.random(in: 1...4, using: &random) { simulation.pulse() }
        case 3: simulation.journal.temperature = Int64.random(in: 0...400, using: &random)
        case 4: simulation.journal.answers.toggle()
        case 5: simulation.setTrouble([nil, .missing, .busy].randomElement(using: &random)!, ofDoor: chance(500))
        case 6: simulation.breakConnection()
        case 7: simulation.broker.link = .silent
        case 8: simulation.broker.link = .refused
        case 9, 10:
            simulation.broker.link = .good
            simulation.broker.dropsAcknowledgements = chance(200)
        case 11, 12: simulation.synchronizeClock()
        case 13:
            simulation.journal.clock.loseNTP()
            if chance(500) { simulation.journal.clock.forget() }
        case 14: simulation.setClock(wrongBy: Self.error(&random))
        case 15: simulation.suspend(for: seconds(5...30000))
        case 16: simulation.lateness = chance(500) ? .zero : seconds(1...20)
        case 17: breakDisk()
        case 18:
            simulation.setTrouble([nil, .missing].randomElement(using: &random)!, ofOutput: Int.random(in: 0..<4, using: &random))
        case 19:
            let order = [#""on""#, #""on","for":"7 s""#, #""off""#, #""toggle""#].randomElement(using: &random)!
            let id = ["siren", "inlet", "outlet", "fan"].randomElement(using: &random)!
            simulation.command(#"{"command":"output","output":"\#(id)","state":\#(order)}"#)
        case 20: simulation.broker.refusesPermille = [0, 0, 50, 300, 1000].randomElement(using: &random)!
        default:
            // Beside the whole seconds at which deadlines are: which comes first at one instant nobody says.
            simulation.run(for: .milliseconds(Int.random(in: 1...999, using: &random)))
            let alert = ["hot", "cold", "open", "jump", "quiet"].randomElement(using: &random)!
            if chance(500) { simulation.acknowledge(alert) } else { simulation.mute(alert, lasting: seconds(1...900)) }
        }
        story.append("\(what)")
    }

    private mutating func breakDisk() {
        var faults = SimulatedStorage.Faults()
        guard options.damagesDisk, chance(600) else { return simulation.setDiskFaults(faults) }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: faults.allFail = [.noSpace, .inputOutput, .notPermitted].randomElement(using: &random)!
        case 1: faults.writeFails = 300
        case 2: faults.syncFails = 300
        default: faults.readFails = 200
        }
        simulation.setDiskFaults(faults, stalls: chance(300))
    }

    private mutating func end() {
        let pause = chance(500) ? seconds(1...5) : seconds(60...20000)
        let error = chance(300) ? Duration.zero : Self.error(&random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: simulation.kill(cutsPower: false, pause: pause)
        case 1: simulation.kill(cutsPower: true, pause: pause, wrongBy: error)
        case 2: simulation.restart(newBoot: false, pause: pause)
        default: simulation.restart(newBoot: true, pause: pause, wrongBy: error)
        }
        story.append("life")
    }
}
