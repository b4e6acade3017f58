import Alerts
import Foundation
import MQTTSession
import RingStore
import Sensors
import Telemetry

@testable import Agent

/// An agent with a broker that answers, a disk that serves and lines that are there, all in one thread and in fast motion.
///
/// What surrounds the agent is simple and obedient; each test breaks the part it is about.
struct Bench {
    var agent: Agent
    var clock: ClockReading
    var disks: [StorageFile: [UInt64: [UInt8]]] = [:]
    var diskSizes: [StorageFile: UInt64] = [:]
    /// The lines of outputs that are held, as they were set last, and what happens when one is asked for.
    var outputs: [Int: LineSettings] = [:]
    var outputAnswer = OutputLineResult.ready
    /// Lines of outputs answer when `answerLines` is called.
    var lineIsSlow = false
    private var slowLines: [Int] = []
    /// Answers CONNECT with CONNACK 0 and each message with PUBACK.
    var brokerAnswers = true
    var acknowledges = true
    var diskAnswers = true
    var diskError: StorageError?
    /// Files whose requests get no answer, and do nothing.
    var silentFiles: Set<StorageFile> = []
    var writes: [StorageFile: Int] = [:]
    private var unanswered: [(StorageFile, StorageRequest)] = []
    var connects = 0
    /// QoS 2: the broker has kept the session when the connection is made again.
    var keepsSession = true
    /// What the library has in flight over a loss, and sends again.
    private var unacknowledged: [(tag: MessageTag, message: Message)] = []
    /// What the broker says of itself at each CONNECT.
    var acknowledgement = ConnectionAcknowledgement(reason: 0)
    /// Of each connection, in order.
    var subscriptions: [[String]] = []
    var unsubscriptions: [[String]] = []
    /// The reasons of PUBACK by topic; 0 where there is none.
    var refusals: [String: UInt8] = [:]
    /// The reason of each PUBACK, where `refusals` has none.
    var rejects: (Message) -> UInt8 = { _ in 0 }
    var published: [Message] = []
    var log: [Notice] = []
    var responses: [String] = []
    var isFinished = false
    var isReady = false
    var factsAsked = 0
    var configurationAsked: [CommandOrigin?] = []
    var released: [Int] = []
    /// Every request and switch of an output's line.
    var outputsAsked: [LineSettings] = []
    var statusText = ""
    var configured: [(sensor: Int, settings: LineSettings)] = []
    var disconnects: [Bool] = []
    /// What happens when a line is asked for.
    var lineAnswer: SensorInput = .lineReady(isActive: false)
    private var inbox: [AgentInput] = [.start]

    init(
        sensors: [SensorSettings] = [Bench.counter()], clockIsKnown: Bool = true, waitForClock: Duration = .seconds(120),
        metricsEvery: Duration = .zero, identify: Bool = false, inFlight: Int = 20, outputs: [OutputSettings] = [],
        alerts: [AlertRule] = [], boot: UInt32 = 0xB007, startingAt: Instant? = nil, seed: UInt64 = 7,
        configure: (inout AgentConfiguration) -> Void = { _ in }
    ) {
        clock = ClockReading(
            instant: startingAt ?? Instant(nanoseconds: 50_000_000_000), wallTime: WallTime(nanoseconds: 1_795_507_933_000_000_000),
            isKnown: clockIsKnown)
        var configuration = AgentConfiguration(
            deviceID: "bench", deviceName: "Bench", location: "", prefix: "godwit", identify: identify,
            metricsEvery: metricsEvery, waitForClock: waitForClock, clockSource: "trust", sensors: sensors,
            boot: BootID(boot), version: "0", configurationHash: "00000000", ring: RingConfiguration(),
            session: SessionConfiguration(inFlight: inFlight))
        configuration.outputs = outputs
        let origin = clock.instant
        let made = sensors.map { makeSensor($0, at: origin) }
        configuration.alerts = ruleSetups(alerts, sensors: sensors.map { $0 }, schemas: made.map { $0.schema })
        configure(&configuration)
        agent = Agent(
            configuration: configuration, drivers: made.map { $0.driver }, schemas: made.map { $0.schema },
            random: RandomSource(seed: seed), at: clock)
    }

