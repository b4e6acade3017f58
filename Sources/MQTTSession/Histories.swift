package import Telemetry

/// When the broker closed connections that it had accepted: five within a minute look like another client with the
/// same Client Identifier, since each of the two throws the other off.
package struct CloseHistory: Hashable, Sendable {
    package static let limit = 5
    package static let span = Duration.seconds(60)
    /// The notice is not repeated more often than this.
    package static let pause = Duration.seconds(600)

    private var closes: [Instant] = []
    private var saidAt: Instant?

    package init() {}

    /// True when this is the fifth within a minute.
    package mutating func add(at now: Instant) -> Bool {
        closes.append(now)
        if closes.count > Self.limit { closes.removeFirst() }
        guard closes.count == Self.limit, let first = closes.first else { return false }
        return first.duration(to: now) <= Self.span
    }

    package mutating func mayBeSaid(at now: Instant) -> Bool {
        if let saidAt, saidAt.duration(to: now) < Self.pause { return false }
        saidAt = now
        return true
    }
}

/// Which failures to connect were said: a new one is a warning, the same again only every ten minutes.
package struct FailureLog: Hashable, Sendable {
    package static let pause = Duration.seconds(600)
    private var last: ConnectionFailure?
    private var saidAt = Instant.zero

    package init() {}

    package mutating func isWorthAWarning(_ failure: ConnectionFailure, at now: Instant) -> Bool {
        if last == failure, saidAt.duration(to: now) < Self.pause { return false }
        last = failure
        saidAt = now
        return true
    }
}
