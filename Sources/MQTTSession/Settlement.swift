import Telemetry

// What an acknowledgement means, what a refusal holds up, and how a stop waits for the last of them.

extension Session {
    mutating func acknowledged(_ tag: MessageTag, _ reason: UInt8, at now: Instant) -> [SessionAction] {
        guard let entry = window.remove(tag) else { return [] }
        if entry.isForgotten { return [] }
        if reason >= 0x80, entry.isExpendable { return [.event(.refused(tag, reason: reason))] }
        if reason >= 0x80 { return held(tag, topic: entry.topic, reason: reason, at: now) }
        counters.acknowledged += 1
        let isUnrouted = reason == 0x10
        if isUnrouted { counters.unrouted += 1 }
        // What became of an answer says nothing of readings.
        if !entry.isExpendable { hold.succeeded() }
        return [.event(.settled(tag, unrouted: isUnrouted))]
    }

    /// The library did not take it; what it says of a broken connection comes as `connectionLost` instead.
    mutating func publishRefused(_ tag: MessageTag, _ text: String, at now: Instant) -> [SessionAction] {
        guard let entry = window.remove(tag), !entry.isForgotten else { return [] }
        if entry.isExpendable { return [.event(.refused(tag, reason: 0x83))] }
        return [.notice(Notice(.error, "the MQTT library refused a message: \(text) topic=\(entry.topic)"))]
            + held(tag, topic: entry.topic, reason: 0x83, at: now)
    }

    /// Nothing is settled: readings stop, all that is in flight is taken for not sent, and one message is tried later.
    mutating func held(_ tag: MessageTag, topic: String, reason: UInt8, at now: Instant) -> [SessionAction] {
        counters.held += 1
        counters.duplicatesPossible += UInt64(window.awaited)
        window.forgetAll()
        let delay = hold.begin(&random, at: now)
        let text =
            "holding: the broker does not take \(topic): \(reasonText(reason)); everything is kept, next try in "
            + secondsText(delay)
        return [.notice(Notice(.warning, text)), .event(.held(tag, reason: reason))]
    }

    // MARK: The stop

    mutating func stop(at now: Instant) -> [SessionAction] {
        switch state {
        case .online(let online):
            let stopping = Stopping(
                online: online, offlineTag: lastRetainedTag, giveUpAt: now.advanced(by: Self.stopTimeout))
            state = .stopping(stopping)
            return finishIfSettled(stopping, at: now)
        case .connecting, .awaitingAcknowledgement: return finish([.close(.closed("stopped"))], at: now)
        case .stopping(var stopping):
            stopping.wakeAt = nil
            state = .stopping(stopping)
            return []
        case .idle, .waiting, .finished: return finish([], at: now)
        }
    }

    mutating func finishIfSettled(_ stopping: Stopping, at now: Instant) -> [SessionAction] {
        guard !stopping.isDisconnecting, window.isAwaitingNone else { return [] }
        return disconnect(stopping, at: now)
    }

    /// The time for PUBACKs, or after it the time for writing DISCONNECT, is over.
    mutating func stopTimer(_ stopping: Stopping, at now: Instant) -> [SessionAction] {
        guard stopping.giveUpAt <= now else { return [] }
        if stopping.isDisconnecting { return finish([.close(.closed("stopped"))], at: now) }
        return disconnect(stopping, at: now)
    }

    /// When `offline` had no room or was not acknowledged, the Will Message says it.
    private mutating func disconnect(_ stopping: Stopping, at now: Instant) -> [SessionAction] {
        let isOfflineKnown = stopping.offlineTag.map { !window.contains($0) } ?? false
        var next = stopping
        next.isDisconnecting = true
        next.giveUpAt = now.advanced(by: Self.disconnectTimeout)
        state = .stopping(next)
        // Asleep the Will Message stays with the broker, which sends it when we do not come back (MQTT 5 §3.1.3.2.2).
        let keepsWill = stopping.wakeAt != nil && stopping.online.version == .v5
        return [.disconnect(withWill: keepsWill || !isOfflineKnown)]
    }

    mutating func finish(_ actions: [SessionAction], at now: Instant) -> [SessionAction] {
        if case .stopping(let stopping) = state, let wakeAt = stopping.wakeAt {
            return fallAsleep(actions, until: wakeAt, at: now)
        }
        state = .finished
        window = Window(inFlight: configuration.inFlight, receiveMaximum: nil)
        return actions + [.event(.finished)]
    }
}
