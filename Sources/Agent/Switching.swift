internal import Configuration
internal import MQTTSession
internal import Outputs
internal import Payloads
internal import Telemetry

/// Why a command to an output is not done.
struct OutputRefusal: Error, Hashable, Sendable {
    var text: String
    init(_ text: String) { self.text = text }
}

// Outputs: what the bank wants done with lines, and what is published of them.
extension Agent {
    @inline(never) mutating func tellOutputs(_ input: OutputInput) { perform(outputs.handle(input, at: now)) }

    /// Lines are asked for once it is known which alerts are still raised, so that a line that one demands is not switched off
    /// and on again; without a disk that answers, when its patience is over.
    mutating func startOutputs() {
        if outputs.isWaiting, stopping == nil { tellOutputs(.start) }
    }

    mutating func takeOutputLine(_ index: Int, _ result: OutputLineResult) {
        switch result {
        case .ready: tellOutputs(.lineReady(index))
        case .failed(let noReading): tellOutputs(.lineFailed(index, noReading))
        }
        if stopping != nil { continueStop() }
    }

    /// What a person or a program commands; `remote` is the asker's matter.
    /// - Returns: why it is not done; nil: it is.
    mutating func command(output id: String, _ command: OutputCommand) -> OutputRefusal? {
        guard let index = outputIndex(id) else {
            let known = outputs.indices.map { outputs.settings($0).id }
            if known.isEmpty { return OutputRefusal("no output '\(shown(id))'; none is configured") }
            return OutputRefusal("no output '\(shown(id))'" + Suggestion.nextStep(for: id, among: known, what: "outputs"))
        }
        if stopping != nil { return OutputRefusal("output '\(id)': godwitd is stopping; nothing is switched any more") }
        tellOutputs(.command(index, command))
        return nil
    }

    /// Nil: the configuration has none with this id.
    func outputIndex(_ id: String) -> Int? { outputs.indices.first { outputs.settings($0).id == id } }

    mutating func perform(_ outputActions: [OutputAction]) {
        for action in outputActions {
            switch action {
            case .configure(let index, let settings): actions.append(.configureOutput(index, settings))
            case .release(let index): actions.append(.releaseOutput(index))
            case .changed(let index, let isOn): publishOutput(outputs.settings(index).id, isOn: isOn)
            case .notice(let notice): take(notice)
            }
        }
    }

    /// After a connect: what each line is, whether it has changed or not.
    mutating func publishOutputs() {
        for index in outputs.indices { publishOutput(outputs.settings(index).id, isOn: outputs.state(index)) }
    }

    /// The newest per output only: what still waits for room is replaced.
    private mutating func publishOutput(_ id: String, isOn: Bool?) {
        let topic = topics.output(id)
        connection?.waiting.removeAll { $0.topic == topic }
        publish(Message(topic: topic, payload: stateText(isOn).bytes, qos: 1, retain: true))
    }

    var outputMetrics: [MetricsSnapshot.State] {
        outputs.indices.map { index in
            let isOn = outputs.state(index)
            return MetricsSnapshot.State(id: outputs.settings(index).id, state: isOn == nil ? nil : stateText(isOn))
        }
    }

    private func stateText(_ isOn: Bool?) -> String {
        switch isOn {
        case true?: "on"
        case false?: "off"
        case nil: ""
        }
    }
}
