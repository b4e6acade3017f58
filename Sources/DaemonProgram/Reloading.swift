internal import Agent
internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import MQTTTransport
internal import Telemetry

// A new configuration for a daemon that runs: read and checked here, then taken by the shells, and in the same turn by the agent.
extension Daemon {
    /// - Parameter origin: who asked by a command; nil: SIGHUP.
    func readConfiguration(for origin: CommandOrigin?, at now: Instant) {
        service.reloading()
        isReloading = true
        switch LoadedConfiguration.reload(options) {
        case .failure(let problem): inbox.append(.configurationRefused(problem.text, for: origin))
        case .success(let loaded):
            let new = newConfiguration(loaded)
            if let problem = fixed(loaded.settings) ?? look({ $0.problem(with: new) }) {
                inbox.append(.configurationRefused(problem, for: origin))
            } else {
                take(loaded, new, at: now)
                inbox.append(.configuration(new, for: origin))
            }
        }
    }

    func keepAsLastGood(_ bytes: [UInt8]) {
        storage.replace(options.inStateDirectory(LastGood.fileName), with: bytes)
    }

    /// The agent in its place: a method of a value that an object holds gets a copy, and this one is large.
    private func look<Answer>(_ body: (inout Agent) -> Answer) -> Answer { body(&agent) }

    /// What cannot change while the ring is open.
    private func fixed(_ new: Settings) -> String? {
        if options.inStateDirectory(new.buffer.file) != options.inStateDirectory(settings.buffer.file) {
            return "buffer.file cannot change while godwitd runs; restart godwitd"
        }
        return new.buffer.size == settings.buffer.size ? nil : "buffer.size cannot change while godwitd runs; restart godwitd"
    }

    private func newConfiguration(_ loaded: LoadedConfiguration) -> NewConfiguration {
        let chips = changedChips(loaded.settings)
        let sensors = look { agent in agent.sensorSlots.map { (slot: $0, settings: agent.sensorSettings(slot: $0)) } }
        let outputs = look { agent in agent.outputSlots.map { (slot: $0, settings: agent.outputSettings(slot: $0)) } }
        return NewConfiguration(
            configuration: loaded.settings.agentConfiguration(hash: loaded.hash), rules: loaded.settings.alerts,
            touchedSensors: ShortSet(sensors.filter { isTouched($0.settings.line, slot: $0.slot, chips) }.map { $0.settings.id }),
            touchedOutputs: ShortSet(
                outputs.filter { isTouched($0.settings.line, slot: Self.firstOutputSlot + $0.slot, chips) }.map { $0.settings.id }),
            isConnectionChanged: loaded.settings.broker != settings.broker)
    }

    /// Names of chips that have come, gone, or stand for something else.
    private func changedChips(_ new: Settings) -> ShortSet<String> {
        ShortSet(
            settings.chips.filter { !new.chips.contains($0) }.map { $0.name }
                + new.chips.filter { !settings.chips.contains($0) }.map { $0.name })
    }

    private func isTouched(_ line: LineReference?, slot: Int, _ chips: ShortSet<String>) -> Bool {
        switch line {
        case nil: false
        case .offset(let chip, _)?, .nameOnChip(let chip, _)?: chips.contains(chip)
        // A name is looked up over all chips: it matters where it was found.
        case .name?, .header?: board.replayedChip(slot: slot).map { chips.contains($0) } ?? false
        }
    }

    /// The shells' part. Lines that are let go of are still on the old chips; new ones are asked for afterwards.
    private func take(_ loaded: LoadedConfiguration, _ new: NewConfiguration, at now: Instant) {
        // What the kernel has counted so far belongs to the sensors as they are.
        let slots = look { agent in agent.sensorSlots.filter { agent.sensorSettings(slot: $0).line != nil } }
        for slot in slots { readEdges(of: slot, at: now) }
        var notices = loaded.notices
        let chips = changedChips(loaded.settings)
        if !chips.isEmpty {
            let added = chipDeclarations(loaded.settings.chips.filter { chips.contains($0.name) }, notices: &notices)
            board.change(chips: chips, to: added, at: now)
        }
        for notice in notices { inbox.append(.notice(notice)) }
        settings = loaded.settings
        log.level = settings.logLevel
        clock.source = settings.clockSource
        transport.change(
            addresses: settings.brokerAddresses(will: Agent.willMessage(for: new.configuration)), sendMaximum: settings.broker.inFlight)
        if let bytes = loaded.toKeep { keepAsLastGood(bytes) }
    }
}
