internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import Payloads
internal import Sensors
internal import Telemetry
internal import YAMLReader

/// `godwit read` where no daemon runs: the driver of the sensor's model on its own line.
func readFromLine(_ sensor: String, count: Int, _ invocation: Invocation) -> Int32 {
    let path = invocation.value("config") ?? standardConfiguration
    // A password that cannot be read does not keep a person from reading a sensor.
    let result = loadConfiguration(path: path, catalog: sensorCatalog.map { $0.model }, unreadable: .warning)
    guard let settings = result.settings else {
        printError(result.text(program: "godwit"))
        // Nothing but warnings, and yet a value that is needed is missing.
        return result.status == 0 ? ExitStatus.configuration.rawValue : result.status
    }
    let what = "read \(sensor)"
    guard let found = settings.sensors.first(where: { $0.id == sensor }) else {
        let ids = settings.sensors.map { $0.id }.joined(separator: ", ")
        return fail(what, "no sensor '\(sensor)' in \(path)", "there are: \(ids)", .no)
    }
    do throws(LineReadingError) {
        let reader = try LineReader(found, settings: settings)
        printError("godwit: read: no daemon runs here; from the sensor itself, as \(path) says\n")
        var status = ExitStatus.ok
        for number in 0..<count {
            let reading = try reader.read(after: number == 0 ? .zero : readSpacing)
            if reading["error"] != nil { status = .no }
            printReading(reading, asJSON: invocation.has("json"))
        }
        return status.rawValue
    } catch {
        return fail(what, error.why, error.next, error.status)
    }
}

struct LineReadingError: Error {
    var why: String
    var next: String
    var status: ExitStatus
}

/// A loop around one driver, as small as the daemon's is large.
private final class LineReader {
    private let settings: SensorSettings
    private let quantities: [Quantity]
    private let driver: any AnySensor
    private let board: LineBoard
    private let reactor: Reactor
    private var clock: Clock
    private var readings: [(outcome: Outcome, instant: Instant)] = []
    private var generation: UInt64 = 0
    private var isStarted = false

    private static let slot = 0
    private static let lineKey = Reactor.Key(1)
    /// One answer of a slow sensor, and what it may need to rest before.
    private static let timeout = Duration.seconds(10)

    init(_ sensor: SensorSettings, settings all: Settings) throws(LineReadingError) {
        guard let entry = catalogEntry(named: sensor.model) else {
            preconditionFailure("the configuration named a model that is not in the catalog")
        }
        let now = Clock.now
        settings = sensor
        quantities = entry.model.quantities(sensor)
        driver = entry.make(sensor, now)
        board = LineBoard(chips: try declarations(of: all.chips), origin: now)
        clock = Clock(source: all.publish.clock == .trust ? .trust : all.publish.clock == .rtc ? .rtc : .kernel)
        do throws(SystemError) {
            reactor = try Reactor(signalNumbers: [])
        } catch {
            throw LineReadingError(why: error.text, next: "is the process out of descriptors?", status: .ioError)
        }
    }

    /// The next reading; the first `read` requests the line.
    /// - Parameter pause: how long to wait before; what the line does meanwhile belongs to the reading.
    func read(after pause: Duration) throws(LineReadingError) -> JSONValue {
        if !isStarted {
            isStarted = true
            try handle(.start)
        }
        let start = Clock.now.advanced(by: pause)
        while Clock.now < start { try turn(until: start) }
        let limit = start.advanced(by: Self.timeout)
        if readings.isEmpty { try handle(.readNow) }
        while readings.isEmpty {
            if Clock.now >= limit {
                throw LineReadingError(
                    why: "no reading within 10 s", next: "check the wiring: godwit sensors \(settings.model)",
                    status: .unavailable)
            }
            try turn(until: limit)
        }
        return json(of: readings.removeFirst())
    }

    private func turn(until limit: Instant) throws(LineReadingError) {
        reactor.arm(earliest(earliest(driver.deadline, board.deadline), limit))
        for index in reactor.wait(immediately: false) {
            switch reactor.event(index).key {
            case Reactor.deadlineKey: reactor.deadlineFired()
            case Reactor.clockStepKey: _ = reactor.clockStepped()
            case Self.lineKey: try readEdges()
            default: break
            }
        }
        let now = Clock.now
        if let due = board.deadline, due <= now {
            for (_, batch) in board.advance(to: now) { try take(batch) }
        }
        if let due = driver.deadline, due <= now { try handle(.timer) }
    }

