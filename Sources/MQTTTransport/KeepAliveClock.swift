internal import CLinux
internal import Telemetry

/// When the library's `mosquitto_loop_misc` is due, so that it is called then and at no other time.
///
/// The library sends PINGREQ when it is called and a keep-alive has passed since the last packet out, or the last in, by
/// its own clock: CLOCK_MONOTONIC in whole seconds, read during our calls. Stamps of that clock taken after the calls
/// are never earlier than the library's, so at their end the library agrees that a ping is due. Deadlines are on the
/// boot clock; after a suspend one comes too early, is not due here, and moves on.
struct KeepAliveClock {
    /// 0: off.
    var keepAliveSeconds: Int64 = 0
    private var lastSent: Int64 = 0
    private var lastReceived: Int64 = 0
    /// Boot clock minus monotonic clock: it grows by the time that the machine sleeps.
    private var offset: Int64 = 0
    private var slept: Int64 = 0

    private static func monotonic() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private mutating func stamp(at now: Instant) -> Int64 {
        let monotonic = Self.monotonic()
        let before = offset
        offset = now.nanoseconds - monotonic
        // `now` is older than `monotonic` by the work of the turn, so small differences say nothing.
        if offset - before > 1_000_000_000 { slept += offset - before }
        return monotonic
    }

    /// For how long the machine slept since the last call, when it did.
    mutating func takeSleep() -> Duration? {
        guard slept > 0 else { return nil }
        defer { slept = 0 }
        return .nanoseconds(slept)
    }

    mutating func begin(keepAliveSeconds: Int64, at now: Instant) {
        self.keepAliveSeconds = keepAliveSeconds
        lastSent = stamp(at: now)
        slept = 0
        lastReceived = lastSent
    }

    mutating func sent(at now: Instant) { lastSent = stamp(at: now) }
    mutating func received(at now: Instant) { lastReceived = stamp(at: now) }
    mutating func pinged(at now: Instant) {
        lastSent = stamp(at: now)
        lastReceived = lastSent
    }

    private var due: Int64 { min(lastSent, lastReceived) + keepAliveSeconds * 1_000_000_000 }

    mutating func isDue(at now: Instant) -> Bool {
        let monotonic = stamp(at: now)
        return keepAliveSeconds > 0 && monotonic >= due
    }

    var deadline: Instant? {
        // `now` of a turn lies before the stamps made in it, so the deadline would come early by that much.
        keepAliveSeconds > 0 ? Instant(nanoseconds: due + offset + 5_000_000) : nil
    }
}

/// Bytes of all connections: the kernel counts for each connection from zero.
struct Traffic {
    private var sentBefore: UInt64 = 0
    private var receivedBefore: UInt64 = 0
    private var sentNow: UInt64 = 0
    private var receivedNow: UInt64 = 0
    private var sampledAt = Instant.zero

    var sent: UInt64 { sentBefore + sentNow }
    var received: UInt64 { receivedBefore + receivedNow }

    /// True at most once a second.
    mutating func sampleIsDue(at now: Instant) -> Bool {
        guard sampledAt.duration(to: now) >= .seconds(1) else { return false }
        sampledAt = now
        return true
    }

    mutating func update(sent: UInt64, received: UInt64) {
        sentNow = sent
        receivedNow = received
    }

    mutating func endConnection() {
        sentBefore += sentNow
        receivedBefore += receivedNow
        sentNow = 0
        receivedNow = 0
    }
}
