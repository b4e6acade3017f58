package import Telemetry

/// The clocks of a board, and the time that is true.
///
/// The boot clock counts by an oscillator that is a little off. The wall clock is right while NTP keeps it; else it goes on with
/// the oscillator from wherever it stands, which may be hours away.
package struct SimulatedClock: Sendable {
    /// Of the boot clock; it begins anew with each boot.
    package private(set) var now: Instant
    package private(set) var boot = BootID(1)
    /// True time at the boot clock's zero.
    private var zero: Int64
    /// Millionths by which the boot clock goes slow.
    package let slowness: Int64
    /// Wall clock less boot clock, while NTP does not keep it.
    private var offset: Int64
    package private(set) var isDisciplined = false
    /// What adjtimex says.
    package private(set) var isKnown = false

    package init(slowness: Int64, wrongBy offset: Duration) {
        self.slowness = slowness
        zero = 1_795_507_933_000_000_000
        now = Instant(nanoseconds: 20_000_000_000)
        self.offset = 0
        self.offset = trueTime(of: now).nanoseconds + offset.nanoseconds - now.nanoseconds
    }

    /// Nanoseconds since 1970, of an instant of this boot.
    package func trueTime(of instant: Instant) -> WallTime {
        WallTime(nanoseconds: zero + instant.nanoseconds + instant.nanoseconds / 1_000_000 * slowness)
    }

    package var wallTime: WallTime {
        isDisciplined ? trueTime(of: now) : WallTime(nanoseconds: now.nanoseconds + offset)
    }

    package var reading: ClockReading { ClockReading(instant: now, wallTime: wallTime, isKnown: isKnown) }

    package mutating func advance(to instant: Instant) {
        precondition(instant >= now, "the boot clock never goes back")
        now = instant
    }

    /// NTP has answered. - Returns: whether the wall clock was stepped (else it was slewed).
    package mutating func synchronize() -> Bool {
        let error = wallTime.duration(to: trueTime(of: now)).nanoseconds.magnitude
        isDisciplined = true
        isKnown = true
        return error > 128_000_000
    }

    /// NTP does not answer any more: the wall clock goes on by itself, and the kernel still calls it synchronized.
    package mutating func loseNTP() {
        guard isDisciplined else { return }
        offset = wallTime.nanoseconds - now.nanoseconds
        isDisciplined = false
    }

    /// 8.9 h after the last answer the kernel does not.
    package mutating func forget() { if !isDisciplined { isKnown = false } }

    /// Somebody sets the wall clock: the kernel calls it unsynchronized from then on.
    package mutating func set(wrongBy error: Duration) {
        isDisciplined = false
        isKnown = false
        offset = trueTime(of: now).nanoseconds + error.nanoseconds - now.nanoseconds
    }

    /// Another boot: the power was away for `pause`; the wall clock begins `error` beside the truth.
    package mutating func reboot(after pause: Duration, wrongBy error: Duration) {
        zero = trueTime(of: now).nanoseconds + pause.nanoseconds
        now = Instant(nanoseconds: 5_000_000_000)
        boot = BootID(boot.rawValue + 1)
        set(wrongBy: error)
    }
}
