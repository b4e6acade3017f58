/// Where a line is, as the configuration says it. Words are libgpiod's: chip, line, offset.
package enum LineReference: Hashable, Sendable {
    /// A kernel name, looked up over all chips.
    case name(String)
    /// `chip`: a name from `chips`, a label, a kernel name or a path.
    case offset(chip: String, offset: UInt32)
    case nameOnChip(chip: String, name: String)
    /// A pin of the 40-pin header of a Raspberry Pi.
    case header(Int)

    /// As a person would write it in an error.
    package var text: String {
        switch self {
        case .name(let name): "'\(name)'"
        case .offset(let chip, let offset): "offset \(offset) of chip '\(chip)'"
        case .nameOnChip(let chip, let name): "'\(name)' of chip '\(chip)'"
        case .header(let pin): RaspberryPi.gpio(ofPin: pin).map { "GPIO\($0) (header pin \(pin))" } ?? "header pin \(pin)"
        }
    }
}

/// How a line is requested; libgpiod 2's `gpiod_line_settings`.
package struct LineSettings: Hashable, Sendable {
    package enum Direction: Hashable, Sendable {
        case input
        /// The logical value that is driven.
        case output(active: Bool)
    }
    package var isOutput: Bool {
        if case .output = direction { true } else { false }
    }
    package enum Edge: Hashable, Sendable { case none, rising, falling, both }
    package enum Bias: Hashable, Sendable { case asIs, pullUp, pullDown, disabled }

    package var direction: Direction
    package var edge: Edge
    package var bias: Bias
    package var isActiveLow: Bool
    /// Zero: none.
    package var debouncePeriod: Duration
    /// How many edge events the kernel holds for the line before it drops the oldest.
    package var eventBufferSize: Int

    package init(
        direction: Direction = .input, edge: Edge = .none, bias: Bias = .asIs, isActiveLow: Bool = false,
        debouncePeriod: Duration = .zero, eventBufferSize: Int = 64
    ) {
        self.direction = direction
        self.edge = edge
        self.bias = bias
        self.isActiveLow = isActiveLow
        self.debouncePeriod = debouncePeriod
        self.eventBufferSize = eventBufferSize
    }
}

/// One edge that the kernel saw; libgpiod 2's `gpiod_edge_event`.
///
/// The edge is logical: on an active-low line, `rising` is the physical fall (as in the kernel).
package struct EdgeEvent: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable { case rising, falling }

    /// When the kernel saw it, converted to the boot clock.
    package var instant: Instant
    package var kind: Kind
    /// The number of the event on its line, from 1; 0 where the interface gives none (libgpiod 1.6 on old kernels).
    package var lineSequence: UInt32

    package init(instant: Instant, kind: Kind, lineSequence: UInt32) {
        self.instant = instant
        self.kind = kind
        self.lineSequence = lineSequence
    }
}