    private func readEdges() throws(LineReadingError) {
        let batches: [EdgeBatch]
        do throws(LineProblem) {
            batches = try board.readEdgeEvents(slot: Self.slot, at: Clock.now)
        } catch {
            throw Self.error(error)
        }
        for batch in batches { try take(batch) }
    }

    private func take(_ batch: EdgeBatch) throws(LineReadingError) {
        try handle(.edges(batch.events, lostBefore: batch.lostBefore))
        if batch.lostBefore > 0 { try handle(.level(isActive: try level())) }
    }

    /// Tells the driver, does what it asks for, tells it what came of that, until it asks for nothing more.
    private func handle(_ first: SensorInput) throws(LineReadingError) {
        var inputs = [first]
        while !inputs.isEmpty {
            for action in driver.handle(inputs.removeFirst(), at: Clock.now) {
                switch action {
                case .configureLine(let lineSettings):
                    inputs.append(.lineReady(isActive: try configure(lineSettings)))
                case .readLevel: inputs.append(.level(isActive: try level()))
                case .releaseLine:
                    board.release(slot: Self.slot)
                    reactor.remove(Self.lineKey)
                case .reading(let outcome, let instant): readings.append((outcome, instant))
                }
            }
        }
    }

    private func configure(_ lineSettings: LineSettings) throws(LineReadingError) -> Bool {
        guard let line = settings.line else { preconditionFailure("a sensor without a line asks for one") }
        let isActive: Bool
        do throws(LineProblem) {
            isActive = try board.configure(
                slot: Self.slot, reference: line, settings: lineSettings, consumer: "godwit:\(settings.id)",
                at: Clock.now)
        } catch {
            throw Self.error(error)
        }
        generation += 1
        if let descriptor = board.descriptor(slot: Self.slot) {
            reactor.set(Self.lineKey, descriptor: descriptor, generation: generation, writable: false)
        } else {
            reactor.remove(Self.lineKey)
        }
        return isActive
    }

    private func level() throws(LineReadingError) -> Bool {
        do throws(LineProblem) {
            return try board.level(slot: Self.slot, at: Clock.now)
        } catch {
            throw Self.error(error)
        }
    }

    private static func error(_ problem: LineProblem) -> LineReadingError {
        switch problem {
        case .notPermitted:
            LineReadingError(
                why: problem.text, next: "run it as root or as a member of the group gpio", status: .notPermitted)
        case .busy: LineReadingError(why: problem.text, next: "stop what holds the line", status: .unavailable)
        default: LineReadingError(why: problem.text, next: "see the sensor's line in the configuration", status: .unavailable)
        }
    }

    private func json(of reading: (outcome: Outcome, instant: Instant)) -> JSONValue {
        let now = clock.read()
        let stamp: Stamp =
            now.isKnown
            ? .synced(now.wallTime.advanced(by: now.instant.duration(to: reading.instant))) : .unknown(notBefore: nil)
        let bytes = unnumberedReadingJSON(
            sensor: settings.id, boot: Clock.bootID, instant: reading.instant, stamp: stamp, outcome: reading.outcome,
            quantities: quantities)
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            preconditionFailure("a reading's own JSON cannot be read back")
        }
    }
}

private func declarations(of chips: [ChipSettings]) throws(LineReadingError) -> [ChipDeclaration] {
    var declared: [ChipDeclaration] = []
    for chip in chips {
        switch chip.source {
        case .label(let name), .device(let name): declared.append(ChipDeclaration(name: chip.name, chip: name))
        case .replay(let path):
            declared.append(
                ChipDeclaration(
                    name: chip.name, replay: try recording(at: path), loop: chip.loop, speed: chip.speed))
        }
    }
    return declared
}

private func recording(at path: String) throws(LineReadingError) -> Recording {
    let bytes: [UInt8]
    do throws(FileError) {
        bytes = try readFile(path, limit: Recording.maximumBytes)
    } catch {
        throw LineReadingError(why: "recording \(path): \(error.text)", next: "see `chips` in the configuration", status: .noInput)
    }
    do throws(RecordingError) {
        return try Recording(parsing: bytes)
    } catch {
        throw LineReadingError(why: "recording \(path): \(error.text)", next: "see `chips` in the configuration", status: .data)
    }
}
