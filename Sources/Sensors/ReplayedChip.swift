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
