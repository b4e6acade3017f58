package import Telemetry

/// Debounce for lines whose kernel or chip has none, as the kernel's software debounce does it.
///
/// A change counts when the level has held for the whole period: each edge starts the period anew, and at its end the
/// level is compared with the last one reported. A pulse shorter than the period leaves no trace. The edge that is
/// reported carries the instant at the *end* of the period, as in the kernel (`debounce_work_func` in
/// `drivers/gpio/gpiolib-cdev.c`), so that the same configuration gives the same times on every board.
///
/// Both edges of the line must be fed to it, whichever are wanted.
package struct DebounceFilter: Hashable, Sendable {
    /// Above zero.
    package let period: Duration
    /// The debounced logical level: what the kernel answers when such a line is read.
    package private(set) var isActive: Bool
    /// The level on the wire that is waiting for its period; nil while nothing is.
    private var pending: Pending?
    private var sequence: UInt32 = 0

    private struct Pending: Hashable, Sendable {
        var isActive: Bool
        var settles: Instant
    }

    package init(period: Duration, isActive: Bool) {
        precondition(period > .zero, "a debounce filter has a period")
        self.period = period
        self.isActive = isActive
    }

    /// When `settle` is to be called.
    package var deadline: Instant? { pending?.settles }

    /// Takes an edge of the wire; gives the edge that had settled before it, if one had.
    package mutating func handle(_ edge: EdgeEvent) -> EdgeEvent? {
        // The kernel's timer would have run before this edge came.
        let settled = settle(at: edge.instant)
        pending = Pending(isActive: edge.kind == .rising, settles: edge.instant.advanced(by: period))
        return settled
    }

    /// Takes the level read from the wire, after edges were lost; gives the edge that had settled before, if one had.
    package mutating func resynchronize(isActive level: Bool, at instant: Instant) -> EdgeEvent? {
        let settled = settle(at: instant)
        if level != pending?.isActive ?? isActive {
            pending = Pending(isActive: level, settles: instant.advanced(by: period))
        }
        return settled
    }

    /// The edge that has settled by `now`, if one has.
    package mutating func settle(at now: Instant) -> EdgeEvent? {
        guard let pending, pending.settles <= now else { return nil }
        self.pending = nil
        guard pending.isActive != isActive else { return nil }
        isActive = pending.isActive
        sequence &+= 1
        return EdgeEvent(instant: pending.settles, kind: isActive ? .rising : .falling, lineSequence: sequence)
    }
}
