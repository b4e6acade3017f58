package import Telemetry

/// Finds the edges that are missing between the events of one line. Pure.
///
/// Numbered events (the kernel's second interface): the kernel drops the oldest when its buffer is full, and a gap in the
/// numbers says exactly how many. Events without numbers (libgpiod 1.6 on kernels before 5.10): the kernel drops the
/// newest beyond 16, silently; two equal edges in a row, or a read that finds the buffer full, mean that at least one is
/// missing.
package struct EdgeContinuity: Hashable, Sendable {
    package var isNumbered: Bool
    /// The number of the last event; 0 before the first.
    private var lastSequence: UInt32 = 0
    private var lastKind: EdgeEvent.Kind?

    package init(isNumbered: Bool) { self.isNumbered = isNumbered }

    /// - Parameter events: what one turn read, in order.
    /// - Parameter bothEdges: rising and falling edges are reported, so that they must alternate.
    /// - Parameter bufferWasFull: the kernel held as many events as it can (events without numbers only).
    /// - Returns: nothing when nothing was read; else batches, of which each but perhaps the first begins behind a gap.
    ///   A last one without events stands for edges lost after the last that was read.
    @inline(never) package mutating func split(_ events: [EdgeEvent], bothEdges: Bool, bufferWasFull: Bool = false) -> [EdgeBatch] {
        var batches: [EdgeBatch] = []
        for event in events {
            let missing = missingBefore(event, bothEdges: bothEdges)
            if batches.isEmpty || missing > 0 {
                batches.append(EdgeBatch(events: [event], lostBefore: missing, lostIsExact: isNumbered))
            } else {
                batches[batches.count - 1].events.append(event)
            }
            lastSequence = event.lineSequence
            lastKind = event.kind
        }
        if !isNumbered && bufferWasFull {
            batches.append(EdgeBatch(events: [], lostBefore: 1, lostIsExact: false))
            // The next edge may be of either kind.
            lastKind = nil
        }
        return batches
    }

    /// Takes note of events that are dropped on purpose: what is missing among them is not counted.
    package mutating func skip(_ events: [EdgeEvent]) {
        if let last = events.last { lastSequence = last.lineSequence }
        lastKind = nil
    }

    private func missingBefore(_ event: EdgeEvent, bothEdges: Bool) -> UInt32 {
        if isNumbered { return event.lineSequence &- lastSequence &- 1 }
        return bothEdges && lastKind == event.kind ? 1 : 0
    }
}
