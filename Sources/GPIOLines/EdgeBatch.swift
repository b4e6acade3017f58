package import Telemetry

/// Edge events of one line between which none is known to be missing.
package struct EdgeBatch: Hashable, Sendable {
    /// In the order the kernel saw them. Empty when edges were lost and none came after them.
    package var events: [EdgeEvent]
    /// How many edges are known to be missing ahead of the first of these.
    package var lostBefore: UInt32
    /// False where `lostBefore` is a lower bound (libgpiod 1.6 on kernels before 5.10).
    package var lostIsExact: Bool

    package init(events: [EdgeEvent], lostBefore: UInt32 = 0, lostIsExact: Bool = true) {
        self.events = events
        self.lostBefore = lostBefore
        self.lostIsExact = lostIsExact
    }
}
