internal import Agent
internal import MQTTSession
internal import Telemetry

/// One outage after the other, from one seed: the network and the broker do everything that they may, the disk serves. The laws of the
/// agent are those of AgentLaws; those of QoS 2 are here.
package struct OutageWeather {
    package struct Options: Sendable {
        package var outages = 100
        package var qos: UInt8 = 1
        /// The broker keeps sessions, so that with QoS 2 nothing comes twice.
        package var keepsSessions = true
        /// The process ends now and then.
        package var killsProcess = true
        package var refuses = true
        package init() {}
    }

    package private(set) var simulation: AgentSimulation
    package private(set) var outages = 0
    private let options: Options
    private var random: RandomSource
    /// What happened, for whoever looks for a mistake.
    package private(set) var story: [String] = []

    package init(seed: UInt64, options: Options = Options()) {
        self.options = options
        random = RandomSource(seed: seed &* 17 &+ 3)
        var settings = AgentSimulation.Options()
        settings.qos = options.qos
        settings.airEvery = .seconds([30, 60].randomElement(using: &random)!)
        settings.rainEvery = .seconds(600)
        settings.slowness = 0
        settings.wrongBy = .zero
        simulation = AgentSimulation(seed: seed, options: settings)
        simulation.broker.session.givesOnAtRelease = Bool.random(using: &random)
        simulation.broker.session.isKept = options.keepsSessions
    }

    private mutating func chance(_ permille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < permille }
    private mutating func seconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(Int.random(in: range, using: &random) * 1000 + Int.random(in: 0..<1000, using: &random)) }

    /// - Returns: what was not as it has to be; empty when all is well.
    package mutating func run() -> [String] {
        simulation.run(for: .seconds(5))
        simulation.synchronizeClock()
        while outages < options.outages, simulation.violations.isEmpty {
            // At times so short that an outage falls into CONNECT, or into what the last one left in flight.
            let pause = chance(400) ? Duration.milliseconds(Int.random(in: 0...1500, using: &random)) : chance(100) ? seconds(60...400) : seconds(1...20)
            simulation.run(for: pause)
            if chance(300) { simulation.toggleDoor() }
            story.append("\(simulation.now.nanoseconds / 1_000_000_000) s")
            breakSomething()
            outages += 1
        }
        if simulation.violations.isEmpty { simulation.finish() }
        return simulation.violations + qos2Violations
    }

    private mutating func breakSomething() {
        let what = Int.random(in: 0..<11, using: &random)
        story.append("\(what)")
        switch what {
        case 0, 1, 2: simulation.breakConnection()
        case 3:
            simulation.broker.link = .silent
            simulation.run(for: chance(100) ? seconds(100...3600) : seconds(1...120))
            simulation.broker.link = .good
        case 4:
            simulation.broker.link = .refused
            simulation.breakConnection()
            simulation.run(for: chance(50) ? seconds(600...3600) : seconds(1...60))
            simulation.broker.link = .good
        case 5:
            simulation.broker.link = .closing
            simulation.breakConnection()
            simulation.run(for: chance(50) ? seconds(600...3600) : seconds(1...60))
            simulation.broker.link = .good
        case 6:
            // It takes what it is given, and what it answers is lost with the connection.
            simulation.broker.dropsAcknowledgements = true
            simulation.run(for: seconds(1...30))
            simulation.breakConnection()
            simulation.broker.dropsAcknowledgements = false
        case 7: simulation.suspend(for: seconds(1...7200))
        case 8:
            simulation.broker.refusesPermille = options.refuses ? [0, 100, 1000].randomElement(using: &random)! : 0
            simulation.breakConnection()
            simulation.run(for: seconds(1...40))
            simulation.broker.refusesPermille = 0
        case 9:
            if options.keepsSessions { simulation.breakConnection() } else { simulation.startBrokerAnew(saysSo: chance(700)) }
        default:
            guard options.killsProcess, chance(300) else { return simulation.breakConnection() }
            let pause = seconds(1...60)
            if chance(500) { simulation.kill(cutsPower: false, pause: pause) } else { simulation.restart(newBoot: false, pause: pause) }
        }
    }

    /// Exactly once, while the process lives and the broker keeps the session; and what may have come twice was counted.
    private var qos2Violations: [String] {
        guard options.qos == 2, options.keepsSessions, !options.killsProcess else { return [] }
        let arrivals = simulation.broker.arrivals
        let twice = arrivals.filter { $0.value > 1 }.count
        var problems: [String] = []
        if twice > 0 { problems.append("QoS 2: \(twice) readings have come twice") }
        let counted = simulation.agent.session.counters.duplicatesPossible
        if counted > 0 { problems.append("QoS 2: \(counted) are counted in duplicates_possible") }
        if arrivals.isEmpty { problems.append("QoS 2: no reading has come with it") }
        return problems
    }
}
