internal import MQTTSession
internal import Payloads
internal import RingStore
internal import Telemetry

/// `publish.batch`: readings that go out together, as one JSON array on `P/readings`. What is not sent yet was handed over by the
/// ring and comes again from it when the connection is lost; the acknowledgement of a message settles the readings it carried, and no other.
struct Batching {
    /// Bytes of a message's payload, whatever the broker takes.
    static let payloadLimit = 64 << 10

    var settings: BatchLimits?
    private(set) var names: [Handover.Name] = []
    /// `[` and the readings so far, without the last bracket.
    private var json: [UInt8] = []
    /// When the first was put in.
    private var since: Instant?
    /// After a batch was rejected: smaller ones, until its readings are past.
    private var narrow: (limit: Int, left: Int)?
    private(set) var rewinds: UInt64 = 0
    /// What is no reading of a batch, and waits for its room behind the one that was sent ahead of it.
    var behind: (message: Message, name: Handover.Name)?

    init(_ settings: BatchLimits?) { self.settings = settings }

    var isEmpty: Bool { names.isEmpty }
    var limit: Int { min(settings?.readings ?? 1, narrow?.limit ?? .max) }
    var isFull: Bool { names.count >= limit }
    /// When it goes out though it is not full.
    var due: Instant? { settings.flatMap { since?.advanced(by: $0.age) } }

    /// - Parameter room: bytes that the payload may have.
    func hasRoom(for reading: [UInt8], in room: Int) -> Bool { names.isEmpty || json.count + 1 + reading.count + 1 <= room }

    mutating func add(_ reading: [UInt8], _ name: Handover.Name, at now: Instant) {
        if names.isEmpty { since = now }
        json.append(names.isEmpty ? 0x5B : 0x2C)
        json += reading
        names.append(name)
    }

    /// The payload and what it carries; then it is empty.
    mutating func take() -> (payload: [UInt8], names: [Handover.Name]) {
        defer { clear() }
        if let narrow { self.narrow = narrow.left > names.count ? (narrow.limit, narrow.left - names.count) : nil }
        json.append(0x5D)
        return (json, names)
    }

    private mutating func clear() {
        names.removeAll()
        json.removeAll(keepingCapacity: true)
        since = nil
    }

    /// The ring gives it all again.
    mutating func rewound() {
        rewinds += 1
        clear()
        behind = nil
    }

    /// What was handed over and is not sent, for the ring to give again behind what comes before it.
    mutating func takeBack() -> [Handover.Name] {
        let unsent = names + (behind.map { [$0.name] } ?? [])
        rewound()
        return unsent
    }

    /// The broker rejects a message with so many readings: it may be the size, or one of them.
    mutating func halve(_ count: Int) {
        precondition(count > 1, "a single reading is not halved")
        narrow = (max(1, count / 2), (narrow?.left ?? 0) + count)
    }
}

extension Agent {
    /// Losses and readings in the order of the ring, as long as the window has room.
    mutating func publishReadings() {
        while session.readingRoom > 0 {
            // Of the batch nothing is looked at where there is none.
            if !batching.isEmpty, batching.isFull {
                sendBatch()
                continue
            }
            if batching.behind != nil, let behind = batching.behind {
                batching.behind = nil
                send(behind.message, record: .reading(behind.name))
                continue
            }
            guard drain.allows(at: now), !rejecting.isFull, let handover = nextOfRing() else { break }
            if rejecting.waitsForCopy(handover.name) { continue }
            drain.spend()
            guard batching.settings != nil, case .reading(let reading) = handover, reading.hasTime else {
                if batching.isEmpty {
                    send(message(for: handover), record: .reading(handover.name))
                } else {
                    batching.behind = (message(for: handover), handover.name)
                    sendBatch()
                }
                continue
            }
            addToBatch(reading, handover.name)
            // A message that is too large is rejected at once; the tenth makes the session hold: it has no room then.
        }
        if batching.isEmpty { return }
        let isDue = batching.due.map { $0 <= now } ?? false
        // At a stop, and before a sleep, nothing more comes that is worth waiting for.
        if isDue || stopping != nil || waking.schedule != nil, session.readingRoom > 0 { sendBatch() }
    }

    var batchDeadline: Instant? { connection != nil && session.readingRoom > 0 ? batching.due : nil }

    private mutating func addToBatch(_ reading: StampedReading, _ name: Handover.Name) {
        let rewinds = batching.rewinds
        let json = readingJSON(reading, device: configuration.deviceID, sensor: reading.schema.sensor)
        if !batching.hasRoom(for: json, in: min(Batching.payloadLimit, session.payloadRoom(of: batchMessage([])))) { sendBatch() }
        // What was sent was more than the broker takes now: this one comes again behind it.
        guard batching.rewinds == rewinds else { return tellRing(.postponed(name)) }
        batching.add(json, name, at: now)
        if batching.isFull, session.readingRoom > 0 { sendBatch() }
    }

    @inline(never) private mutating func sendBatch() {
        let (payload, names) = batching.take()
        send(batchMessage(payload), record: names.count == 1 ? .reading(names[0]) : .batch(names))
    }

    private func batchMessage(_ payload: [UInt8]) -> Message {
        Message(
            topic: topics.readings, payload: payload, qos: session.readingQoS, retain: false, contentType: "application/json")
    }

    /// A batch that is rejected comes again in halves; only a reading that is rejected alone is rejected.
    mutating func halve(_ names: [Handover.Name]) {
        batching.halve(names.count)
        postpone(names)
    }

    /// They come again, before anything that was not sent yet.
    mutating func postpone(_ names: [Handover.Name]) {
        for name in batching.takeBack() + names { tellRing(.postponed(name)) }
    }
}

extension StampedReading {
    fileprivate var hasTime: Bool {
        if case .unknown = stamp { false } else { true }
    }
}
