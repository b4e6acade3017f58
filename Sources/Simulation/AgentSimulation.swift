package import Agent
package import StorageSimulation
internal import MQTTSession
internal import RingStore
internal import Outputs
internal import Sensors
package import Telemetry

/// The whole agent, in fast motion and under one seed: a board, three files on a disk, a broker and two clocks, all of which
/// may fail. What the laws say is checked as it goes on, and at the end (AgentLaws).
package struct AgentSimulation {
    package struct Options: Sendable {
        package var waitForClock = Duration.seconds(120)
        package var airEvery = Duration.seconds(60)
        package var rainEvery = Duration.seconds(300)
        package var slowness: Int64 = 20
        /// How far the wall clock stands beside the truth at the first boot.
        package var wrongBy = Duration.seconds(-40 * 86400)
        package var sync = Duration.seconds(5)
        /// Of readings and losses.
        package var qos: UInt8 = 1
        package init() {}
    }

    package let options: Options
    package let journal: SensorJournal
    package private(set) var laws: AgentLaws
    package var broker: SimulatedBroker
    package private(set) var agent: Agent
    var disks: SimulatedDisks
    var board = SimulatedBoard()
    var random: RandomSource
    private var inbox: [AgentInput] = []
    package private(set) var isReady = false
    package private(set) var isFinished = false
    package private(set) var turns = 0
    /// Turns come up to so much after their deadline.
    package var lateness = Duration.zero
    private var grid = GridWatch()
    private var outputLaws: OutputLaws
    /// The oracles of the rules, in this life of the process.
    private(set) var watches: [AlertWatch]
    private var isStopping = false
    private var lastTurn = Instant.zero
    private var turnsAtOnce = 0
    package private(set) var log: [String] = []

    /// 1.5 × Keep Alive.
    private static let patience = Duration.seconds(90)
    static let air = 0
    static let door = 1
    static let rain = 2

    /// What the models say, behind a number that no other reading has; the thermometer is a counter in disguise.
    static let schemas = sensors(Options()).enumerated().map { index, settings in
        SensorSchema(
            sensor: settings.id,
            quantities: [id]
                + (index == air
                    ? [Quantity(name: "temperature", unit: "Cel", decimals: 1)]
                    : catalogEntry(named: settings.model)!.model.quantities(settings)))
    }
    private static let id = Quantity(name: "id", unit: "1", decimals: 0)

    package init(seed: UInt64, options: Options = Options()) {
        self.options = options
        random = RandomSource(seed: seed)
        journal = SensorJournal(clock: SimulatedClock(slowness: options.slowness, wrongBy: options.wrongBy))
        disks = SimulatedDisks(seed: random.next())
        laws = AgentLaws(schemas: Self.schemas)
        outputLaws = OutputLaws(settings: Self.outputs)
        outputLaws.processBegins(at: journal.clock.now)
        watches = Self.watches(options)
        let configuration = Self.configuration(options, boot: journal.clock.boot)
        broker = SimulatedBroker(seed: random.next(), will: Agent.willMessage(for: configuration))
        agent = Self.newAgent(options, journal, &random)
        inbox = [.start]
        grid.begin(at: journal.clock.now)
    }

    package var now: Instant { journal.clock.now }
    package var violations: [String] { laws.violations + outputLaws.problems + disks.allMistakes }

    // MARK: the process

    private static func configuration(_ options: Options, boot: BootID) -> AgentConfiguration {
        var configuration = AgentConfiguration(
            deviceID: "sim", deviceName: "Sim", location: "", prefix: "godwit", identify: false, metricsEvery: .zero,
            waitForClock: options.waitForClock, clockSource: "kernel", sensors: sensors(options), boot: boot, version: "0",
            configurationHash: "00000000", ring: RingConfiguration(size: 256 << 10, sync: options.sync, memory: 64 << 10),
            session: SessionConfiguration(qos: options.qos))
        configuration.outputs = outputs
        configuration.alerts = watches(options).map { watch in
            let schema = schemas[watch.sensor]
            return watch.rule.setup(
                id: watch.id, sensor: schema.sensor, sensorIndex: watch.sensor, quantity: schema.quantities[1],
                quantityIndex: 1, tick: 1, outputs: watch.outputs)
        }
        return configuration
    }

    static let outputs = [
        OutputSettings(
            id: "siren", line: .name("GPIO1"), maximumOn: .seconds(600), minimumOn: .seconds(3), minimumOff: .seconds(5)),
        OutputSettings(id: "inlet", line: .name("GPIO2"), minimumOn: .seconds(10), group: "valves"),
        OutputSettings(
            id: "outlet", line: .name("GPIO3"), minimumOff: .seconds(2),
            onOffline: .init(isOn: true, after: .seconds(90)), group: "valves"),
        OutputSettings(id: "fan", line: .name("GPIO4"), initial: true, onExit: true),
    ]

    private static func watches(_ options: Options) -> [AlertWatch] {
        func seconds(_ count: Int) -> Int64 { Int64(count) * 1_000_000_000 }
        let silence = max(options.airEvery.nanoseconds * 3, seconds(30))
        var hot = AlertOracle.Rule(.above(3000, clearBelow: 2500))
        var cold = AlertOracle.Rule(.below(1000, clearAbove: nil))
        var open = AlertOracle.Rule(.equals(100))
        var jump = AlertOracle.Rule(.changesBy(1000, within: seconds(1200)))
        var quiet = AlertOracle.Rule(.silentFor(options.airEvery.nanoseconds * 2))
        hot.silence = silence
        cold.silence = silence
        cold.holdFor = options.airEvery.nanoseconds * 2
        cold.keepFor = options.airEvery.nanoseconds
        open.holdFor = seconds(20)
        open.silence = seconds(1800)
        open.flappingChanges = 3
        jump.silence = silence
        jump.holdFor = seconds(1)
        quiet.keepFor = seconds(40)
        return [
            AlertWatch("hot", hot, sensor: air, scale: 10, outputs: ["siren", "inlet"]),
            AlertWatch("cold", cold, sensor: air, scale: 10, outputs: ["outlet"]),
            AlertWatch("open", open, sensor: door, scale: 100, outputs: ["siren"]),
            AlertWatch("jump", jump, sensor: air, scale: 10),
            AlertWatch("quiet", quiet, sensor: air, scale: 10, outputs: ["inlet"]),
        ]
    }

    private static func sensors(_ options: Options) -> [SensorSettings] {
        [
            SensorSettings(id: "air", name: "air", model: "synthetic", every: options.airEvery),
            SensorSettings(id: "door", name: "door", model: "contact", line: .name("GPIO17")),
            SensorSettings(
                id: "rain", name: "rain", model: "pulse-counter", line: .name("GPIO22"), every: options.rainEvery,
                values: ["per_pulse": .decimal(Decimal(2, decimals: 1))]),
        ]
    }

    private static func newAgent(_ options: Options, _ journal: SensorJournal, _ random: inout RandomSource) -> Agent {
        let configuration = configuration(options, boot: journal.clock.boot)
        let drivers = configuration.sensors.enumerated().map { index, settings -> any AnySensor in
            WatchedSensor(
                catalogEntry(named: settings.model)!.make(settings, journal.clock.now), index: index,
                isThermometer: index == air, journal: journal)
        }
        return Agent(
            configuration: configuration, drivers: drivers, schemas: schemas, random: RandomSource(seed: random.next()),
            at: journal.clock.reading)
    }

    /// The process ends and another one begins. A power cut also takes what was not synced.
    package mutating func kill(cutsPower: Bool, pause: Duration = .seconds(2), wrongBy: Duration = .zero) {
        end(isClean: false, cutsPower: cutsPower)
        begin(newBoot: cutsPower, pause: pause, wrongBy: wrongBy)
    }

    /// SIGTERM; then another process begins, in the same boot or after a shutdown.
    package mutating func restart(newBoot: Bool, pause: Duration = .seconds(2), wrongBy: Duration = .zero) {
        stop()
        begin(newBoot: newBoot, pause: pause, wrongBy: wrongBy)
    }

    package mutating func stop() {
        let begun = now
        lateness = .zero
        isStopping = true
        inbox.append(.stop)
        settle()
        while !isFinished, violations.isEmpty, begun.duration(to: now) < .seconds(6) { step(until: now.advanced(by: .seconds(6))) }
        if !isFinished { laws.fail("the stop did not end within 6 s") }
        outputLaws.stopped(board)
        end(isClean: true, cutsPower: false)
    }

    private mutating func end(isClean: Bool, cutsPower: Bool) {
        laws.processEnds(
            agent.ring.status, isOpen: isReady, alerts: agent.alertRingStatus, isAlertRingOpen: agent.isAlertRingOpen,
            isClean: isClean)
        disks.end(cutsPower: cutsPower)
        broker.forget()
        board.letGo(at: now)
    }

    private mutating func begin(newBoot: Bool, pause: Duration, wrongBy: Duration) {
        if newBoot {
            laws.bootEnds(journal.clock)
            journal.clock.reboot(after: pause, wrongBy: wrongBy)
        } else {
            journal.clock.advance(to: now.advanced(by: pause))
        }
        journal.run += 1
        isReady = false
        isFinished = false
        isStopping = false
        for index in board.outputs.keys { board.outputs[index]!.history = [] }
        outputLaws.processBegins(at: now)
        watches = Self.watches(options)
        agent = Self.newAgent(options, journal, &random)
        inbox = [.start]
        laws.processBegins(at: now)
        grid.begin(at: now)
    }

    // MARK: time

    package mutating func run(for duration: Duration) {
        let end = now.advanced(by: duration)
        settle()
        while now < end, violations.isEmpty { step(until: end) }
    }

    /// Everything sleeps; only the boot clock goes on.
    package mutating func suspend(for duration: Duration) {
        journal.clock.advance(to: now.advanced(by: duration))
        grid.isLate = true
        inbox.append(.session(.suspended(duration)))
        settle()
    }

    /// The next thing that happens, or the end.
    private mutating func step(until end: Instant) {
        var next = earliest(agent.deadline, earliest(broker.deadline, disks.deadline)) ?? end
        if lateness > .zero {
            next = next.advanced(by: .nanoseconds(Int64.random(in: 0...lateness.nanoseconds, using: &random)))
        }
        jump(to: max(min(next, end), now))
        settle()
    }

    /// What was due before `next` is late.
    private mutating func jump(to next: Instant) {
        if let due = agent.deadline, due < next { grid.isLate = true }
        journal.clock.advance(to: next)
    }

    /// Turns until nothing more happens at this instant.
    package mutating func settle() {
        var rounds = 0
        repeat {
            collect()
            turn()
            rounds += 1
            if rounds > 3000 { return laws.fail("the agent is not done with one instant, and turns for ever") }
        } while !isFinished && (!inbox.isEmpty || isDue)
    }

    private var isDue: Bool {
        if let deadline = earliest(broker.deadline, disks.deadline), deadline <= now { return true }
        return false
    }

    private mutating func collect() {
        for input in broker.takeAnswers(at: now, boot: journal.clock.boot) { inbox.append(.session(input)) }
        for (file, result) in disks.takeResults(at: now) { inbox.append(.storage(file, result)) }
        for line in [Self.door, Self.rain] {
            let edges = board.takeEdges(line)
            if !edges.isEmpty { inbox.append(.sensor(line, .edges(edges, lostBefore: 0), lostIsExact: true)) }
        }
    }

    private mutating func turn() {
        turns += 1
        turnsAtOnce = now == lastTurn ? turnsAtOnce + 1 : 0
        lastTurn = now
        if turnsAtOnce == 5000 { laws.fail("the agent does not sleep: \(log.suffix(3))") }
        let inputs = inbox
        inbox = []
        let actions = agent.handle(inputs, at: journal.clock.reading)
        while journal.seen < journal.entries.count {
            let entry = journal.entries[journal.seen]
            journal.seen += 1
            laws.taken(entry)
            for index in watches.indices { watches[index].take(entry.reading) }
            if let problem = grid.check(entry.reading, every: options.airEvery, sensor: Self.air) { laws.fail(problem) }
        }
        if agent.haveAlertsStarted, !isStopping {
            for index in watches.indices {
                if watches[index].oracle == nil { watches[index].begin(at: now) }
                watches[index].turn(at: now)
            }
        }
        if let since = broker.deadSince, agent.session.isOnline, since.advanced(by: Self.patience) <= now {
            laws.fail("a silent link is not noticed since \(since.nanoseconds / 1_000_000_000) s")
        }
        for action in actions { perform(action) }
        outputLaws.turned(board, at: now, isStopping: isStopping)
        let wrote = inputs.contains { if case .storage(.readings, .written) = $0 { true } else { false } }
        laws.turned(agent.ring.status, alerts: agent.alertRingStatus, isOpen: isReady, wrote: wrote)
        if let deadline = agent.deadline, deadline <= now, inbox.isEmpty, inputs.isEmpty, actions.isEmpty {
            laws.fail("a deadline stays in the past: \(deadline.nanoseconds) at \(now.nanoseconds)")
        }
    }

    // MARK: what the agent wants done

    private mutating func perform(_ action: AgentAction) {
        switch action {
        case .configureLine(let index, _): inbox.append(.sensor(index, board.configure(index), lostIsExact: true))
        case .readLevel(let index):
            inbox.append(.sensor(index, .level(isActive: board.inputs[index]!.isActive), lostIsExact: true))
        case .releaseLine(let index): board.inputs[index]!.isHeld = false
        case .configureOutput(let index, let settings):
            inbox.append(.output(index, board.configureOutput(index, settings, at: now)))
        case .releaseOutput(let index): board.set(index, nil, at: now)
        case .storage(let file, let request): disks.submit(file, request, at: now)
        case .session(let action):
            if case .publish(_, let message) = action { laws.handed(message, journal: journal, at: now) }
            broker.perform(action, at: now, boot: journal.clock.boot)
        case .askFacts(let purpose):
            inbox.append(.facts(ProcessFacts(residentBytes: 1, wakeups: 1, bytesSent: 1, bytesReceived: 1), purpose))
        case .readConfiguration, .respond, .statusText: break
        case .log(let notice): log.append("\(now.nanoseconds / 1_000_000_000) s: \(notice.text)")
        case .ready: isReady = true
        case .finished: isFinished = true
        }
    }

    // MARK: what happens around it

    package mutating func synchronizeClock() {
        if journal.clock.synchronize() { inbox.append(.clockStepped) }
        settle()
    }

    package mutating func setClock(wrongBy error: Duration) {
        journal.clock.set(wrongBy: error)
        inbox.append(.clockStepped)
        settle()
    }

    package mutating func toggleDoor() { toggle(Self.door) }
    package mutating func pulse() {
        toggle(Self.rain)
        jump(to: now.advanced(by: .milliseconds(10)))
        toggle(Self.rain)
    }
    private mutating func toggle(_ line: Int) {
        guard board.inputs[line] != nil else { return }
        board.toggle(line, at: now)
        settle()
    }

    /// The line of the door or of the rain gauge goes away, or comes back.
    package mutating func setTrouble(_ code: NoReading.Code?, ofDoor: Bool) {
        let line = ofDoor ? Self.door : Self.rain
        guard board.inputs[line] != nil else { return }
        board.inputs[line]!.trouble = code
        if let code, board.inputs[line]!.isHeld {
            board.inputs[line]!.isHeld = false
            inbox.append(.sensor(line, .lineFailed(NoReading(code, detail: "it went away")), lostIsExact: true))
        }
        settle()
    }

    package mutating func acknowledge(_ alert: String) {
        for index in watches.indices where watches[index].id == alert { watches[index].acknowledge(at: now) }
        command(#"{"command":"acknowledge","alert":"\#(alert)"}"#)
    }

    package mutating func mute(_ alert: String, lasting: Duration) {
        for index in watches.indices where watches[index].id == alert { watches[index].mute(lasting: lasting, at: now) }
        command(#"{"command":"mute","alert":"\#(alert)","for":"\#(lasting.nanoseconds / 1000) us"}"#)
    }

    /// As it comes by the control socket.
    package mutating func command(_ json: String) {
        inbox.append(.request(client: 1, Array(json.utf8)))
        settle()
    }

    /// The line of an output goes away, or comes back.
    package mutating func setTrouble(_ code: NoReading.Code?, ofOutput index: Int) {
        guard board.outputs[index] != nil else { return }
        board.outputs[index]!.trouble = code
        settle()
    }

    package mutating func breakConnection() {
        broker.breakConnection(at: now)
        settle()
    }

    /// QoS 2: whether what was in flight is still known, and the session.
    package mutating func startBrokerAnew(saysSo: Bool) {
        broker.startAnew(saysSo: saysSo, at: now)
        settle()
    }

    package mutating func setDiskFaults(_ faults: SimulatedStorage.Faults, stalls: Bool = false) {
        if faults != SimulatedStorage.Faults() { laws.isDiskGood = false }
        disks.setFaults(faults)
        disks.isStalling = stalls
    }

    /// Everything serves again; all that waits goes out; the process stops; the laws are looked at.
    package mutating func finish() {
        broker.link = .good
        broker.dropsAcknowledgements = false
        broker.refusesPermille = 0
        setDiskFaults(SimulatedStorage.Faults())
        lateness = .zero
        setTrouble(nil, ofDoor: true)
        setTrouble(nil, ofDoor: false)
        for index in Self.outputs.indices { setTrouble(nil, ofOutput: index) }
        let limit = now.advanced(by: .seconds(6 * 3600))
        run(for: .seconds(180))
        while violations.isEmpty, now < limit, !isDrained { run(for: .seconds(60)) }
        guard violations.isEmpty else { return }
        if !isDrained { laws.fail("\(agent.ring.status.unacknowledged) readings do not come out") }
        if journal.run == 0 { laws.compare(watches, clock: journal.clock, isRefused: broker.haveAlertsBeenRefused) }
        stop()
        laws.finish(agent.ring.status, broker: broker, watches: watches, journal: journal, copies: copies)
    }

    /// What a reader finds in `rejected.ring`.
    private var copies: [RejectedReading] {
        var disk = disks.files[.rejected]!
        guard case .opened(let size, false, _) = disk.perform(.open(size: 0)) else { return [] }
        var reader = RingReader(fileSize: size, showsItems: true)
        var result: StorageResult?
        var copies: [RejectedReading] = []
        while true {
            switch reader.step(result) {
            case .request(let request), .again(let request): result = disk.perform(request)
            case .items(let items):
                result = nil
                for item in items {
                    guard case .reading(let entry) = item.handover, case .event(let bytes) = entry.outcome else { continue }
                    if let copy = RejectedReading(decoding: bytes) { copies.append(copy) }
                }
            case .damage: result = nil
            case .done, .blank, .notARing, .failed: return copies
            }
        }
    }

    private var isDrained: Bool {
        let status = agent.ring.status
        let alerts = agent.alertRingStatus
        return status.unacknowledged < 5 && !status.isInMemoryOnly && alerts.map { $0.unacknowledged == 0 && !$0.isInMemoryOnly } ?? true
    }
}

/// No clock step changes when a sensor is read: its readings lie on the grid that began with the process.
private struct GridWatch: Sendable {
    private var last: Instant?
    private var origin = Instant.zero
    /// A turn was late since the last reading: the next one may lie beside the grid.
    var isLate = false

    mutating func begin(at now: Instant) {
        origin = now
        last = nil
        isLate = false
    }

    mutating func check(_ reading: Reading, every: Duration, sensor: Int) -> String? {
        guard reading.sensor == sensor else { return nil }
        defer {
            last = reading.instant
            isLate = false
        }
        guard !isLate else { return nil }
        let beside = origin.duration(to: reading.instant).nanoseconds % every.nanoseconds
        if beside != 0 { return "a reading lies \(beside) ns beside the grid" }
        if let last, last.advanced(by: every) < reading.instant,
            (last.nanoseconds - origin.nanoseconds) % every.nanoseconds == 0
        {
            return "no reading between \(last.nanoseconds) and \(reading.instant.nanoseconds)"
        }
        return nil
    }
}
