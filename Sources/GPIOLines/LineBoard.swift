internal import CGPIOD
internal import CLinux
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
    /// How lines of character devices are requested.
    package enum Interface: Sendable {
        /// libgpiod 2, or beside 1.6 the kernel's second interface where it is there.
        case best
        /// The requests of libgpiod 1.6, as on kernels before 5.10; for tests.
        case first
    }

    private struct Held {
        var reference: LineReference
        var consumer: String
        var settings: LineSettings
        var request: LineRequest
        var continuity: EdgeContinuity
    }

    private let aliases: [(name: String, chip: String)]
    private let deviceFolder: String
    private let interface: Interface
    private var held: [Int: Held] = [:]
    /// CLOCK_BOOTTIME minus CLOCK_MONOTONIC, nanoseconds.
    private var clockDifference: Int64 = 0

    /// - Parameter origin: the instant at which replayed recordings begin.
    package init(
        chips: [ChipDeclaration], origin: Instant, deviceFolder: String = "/dev", interface: Interface = .best
    ) {
        aliases = chips.compactMap { chip in chip.chip.map { (chip.name, $0) } }
        self.deviceFolder = deviceFolder
        self.interface = interface
    }

    /// Requests the line, or reconfigures it when `slot` holds it already; a slot that holds another line lets it go.
    ///
    /// Where settings make the line an output, edge events not yet read are dropped. After a failure the slot is empty.
    /// - Parameter consumer: the label that other processes see, `godwit:<sensor>`; the kernel keeps its first 31 bytes.
    /// - Returns: the logical level after the request.
    package func configure(
        slot: Int, reference: LineReference, settings: LineSettings, consumer: String, at now: Instant
    ) throws(LineProblem) -> Bool {
        if let line = held[slot], line.reference == reference, line.consumer == consumer {
            return try reconfigure(slot: slot, line, settings)
        }
        held[slot] = nil
        let request = try request(reference, settings, consumer: consumer)
        do throws(CallFailure) {
            let level = try request.value()
            held[slot] = Held(
                reference: reference, consumer: consumer, settings: settings, request: request,
                continuity: EdgeContinuity(isNumbered: request.isNumbered))
            return level
        } catch {
            throw error.problem(of: reference)
        }
    }

    private func reconfigure(slot: Int, _ line: Held, _ settings: LineSettings) throws(LineProblem) -> Bool {
        var line = line
        do throws(CallFailure) {
            if line.settings != settings { try line.request.reconfigure(settings) }
            if case .output = settings.direction {
                line.continuity.skip(try line.request.readEdgeEvents(clockDifference: 0))
            }
            line.settings = settings
            let level = try line.request.value()
            held[slot] = line
            return level
        } catch {
            held[slot] = nil
            throw error.problem(of: line.reference)
        }
    }

    /// The descriptor that becomes readable when edge events wait; nil for replayed lines and for empty slots.
    ///
    /// It may change with each `configure`, and is closed by `release` and by a `configure` that fails.
    package func descriptor(slot: Int) -> Int32? { held[slot]?.request.descriptor }

    /// What the kernel holds for the line, without waiting. Each batch after the first begins behind a gap.
    package func readEdgeEvents(slot: Int, at now: Instant) throws(LineProblem) -> [EdgeBatch] {
        guard var line = held[slot] else { return [] }
        followClocks()
        do throws(CallFailure) {
            let events = try line.request.readEdgeEvents(clockDifference: clockDifference)
            let batches = line.continuity.split(
                events, bothEdges: line.settings.edge == .both,
                bufferWasFull: !line.request.isNumbered && events.count >= line.request.eventCapacity)
            held[slot] = line
            return batches
        } catch {
            throw error.problem(of: line.reference)
        }
    }

    /// The logical level now.
    package func level(slot: Int, at now: Instant) throws(LineProblem) -> Bool {
        guard let line = held[slot] else { throw .notHeld }
        do throws(CallFailure) {
            return try line.request.value()
        } catch {
            throw error.problem(of: line.reference)
        }
    }

    /// Lets go of the line; an empty slot is left as it is.
    package func release(slot: Int) { held[slot] = nil }

    /// When `advance` is to be called next: replayed edges, and debouncing where the kernel does not do it.
    package var deadline: Instant? { nil }

    /// The edges of replayed and of debounced lines that are due.
    package func advance(to now: Instant) -> [(slot: Int, batch: EdgeBatch)] { [] }

    // MARK: Character devices

    private func request(
        _ reference: LineReference, _ settings: LineSettings, consumer: String
    ) throws(LineProblem) -> LineRequest {
        let (path, offset) = try locate(reference)
        do throws(CallFailure) {
            return try LineRequest(
                path: path, offset: offset, consumer: consumer, settings: settings,
                firstInterface: interface == .first)
        } catch {
            switch error.number {
            case EBUSY:
                throw .busy(reference, consumer: CharacterDevices.consumer(path: path, offset: offset))
            case EACCES, EPERM:
                throw .notPermitted(reference, what: path)
            case ENXIO where settings.edge != .none:
                throw .notSupported(reference, what: "\(path) reports no edges of this line")
            case EINVAL, EOPNOTSUPP:
                throw .notSupported(reference, what: "\(path) refuses these settings")
            default:
                throw error.problem(of: reference)
            }
        }
    }

    private func locate(_ reference: LineReference) throws(LineProblem) -> (path: String, offset: Int) {
        let devices = CharacterDevices(folder: deviceFolder)
        let search = LineSearch(
            chips: devices.chips,
            aliases: aliases.map { ($0.name, $0.chip.utf8.first == 47 ? CharacterDevices.resolved($0.chip) : $0.chip) })
        do throws(LineProblem) {
            let found = try search.find(resolvingPath(reference))
            return (devices.chips[found.chip].path, found.offset)
        } catch {
            // What is missing may well be on a chip that may not be opened: then that is what to put right.
            if error.code == .missing, let path = devices.notPermitted.first {
                throw .notPermitted(reference, what: path)
            }
            throw error
        }
    }

    /// A chip given by a path may be given by a link to it.
    private func resolvingPath(_ reference: LineReference) -> LineReference {
        switch reference {
        case .offset(let chip, let offset) where chip.utf8.first == 47:
            .offset(chip: CharacterDevices.resolved(chip), offset: offset)
        case .nameOnChip(let chip, let name) where chip.utf8.first == 47:
            .nameOnChip(chip: CharacterDevices.resolved(chip), name: name)
        default: reference
        }
    }

    /// The difference of the clocks changes only while the machine sleeps. It is kept while it is the same but for the
    /// error of the measurement, so that the time between two edges is never changed by it.
    private func followClocks() {
        let difference = cgpiod_boottime_minus_monotonic()
        if abs(difference - clockDifference) > 1_000_000 { clockDifference = difference }
    }
}
