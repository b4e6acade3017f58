internal import Agent
internal import CLinux
internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import MQTTSession
internal import MQTTTransport
internal import RingStore
internal import Sensors
internal import Telemetry

/// The shells around the agent: one epoll, one loop.
///
/// A turn: wait, drain what is readable into inputs, let the agent decide, perform what it says, arm the one timer.
final class Daemon {
    var agent: Agent
    let reactor: Reactor
    let storage: StorageThread
    let transport: Mosquitto
    let board: LineBoard
    private let control: ControlServer?
    var service: ServiceManager
    var log: DaemonLog
    var clock: Clock
    let options: Options
    /// What is in force.
    var settings: Settings
    private let ringPath: String

    var inbox: [AgentInput] = [.start]
    /// Of the requests of lines, so that a descriptor that comes back is another one.
    var lineGeneration: UInt64 = 0
    /// `READY=1` was sent; and it is to be sent again when the turn under way has taken a new configuration.
    private var isReady = false
    var isReloading = false
    private var wakeups: UInt64 = 0
    private var exitStatus: Int32?

    enum Source {
        static let storage = Reactor.Key(1)
        static let connecting = Reactor.Key(2)
        static let broker = Reactor.Key(3)
        /// One for each slot of the control socket, then one for each sensor.
        static let firstControl: UInt64 = 1 << 16
        static let firstLine: UInt64 = 1 << 32
    }

    init(options: Options) throws(StartFailure) {
        let parts = try DaemonParts(options: options)
        agent = Agent(
            configuration: parts.agentConfiguration, drivers: parts.sensors.map { $0.driver }, schemas: parts.sensors.map { $0.schema },
            random: RandomSource(seed: kernelRandom()), at: parts.clock.read())
        reactor = parts.reactor
        storage = parts.storage
        transport = parts.transport
        board = parts.board
        control = parts.control
        service = parts.service
        log = parts.log
        clock = parts.clock
        self.options = options
        settings = parts.settings
        ringPath = parts.ringPath
        inbox = parts.notices.map { .notice($0) } + inbox
        if let bytes = parts.toKeep { keepAsLastGood(bytes) }
        reactor.set(Source.storage, descriptor: storage.descriptor, generation: 0, writable: false)
    }

    /// - Returns: the exit status.
    func run() -> Int32 {
        while true {
            let events = reactor.wait(immediately: !inbox.isEmpty || transport.needsImmediateTurn)
            if !events.isEmpty { wakeups += 1 }
            let clock = clock.read()
            collect(events, at: clock.instant)
            // Where another daemon holds the ring the agent must not hear of it: it would go on without, connect, and end the
            // other's connection.
            if let exitStatus { return finish(exitStatus) }
            let actions = takeTurn(at: clock)
            for action in actions { perform(action, at: clock.instant) }
            transport.flush()
            if let exitStatus { return finish(exitStatus) }
            if isReloading, isReady { service.ready() }
            isReloading = false
            register()
            service.turn(at: clock.instant)
            armTimer()
        }
    }

    private func takeTurn(at clock: ClockReading) -> [AgentAction] {
        transport.takeInputs(into: &sessionInputs)
        for input in sessionInputs { inbox.append(.session(input)) }
        sessionInputs.clear()
        for message in transport.takeMessages() { inbox.append(.message(message)) }
        swap(&inbox, &inputs)
        defer { inputs.clear() }
        return agent.handle(inputs, at: clock)
    }
    // Of the turn under way; they are kept so that their memory is.
    private var inputs: [AgentInput] = []
    private var sessionInputs: [SessionInput] = []

    private func armTimer() {
        transportDeadline = transport.deadline
        boardDeadline = board.deadline
        let deadline = earliest(agent.deadline, earliest(transportDeadline, boardDeadline))
        reactor.arm(earliest(deadline, service.deadline))
    }
    // As the timer was armed: what has become earlier since then comes in the next turn, what has become later is not due.
    private var transportDeadline: Instant?
    private var boardDeadline: Instant?

    // MARK: what has happened

