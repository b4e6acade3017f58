package import Telemetry

/// A chip whose lines do what a recording says: real answers and real bounce without hardware.
///
/// Each line of the recording is a line of the chip; its offset is its place in `lines`. A line plays on its own pace
/// from `origin` on, whether it is requested or not, `speed` times as fast as recorded, and with `loop` over and over.
///
/// A line that is driven low for half a millisecond and then made an input was given a *start pulse*: from then on it
/// is *triggered*, and each start pulse plays the next recorded answer, always at its true pace, since the widths of its
/// pulses are the data. Past the last answer it is silent, or with `loop` starts over.
///
/// Like the kernel it numbers the events of a line from its request on, keeps `eventBufferSize` of them and drops the
/// oldest, so that a gap in the numbers tells what a late reader missed; and like the kernel it debounces.
package struct ReplayedChip: Hashable, Sendable {
    package let lines: [String]
    private var states: [ReplayedLine]

    /// - Parameter speed: above zero.
    package init(recording: Recording, loop: Bool, speed: Decimal, origin: Instant) {
        precondition(speed.significand > 0, "a recording is played forwards")
        lines = recording.lines.map { $0.name }
        let pace = ReplayedPace(recording: recording, loop: loop, speed: speed, origin: origin)
        states = recording.lines.map { ReplayedLine(edges: $0.edges, pace: pace) }
    }

    /// Requests the line with these settings, or reconfigures it when it is requested.
    /// - Returns: the logical level then.
    package mutating func configure(line: Int, settings: LineSettings, at now: Instant) -> Bool {
        states[line].configure(settings, at: now)
    }

    package mutating func release(line: Int) { states[line].release() }

    /// The logical level by the settings of the request; the physical one where the line is not requested.
    package func level(line: Int, at now: Instant) -> Bool {
        var state = states[line]
        state.play(to: now)
        return state.isActive(at: now)
    }

    /// What a line is driven to, logically; nil for an input.
    package func drivenLevel(line: Int) -> Bool? { states[line].drivenLevel }

    /// When `advance` has something to give.
    package var deadline: Instant? {
        var deadline: Instant?
        for state in states { deadline = earliest(deadline, state.deadline) }
        return deadline
    }

    /// The edge events up to `now` that no call has given yet, in order of time; at most the event buffers' sizes.
    package mutating func advance(to now: Instant) -> [(line: Int, event: EdgeEvent)] {
        var events: [(line: Int, event: EdgeEvent)] = []
        for line in states.indices {
            states[line].play(to: now)
            for event in states[line].takeEvents() { events.append((line, event)) }
        }
        // One line's events are in order already; equal instants stay in the order of the lines.
        return events.sorted {
            $0.event.instant != $1.event.instant
                ? $0.event.instant < $1.event.instant
                : $0.line != $1.line ? $0.line < $1.line : $0.event.lineSequence < $1.event.lineSequence
        }
    }
}

/// How the time of a recording lies on the boot clock.
struct ReplayedPace: Hashable, Sendable {
    let origin: Instant
    let loop: Bool
    /// After what time of the recording it starts over, in nanoseconds of the recording.
    let period: Int64
    let speed: Double

    init(recording: Recording, loop: Bool, speed: Decimal, origin: Instant) {
        self.origin = origin
        self.loop = loop
        var divisor = 1.0
        for _ in 0..<speed.decimals { divisor *= 10 }
        self.speed = Double(speed.significand) / divisor
        // The last state of a line is held for a while where the wrap changes it: as long as the first was.
        var hold: Int64 = 0
        for line in recording.lines where line.edges.count > 1 && line.edges[0].isHigh != line.edges.last?.isHigh {
            hold = max(hold, line.edges[1].time)
        }
        period = max(recording.end + hold, 1_000_000)
    }

    func instant(lap: Int64, time: Int64) -> Instant {
        let recorded = Double(lap) * Double(period) + Double(time)
        // A Double has whole nanoseconds up to 104 days; beyond, the laps are a little uneven.
        let elapsed = recorded / speed + 0.5
        return elapsed < 9e18 ? origin.advanced(by: .nanoseconds(Int64(elapsed))) : .distantFuture
    }

    /// Nanoseconds of the recording since its first start; below zero before the origin.
    func recorded(at instant: Instant) -> Int64 {
        let recorded = Double(origin.duration(to: instant).nanoseconds) * speed
        return recorded > 9e18 ? .max : recorded < -1 ? -1 : Int64(recorded)
    }
}

