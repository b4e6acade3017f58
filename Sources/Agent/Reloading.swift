internal import Alerts
internal import Configuration
internal import MQTTSession
internal import Outputs
internal import Payloads
internal import RingStore
internal import Sensors
package import Telemetry

/// A configuration that was read while the agent runs, checked and whole.
package struct NewConfiguration: Sendable {
    /// `alerts` is not looked at: the rules are given their series here, where it is known which slot each sensor has.
    package var configuration: AgentConfiguration
    package var rules: [AlertRule]
    /// Sensors and outputs whose line is on a chip that has changed: they count as changed, whatever their settings say.
    package var touchedSensors: ShortSet<String>
    package var touchedOutputs: ShortSet<String>
    /// Another broker, or another way to connect to it, of which the agent knows nothing else.
    package var isConnectionChanged: Bool

    package init(
        configuration: AgentConfiguration, rules: [AlertRule], touchedSensors: ShortSet<String> = [],
        touchedOutputs: ShortSet<String> = [], isConnectionChanged: Bool = false
    ) {
        self.configuration = configuration
        self.rules = rules
        self.touchedSensors = touchedSensors
        self.touchedOutputs = touchedOutputs
        self.isConnectionChanged = isConnectionChanged
    }
}

// A new configuration, taken whole or not at all.
//
// What the shells and the ring know a sensor or an output by is its slot: an index that is never given to another one. What is
// gone leaves an empty slot, what is new or changed gets one at the end, and what did not change is not touched: neither its
// driver, nor its line, nor its counts.
extension Agent {
    /// Of sensors and of outputs, since the start of the process; then it is time for a new one.
    package static let slotLimit = 4096

    /// - Parameter origin: who asked; nil: SIGHUP.
    mutating func reload(for origin: CommandOrigin?) {
        if stopping != nil { return refuseReload("godwitd is stopping", for: origin) }
        actions.append(.readConfiguration(origin))
    }

    /// Why this one cannot be taken while the agent runs, and what to do; asked before anything is changed.
    package func problem(with new: NewConfiguration) -> String? {
        if stopping != nil { return "godwitd is stopping" }
        let kept = sensors.indices.filter { isKept($0, by: new) }.count
        let keptOutputs = outputs.indices.filter { keptSettings(of: $0, by: new) != nil }.count
        let added = max(
            sensors.count + new.configuration.sensors.count - kept, outputs.count + new.configuration.outputs.count - keptOutputs)
        return added > Self.slotLimit ? "so many sensors or outputs have come and gone that the tables are full; restart godwitd" : nil
    }

    /// - Precondition: `problem(with:)` gave none.
    mutating func take(_ new: NewConfiguration, for origin: CommandOrigin?) {
        let old = configuration
        configuration = new.configuration
        configuration.boot = old.boot
        noteWaitForClock()
        // Until the new ones have their series: last readings are judged by those that were in force.
        configuration.alerts = old.alerts
        configurationError = nil
        loadedAt = now
        let changed = replaceSensors(by: new)
        reloadOutputs(by: new)
        startSensors(changed.added)
        reloadAlerts(new.rules)
        drain.limit = configuration.rateLimit
        batching.settings = configuration.batch
        if configuration.live != old.live { live.dueAgain() }
        tellRing(.limits(sync: configuration.ring.sync, memory: configuration.ring.memory, whenFull: configuration.ring.whenFull))
        if configuration.metricsEvery != old.metricsEvery { metricsDue = nextMetrics }
        let oldTopics = topics
        topics = TopicNames(prefix: configuration.prefix, device: configuration.deviceID)
        readingForms = configuration.readingForms(topics)
        announce()
        if topics != oldTopics { tellAlertsAgain() }
        // Before the connection that it came by is ended.
        if let origin { respond(to: origin, command: "reload", result: reloadResult) }
        if new.isConnectionChanged || topics != oldTopics || configuration.session != old.session {
            restartSession(of: oldTopics)
        } else {
            publish(infoMessage())
            perform(session.changeSubscriptions(to: subscriptions))
            clearStale()
        }
        tellStatus()
        log(
            .info,
            "configuration reloaded hash=\(configuration.configurationHash) sensors=\(configuration.sensors.count) added=\(changed.added.count) removed=\(changed.removed)"
        )
    }

    /// What runs goes on.
    mutating func refuseReload(_ problem: String, for origin: CommandOrigin?) {
        configurationError = problem
        log(.error, "the configuration was not taken, what runs goes on: \(problem)")
        publish(infoMessage())
        tellStatus()
        if let origin { refuse(origin, problem) }
    }

    private var reloadResult: [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.beginObject()
        json.member("hash", configuration.configurationHash)
        json.endObject()
        return json.bytes
    }

