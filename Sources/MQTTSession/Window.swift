package import Telemetry

/// The messages with QoS > 0 that the broker has not acknowledged, in the order in which they were handed over.
///
/// Bounded by `limit`, which is min(`in_flight`, the broker's Receive Maximum, 65,535).
package struct Window: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var tag: MessageTag
        package var topic: String
        package var sentAt: Instant
        /// After a hold: the agent takes it for not sent, but it still has its place at the broker.
        package var isForgotten: Bool
        package var kind: MessageKind
        package var qos: UInt8
    }

    package private(set) var limit: Int
    package private(set) var entries: [Entry] = []

    package init(inFlight: Int, receiveMaximum: UInt16?) {
        precondition(inFlight >= 1, "a window has room for one message at least")
        limit = Self.limit(inFlight, receiveMaximum)
    }

    /// Receive Maximum 0 is a Protocol Error (MQTT 5 §3.2.2.3.3); one message is the least that can be sent.
    private static func limit(_ inFlight: Int, _ receiveMaximum: UInt16?) -> Int {
        min(inFlight, max(1, Int(receiveMaximum ?? .max)), 65_535)
    }

    /// The connection is another one, and what is in flight has gone out once more.
    /// - Returns: of how many the broker takes no more at once; the library forgets how far those were.
    package mutating func sentAgain(inFlight: Int, receiveMaximum: UInt16?, at now: Instant) -> Int {
        limit = Self.limit(inFlight, receiveMaximum)
        for index in entries.indices { entries[index].sentAt = now }
        return max(0, entries.count - limit)
    }

    package var count: Int { entries.count }
    /// Those the agent still waits for.
    package var awaited: Int { entries.reduce(0) { $0 + ($1.isForgotten ? 0 : 1) } }
    package var isAwaitingNone: Bool { !entries.contains { !$0.isForgotten } }
    package var oldest: Instant? { entries.first?.sentAt }
    package var oldestTag: MessageTag? { entries.first?.tag }
    package var hasQoS2: Bool { entries.contains { $0.qos == 2 } }

    /// Room for status and alerts.
    package var otherRoom: Int { max(0, limit - entries.count) }
    /// Room for readings and losses: one slot is kept for the others, where there is more than one.
    package var readingRoom: Int { max(0, (limit > 1 ? limit - 1 : 1) - entries.count) }

    package mutating func append(
        _ tag: MessageTag, topic: String, at now: Instant, kind: MessageKind = .reading, qos: UInt8 = 1
    ) {
        precondition(entries.count < limit, "a message was handed over without room in the window")
        entries.append(Entry(tag: tag, topic: topic, sentAt: now, isForgotten: false, kind: kind, qos: qos))
    }

    /// The entry, which leaves the window; nil when no such message waits.
    package mutating func remove(_ tag: MessageTag) -> Entry? {
        // Brokers acknowledge in order as a rule, so that it is the first.
        guard let index = entries.firstIndex(where: { $0.tag == tag }) else { return nil }
        return entries.remove(at: index)
    }

    /// The kind of the oldest message, if that is its tag, the agent waits for it, and it was sent with QoS 1.
    package mutating func removeOldest(_ tag: MessageTag) -> MessageKind? {
        guard !entries.isEmpty, entries[0].tag == tag, !entries[0].isForgotten, entries[0].qos == 1 else { return nil }
        let kind = entries[0].kind
        entries.remove(at: 0)
        return kind
    }

    package func contains(_ tag: MessageTag) -> Bool { entries.contains { $0.tag == tag } }
    package func isQoS2(_ tag: MessageTag) -> Bool { entries.contains { $0.tag == tag && $0.qos == 2 } }

    package mutating func forgetAll() {
        for index in entries.indices { entries[index].isForgotten = true }
    }
}