    /// The next process on the same disks. `otherBoot`: the boot clock begins anew, the wall clock has gone on by `away`.
    func restarted(
        sensors: [SensorSettings] = [Bench.counter()], outputs: [OutputSettings] = [], alerts: [AlertRule] = [],
        otherBoot: Bool = false, away: Duration = .seconds(5), clockIsKnown: Bool = true, deviceID: String = "bench", seed: UInt64 = 7
    ) -> Bench {
        var next = Bench(
            sensors: sensors, clockIsKnown: clockIsKnown, outputs: outputs, alerts: alerts, boot: otherBoot ? 0xB008 : 0xB007,
            startingAt: otherBoot ? nil : clock.instant.advanced(by: away), seed: seed, configure: { $0.deviceID = deviceID })
        next.clock.wallTime = clock.wallTime.advanced(by: away)
        next.disks = disks
        next.diskSizes = diskSizes
        return next
    }

    static func counter(id: String = "n", every: Duration = .seconds(1)) -> SensorSettings {
        SensorSettings(id: id, name: id, model: "synthetic", every: every, values: ["waveform": .text("counter")])
    }

    static func contact(id: String = "door") -> SensorSettings {
        let model = catalogEntry(named: "contact")!.model
        var values: SettingValues = [:]
        for key in model.keys { if let standard = key.standard { values[key.name] = standard } }
        return SensorSettings(id: id, name: id, model: "contact", line: .name("GPIO17"), values: values)
    }

    /// Lets time pass, turn by turn, each at the deadline that the agent asks for.
    mutating func run(for duration: Duration) {
        let end = clock.instant.advanced(by: duration)
        settle()
        var turnsWithoutTime = 0
        while let deadline = agent.deadline, deadline <= end, !isFinished {
            turnsWithoutTime = deadline > clock.instant ? 0 : turnsWithoutTime + 1
            precondition(turnsWithoutTime < 1000, "the agent does not sleep")
            advance(to: max(deadline, clock.instant))
            settle()
        }
        advance(to: end)
        settle()
    }

    mutating func give(_ input: AgentInput) {
        inbox.append(input)
        settle()
    }

    /// Turns until nothing more happens at this instant.
    mutating func settle() {
        var turns = 0
        repeat {
            let inputs = inbox
            inbox = []
            for action in agent.handle(inputs, at: clock) { perform(action) }
            turns += 1
            precondition(turns < 10_000, "the agent is not done with this instant")
        } while !inbox.isEmpty && !isFinished
    }

    /// The wall clock goes with the boot clock.
    private mutating func advance(to instant: Instant) {
        clock.wallTime = clock.wallTime.advanced(by: clock.instant.duration(to: instant))
        clock.instant = instant
    }

    /// A command that was parsed.
    mutating func ask(_ origin: CommandOrigin, _ command: Command) {
        settle()
        inTurn { $0.answer(command, from: origin) }
    }

    /// What other parts of the agent do in a turn of it.
    mutating func inTurn<Result>(_ body: (inout Agent) -> Result) -> Result {
        agent.actions.removeAll()
        let result = body(&agent)
        for action in agent.actions { perform(action) }
        settle()
        return result
    }

    /// The disk that stalled does what it was asked.
    mutating func answerAgain() {
        let requests = unanswered
        unanswered = []
        for (file, request) in requests { give(.storage(file, perform(request, file))) }
    }

    mutating func answerLines() {
        inbox += slowLines.map { .output($0, outputAnswer) }
        slowLines = []
        settle()
    }

    /// As if an earlier process had left these bytes.
    mutating func replaceState(_ bytes: [UInt8]) {
        var keeper = StateKeeper()
        disks[.state] = nil
        diskSizes[.state] = nil
        var pending = keeper.handle(.start, at: clock.instant)
        pending += keeper.handle(.save(bytes, revision: 1), at: clock.instant)
        while !pending.isEmpty {
            guard case .storage(let request) = pending.removeFirst() else { continue }
            pending += keeper.handle(.storage(perform(request, .state)), at: clock.instant)
        }
    }

    mutating func loseConnection() { give(.session(.connectionLost(.closed("test")))) }

