internal import Telemetry

/// Samples a sensor on a single wire: gives the start pulse, listens, decodes. What `AM2302` and `DHT11` share.
///
/// ```
/// waiting --lineReady--> idle --slot--> starting --pulse over--> listening --answer or time over--> idle
///     any --lineFailed--> failed --lineReady--> idle
/// ```
/// Each slot of the grid, and each request of a person, gives exactly one reading or no-reading; a value is never given
/// twice.
struct SingleWireSampler: Hashable, Sendable {
    struct Timing: Hashable, Sendable {
        /// How long the line is driven low, from when it is known to be; and from when that was asked for, should no
        /// answer come.
        var startPulse: Duration
        var startPulseAtMost: Duration
        /// The part gives no new answer sooner, and none at all so soon after it is switched on.
        var minimumInterval: Duration
    }

    /// From the release on: an answer of 64 bits takes 8 ms, a slow one 12; the rest is for a host that lets go late.
    static let listenFor = Duration.milliseconds(20)
    /// An answer has 85 edges, one of 64 bits 133; more than this is noise, and is not kept.
    static let maximumEdges = 192
    /// What the kernel is to hold.
    static let eventBufferSize = 192

    private let timing: Timing
    private let bias: LineSettings.Bias
    private var grid: SamplingGrid
    private var state = State.waiting
    private var lastStart: Instant?
    /// When a person asked for a reading that has not begun.
    private var requested: Instant?

    private enum State: Hashable, Sendable {
        /// The line is asked for.
        case waiting
        case idle
        case starting(since: Instant, until: Instant)
        case listening(Listening)
        case failed(NoReading)
    }

    private struct Listening: Hashable, Sendable {
        var start: Instant
        var release: Instant
        var isActive: Bool?
        var edges: [EdgeEvent] = []
        var falls = 0
        var lost: UInt32 = 0
        var isNoise = false
        var until: Instant { release.advanced(by: SingleWireSampler.listenFor) }
    }

    init(settings: SensorSettings, timing: Timing, standard: Duration, origin: Instant) {
        self.timing = timing
        bias = LineKeys.bias(of: settings)
        grid = SamplingGrid(
            first: origin.advanced(by: timing.minimumInterval), every: settings.every ?? standard)
    }

    var deadline: Instant? {
        switch state {
        case .waiting, .idle, .failed: nextSample
        case .starting(_, let until): until
        case .listening(let listening): listening.until
        }
    }

    /// A slot, or a request, but never sooner than the part allows.
    private var nextSample: Instant {
        let next = earliest(grid.next, requested) ?? grid.next
        guard let lastStart, case .idle = state else { return next }
        // A twentieth less: a turn that was a little late must not make the next one late as well.
        let allowed = lastStart.advanced(by: timing.minimumInterval * 19 / 20)
        if allowed <= next { return next }
        // A slot is put off by a part of the interval; one that would have to wait longer is left out.
        let isPutOff = requested != nil || next.duration(to: allowed) * 4 <= grid.every
        return isPutOff ? allowed : grid.slot(after: allowed)
    }

    /// - Parameter convert: the model's reading of an answer.
    mutating func handle(
        _ input: SensorInput, at now: Instant, convert: (SingleWireAnswer) throws(NoReading) -> [Int64]
    ) -> [SensorAction] {
        switch input {
        case .start:
            if case .failed = state {} else { state = .waiting }
            return [.configureLine(LineSettings(bias: bias, eventBufferSize: Self.eventBufferSize))]
        case .lineReady(let isActive):
            lineReady(isActive, at: now)
            return []
        case .lineFailed(let why):
            return lineFailed(why, at: now)
        case .edges(let edges, let lost):
            return collect(edges, lost, convert)
        case .level(let isActive):
            if case .listening(var listening) = state {
                listening.isActive = isActive
                state = .listening(listening)
            }
            return []
        case .readNow:
            switch state {
            // The exchange under way is the answer.
            case .starting, .listening: return []
            case .waiting, .idle, .failed: break
            }
            requested = now
            return timer(at: now, convert)
        case .timer:
            return timer(at: now, convert)
        case .finish:
            return []
        }
    }

    private func isDue(at now: Instant) -> Bool { deadline.map { $0 <= now } ?? false }

    private mutating func lineReady(_ isActive: Bool, at now: Instant) {
        switch state {
        case .waiting, .failed:
            state = .idle
        case .idle:
            break
        case .starting(let since, _):
            state = .starting(since: since, until: now.advanced(by: timing.startPulse))
        case .listening(var listening):
            listening.isActive = isActive
            state = .listening(listening)
        }
    }

    private mutating func lineFailed(_ why: NoReading, at now: Instant) -> [SensorAction] {
        defer { state = .failed(why) }
        switch state {
        case .waiting, .idle, .failed: return []
        case .starting(let start, _): return [.reading(.noReading(why), at: start)]
        case .listening(let listening): return [.reading(.noReading(why), at: listening.start)]
        }
    }

