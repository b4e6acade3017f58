internal import Telemetry

/// One exchange on the single wire of an AM2302 or a DHT11, cut out of a list of edges.
///
/// The host pulls the line low (the *start pulse*), lets go for 20 to 200 µs, and the sensor answers: low 80 µs, high
/// 80 µs (the *response*), then 40 data pulses, each some 50 µs low and then high for 26 µs (0) or 70 µs (1), and 50 µs
/// low that end the last. Only the widths of the 40 high pulses carry data; what comes ahead of them may be missing.
///
/// - Source: Aosong AM2302 product manual, "single-bus communication": T_be 0.8–20 ms, T_go 20–200 µs, T_rel and T_reh
///   75–85 µs, T_low 48–55 µs, T_H0 22–30 µs, T_H1 68–75 µs.
struct SingleWireExchange: Hashable, Sendable {
    /// A high pulse of which both edges were recorded; nanoseconds.
    struct Pulse: Hashable, Sendable {
        var high: Int64
        /// How long the line was low before; nil where that was not recorded.
        var lowBefore: Int64?

        /// Not a disturbance of some microseconds.
        var isPlausible: Bool {
            high >= SingleWireAnswer.zero.lowerBound && lowBefore ?? .max >= SingleWireAnswer.low.lowerBound
        }
    }

    /// The first falling edge; the start pulse's where that was recorded.
    var time: Int64
    /// A start pulse was recorded, at least its end.
    var hasStart: Bool
    /// Both ends of the start pulse were recorded. A low that was there when the recording began may be anything.
    var hasWholeStart: Bool
    /// The high ahead of the first fall, where no start pulse is: all of it, or so much as was recorded.
    var highAhead: Int64?
    /// Behind the last pulse the line is known to be idle, or the host to have gone on.
    var endsIdle: Bool
    /// From when the sensor may answer: the end of the start pulse; without one, the first edge.
    var release: Int64
    var pulses: [Pulse]
    /// The line is low behind the last edge.
    var endsLow: Bool
    /// The changes that the sensor made, behind the start pulse.
    var answer: [RecordedEdge]

    /// A low at least so long is the host's start pulse: the data sheets ask for 0.8 ms and more, a pulse of a sensor is
    /// below 0.1 ms.
    static let shortestStart: Int64 = 500_000
    /// A high at least so long is the idle line, and no pulses that became one because edges between them were lost.
    static let shortestIdle: Int64 = 300_000

    /// The exchanges of a recording, which need not begin or end with one.
    ///
    /// A start pulse begins an exchange; a high that is longer than any pulse of a sensor ends one. A recording that
    /// begins within a high pulse does not know its width, so that pulse is none.
    static func cut(_ edges: [RecordedEdge]) -> [SingleWireExchange] {
        let levels = Level.list(edges)
        guard levels.count > 1 else { return [] }
        var exchanges: [SingleWireExchange] = []
        var start: Level?
        var gathered: [Level] = []
        var highAhead: Int64?
        @inline(never) func close(endsLow: Bool = false, endsIdle: Bool = false) {
            if let exchange = SingleWireExchange(
                start: start, highAhead: highAhead, levels: gathered, endsLow: endsLow, endsIdle: endsIdle,
                isOnly: exchanges.isEmpty)
            {
                exchanges.append(exchange)
            }
            start = nil
            highAhead = nil
            gathered = []
        }
        for level in levels {
            if !level.isHigh, !level.isLast, level.width >= shortestStart {
                // The host ended the high before it, not the sensor: idle time, or a pulse that was cut off.
                if gathered.last?.isHigh == true { gathered.removeLast() }
                close(endsIdle: true)
                start = level
            } else if level.isHigh, level.isFirst || level.isLast || level.width >= longestHigh(start, gathered) {
                close(endsIdle: level.width >= longestHigh(start, gathered))
                highAhead = level.width
            } else {
                gathered.append(level)
            }
        }
        close(endsLow: levels.last?.isHigh == false)
        return exchanges
    }

    /// From which width on a high at this place is idle: T_go may be 200 µs, a slow part's response 100 µs.
    private static func longestHigh(_ start: Level?, _ gathered: [Level]) -> Int64 {
        // Levels alternate, so two of three are a high and its lows.
        switch gathered.count {
        case 0 where start != nil: 300_000
        case 0...3: SingleWireAnswer.response.upperBound
        default: SingleWireAnswer.one.upperBound
        }
    }

    private init?(start: Level?, highAhead: Int64?, levels: [Level], endsLow: Bool, endsIdle: Bool, isOnly: Bool) {
        pulses = []
        for (index, level) in levels.enumerated() where level.isHigh {
            var low: Int64?
            if index > 0, !levels[index - 1].isFirst { low = levels[index - 1].width }
            pulses.append(Pulse(high: level.width, lowBefore: low))
        }
        // Without a start pulse and without a data pulse it is a disturbance; a line that falls and stays low is told
        // when there is nothing else to tell, for a recording may end anywhere.
        let hasPulse = pulses.contains { $0.isPlausible }
        guard start != nil || hasPulse || endsLow && isOnly && !levels.isEmpty else { return nil }
        hasStart = start != nil
        hasWholeStart = start.map { !$0.isFirst } ?? false
        self.highAhead = highAhead
        self.endsIdle = endsIdle
        self.endsLow = endsLow
        answer = []
        for level in levels where !level.isFirst && level.start != start?.end {
            answer.append(RecordedEdge(time: level.start, isHigh: level.isHigh))
        }
        if let last = levels.last, !last.isLast {
            answer.append(RecordedEdge(time: last.end, isHigh: !last.isHigh))
        }
        release = start?.end ?? answer.first?.time ?? 0
        if let start, !start.isFirst {
            time = start.start
        } else {
            time = answer.first { !$0.isHigh }?.time ?? release
        }
    }

    /// A time during which the line held one level.
    private struct Level {
        var isHigh: Bool
        var start: Int64
        /// Of the first and the last of a recording, at least so much.
        var width: Int64
        var isFirst: Bool
        var isLast = false
        var end: Int64 { start + width }

        static func list(_ edges: [RecordedEdge]) -> [Level] {
            guard let first = edges.first, let end = edges.last?.time else { return [] }
            var levels = [Level(isHigh: first.isHigh, start: first.time, width: 0, isFirst: true)]
            for edge in edges.dropFirst() where edge.isHigh != levels[levels.count - 1].isHigh {
                levels[levels.count - 1].width = edge.time - levels[levels.count - 1].start
                levels.append(Level(isHigh: edge.isHigh, start: edge.time, width: 0, isFirst: false))
            }
            levels[levels.count - 1].width = end - levels[levels.count - 1].start
            levels[levels.count - 1].isLast = true
            return levels
        }
    }
}