/// One line of a `ReplayedChip`.
struct ReplayedLine: Hashable, Sendable {
    private let edges: [RecordedEdge]
    /// What the recording's start pulses were answered with: nanoseconds from the end of the start pulse.
    private var answers: [[RecordedEdge]]?
    private let pace: ReplayedPace

    /// Nil: not requested.
    private var settings: LineSettings?
    private var source: Source
    /// While the line is an output: the physical level, and since when.
    private var driven: Driven?
    /// The physical level on the wire while nobody drives it, at the end of what was played.
    private var isHigh: Bool
    private var filter: DebounceFilter?
    private var sequence: UInt32 = 0
    private var events: [EdgeEvent] = []

    private struct Driven: Hashable, Sendable {
        var isHigh: Bool
        var since: Instant
    }

    private enum Source: Hashable, Sendable {
        /// Plays by itself; the next change is the edge `next` (0 is the level at the start) of that lap.
        case free(lap: Int64, next: Int)
        /// Plays an answer for each start pulse. `playing`: edges at nanoseconds of the boot clock; the next is `next`.
        case triggered(nextAnswer: Int, playing: [RecordedEdge], next: Int)
    }

    init(edges: [RecordedEdge], pace: ReplayedPace) {
        self.edges = edges
        self.pace = pace
        isHigh = edges[0].isHigh
        source = .free(lap: 0, next: 1)
    }

    // MARK: What a program asks for

    /// The logical level then.
    mutating func configure(_ new: LineSettings, at now: Instant) -> Bool {
        play(to: now)
        if settings == nil { sequence = 0 }
        settings = new
        if case .output(let active) = new.direction {
            drive(high: active != new.isActiveLow, at: now)
        } else {
            listen(new, at: now)
        }
        return isActive(at: now)
    }

    private mutating func drive(high: Bool, at now: Instant) {
        if driven?.isHigh != high { driven = Driven(isHigh: high, since: now) }
        filter = nil
    }

    private mutating func listen(_ new: LineSettings, at now: Instant) {
        if let pulse = driven, !pulse.isHigh,
            pulse.since.duration(to: now) >= .nanoseconds(SingleWireExchange.shortestStart)
        {
            trigger(at: now)
        } else {
            seek(to: now)
        }
        driven = nil
        // A change of the edges that are wanted keeps the filter, as in the kernel.
        if new.debouncePeriod == .zero {
            filter = nil
        } else if filter?.period != new.debouncePeriod {
            filter = DebounceFilter(period: new.debouncePeriod, isActive: isHigh != new.isActiveLow)
        }
    }

    mutating func release() {
        settings = nil
        driven = nil
        filter = nil
        events = []
    }

    /// Logical where the line is requested; by the filter where there is one.
    func isActive(at now: Instant) -> Bool {
        if let filter { return filter.isActive }
        return (driven?.isHigh ?? isHigh) != (settings?.isActiveLow ?? false)
    }

    /// Logical; nil for an input.
    var drivenLevel: Bool? {
        guard let driven, let settings else { return nil }
        return driven.isHigh != settings.isActiveLow
    }

    // MARK: Playing

    /// When there is something to give. Nobody is woken for an edge that gives nothing: a bounce that the filter takes, a
    /// kind that was not asked for; nor for each edge of an answer, which is given whole, as far as the buffer holds it.
    var deadline: Instant? {
        if let first = events.first { return first.instant }
        guard let settings, settings.edge != .none, driven == nil else { return nil }
        if case .triggered(_, let playing, let next) = source, filter == nil {
            let last = min(playing.count, next + max(1, settings.eventBufferSize)) - 1
            return next <= last ? Instant(nanoseconds: playing[last].time) : nil
        }
        var ahead = self
        // Bounded: a recording of nothing but bounce is looked at again then.
        for _ in 0..<256 {
            guard let edge = ahead.nextEdge else { return ahead.filter?.deadline }
            if let settles = ahead.filter?.deadline, settles <= edge.instant { return settles }
            ahead.playEdges(to: edge.instant)
            if let first = ahead.events.first { return first.instant }
        }
        return ahead.nextEdge?.instant
    }

    mutating func takeEvents() -> [EdgeEvent] {
        defer { events = [] }
        return events
    }

    /// Brings the level and the events up to `now`.
    @inline(never) mutating func play(to now: Instant) {
        guard driven == nil else { return }
        guard settings?.edge ?? .none != .none || filter != nil else {
            // Nobody is told of the edges, so they need not be walked.
            if case .free = source { return seek(to: now) }
            return playEdges(to: now)
        }
        skipLaps(to: now)
        playEdges(to: now)
        if let event = filter?.settle(at: now) { report(event) }
    }

