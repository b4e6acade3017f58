package import Telemetry

// What an acknowledgement means, what a refusal holds up, and how a stop waits for the last of them.

extension Session {
    mutating func acknowledged(_ tag: MessageTag, _ reason: UInt8, at now: Instant) -> [SessionAction] {
        // Packet Identifier not found: of PUBCOMP. The broker has lost what it had taken.
        if reason == 0x92, window.isQoS2(tag) { return brokerLost(tag, at: now) }
        guard let entry = window.remove(tag) else { return [] }
        if entry.isForgotten { return [] }
        if entry.qos == 2 { brokers.qos2.worked() }
        if reason >= 0x80, entry.kind == .expendable { return [.event(.refused(tag, reason: reason))] }
        if reason >= 0x80 { return refusal(tag, entry.topic, reason, entry.kind, at: now) }
        settle(entry.kind, reason)
        return [.event(.settled(tag, unrouted: reason == Self.noSubscribers))]
    }

    /// No matching subscribers: taken like any other.
    private static let noSubscribers: UInt8 = 0x10

    private mutating func settle(_ kind: MessageKind, _ reason: UInt8) {
        counters.acknowledged += 1
        if reason == Self.noSubscribers { counters.unrouted += 1 }
        if kind == .reading { refusalsInARow = 0 }
        // What became of an answer says nothing of readings.
        if kind != .expendable { hold.succeeded() }
    }

    /// The acknowledgement that nearly all are, without an array for it: of the oldest message, sent with QoS 1, which the broker has taken.
    /// - Returns: it is that, and the message is settled; else it is to be handled.
    package mutating func settleOldest(_ tag: MessageTag, reason: UInt8, at now: Instant) -> Bool {
        guard isOnline, reason < 0x80, let kind = window.removeOldest(tag) else { return false }
        lastByteAt = now
        settle(kind, reason)
        lookAheadOnline()
        return true
    }

    /// The library did not take it; what it says of a broken connection comes as `connectionLost` instead.
    mutating func publishRefused(_ tag: MessageTag, _ text: String, at now: Instant) -> [SessionAction] {
        guard let entry = window.remove(tag), !entry.isForgotten else { return [] }
        if entry.kind == .expendable { return [.event(.refused(tag, reason: 0x83))] }
        return [.notice(Notice(.error, "the MQTT library refused a message: \(text) topic=\(entry.topic)"))]
            + held(tag, topic: entry.topic, reason: 0x83, at: now)
    }

    /// By its reason, a message that is not taken is tried later, is set aside for good, or holds up all readings.
    ///
    /// The tenth reading in a row does that whatever its reason: where none at all is taken, the mistake is not in the readings.
    @inline(never) mutating func refusal(
        _ tag: MessageTag, _ topic: String, _ reason: UInt8, _ kind: MessageKind, at now: Instant
    ) -> [SessionAction] {
        if kind == .reading {
            refusalsInARow = min(refusalsInARow + 1, Self.refusalLimit)
            guard refusalsInARow < Self.refusalLimit else { return held(tag, topic: topic, reason: reason, at: now) }
        }
        switch Refusal(reason) {
        case .later: return postponed(tag, topic: topic, reason: reason, at: now)
        case .rejected where kind != .loss:
            counters.rejected += 1
            let notice = Notice(.warning, "the broker rejects a message for good: \(reasonText(reason)) topic=\(topic)")
            return [.notice(notice), .event(.rejected(tag, reason: reason))]
        case .rejected, .hold: return held(tag, topic: topic, reason: reason, at: now)
        }
    }

    /// This one message comes again, after a delay and before any that was not sent yet; what else is in flight goes on.
    private mutating func postponed(_ tag: MessageTag, topic: String, reason: UInt8, at now: Instant) -> [SessionAction] {
        counters.held += 1
        // Of several that were in flight together, one delay.
        guard !hold.isHolding else { return [.event(.postponed(tag, reason: reason))] }
        let delay = hold.begin(&random, at: now)
        let text = "the broker does not take \(topic) now: \(reasonText(reason)); it is tried again in \(secondsText(delay))"
        return [.notice(Notice(.warning, text)), .event(.postponed(tag, reason: reason))]
    }

    /// Nothing is settled: readings stop, all that is in flight is taken for not sent, and one message is tried later.
    mutating func held(_ tag: MessageTag, topic: String, reason: UInt8, at now: Instant) -> [SessionAction] {
        if kept != nil { return heldAlone(tag, topic: topic, reason: reason, at: now) }
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
        case .connecting, .awaitingAcknowledgement, .leaving: return finish([.close(.closed("stopped"))], at: now)
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
        kept = nil
        window = Window(inFlight: configuration.inFlight, receiveMaximum: nil)
        return actions + [.event(.finished)]
    }
}
