internal import Telemetry

// Between scheduled connections: as at a stop, and with the next attempt at a time of its own.

extension Session {
    mutating func sleep(until: Instant, at now: Instant) -> [SessionAction] {
        switch state {
        case .online(let online):
            var stopping = Stopping(online: online, offlineTag: lastRetainedTag, giveUpAt: now.advanced(by: Self.stopTimeout))
            stopping.wakeAt = until
            state = .stopping(stopping)
            return finishIfSettled(stopping, at: now)
        case .connecting, .awaitingAcknowledgement, .leaving: return fallAsleep([.close(.closed("asleep"))], until: until, at: now)
        case .waiting: return fallAsleep([], until: until, at: now)
        case .idle, .stopping, .finished: return []
        }
    }

    /// The connection is gone, or there was none.
    mutating func fallAsleep(_ actions: [SessionAction], until: Instant, at now: Instant) -> [SessionAction] {
        if kept == nil { forgetInFlight() }
        subscribing.lost(.silent("asleep"), at: now)
        brokers.lost(wasStable: true)
        state = .waiting(retryAt: max(until, now))
        return actions + [.event(.asleep(keepsInFlight: kept != nil))]
    }

    /// While the connection ends for sleeping, the next is made right after it.
    mutating func wake(at now: Instant) -> [SessionAction] {
        switch state {
        case .waiting: return connect()
        case .stopping(var stopping):
            if stopping.wakeAt != nil { stopping.wakeAt = now }
            state = .stopping(stopping)
            return []
        case .idle, .connecting, .awaitingAcknowledgement, .leaving, .online, .finished: return []
        }
    }
}