    private mutating func perform(_ action: AgentAction) {
        switch action {
        case .configureLine(let index, let settings):
            configured.append((index, settings))
            inbox.append(.sensor(index, lineAnswer, lostIsExact: true))
        case .readLevel(let index): inbox.append(.sensor(index, .level(isActive: false), lostIsExact: true))
        case .releaseLine(let index): released.append(index)
        case .storage(let file, let request) where silentFiles.contains(file): unanswered.append((file, request))
        case .storage(let file, let request): if diskAnswers { inbox.append(.storage(file, perform(request, file))) }
        case .configureOutput(let index, let settings):
            outputs[index] = settings
            outputsAsked.append(settings)
            if lineIsSlow { slowLines.append(index) } else { inbox.append(.output(index, outputAnswer)) }
        case .releaseOutput(let index): outputs[index] = nil
        case .session(let action): perform(action)
        case .askFacts(let purpose):
            factsAsked += 1
            inbox.append(
                .facts(ProcessFacts(residentBytes: 1, wakeups: 2, bytesSent: 3, bytesReceived: 4), purpose))
        case .readConfiguration(let origin): configurationAsked.append(origin)
        case .respond(_, let line): responses.append(String(decoding: line, as: UTF8.self))
        case .log(let notice): log.append(notice)
        case .ready: isReady = true
        case .statusText(let text): statusText = text
        case .finished: isFinished = true
        }
    }

    mutating func perform(_ request: StorageRequest, _ file: StorageFile) -> StorageResult {
        if let diskError { return .failed(diskError) }
        switch request {
        case .open(let size), .setAside(let size):
            let isNew = diskSizes[file] == nil
            diskSizes[file] = size
            return .opened(size: size, isNew: isNew, isReserved: true)
        case .read(let first, let count):
            return .read((0..<UInt64(count)).flatMap { disks[file]?[first + $0] ?? [UInt8](repeating: 0, count: 4096) })
        case .write(let writes, _):
            self.writes[file, default: 0] += 1
            for write in writes {
                for index in 0..<(write.bytes.count / 4096) {
                    disks[file, default: [:]][write.page + UInt64(index)] = Array(write.bytes[(index * 4096)..<((index + 1) * 4096)])
                }
            }
            return .written
        case .beginCopy, .writeCopy, .finishCopy: return .failed(.notPermitted)
        }
    }

    private mutating func perform(_ action: SessionAction) {
        switch action {
        case .connect(_, _, let handle):
            connects += 1
            if brokerAnswers {
                inbox.append(.session(.transportReady))
                var said = acknowledgement
                if case .again = handle { said.sessionPresent = keepsSession } else { unacknowledged = [] }
                inbox.append(.session(.connectionAcknowledged(said)))
                if acknowledges, said.sessionPresent {
                    for (tag, _) in unacknowledged { inbox.append(.session(.acknowledged(tag, reason: 0))) }
                    unacknowledged = []
                }
            } else {
                inbox.append(.session(.transportFailed(.unreachable("connection refused"))))
            }
        case .publish(let tag, let message):
            published.append(message)
            if !acknowledges, message.qos > 0 { unacknowledged.append((tag, message)) }
            if acknowledges, message.qos > 0 {
                inbox.append(.session(.acknowledged(tag, reason: refusals[message.topic] ?? rejects(message))))
            }
            // Stands for the PINGRESP of a connection on which nothing is acknowledged.
            if acknowledges, message.qos == 0 { inbox.append(.session(.bytesReceived)) }
        case .subscribe(let filters): subscriptions.append(filters)
        case .unsubscribe(let filters): unsubscriptions.append(filters)
        case .disconnect(let withWill):
            disconnects.append(withWill)
            inbox.append(.session(.connectionLost(.closed("as asked"))))
        case .close(let failure): inbox.append(.session(.connectionLost(failure)))
        case .notice, .event: break
        }
    }

    // MARK: what the tests look at

    func payloads(on topic: String) -> [String] {
        published.filter { $0.topic == topic }.map { String(decoding: $0.payload, as: UTF8.self) }
    }

    /// The `seq` of the readings on a topic, in the order of publishing.
    func sequences(on topic: String) -> [Int] { payloads(on: topic).compactMap { Bench.integer("seq", in: $0) } }

    static func sequence(_ message: Message) -> Int? { integer("seq", in: String(decoding: message.payload, as: UTF8.self)) }

    static func integer(_ key: String, in json: String) -> Int? {
        guard let range = json.range(of: "\"\(key)\":") else { return nil }
        return Int(json[range.upperBound...].prefix { $0.isNumber })
    }
}