    private var nextMetrics: Instant? {
        configuration.metricsEvery > .zero ? now.advanced(by: configuration.metricsEvery) : nil
    }

    // MARK: Sensors

    /// The sensor of this slot is in the new configuration, and nothing about it has changed but what people call it.
    private func isKept(_ index: Int, by new: NewConfiguration) -> Bool {
        guard !sensors[index].isRetired else { return false }
        var settings = sensors[index].settings
        guard !new.touchedSensors.contains(settings.id),
            let next = new.configuration.sensors.first(where: { $0.id == settings.id })
        else { return false }
        settings.name = next.name
        return settings == next
    }

    /// Takes away what is gone or changed, lines first, and gives what is new its slot; its line is asked for by `startSensors`.
    private mutating func replaceSensors(by new: NewConfiguration) -> (added: [Int], removed: Int) {
        var kept: ShortSet<String> = []
        var before = NameTable<Int>()
        var removed = 0
        for index in sensors.indices where !sensors[index].isRetired {
            let id = sensors[index].settings.id
            if isKept(index, by: new) {
                kept.insert(id)
                sensors[index].settings.name = new.configuration.sensors.first { $0.id == id }!.name
            } else {
                before.set(index, for: id)
                removed += 1
                retire(index)
            }
        }
        var added: [Int] = []
        for settings in new.configuration.sensors where !kept.contains(settings.id) {
            let (driver, schema) = makeSensor(settings, at: now)
            var slot = SensorSlot(driver: driver, settings: settings, schema: schema)
            if let index = before[settings.id] {
                slot.keepCounts(of: sensors[index])
                if sensors[index].settings.model == settings.model { slot.restore(sensors[index].driver.saved) }
            }
            added.append(sensors.count)
            sensors.append(slot)
        }
        if !added.isEmpty { tellRing(.schemas(sensors.map { $0.schema })) }
        return (added, removed)
    }

    /// What it counted and did not say yet is a last reading: the shell has given all edges so far before the configuration.
    private mutating func retire(_ index: Int) {
        perform(sensors[index].handle(.finish, at: now), of: index)
        if sensors[index].settings.line != nil { actions.append(.releaseLine(index)) }
        sensors[index].isRetired = true
        live.forget(index)
        refusePendingReads(of: index, "sensor '\(sensors[index].settings.id)' was changed or taken away by a reload; ask again")
    }

    private mutating func startSensors(_ added: [Int]) {
        for index in added { perform(sensors[index].handle(.start, at: now), of: index) }
    }

    // MARK: Outputs

    /// The new settings of an output that keeps its slot, and so its line: nil where it is gone or on another line.
    private func keptSettings(of index: Int, by new: NewConfiguration) -> OutputSettings? {
        let old = outputs.settings(index)
        guard !new.touchedOutputs.contains(old.id), let next = new.configuration.outputs.first(where: { $0.id == old.id }),
            next.line == old.line, next.isActiveLow == old.isActiveLow
        else { return nil }
        return next
    }

    private mutating func reloadOutputs(by new: NewConfiguration) {
        let existing = outputs.indices
        var settings: [OutputSettings?] = (0..<outputs.count).map { existing.contains($0) ? keptSettings(of: $0, by: new) : nil }
        let kept = ShortSet(settings.compactMap { $0?.id })
        for output in new.configuration.outputs where !kept.contains(output.id) { settings.append(output) }
        perform(outputs.reload(settings, at: now))
    }

    // MARK: Alerts

    private mutating func reloadAlerts(_ rules: [AlertRule]) {
        configuration.alerts = ruleSetups(
            rules, sensors: sensors.map { $0.isRetired ? nil : $0.settings }, schemas: sensors.map { $0.schema })
        alertRulesChanged()
    }

    // MARK: The session

    /// Ends the connection cleanly, `offline` on the old topics, and begins anew.
    private mutating func restartSession(of old: TopicNames) {
        // Before the start there is nothing to end.
        guard connectBy == nil else {
            waking = Waking(configuration.schedule)
            session = Session(after: session, configuration: configuration.session)
            return
        }
        if connection != nil {
            connection?.waiting.removeAll()
            publish(statusMessage("offline", on: old))
            publishWhatFits()
            // From here on nothing is published until the new connection stands.
            connection = nil
            tellOutputs(.offline)
        }
        isRestarting = true
        log(.info, "the connection begins anew with the new configuration")
        perform(session.handle(.stop, at: now))
    }

    /// The old session is over.
    mutating func sessionEnded() {
        isRestarting = false
        inFlight.removeAll()
        rewind()
        session = Session(after: session, configuration: configuration.session)
        waking = Waking(configuration.schedule)
        if stopping == nil { waking.begin(at: now) }
        perform(session.handle(stopping == nil ? .start : .stop, at: now))
    }
}
