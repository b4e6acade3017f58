/// Positions between two whole pages of the log that no page tells of: damage, told as a loss.
struct Hole: Hashable, Sendable {
    /// Readings that were in the log there.
    var stored: UInt64?
    /// How many readings it has cost, told or not; nil: it is not known.
    var count: UInt64?

    init(stored: UInt64) {
        self.stored = stored
        count = stored
    }

    /// The counters of the neighbours say how many readings were stored there. All other positions were acknowledged, or lost, before
    /// they were written (rejected by the broker, say): which, only the lost page knew. So the count is exact where there are no others,
    /// and where the ring has never lost anything but by damage, nor numbers by the end of a process there.
    /// - Parameters:
    ///   - storedBefore: readings in the log before it; nil: the page that would know is gone.
    ///   - storedBehind: as the page behind it has it.
    ///   - sameProcess: so many positions before that page were numbered by one process.
    ///   - state: what the ring knew when that page was written.
    @inline(never) init(from first: UInt64, to end: UInt64, storedBefore: UInt64?, storedBehind: UInt64, sameProcess: UInt64, _ state: RingState) {
        guard let storedBefore else { return }
        let stored = storedBehind - min(storedBefore, storedBehind)
        self.stored = stored
        let range = end - min(first, end)
        if stored == range || state.lost == state.damaged && sameProcess >= range { count = stored }
    }
}
