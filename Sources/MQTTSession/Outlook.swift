internal import Telemetry

// What the agent asks of a session several times in each of its turns: worked out once after each input, so that nobody looks at
// the whole state for it.
extension Session {
    struct Outlook: Hashable {
        var deadline: Instant?
        var isOnline = false
        var readingRoom = 0
        var otherRoom = 0
        var alertRoom = 0
        var readingQoS: UInt8 = 1
        /// Of the connection that is online: what a PUBLISH may have, and how long a silence and a message without
        /// acknowledgement may last.
        var version = ProtocolVersion.v5
        var packetLimit = packetSizeLimit
        var silenceNanoseconds: Int64?
        var patienceNanoseconds: Int64 = 0
    }

    /// The state may be another one.
    mutating func lookAhead() {
        var next = Outlook()
        switch state {
        case .idle, .connecting: next.deadline = hold.until
        // Nothing is tried any more.
        case .finished: break
        case .waiting(let retryAt): next.deadline = earliest(retryAt, hold.until)
        case .awaitingAcknowledgement(_, let since):
            next.deadline = earliest(since.advanced(by: Self.acknowledgementTimeout), hold.until)
        case .leaving(_, let giveUpAt): next.deadline = earliest(giveUpAt, hold.until)
        case .stopping(let stopping): next.deadline = stopping.giveUpAt
        case .online(let online):
            next.isOnline = true
            next.readingQoS = kept == nil ? 1 : 2
            next.version = online.version
            if let maximum = online.acknowledgement.maximumPacketSize { next.packetLimit = min(Int(clamping: maximum), packetSizeLimit) }
            // The library alone would need 2 × Keep Alive to notice a silence.
            next.silenceNanoseconds = online.keepAlive > .zero ? (online.keepAlive * 3 / 2).nanoseconds : nil
            next.patienceNanoseconds = max(.seconds(60), online.keepAlive * 2).nanoseconds
        }
        outlook = next
        if next.isOnline { lookAheadOnline() }
    }

    /// The same where only messages have come and gone.
    mutating func lookAheadOnline() {
        let limits = earliest(silenceDeadline, unacknowledgedDeadline)
        outlook.deadline = earliest(earliest(limits, subscribing.due), hold.until)
        outlook.otherRoom = window.otherRoom
        outlook.alertRoom = hold.isHolding ? 0 : window.otherRoom
        outlook.readingRoom = hold.isHolding ? 0 : window.readingRoom
        guard hold.isProbing, !hold.isHolding else { return }
        // After a hold one message is tried first, so that a refusal repeats one message and not a window.
        let probes = max(0, 1 - window.awaited)
        outlook.alertRoom = min(outlook.alertRoom, probes)
        outlook.readingRoom = min(outlook.readingRoom, probes)
    }

    /// No byte for 1.5 × Keep Alive.
    @inline(__always) var silenceDeadline: Instant? {
        guard let silence = outlook.silenceNanoseconds else { return nil }
        return lastByteAt.advanced(byNanoseconds: silence)
    }

    @inline(__always) var unacknowledgedDeadline: Instant? {
        guard let oldest = window.oldest else { return nil }
        return oldest.advanced(byNanoseconds: outlook.patienceNanoseconds)
    }
}
