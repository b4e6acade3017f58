internal import Telemetry

/// A loss in positions. It grows until it is first handed over; then its range stays.
struct LossEntry: Hashable, Sendable {
    var span: StreamSpan
    var first: UInt64
    /// One behind the last.
    var end: UInt64
    var count: UInt64?
    var atMost: UInt64?
    var cause: Loss.Cause
    var sensors: [Loss.SensorCount]
    var areSensorsKnown: Bool
    /// Handed over once: a subscriber may know its range.
    var isFrozen = false
    /// Handed over since the last rewind.
    var isOut = false
    /// It was counted when it happened.
    var isCounted = false
    /// How many of them are readings in the file that count as unsettled until the loss is acknowledged: after a crash they
    /// would be readings again.
    var stored: UInt64 = 0

    var loss: Loss {
        Loss(
            stream: StreamID(span.stream), first: SequenceNumber(first - span.base),
            last: SequenceNumber(end - 1 - span.base), count: count, atMost: count == nil ? atMost : nil, cause: cause,
            sensors: sensors)
    }

    /// Takes in what follows, if nothing lies between that has another fate.
    /// - Parameter isForced: also where it was told, or has another cause.
    mutating func absorb(_ next: LossEntry, isForced: Bool = false) -> Bool {
        guard span == next.span, end == next.first else { return false }
        // After a crash a rejected reading may be tried again, and taken: what was told of one must not depend on its neighbours.
        guard isForced || !isFrozen && !next.isFrozen && cause == next.cause && cause != .rejected else { return false }
        end = next.end
        stored += next.stored
        if let a = count, let b = next.count {
            count = a + b
        } else {
            atMost = sum(atMost ?? count, next.atMost ?? next.count)
            count = nil
        }
        if areSensorsKnown, next.areSensorsKnown {
            for sensor in next.sensors { add(sensor.sensor, sensor.count) }
        } else {
            sensors = []
            areSensorsKnown = false
        }
        return true
    }

    /// The part from `position` on.
    func from(_ position: UInt64) -> LossEntry {
        guard position > first else { return self }
        var rest = self
        rest.first = position
        rest.count = nil
        rest.atMost = end - position
        rest.sensors = []
        return rest
    }

    mutating func add(_ sensor: String, _ count: UInt64) {
        if let index = sensors.firstIndex(where: { $0.sensor == sensor }) {
            sensors[index].count += count
        } else {
            sensors.append(.init(sensor: sensor, count: count))
        }
    }

    init(
        span: StreamSpan, first: UInt64, end: UInt64, count: UInt64?, atMost: UInt64? = nil, cause: Loss.Cause,
        sensors: [Loss.SensorCount] = [], isFrozen: Bool = false, isCounted: Bool = false
    ) {
        self.span = span
        self.first = first
        self.end = end
        self.count = count
        self.atMost = atMost
        self.cause = cause
        self.sensors = sensors
        areSensorsKnown = !sensors.isEmpty
        self.isFrozen = isFrozen
        self.isCounted = isCounted
    }

    private func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
        guard let a, let b else { return nil }
        return a + b
    }
}
