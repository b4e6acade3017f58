internal import Alerts
internal import MQTTSession
internal import Payloads
internal import RingStore
internal import Telemetry

// From the alert ring to the broker and back.
extension Agent {
    /// In their order, ahead of every reading. False: there are more, and readings have to wait.
    mutating func publishAlerts() -> Bool {
        guard alerting.isRingUsed else { return true }
        while session.alertRoom > 0, !rejecting.isFull {
            let (handover, ringActions) = alerting.ring.next(at: now, unstamped: true)
            performAlertRing(ringActions)
            guard let handover else { break }
            if rejecting.waitsForCopy(handover.name) { continue }
            if case .reading(let reading) = handover, alerting.silent.remove(reading.name) {
                performAlertRing(alerting.ring.handle(.acknowledged(handover.name), at: now))
                continue
            }
            if let message = message(forAlert: handover) {
                if case .reading(let reading) = handover { noteTold(reading, message) }
                send(message, record: .alert(handover.name))
                if case .reading(let reading) = handover { tellWhatIsNewer(than: reading) }
            } else {
                log(.error, "an alert event cannot be read, it was written by another version and is not published")
                perform(alertRingInput: .acknowledged(handover.name))
            }
        }
        return !alerting.ring.hasMoreToHandOver
    }

    private mutating func noteTold(_ reading: StampedReading, _ message: Message) {
        if alerting.newest[reading.schema.sensor]?.name == reading.name { alerting.newest[reading.schema.sensor]?.payload = message.payload }
    }

    /// After a reconnect, as what else is retained: the broker may have been started anew and have kept nothing. The same
    /// message to the byte, under the same number. What the broker has not acknowledged comes from the ring.
    mutating func publishAlertStates() {
        for setup in configuration.alerts {
            guard let newest = alerting.newest[setup.rule.id], newest.isAcknowledged, let payload = newest.payload else { continue }
            publish(named(newest.name, on: topics.alert(setup.rule.id), payload, retain: true))
        }
    }

    /// Nil: written by a later version, whose events this one cannot read.
    private mutating func message(forAlert handover: Handover) -> Message? {
        switch handover {
        case .loss(let loss): return lossMessage(loss)
        case .reading(let reading):
            guard case .event(let bytes) = reading.outcome, let event = AlertEvent(decoding: bytes) else { return nil }
            let payload = alertJSON(
                event, stream: reading.stream, sequence: reading.sequence, boot: reading.boot, instant: reading.instant,
                stamp: reading.stamp)
            // Of an alert that is gone its events are told, and nothing is left with the broker.
            let isThere = configuration.alerts.contains { $0.rule.id == reading.schema.sensor }
            return named(reading.name, on: topics.alert(reading.schema.sensor), payload, retain: isThere)
        }
    }

    mutating func settleAlert(_ name: Handover.Name) {
        if case .reading(let stream, let sequence) = name {
            let name = AlertEvent.ReadingName(stream: stream, sequence: sequence)
            for case (let alert, let newest?) in alerting.newest.entries where newest.name == name { alerting.newest[alert]?.isAcknowledged = true }
        }
        performAlertRing(alerting.ring.handle(.acknowledged(name), at: now))
    }
}
