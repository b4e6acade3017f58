internal import MQTTSession
internal import RingStore
internal import Telemetry

/// What of the ring waits for its acknowledgement, in the order in which it was published: brokers acknowledge in order as a
/// rule, so that what is looked for is the first.
struct InFlight {
    private(set) var entries: [(tag: MessageTag, record: Agent.Record)] = []

    var isEmpty: Bool { entries.isEmpty }

    mutating func append(_ record: Agent.Record, tag: MessageTag) { entries.append((tag, record)) }

    /// Nil: this message carries nothing of the ring, as status does, or it is forgotten.
    mutating func remove(_ tag: MessageTag) -> Agent.Record? {
        for index in entries.indices where entries[index].tag == tag { return entries.remove(at: index).record }
        return nil
    }

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}

extension Agent {
    /// What a message carries, for its acknowledgement.
    enum Record: Hashable {
        case reading(Handover.Name)
        /// Several, in one message.
        case batch([Handover.Name])
        case alert(Handover.Name)
    }
}
