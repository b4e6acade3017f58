internal import RingStore
internal import Sensors
internal import Telemetry

/// One sensor in the agent: its driver, the state of its line, and what the metrics say of it.
struct SensorSlot {
    var driver: any AnySensor
    var settings: SensorSettings
    var schema: SensorSchema
    var line = LineState.idle
    /// A reload took it away: it hears nothing any more.
    var isRetired = false { didSet { noteDeadline() } }
    var readings: UInt64 = 0
    var failures: UInt64 = 0
    var lostEdges: UInt64 = 0
    var lostEdgesExact = true
    var lastInstant: Instant?
    var lastError: String?
    /// The `savedRevision` of the driver that is in the saved state.
    var keptRevision = 0
    /// Nothing is due while a line is waited for, but what the driver itself wants. Kept, since it is asked for at each turn.
    private(set) var deadline: Instant?

    enum LineState {
        case idle
        /// Requested, or about to be.
        case asked(delay: Duration)
        case ready
        /// Asked again at `at`; the delay after that is `delay`.
        case failed(retryAt: Instant, delay: Duration)
    }

    /// The delays between attempts to have a line that is missing or busy.
    static let retryMinimum = Duration.seconds(1)
    static let retryMaximum = Duration.seconds(60)

    init(driver: any AnySensor, settings: SensorSettings, schema: SensorSchema) {
        self.driver = driver
        self.settings = settings
        self.schema = schema
        noteDeadline()
    }

    private mutating func noteDeadline() {
        deadline = isRetired ? nil : driver.deadline
        if !isRetired, case .failed(let retryAt, _) = line { deadline = earliest(deadline, retryAt) }
    }

    /// What an earlier process had saved of the driver.
    mutating func restore(_ saved: [UInt8]) {
        driver.restore(saved)
        noteDeadline()
    }

    /// Tells the driver; keeps the state of the line and the counts.
    @inline(never) mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] {
        var actions: [SensorAction] = []
        if isRetired { return [] }
        defer { noteDeadline() }
        switch input {
        case .lineReady, .level:
            line = .ready
            actions = driver.handle(input, at: now)
        case .lineFailed:
            let delay: Duration
            switch line {
            case .asked(let last): delay = min(last * 2, Self.retryMaximum)
            case .failed(_, let last): delay = last
            case .idle, .ready: delay = Self.retryMinimum
            }
            line = .failed(retryAt: now.advanced(by: delay), delay: delay)
            // The driver says it, in its own rhythm: a line that is missing for a year must not fill the ring.
            actions = driver.handle(input, at: now)
        case .edges(_, let lostBefore):
            lostEdges += UInt64(lostBefore)
            actions = driver.handle(input, at: now)
        default:
            actions = driver.handle(input, at: now)
        }
        if case .failed(_, let delay) = line {
            for action in actions { if case .configureLine = action { line = .asked(delay: delay) } }
        }
        return actions
    }

    /// What is due: the line again, or the driver's own deadline.
    mutating func handleDue(at now: Instant) -> [SensorAction] {
        if case .failed(let retryAt, let delay) = line, retryAt <= now {
            line = .asked(delay: delay)
            return handle(.start, at: now)
        }
        if let deadline = driver.deadline, deadline <= now { return handle(.timer, at: now) }
        return []
    }

    /// Of the sensor with the same id before a reload: what the metrics count goes on.
    mutating func keepCounts(of old: SensorSlot) {
        readings = old.readings
        failures = old.failures
        lostEdges = old.lostEdges
        lostEdgesExact = old.lostEdgesExact
        lastInstant = old.lastInstant
        lastError = old.lastError
    }

    mutating func count(_ outcome: Outcome, at instant: Instant) {
        lastInstant = instant
        switch outcome {
        case .measurements:
            readings += 1
            lastError = nil
        case .noReading(let noReading):
            failures += 1
            lastError = noReading.code.text
        case .event: preconditionFailure("a sensor gives readings")
        }
    }
}
