internal import Agent
internal import Sensors
internal import Telemetry

/// Lines of inputs and outputs: some are missing at times, edges come while a line is held, an output is what it was set to last.
struct SimulatedBoard: Sendable {
    struct Input: Sendable {
        var isHeld = false
        var isActive = false
        var trouble: NoReading.Code?
        var nextSequence: UInt32 = 1
        var edges: [EdgeEvent] = []
    }

    struct Output: Sendable {
        /// Nil: nobody holds the line.
        var isOn: Bool?
        var trouble: NoReading.Code?
        /// Each change, with its instant.
        var history: [(at: Instant, isOn: Bool?)] = []
    }

    var inputs: [Int: Input] = [:]
    var outputs: [Int: Output] = [:]

    mutating func configure(_ index: Int) -> SensorInput {
        var line = inputs[index] ?? Input()
        defer { inputs[index] = line }
        line.edges = []
        line.nextSequence = 1
        if let trouble = line.trouble {
            line.isHeld = false
            return .lineFailed(NoReading(trouble, detail: "no such line"))
        }
        line.isHeld = true
        return .lineReady(isActive: line.isActive)
    }

    /// The level on the wire changes.
    mutating func toggle(_ index: Int, at now: Instant) {
        inputs[index]!.isActive.toggle()
        guard inputs[index]!.isHeld else { return }
        let line = inputs[index]!
        inputs[index]!.edges.append(
            EdgeEvent(instant: now, kind: line.isActive ? .rising : .falling, lineSequence: line.nextSequence))
        inputs[index]!.nextSequence += 1
    }

    mutating func takeEdges(_ index: Int) -> [EdgeEvent] {
        defer { inputs[index]?.edges = [] }
        return inputs[index]?.edges ?? []
    }

    mutating func configureOutput(_ index: Int, _ settings: LineSettings, at now: Instant) -> OutputLineResult {
        if let trouble = outputs[index]?.trouble {
            set(index, nil, at: now)
            return .failed(NoReading(trouble, detail: "no such line"))
        }
        guard case .output(let isOn) = settings.direction else { preconditionFailure("an output is requested as one") }
        set(index, isOn, at: now)
        return .ready
    }

    mutating func set(_ index: Int, _ isOn: Bool?, at now: Instant) {
        var output = outputs[index] ?? Output()
        if output.isOn != isOn || output.history.isEmpty { output.history.append((now, isOn)) }
        output.isOn = isOn
        outputs[index] = output
    }

    /// The process is gone: the kernel lets go of all its lines.
    mutating func letGo(at now: Instant) {
        for index in inputs.keys {
            inputs[index]!.isHeld = false
            inputs[index]!.edges = []
        }
        for index in outputs.keys { set(index, nil, at: now) }
    }
}
