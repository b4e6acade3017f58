import Telemetry

@testable import Sensors

/// One driver on one line of a replayed chip, run by the chip's and the driver's own deadlines: what the agent does.
struct Bench<Driver: SensorDriver> {
    struct Given: Equatable {
        var outcome: Outcome
        var at: Instant
    }

    var driver: Driver
    var chip: ReplayedChip
    var line = 0
    var given: [Given] = []
    /// What the driver asked of the line, with the time.
    var configured: [(at: Instant, settings: LineSettings)] = []
    /// How late each turn is.
    var lateness = Duration.zero
    /// Answers each request for the line in place of the chip.
    var lineFails: NoReading?

    init(_ driver: Driver, _ chip: ReplayedChip) {
        self.driver = driver
        self.chip = chip
    }

    mutating func handle(_ input: SensorInput, at now: Instant) {
        for action in driver.handle(input, at: now) {
            switch action {
            case .configureLine(let settings):
                configured.append((now, settings))
                if let lineFails {
                    handle(.lineFailed(lineFails), at: now)
                } else {
                    let isActive = chip.configure(line: line, settings: settings, at: now)
                    handle(.lineReady(isActive: isActive), at: now)
                }
            case .readLevel: handle(.level(isActive: chip.level(line: line, at: now)), at: now)
            case .releaseLine: chip.release(line: line)
            case .reading(let outcome, let at): given.append(Given(outcome: outcome, at: at))
            }
        }
    }

    /// Runs all turns whose deadlines lie before `end`.
    mutating func run(to end: Instant) {
        for _ in 0..<200_000 {
            guard let deadline = earliest(driver.deadline, chip.deadline), deadline < end else { return }
            let now = deadline.advanced(by: lateness)
            let events = chip.advance(to: now).filter { $0.line == line }.map { $0.event }
            if !events.isEmpty { handle(.edges(events, lostBefore: 0), at: now) }
            if let deadline = driver.deadline, deadline <= now { handle(.timer, at: now) }
        }
    }
}

func seconds(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

extension Outcome {
    var values: [Int64]? { if case .measurements(let values) = self { values } else { nil } }
    var code: NoReading.Code? { if case .noReading(let why) = self { why.code } else { nil } }
}

func settings(_ model: String, every: Duration? = nil, _ values: SettingValues = [:]) -> SensorSettings {
    SensorSettings(id: "s", name: "s", model: model, line: .name("data"), every: every, values: values)
}

func replay(_ edges: [RecordedEdge], loop: Bool = false) -> ReplayedChip {
    ReplayedChip(
        recording: try! Recording(parsing: Array(SingleWire.csv(edges).utf8)), loop: loop, speed: .one, origin: .zero)
}
