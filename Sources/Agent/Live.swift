internal import MQTTSession
internal import Payloads
internal import RingStore
internal import Sensors
internal import Telemetry

/// `publish.live`: the newest reading of each sensor, beside the durable stream and never instead of it. At QoS 0, while there is
/// a connection; what an outage kept back is not told here.
struct LiveReadings {
    struct Newest {
        var outcome: Outcome
        var instant: Instant
        /// Nil: it was taken before the ring was open.
        var name: AlertEvent.ReadingName?
        var stamp: Stamp
        /// Of those without a name, counted from 1.
        var order: UInt64
    }

    /// By the slot of the sensor.
    var newest = ShortTable<Int, Newest>()
    /// Slots whose newest reading is to go out.
    var due: ShortSet<Int> = []
    /// Readings that were taken before the ring was open.
    private var unnamed: UInt64 = 0

    init() {}

    mutating func take(_ outcome: Outcome, of slot: Int, name: AlertEvent.ReadingName?, stamp: Stamp, at instant: Instant) {
        if name == nil { unnamed += 1 }
        newest[slot] = Newest(outcome: outcome, instant: instant, name: name, stamp: stamp, order: unnamed)
        due.insert(slot)
    }

    /// The ring is open: what was taken before has the last numbers before `next`, in its order.
    /// - Returns: the slots whose newest reading has a name now.
    mutating func name(before next: AlertEvent.ReadingName) -> [Int] {
        var named: [Int] = []
        for case (let slot, let reading?) in newest.entries where reading.name == nil {
            let back = unnamed - reading.order + 1
            guard next.sequence.rawValue > back else { continue }
            newest[slot]?.name = AlertEvent.ReadingName(
                stream: next.stream, sequence: SequenceNumber(next.sequence.rawValue - back))
            named.append(slot)
        }
        return named
    }

    mutating func dueAgain() { due = ShortSet(newest.keys) }

    mutating func forget(_ slot: Int) {
        newest[slot] = nil
        due.remove(slot)
    }
}

extension Agent {
    /// - Parameter name: as the ring gave it; nil while that is not open.
    mutating func noteLive(_ outcome: Outcome, of slot: Int, name: AlertEvent.ReadingName?, at instant: Instant) {
        live.take(outcome, of: slot, name: name, stamp: ring.stampOfNext(taken: instant), at: instant)
    }

    mutating func nameLive() {
        guard let next = ring.nextName else { return }
        for slot in live.name(before: next) {
            if let instant = live.newest[slot]?.instant { live.newest[slot]?.stamp = ring.stampOfNext(taken: instant) }
        }
    }

    /// Whatever the window and a hold say: it needs no acknowledgement, and only the newest of each topic waits.
    mutating func publishLive() {
        guard configuration.live != .off else { return live.due.clear() }
        guard connection != nil, !live.due.isEmpty else { return }
        for slot in live.due.elements.sorted() {
            guard let message = liveMessage(slot) else { continue }
            live.due.remove(slot)
            send(message)
        }
    }

    private func liveMessage(_ slot: Int) -> Message? {
        guard let newest = live.newest[slot], let name = newest.name else { return nil }
        var stamp = newest.stamp
        if case .unknown = stamp { stamp = ring.stampNow(taken: newest.instant) }
        let sensor = sensors[slot].settings
        let reading = StampedReading(
            stream: name.stream, sequence: name.sequence, schema: sensors[slot].schema, boot: configuration.boot,
            instant: newest.instant, stamp: stamp, outcome: newest.outcome)
        let payload = readingJSON(
            reading, device: configuration.identify ? configuration.deviceID : nil,
            sensor: configuration.identify ? sensor.id : nil)
        var message = named(name, on: topics.live(sensor.id), payload, retain: configuration.live == .retained)
        message.qos = 0
        message.expirySeconds = silence(of: sensor).map { UInt32(clamping: ($0.nanoseconds + 999_999_999) / 1_000_000_000) }
        return message
    }
}
