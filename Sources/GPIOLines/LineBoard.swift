package import Telemetry

/// One entry of `chips` in the configuration: another name for a chip, or a replayed one.
package struct ChipDeclaration: Sendable {
    /// As `{chip: NAME, ...}` says it.
    package var name: String
    /// What it stands for: a label, a kernel name or a path; nil for a replayed chip.
    package var chip: String?

    package init(name: String, chip: String? = nil) {
        self.name = name
        self.chip = chip
    }
}

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

/// Owns every requested line, real or replayed, each in a slot that the caller numbers.
package final class LineBoard {
    /// - Parameter origin: the instant at which replayed recordings begin.
    package init(chips: [ChipDeclaration], origin: Instant) {}

    /// Requests the line, or reconfigures it when `slot` holds it already; a slot that holds another line lets it go.
    ///
    /// Where settings make the line an output, edge events not yet read are dropped.
    /// - Parameter consumer: the label that other processes see, `godwit:<sensor>`; the kernel keeps its first 31 bytes.
    /// - Returns: the logical level after the request.
    package func configure(
        slot: Int, reference: LineReference, settings: LineSettings, consumer: String, at now: Instant
    ) throws(LineProblem) -> Bool {
        throw .noChips(reference)
    }

    /// The descriptor that becomes readable when edge events wait; nil for replayed lines and for empty slots.
    ///
    /// It may change with each `configure`, and is closed by `release`.
    package func descriptor(slot: Int) -> Int32? { nil }

    /// What the kernel holds for the line, without waiting. Each batch after the first begins behind a gap.
    package func readEdgeEvents(slot: Int, at now: Instant) throws(LineProblem) -> [EdgeBatch] { [] }

    /// The logical level now.
    package func level(slot: Int, at now: Instant) throws(LineProblem) -> Bool { false }

    /// Lets go of the line; an empty slot is left as it is.
    package func release(slot: Int) {}

    /// When `advance` is to be called next: replayed edges, and debouncing where the kernel does not do it.
    package var deadline: Instant? { nil }

    /// The edges of replayed and of debounced lines that are due.
    package func advance(to now: Instant) -> [(slot: Int, batch: EdgeBatch)] { [] }
}
