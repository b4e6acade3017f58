internal import CLinux
internal import Sensors
import Telemetry

/// A held line of a character device: its request, what is missing between its edges, and its debounce where the
/// kernel's will not do.
final class CharacterLine {
    private let request: LineRequest
    private var settings: LineSettings
    private var continuity: EdgeContinuity
    private var filter: DebounceFilter?
    /// Edges that settled while the level was read; `advance` gives them.
    private var settled: [EdgeEvent] = []

    init(
        path: String, offset: Int, consumer: String, settings: LineSettings, firstInterface: Bool
    ) throws(CallFailure) {
        request = try LineRequest(
            path: path, offset: offset, consumer: consumer, settings: settings, firstInterface: firstInterface)
        self.settings = settings
        continuity = EdgeContinuity(isNumbered: request.isNumbered)
        let wire = wireSettings(settings)
        if wire != settings { try request.reconfigure(wire) }
    }

    /// From this period on the kernel debounces, where it can.
    ///
    /// Where the chip cannot do it the kernel counts in its own ticks (`usecs_to_jiffies` in `gpiolib-cdev.c`), of 4 ms on
    /// most boards and 10 ms on some, and always waits for more than one: a debounce of 1 ms swallowed every pulse of
    /// 4 ms, without a word. Shorter periods are kept by the filter, to the nanosecond.
    private static let kernelPeriodAtLeast = Duration.milliseconds(20)

    /// What the kernel is asked for: where it does not debounce, the filter must see both edges.
    private func wireSettings(_ settings: LineSettings) -> LineSettings {
        let isKernels = request.isNumbered && settings.debouncePeriod >= Self.kernelPeriodAtLeast
        guard !isKernels, settings.direction == .input, settings.debouncePeriod > .zero else { return settings }
        var wire = settings
        wire.debouncePeriod = .zero
        wire.edge = .both
        return wire
    }

    func reconfigure(_ new: LineSettings) throws(CallFailure) {
        if new != settings { try request.reconfigure(wireSettings(new)) }
        if case .output = new.direction {
            // What was not read belongs to the input that the line was.
            continuity.skip(try request.readEdgeEvents(clockDifference: 0))
            settled = []
            filter = nil
        }
        settings = new
    }

    /// The logical level; debounced where edges are.
    func level(at now: Instant) throws(CallFailure) -> Bool {
        let level = try request.value()
        guard wireSettings(settings) != settings else {
            filter = nil
            return level
        }
        if filter?.period != settings.debouncePeriod {
            filter = DebounceFilter(period: settings.debouncePeriod, isActive: level)
        }
        if let event = filter?.resynchronize(isActive: level, at: now), isWanted(event) { settled.append(event) }
        return filter?.isActive ?? level
    }

    var descriptor: Int32? { request.descriptor }

    /// What the kernel holds.
    func readEdgeEvents(clockDifference: Int64) throws(CallFailure) -> [EdgeBatch] {
        let events = try request.readEdgeEvents(clockDifference: clockDifference)
        var batches = continuity.split(
            events, bothEdges: filter != nil || settings.edge == .both,
            bufferWasFull: !request.isNumbered && events.count >= request.eventCapacity)
        guard filter != nil else { return batches }
        for index in batches.indices {
            let edges = batches[index].events
            batches[index].events = []
            for edge in edges {
                if let event = filter?.handle(edge), isWanted(event) { batches[index].events.append(event) }
            }
        }
        return batches.filter { !$0.events.isEmpty || $0.lostBefore > 0 }
    }

    /// When an edge settles.
    var deadline: Instant? { settled.first?.instant ?? filter?.deadline }

    /// The edges that have settled by now.
    func advance(to now: Instant) -> EdgeBatch? {
        if let event = filter?.settle(at: now), isWanted(event) { settled.append(event) }
        if settled.isEmpty { return nil }
        defer { settled = [] }
        return EdgeBatch(events: settled, lostIsExact: request.isNumbered)
    }

    private func isWanted(_ event: EdgeEvent) -> Bool {
        switch (settings.edge, event.kind) {
        case (.none, _), (.rising, .falling), (.falling, .rising): false
        default: true
        }
    }
}
