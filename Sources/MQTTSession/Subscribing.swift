package import Telemetry

/// What is subscribed, and whether the broker lets us.
///
/// A broker that does not allow a subscription says so in the SUBACK, or (some of the large services) closes the connection. For
/// such a one two closes right after SUBSCRIBE, without a SUBACK between, are an answer: the next connection goes on without, so that
/// readings arrive, and asks again after an hour.
package struct Subscribing: Hashable, Sendable {
    package static let patience = Duration.seconds(5)
    package static let closeLimit = 2
    package static let retryDelay = Duration.seconds(3600)

    package private(set) var filters: [String] = []
    /// When it is asked again, while it is done without.
    package private(set) var due: Instant?
    /// Of this connection, until the first SUBACK.
    private var askedAt: Instant?
    private var closes = 0
    private var hasToldRefusal = false

    package init() {}

    /// - Returns: SUBSCRIBE is to be sent now.
    package mutating func begin(_ filters: [String], at now: Instant) -> Bool {
        self.filters = filters
        guard closes < Self.closeLimit else {
            if due == nil { due = now.advanced(by: Self.retryDelay) }
            return false
        }
        askedAt = now
        return true
    }

    /// - Returns: what they were.
    package mutating func change(to filters: [String]) -> [String] {
        defer { self.filters = filters }
        return self.filters
    }

    /// - Returns: SUBSCRIBE is to be sent after all.
    package mutating func isDue(at now: Instant) -> Bool {
        guard let due, due <= now else { return false }
        self.due = nil
        askedAt = now
        return true
    }

    /// - Returns: a refusal that has not been told for this connection: where one is refused, mostly all are.
    package mutating func answered(reason: UInt8) -> Bool {
        askedAt = nil
        closes = 0
        guard reason >= 0x80, !hasToldRefusal else { return false }
        hasToldRefusal = true
        return true
    }

    package mutating func lost(_ failure: ConnectionFailure, at now: Instant) {
        if let askedAt, askedAt.duration(to: now) <= Self.patience {
            switch failure {
            case .closed, .protocolError, .disconnectedByBroker: closes += 1
            case .nameNotFound, .unreachable, .tls, .silent: break
            }
        }
        askedAt = nil
        due = nil
        hasToldRefusal = false
    }
}

extension Session {
    /// Subscribes at QoS 0; for each connection anew, and again when the filters change.
    package mutating func subscribe(_ filters: [String], at now: Instant) -> [SessionAction] {
        guard isOnline else { return [] }
        defer { lookAheadOnline() }
        let isWithout = subscribing.due != nil
        if subscribing.begin(filters, at: now) { return [.subscribe(filters)] }
        if isWithout { return [] }
        let text = "the broker closed the connection right after the subscriptions, twice: going on without them, commands do not come;"
            + " may this client subscribe?"
        return [.notice(Notice(.warning, text))]
    }

    /// The filters of the connection change: what is new is subscribed, what is gone is not any more. While it is done without, the
    /// next attempt asks for the new ones.
    package mutating func changeSubscriptions(to filters: [String]) -> [SessionAction] {
        let before = subscribing.change(to: filters)
        // `due` is not changed by it.
        guard isOnline, subscribing.due == nil else { return [] }
        let added = filters.filter { !before.contains($0) }
        let gone = before.filter { !filters.contains($0) }
        var actions: [SessionAction] = []
        if !gone.isEmpty { actions.append(.unsubscribe(gone)) }
        if !added.isEmpty { actions.append(.subscribe(added)) }
        return actions
    }

    mutating func subscriptionAnswered(_ filter: String, _ reason: UInt8) -> [SessionAction] {
        guard subscribing.answered(reason: reason) else { return [] }
        return [
            .notice(
                Notice(.warning, "the broker refuses the subscription to \(filter): \(reasonText(reason)); what is published there is not heard"))
        ]
    }
}