    private mutating func timer(
        at now: Instant, _ convert: (SingleWireAnswer) throws(NoReading) -> [Int64]
    ) -> [SensorAction] {
        guard isDue(at: now) else { return [] }
        switch state {
        case .idle:
            return begin(at: now)
        case .starting(let start, _):
            state = .listening(Listening(start: start, release: now))
            return [.configureLine(LineSettings(edge: .both, bias: bias, eventBufferSize: Self.eventBufferSize))]
        case .listening(let listening):
            state = .idle
            return [.reading(Self.outcome(listening, isOver: true, convert), at: listening.start)]
        case .waiting:
            settle(at: now)
            return [.reading(.noReading(NoReading(.missing, detail: "the line is not there yet")), at: now)]
        case .failed(let why):
            settle(at: now)
            return [.reading(.noReading(why), at: now)]
        }
    }

    private mutating func begin(at now: Instant) -> [SensorAction] {
        settle(at: now)
        lastStart = now
        state = .starting(since: now, until: now.advanced(by: timing.startPulseAtMost))
        return [.configureLine(LineSettings(direction: .output(active: false), bias: bias, eventBufferSize: Self.eventBufferSize))]
    }

    /// The slot and the request that are due are answered by what comes now.
    private mutating func settle(at now: Instant) {
        grid.advance(past: now)
        requested = nil
    }

    private mutating func collect(
        _ edges: [EdgeEvent], _ lost: UInt32, _ convert: (SingleWireAnswer) throws(NoReading) -> [Int64]
    ) -> [SensorAction] {
        guard case .listening(var listening) = state else { return [] }
        // The state lets go of the edges, so that they are appended to and not copied at each batch.
        state = .idle
        // Edges from before the start pulse that were still in the buffer; the tolerance is for the conversion of clocks.
        let earliest = listening.release.advanced(by: .microseconds(-500))
        // What was lost ahead of the first edge of the answer is no different from a front that was never seen.
        if !listening.edges.isEmpty { listening.lost &+= lost }
        for edge in edges where edge.instant >= earliest {
            if listening.edges.count == Self.maximumEdges {
                listening.isNoise = true
                break
            }
            listening.edges.append(edge)
            if edge.kind == .falling { listening.falls += 1 }
        }
        state = .listening(listening)
        // 40 pulses alone might lack an end that is still to come; with the response ahead of them they do not.
        guard listening.falls > 40, let outcome = Self.complete(listening, convert) else { return [] }
        state = .idle
        return [.reading(outcome, at: listening.start)]
    }

    /// A reading that needs no more edges; nil while there is none.
    private static func complete(
        _ listening: Listening, _ convert: (SingleWireAnswer) throws(NoReading) -> [Int64]
    ) -> Outcome? {
        let exchanges = SingleWireExchange.cut(recorded(listening.edges))
        guard exchanges.contains(where: { $0.pulses.count > 40 }) else { return nil }
        guard case .measurements(let values) = outcome(listening, isOver: false, convert) else { return nil }
        return .measurements(values)
    }

    /// - Parameter isOver: Nothing came any more until the time was over.
    private static func outcome(
        _ listening: Listening, isOver: Bool, _ convert: (SingleWireAnswer) throws(NoReading) -> [Int64]
    ) -> Outcome {
        if listening.isNoise {
            return .noReading(NoReading(.ambiguous, detail: "more than \(maximumEdges) edges, an answer has at most 134"))
        }
        if listening.lost > 0 {
            return .noReading(NoReading(.short, detail: "the kernel lost \(listening.lost) edges within the answer"))
        }
        let exchanges = SingleWireExchange.cut(recorded(listening.edges, until: isOver ? listening.until : nil))
        // The longest is the answer; what else there is are disturbances.
        guard let answer = exchanges.max(by: { $0.pulses.count < $1.pulses.count }) else {
            if listening.edges.isEmpty, listening.isActive == false {
                return .noReading(NoReading(.stuck, detail: "the line stays low"))
            }
            return .noReading(NoReading(.noAnswer, detail: "no answer to the start pulse"))
        }
        return answer.outcome(convert)
    }

    /// The first row of a recording is a level and no edge, so the level ahead of the first edge goes before it.
    private static func recorded(_ events: [EdgeEvent], until end: Instant? = nil) -> [RecordedEdge] {
        guard let first = events.first, let last = events.last else { return [] }
        var edges = [RecordedEdge(time: first.instant.nanoseconds, isHigh: first.kind == .falling)]
        for event in events {
            edges.append(RecordedEdge(time: event.instant.nanoseconds, isHigh: event.kind == .rising))
        }
        // A row that repeats the level says how long the line was watched.
        if let end, end > last.instant { edges.append(RecordedEdge(time: end.nanoseconds, isHigh: last.kind == .rising)) }
        return edges
    }
}

extension SingleWireExchange {
    func outcome(_ convert: (SingleWireAnswer) throws(NoReading) -> [Int64]) -> Outcome {
        do throws(NoReading) {
            return .measurements(try convert(SingleWireAnswer(self)))
        } catch {
            return .noReading(error)
        }
    }

    /// The readings of a recording.
    static func decode(
        _ edges: [RecordedEdge], _ convert: (SingleWireAnswer) throws(NoReading) -> [Int64]
    ) -> [DecodedReading] {
        cut(edges).map { DecodedReading(time: $0.time, outcome: $0.outcome(convert)) }
    }
}
