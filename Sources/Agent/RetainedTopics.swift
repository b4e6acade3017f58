internal import Alerts
internal import MQTTSession
internal import Payloads
internal import Telemetry

/// The topics on which this device has left something with the broker: what is no longer to be there is cleared with an
/// empty message, also when it went away over a restart or together with the device id.
struct RetainedTopics: Hashable, Sendable {
    /// In the order in which they came.
    private(set) var topics: [String] = []
    /// Rises with each change.
    private(set) var revision = 0

    /// More are forgotten, the oldest first: a broker that is away for a year of reloads must not fill the memory.
    static let limit = 1024

    mutating func add(_ more: [String]) {
        let new = more.filter { !topics.contains($0) }
        guard !new.isEmpty else { return }
        topics += new
        if topics.count > Self.limit { topics.removeFirst(topics.count - Self.limit) }
        revision += 1
    }

    mutating func remove(_ gone: [String]) {
        let before = topics.count
        topics.removeAll { gone.contains($0) }
        if topics.count != before { revision += 1 }
    }

    /// What is not among those that are to be there.
    func stale(wanted: [String]) -> [String] {
        topics.filter { !wanted.contains($0) }
    }

    var encoded: [UInt8] {
        var fields = FieldWriter()
        for topic in topics { fields.text(topic) }
        return fields.bytes
    }

    /// What stands before the first damage.
    static func decoded(_ bytes: [UInt8]) -> [String] {
        var topics: [String] = []
        var fields = FieldReader(bytes)
        while !fields.isAtEnd, topics.count < limit, let topic = fields.text(maximum: 255), !topic.isEmpty {
            // It goes back to a broker: no wildcard, and nothing of the broker's own.
            guard topic.bytes.first != 36, topic.bytes.allSatisfy({ $0 >= 32 && $0 != 127 && $0 != 35 && $0 != 43 }) else { break }
            topics.append(topic)
        }
        return topics
    }
}

extension Agent {
    static let retainedSection = "retained"

    /// Every topic on which something of this configuration may stay with the broker.
    var wantedTopics: [String] { Self.wantedTopics(topics, configuration) }

    static func wantedTopics(_ topics: TopicNames, _ configuration: AgentConfiguration) -> [String] {
        [topics.status, topics.info, topics.metrics] + configuration.alerts.map { topics.alert($0.rule.id) }
            + configuration.outputs.map { topics.output($0.id) }
            + (configuration.live == .retained ? configuration.sensors.map { topics.live($0.id) } : [])
    }

    /// Before anything is published on them: so that they are known after a crash, too.
    mutating func announce() { retained.add(wantedTopics) }

    /// What the last process had announced.
    mutating func restoreAnnounced(_ bytes: [UInt8]) {
        let known = RetainedTopics.decoded(bytes)
        retained.add(known)
        if retained.topics.count == known.count { saving.retainedRevision = retained.revision }
        clearStale()
    }

    /// At QoS 0: an access list may refuse the topics of an old device id, and a refused message of QoS 1 would hold the
    /// readings. They are gone for certain when the broker has acknowledged something that came behind them. A broker that
    /// closes the connection for it is not asked for ever.
    mutating func clearStale() {
        guard connection != nil, stopping == nil else { return }
        let stale = retained.stale(wanted: wantedTopics)
        guard !stale.isEmpty else { return }
        // Once on each connection: reloads on one that stalls are no refusal.
        if clearing == nil { clearingAttempts += 1 }
        if clearingAttempts > Clearing.attempts {
            log(.warning, "the broker does not let topics be cleared that are no longer used; the first is \(stale[0])")
            retained.remove(stale)
            clearingAttempts = 0
            return
        }
        clearing = Clearing(topics: stale, behind: nextTag)
        for topic in stale { publish(Message(topic: topic, payload: [], qos: 0, retain: true)) }
    }

    /// Something was acknowledged that was handed over with this tag.
    mutating func clearingSettled(by tag: MessageTag) {
        guard let clearing, tag.rawValue >= clearing.behind else { return }
        retained.remove(clearing.topics)
        clearingAttempts = 0
        self.clearing = nil
    }
}

/// Topics whose clearing is on its way.
struct Clearing {
    var topics: [String]
    /// The first tag of what is handed over together with it or behind it.
    var behind: UInt64
    /// On so many connections.
    static let attempts = 3
}
