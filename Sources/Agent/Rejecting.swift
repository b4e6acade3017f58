internal import MQTTSession
package import RingStore
internal import Telemetry

/// What the broker will never take: the reading, or the alert event, is copied to `rejected.ring` with the broker's reason,
/// and becomes a loss in its own ring when the copy is synced.
///
/// A power cut between the two leaves it in both: its ring hands it over once more, and when the broker rejects it again there
/// are two copies of one `(stream, seq)`. It is never in neither.
struct Rejecting {
    var ring: Ring
    private(set) var schemas: [SensorSchema] = []
    /// The ring is opened with the first rejection.
    var isUsed = false
    var isOpen = false
    var waiting: [Waiting] = []

    struct Waiting {
        var name: Handover.Name
        var isAlert: Bool
        var sensor: Int
        var instant: Instant
        var bytes: [UInt8]
        /// In `rejected.ring`; nil: it is not open yet.
        var copy: AlertEvent.ReadingName?
    }

    static let configuration = RingConfiguration(size: 256 << 10, sync: .zero, memory: 1 << 20)
    /// So many wait for the disk; then no reading and no alert event is handed over, so that the memory stays bounded.
    static let limit = 64

    init(boot: BootID, random: RandomSource) {
        ring = Ring(configuration: Self.configuration, schemas: [], boot: boot, random: random)
    }

    var isFull: Bool { waiting.count >= Self.limit }

    func waitsForCopy(_ name: Handover.Name) -> Bool { waiting.contains { $0.name == name } }

    /// The index in the ring's table; a sensor that is new gets one.
    mutating func schema(of sensor: String) -> (index: Int, isNew: Bool) {
        if let index = schemas.firstIndex(where: { $0.sensor == sensor }) { return (index, false) }
        schemas.append(SensorSchema(sensor: sensor, quantities: []))
        return (schemas.count - 1, true)
    }
}

extension Agent {
    /// Nil: nothing was rejected in this process.
    package var rejectedRingStatus: RingStatus? { rejecting.isUsed ? rejecting.ring.status : nil }

    mutating func takeRejection(_ tag: MessageTag, _ reason: UInt8) {
        // Status and the like are told again when they change, or at the next connection.
        guard let record = inFlight.remove(tag) else { return }
        // At a stop it stays where it is: it comes again, and is rejected by the next connection.
        guard stopping == nil else { return }
        switch record {
        case .batch(let names): halve(names)
        case .reading(let name): if let reading = ring.handed(name) { setAside(reading, name, isAlert: false, reason) }
        case .alert(let name): if let event = alerting.ring.handed(name) { setAside(event, name, isAlert: true, reason) }
        }
    }

    private mutating func setAside(_ reading: StampedReading, _ name: Handover.Name, isAlert: Bool, _ reason: UInt8) {
        let (sensor, isNew) = rejecting.schema(of: reading.schema.sensor)
        if isNew { perform(rejectedRingInput: .schemas(rejecting.schemas)) }
        rejecting.waiting.append(
            Rejecting.Waiting(
                name: name, isAlert: isAlert, sensor: sensor, instant: now,
                bytes: RejectedReading(reading, reason: reason).encoded()))
        if !rejecting.isUsed {
            rejecting.isUsed = true
            perform(rejectedRingInput: .start)
        }
        appendCopies()
    }

    mutating func perform(rejectedRingInput input: RingInput) {
        for action in rejecting.ring.handle(input, at: now) {
            switch action {
            case .storage(let request): actions.append(.storage(.rejected, request))
            case .notice(let notice): take(Notice(notice.level, "rejected: \(notice.text)"))
            case .opened:
                rejecting.isOpen = true
                appendCopies()
            case .stopped: fileStopped(.rejected)
            }
        }
        loseWhatIsCopied()
    }

    private mutating func appendCopies() {
        guard rejecting.isOpen else { return }
        for index in rejecting.waiting.indices where rejecting.waiting[index].copy == nil {
            guard let name = rejecting.ring.nextName else { return }
            rejecting.waiting[index].copy = name
            let item = rejecting.waiting[index]
            if clockIsKnown { perform(rejectedRingInput: .clock(clock)) }
            perform(rejectedRingInput: .append(Reading(sensor: item.sensor, instant: item.instant, outcome: .event(item.bytes))))
        }
    }

    private mutating func loseWhatIsCopied() {
        while let first = rejecting.waiting.first, let copy = first.copy, rejecting.ring.isStored(copy) {
            rejecting.waiting.removeFirst()
            if first.isAlert { tellAlertRing(.rejected(first.name)) } else {
                // Its loss is told before anything that was not sent yet.
                postpone([])
                tellRing(.rejected(first.name))
            }
        }
    }
}
