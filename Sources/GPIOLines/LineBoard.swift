internal import CGPIOD
internal import CLinux
package import Sensors
package import Telemetry

/// One entry of `chips` in the configuration: another name for a chip, or a replayed one.
package struct ChipDeclaration: Sendable {
    /// As `{chip: NAME, ...}` says it.
    package var name: String
    fileprivate var source: Source

    fileprivate enum Source {
        case alias(String)
        case replay(Recording, loop: Bool, speed: Decimal)
    }

    /// - Parameter chip: what the name stands for: a label, a kernel name or a path.
    package init(name: String, chip: String) {
        self.name = name
        source = .alias(chip)
    }

    /// - Parameter speed: above zero.
    package init(name: String, replay: Recording, loop: Bool, speed: Decimal) {
        self.name = name
        source = .replay(replay, loop: loop, speed: speed)
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
        /// As problems name it: with the pin of the header.
        var named: LineReference
        var consumer: String
        var line: Line
    }

    private enum Line {
        case device(CharacterLine)
        case replayed(chip: Int, line: Int)
        /// An output on a replayed chip that the recording does not name: its logical value is remembered, no more.
        case remembered(isActive: Bool)
    }

    private struct Replay {
        /// Nil: it is gone, but for the lines that are still held.
        var name: String?
        var chip: ReplayedChip
    }

    /// A requested line of a replayed chip, by its slot.
    private struct ReplayedState {
        var continuity = EdgeContinuity(isNumbered: true)
        /// What the chip gave and no call has taken yet.
        var waiting: [EdgeEvent] = []
    }

    private var aliases: [(name: String, chip: String)] = []
    private var replays: [Replay] = []
    private let deviceFolder: String
    private let interface: Interface
    private var held = ShortTable<Int, Held>()
    private var replayed = ShortTable<Int, ReplayedState>()
    /// CLOCK_BOOTTIME minus CLOCK_MONOTONIC, nanoseconds.
    private var clockDifference: Int64 = 0

    /// - Parameter origin: the instant at which replayed recordings begin.
    package init(
        chips: [ChipDeclaration], origin: Instant, deviceFolder: String = "/dev", interface: Interface = .best
    ) {
        self.deviceFolder = deviceFolder
        self.interface = interface
        add(chips, origin: origin)
    }

    /// Other chips in place of some: a reload. Lines that are held of one that is gone stay as they are until they are released.
    /// - Parameters:
    ///   - names: what `chips` called the ones that are gone or changed.
    ///   - now: the instant at which recordings that are new begin.
    package func change(chips names: ShortSet<String>, to chips: [ChipDeclaration], at now: Instant) {
        aliases.removeAll { names.contains($0.name) }
        for index in replays.indices {
            if let name = replays[index].name, names.contains(name) { replays[index].name = nil }
        }
        add(chips, origin: now)
    }

    private func add(_ chips: [ChipDeclaration], origin: Instant) {
        for chip in chips {
            switch chip.source {
            case .alias(let other): aliases.append((chip.name, other))
            case .replay(let recording, let loop, let speed):
                let replay = Replay(
                    name: chip.name, chip: ReplayedChip(recording: recording, loop: loop, speed: speed, origin: origin))
                // The place of one that is gone, so that they do not become more with each reload.
                if let index = replays.indices.first(where: { replays[$0].name == nil && !isHeld(chip: $0) }) {
                    replays[index] = replay
                } else {
                    replays.append(replay)
                }
            }
        }
    }

    private func isHeld(chip: Int) -> Bool {
        held.entries.contains {
            if case .replayed(chip, _) = $0.value?.line { true } else { false }
        }
    }

    /// The replayed chip whose line the slot holds; nil: it holds none, or one of a device.
    package func replayedChip(slot: Int) -> String? {
        if case .replayed(let chip, _) = held[slot]?.line { replays[chip].name } else { nil }
    }

    /// Requests the line, or reconfigures it when `slot` holds it already; a slot that holds another line lets it go.
    ///
    /// Where settings make the line an output, edge events not yet read are dropped. After a failure the slot is empty.
    /// - Parameter consumer: the label that other processes see, `godwit:<sensor>`; the kernel keeps its first 31 bytes.
    /// - Returns: the logical level after the request.
    package func configure(
        slot: Int, reference: LineReference, settings: LineSettings, consumer: String, at now: Instant
    ) throws(LineProblem) -> Bool {
        if let line = held[slot], line.reference != reference || line.consumer != consumer { release(slot: slot) }
        let line = held[slot]?.line
        let named = held[slot]?.named ?? reference
        do throws(LineProblem) {
            switch line {
            case .device(let line):
                return try reporting(named) { () throws(CallFailure) in
                    try line.reconfigure(settings)
                    return try line.level(at: now)
                }
            case .replayed(let chip, let line):
                return configureReplayed(slot: slot, chip: chip, line: line, settings, at: now)
            case .remembered:
                return try remember(slot: slot, reference, consumer: consumer, settings)
            case nil:
                return try request(slot: slot, reference, settings, consumer: consumer, at: now)
            }
        } catch {
            release(slot: slot)
            throw error
        }
    }

    /// The descriptor that becomes readable when edge events wait; nil for replayed lines and for empty slots.
    ///
    /// It may change with each `configure`, and is closed by `release` and by a `configure` that fails.
    package func descriptor(slot: Int) -> Int32? {
        if case .device(let line) = held[slot]?.line { line.descriptor } else { nil }
    }

    /// What the kernel holds for the line, without waiting. Each batch after the first begins behind a gap.
    package func readEdgeEvents(slot: Int, at now: Instant) throws(LineProblem) -> [EdgeBatch] {
        guard let line = held[slot] else { return [] }
        switch line.line {
        case .device(let device):
            followClocks()
            let difference = clockDifference
            return try reporting(line.named) { () throws(CallFailure) in
                try device.readEdgeEvents(clockDifference: difference)
            }
        case .replayed:
            collect(to: now)
            return takeWaiting(slot: slot)
        case .remembered: return []
        }
    }

    /// The logical level now; debounced where edges are.
    package func level(slot: Int, at now: Instant) throws(LineProblem) -> Bool {
        guard let line = held[slot] else { throw .notHeld }
        switch line.line {
        case .device(let device):
            return try reporting(line.named) { () throws(CallFailure) in try device.level(at: now) }
        case .replayed(let chip, let line):
            return replays[chip].chip.level(line: line, at: now)
        case .remembered(let isActive): return isActive
        }
    }

    /// Lets go of the line; an empty slot is left as it is.
    package func release(slot: Int) {
        if case .replayed(let chip, let line) = held[slot]?.line {
            replays[chip].chip.release(line: line)
            replayed[slot] = nil
        }
        held[slot] = nil
    }

    /// When `advance` is to be called next: replayed edges, and debouncing where the kernel does not do it.
    package var deadline: Instant? {
        if held.isEmpty, replays.isEmpty { return nil }
        var deadline: Instant?
        for replay in replays { deadline = earliest(deadline, replay.chip.deadline) }
        for case (_, let state?) in replayed.entries { deadline = earliest(deadline, state.waiting.first?.instant) }
        for case (_, let line?) in held.entries {
            if case .device(let device) = line.line { deadline = earliest(deadline, device.deadline) }
        }
        return deadline
    }

    /// The edges of replayed and of debounced lines that are due, by slot.
    package func advance(to now: Instant) -> [(slot: Int, batch: EdgeBatch)] {
        collect(to: now)
        var due: [(slot: Int, batch: EdgeBatch)] = []
        for slot in held.keys.sorted() {
            if case .device(let device) = held[slot]?.line {
                if let batch = device.advance(to: now) { due.append((slot, batch)) }
            } else {
                for batch in takeWaiting(slot: slot) { due.append((slot, batch)) }
            }
        }
        return due
    }

    // MARK: Requests

    private func request(
        slot: Int, _ reference: LineReference, _ settings: LineSettings, consumer: String, at now: Instant
    ) throws(LineProblem) -> Bool {
        let devices = CharacterDevices(folder: deviceFolder)
        let found: LineLocation
        do throws(LineProblem) {
            found = try locate(reference, devices)
        } catch .lineMissing where isOnReplayedChip(reference) && settings.isOutput {
            return try remember(slot: slot, reference, consumer: consumer, settings)
        }
        if found.chip >= devices.chips.count {
            let chip = found.chip - devices.chips.count
            try hold(slot: slot, reference, consumer: consumer, chip: chip, line: found.offset)
            return configureReplayed(slot: slot, chip: chip, line: found.offset, settings, at: now)
        }
        let path = devices.chips[found.chip].path
        let named = LineSearch(chips: devices.chips).named(reference, at: found)
        let device: CharacterLine
        do throws(CallFailure) {
            device = try CharacterLine(
                path: path, offset: found.offset, consumer: consumer, settings: settings,
                firstInterface: interface == .first)
        } catch {
            throw problem(of: error, named, settings, path: path, offset: found.offset)
        }
        held[slot] = Held(reference: reference, named: named, consumer: consumer, line: .device(device))
        return try reporting(named) { () throws(CallFailure) in try device.level(at: now) }
    }

    /// What a refused request means.
    private func problem(
        of failure: CallFailure, _ reference: LineReference, _ settings: LineSettings, path: String, offset: Int
    ) -> LineProblem {
        switch failure.number {
        case EBUSY: .busy(reference, consumer: CharacterDevices.consumer(path: path, offset: offset))
        case EACCES, EPERM: .notPermitted(reference, what: path)
        case ENXIO where settings.edge != .none:
            .notSupported(reference, what: "\(path) reports no edges of this line")
        case EINVAL, EOPNOTSUPP: .notSupported(reference, what: "\(path) refuses these settings")
        default: failure.problem(of: reference)
        }
    }

    /// The index of the chip among the devices and, behind them, the replayed chips.
    private func locate(_ reference: LineReference, _ devices: CharacterDevices) throws(LineProblem) -> LineLocation {
        // One that is gone has no name, and no lines to be found.
        let listings = replays.map { ChipListing(name: $0.name ?? "", lines: $0.name == nil ? [] : $0.chip.lines) }
        let search = LineSearch(chips: devices.chips + listings, aliases: aliases.map { ($0.name, resolved($0.chip)) })
        do throws(LineProblem) {
            switch reference {
            case .offset(let chip, let offset): return try search.find(.offset(chip: resolved(chip), offset: offset))
            case .nameOnChip(let chip, let name): return try search.find(.nameOnChip(chip: resolved(chip), name: name))
            default: return try search.find(reference)
            }
        } catch {
            // What is missing may well be on a chip that may not be opened: then that is what to put right.
            if error.code == .missing, let path = devices.notPermitted.first {
                throw .notPermitted(reference, what: path)
            }
            throw error
        }
    }

    /// A chip given by a path may be given by a link to its device. 47 is the slash.
    private func resolved(_ chip: String) -> String {
        chip.hasPrefix("/") ? CharacterDevices.resolved(chip) : chip
    }

    private func reporting<Result>(
        _ reference: LineReference, _ body: () throws(CallFailure) -> Result
    ) throws(LineProblem) -> Result {
        do throws(CallFailure) { return try body() } catch { throw error.problem(of: reference) }
    }

    /// The difference of the clocks changes only while the machine sleeps. It is kept while it is the same but for the
    /// error of the measurement, so that the time between two edges is never changed by it.
    private func followClocks() {
        let difference = cgpiod_boottime_minus_monotonic()
        if abs(difference - clockDifference) > 1_000_000 { clockDifference = difference }
    }

    // MARK: Replayed chips

    private func hold(
        slot: Int, _ reference: LineReference, consumer: String, chip: Int, line: Int
    ) throws(LineProblem) {
        for case (_, let other?) in held.entries {
            if case .replayed(chip, line) = other.line { throw .busy(reference, consumer: other.consumer) }
        }
        held[slot] = Held(reference: reference, named: reference, consumer: consumer, line: .replayed(chip: chip, line: line))
        replayed[slot] = ReplayedState()
    }

    /// Whether the reference names a replayed chip itself; a bare name may be a slip of one of a real chip.
    private func isOnReplayedChip(_ reference: LineReference) -> Bool {
        switch reference {
        case .offset(let chip, _), .nameOnChip(let chip, _): replays.contains { $0.name == chip }
        case .name, .header: false
        }
    }

    private func remember(
        slot: Int, _ reference: LineReference, consumer: String, _ settings: LineSettings
    ) throws(LineProblem) -> Bool {
        guard case .output(let isActive) = settings.direction else {
            throw .notSupported(reference, what: "the recording does not name it: it can only be an output")
        }
        for case (let other, let line?) in held.entries where other != slot && line.reference == reference {
            throw .busy(reference, consumer: line.consumer)
        }
        held[slot] = Held(reference: reference, named: reference, consumer: consumer, line: .remembered(isActive: isActive))
        return isActive
    }

    private func configureReplayed(
        slot: Int, chip: Int, line: Int, _ settings: LineSettings, at now: Instant
    ) -> Bool {
        if case .output = settings.direction, var state = replayed[slot] {
            collect(to: now)
            state = replayed[slot] ?? state
            state.continuity.skip(state.waiting)
            state.waiting = []
            replayed[slot] = state
        }
        return replays[chip].chip.configure(line: line, settings: settings, at: now)
    }

    /// Moves what the chips have played by now to the slots that hold the lines.
    private func collect(to now: Instant) {
        for chip in replays.indices {
            for (line, event) in replays[chip].chip.advance(to: now) {
                for case (let slot, let other?) in held.entries {
                    if case .replayed(chip, line) = other.line { replayed[slot]?.waiting.append(event) }
                }
            }
        }
    }

    private func takeWaiting(slot: Int) -> [EdgeBatch] {
        guard var state = replayed[slot], !state.waiting.isEmpty else { return [] }
        let batches = state.continuity.split(state.waiting, bothEdges: false)
        state.waiting = []
        replayed[slot] = state
        return batches
    }
}