    private mutating func playEdges(to now: Instant) {
        while let edge = nextEdge, edge.instant <= now {
            step()
            guard edge.isHigh != isHigh else { continue }
            isHigh = edge.isHigh
            guard let settings else { continue }
            let event = EdgeEvent(
                instant: edge.instant, kind: isHigh != settings.isActiveLow ? .rising : .falling, lineSequence: 0)
            if filter == nil {
                report(event)
            } else if let settled = filter?.handle(event) {
                report(settled)
            }
        }
    }

    private mutating func report(_ event: EdgeEvent) {
        guard let settings else { return }
        switch (settings.edge, event.kind) {
        case (.none, _), (.rising, .falling), (.falling, .rising): return
        default: break
        }
        sequence &+= 1
        if events.count >= max(1, settings.eventBufferSize) { events.removeFirst() }
        events.append(EdgeEvent(instant: event.instant, kind: event.kind, lineSequence: sequence))
    }

    private var nextEdge: (instant: Instant, isHigh: Bool)? {
        switch source {
        case .free(let lap, let next):
            if next < edges.count {
                return (pace.instant(lap: lap, time: next == 0 ? 0 : edges[next].time), edges[next].isHigh)
            }
            guard pace.loop else { return nil }
            return (pace.instant(lap: lap + 1, time: 0), edges[0].isHigh)
        case .triggered(_, let playing, let next):
            return next < playing.count ? (Instant(nanoseconds: playing[next].time), playing[next].isHigh) : nil
        }
    }

    private mutating func step() {
        switch source {
        case .free(let lap, let next):
            source = next < edges.count ? .free(lap: lap, next: next + 1) : .free(lap: lap + 1, next: 1)
        case .triggered(let nextAnswer, let playing, let next):
            source = .triggered(nextAnswer: nextAnswer, playing: playing, next: next + 1)
        }
    }

    /// After a long sleep only the last two laps are walked; the numbers of the others' events are skipped, which tells
    /// the reader that they are lost. Debounced events are then counted as if they had all been reported.
    private mutating func skipLaps(to now: Instant) {
        guard case .free(let lap, let next) = source, pace.loop else { return }
        let behind = pace.recorded(at: now) / pace.period - lap - 2
        guard behind > 0 else { return }
        source = .free(lap: lap + behind, next: next)
        let perLap: Int64 = settings?.edge == .both ? Int64(edges.count - 1) : Int64(edges.count / 2)
        sequence &+= UInt32(truncatingIfNeeded: perLap.multipliedReportingOverflow(by: behind).partialValue)
    }

    /// Puts a line that plays by itself where it is at `now`, without events.
    private mutating func seek(to now: Instant) {
        guard case .free = source else { return }
        let recorded = max(0, pace.recorded(at: now))
        var lap = recorded / pace.period
        if !pace.loop { lap = 0 }
        let time = recorded - lap * pace.period
        // The first change behind `time`.
        var low = 1
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        source = .free(lap: lap, next: low)
        isHigh = edges[low - 1].isHigh
    }

    // MARK: Start pulses

    private mutating func trigger(at now: Instant) {
        if answers == nil { answers = Self.answers(of: edges) }
        guard let answers, !answers.isEmpty else {
            source = .triggered(nextAnswer: 0, playing: [], next: 0)
            isHigh = true
            return
        }
        var nextAnswer = 0
        if case .triggered(let number, _, _) = source { nextAnswer = number }
        if nextAnswer >= answers.count, pace.loop { nextAnswer = 0 }
        var playing: [RecordedEdge] = []
        if nextAnswer < answers.count {
            playing = answers[nextAnswer].map { RecordedEdge(time: now.nanoseconds + $0.time, isHigh: $0.isHigh) }
            nextAnswer += 1
        }
        source = .triggered(nextAnswer: nextAnswer, playing: playing, next: 0)
        // The host has let go; the pull-up has the line until the sensor answers.
        isHigh = playing.first.map { !$0.isHigh } ?? true
    }

    /// Where no start pulse was recorded, the sensor waits 30 µs: the middle of the 20 to 40 µs of the data sheet.
    private static func answers(of edges: [RecordedEdge]) -> [[RecordedEdge]] {
        SingleWireExchange.cut(edges).map { exchange in
            let wait: Int64 = exchange.hasStart ? 0 : 30_000
            return exchange.answer.map { RecordedEdge(time: $0.time - exchange.release + wait, isHigh: $0.isHigh) }
        }
    }
}