    private func collect(_ events: Range<Int>, at now: Instant) {
        for index in events {
            let event = reactor.event(index)
            switch event.key {
            case Reactor.deadlineKey: reactor.deadlineFired()
            case Reactor.clockStepKey: if reactor.clockStepped() { inbox.append(.clockStepped) }
            case Reactor.signalKey: takeSignals()
            case Source.storage: takeStorageResult()
            case Source.connecting: transport.helperReady(at: now)
            case Source.broker:
                if event.isReadable { transport.readable(at: now) }
                if event.isWritable { transport.writable(at: now) }
            default:
                if event.key.rawValue >= Source.firstLine {
                    readEdges(of: Int(event.key.rawValue - Source.firstLine), at: now)
                } else {
                    takeCommands(event)
                }
            }
        }
        if transport.needsImmediateTurn { transport.readable(at: now) }
        if let due = transportDeadline, due <= now { transport.timer(at: now) }
        if let due = boardDeadline, due <= now {
            for (slot, batch) in board.advance(to: now) { take(batch, of: slot, at: now) }
        }
    }

    private func takeSignals() {
        for number in reactor.takeSignals() {
            switch number {
            case SIGTERM, SIGINT:
                service.stopping()
                inbox.append(.stop)
            case SIGHUP:
                readConfiguration(for: nil, at: Clock.now)
            default: break
            }
        }
    }

    private func takeStorageResult() {
        while let (file, result) = storage.takeResult() {
            if file == .readings, case .failed(.locked) = result {
                printError("godwitd: \(ringPath): another daemon holds the ring; stop it, or give this one its own --state-directory\n")
                exitStatus = 69
            }
            inbox.append(.storage(file, result))
        }
        if let failure = storage.takeReplaceFailure() {
            inbox.append(.notice(Notice(.error, "last good configuration: \(failure.path): \(failure.text)")))
        }
    }

    private func takeCommands(_ event: Reactor.Event) {
        guard let control else { return }
        let slot = Int(event.key.rawValue - Source.firstControl)
        for line in control.handle(slot: slot, isReadable: event.isReadable, isWritable: event.isWritable) {
            inbox.append(.request(client: line.client, line.bytes))
        }
    }

    // MARK: what is to be done

    private func perform(_ action: AgentAction, at now: Instant) {
        switch action {
        case .configureLine(let slot, let settings): configureLine(slot, settings, at: now)
        case .readLevel(let slot): readLevel(of: slot, at: now)
        case .releaseLine(let slot): releaseLine(slot)
        case .configureOutput(let index, let settings): configureOutput(index, settings, at: now)
        case .releaseOutput(let index): releaseOutput(index)
        case .storage(let file, let request): storage.submit(file, request)
        case .session(let action): transport.perform(action, at: now)
        case .readConfiguration(let origin): readConfiguration(for: origin, at: now)
        case .askFacts(let purpose): inbox.append(.facts(facts, purpose))
        case .respond(let client, let line): control?.respond(client, line)
        case .log(let notice): log.write(notice, at: now)
        case .ready:
            isReady = true
            service.ready()
        case .statusText(let text): service.status(text)
        case .finished: exitStatus = 0
        }
    }

    private var facts: ProcessFacts {
        ProcessFacts(
            residentBytes: residentBytes(), wakeups: wakeups, bytesSent: transport.bytesSent,
            bytesReceived: transport.bytesReceived)
    }

    /// What epoll waits for, after the library, the lines and the clients may have opened and closed descriptors.
    private func register() {
        registerTransport()
        guard let control, control.hasChanged else { return }
        var gone = controlSlots
        controlSlots.clear()
        for watch in control.takeWatches() {
            let key = Reactor.Key(Source.firstControl + UInt64(watch.slot))
            reactor.set(
                key, descriptor: watch.descriptor, generation: watch.generation, readable: watch.isReading,
                writable: watch.isWriting)
            gone.remove(key)
            controlSlots.insert(key)
        }
        for key in gone.elements { reactor.remove(key) }
    }
    private var controlSlots: ShortSet<Reactor.Key> = []

    private func registerTransport() {
        let descriptors = transport.descriptors
        guard descriptors != registered else { return }
        registered = descriptors
        reactor.set(Source.connecting, descriptor: descriptors.helper, generation: 0, writable: false)
        if let socket = descriptors.socket {
            reactor.set(
                Source.broker, descriptor: socket.descriptor, generation: socket.generation, writable: socket.wantsWrite)
        } else {
            reactor.remove(Source.broker)
        }
    }
    private var registered: Mosquitto.Descriptors?

    private func finish(_ status: Int32) -> Int32 {
        transport.shutdownNow()
        control?.remove()
        return status
    }
}
