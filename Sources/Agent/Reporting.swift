internal import Alerts
internal import MQTTSession
internal import Payloads
internal import RingStore
internal import Telemetry

// What the agent says about itself: P/metrics, P/info, and the answers to status and metrics.
extension Agent {
    mutating func report(_ facts: ProcessFacts, for purpose: FactsPurpose) {
        let json = metricsJSON(snapshot(facts))
        switch purpose {
        case .publish:
            waking.isAskingFacts = false
            publish(
                Message(topic: topics.metrics, payload: json, qos: 0, retain: true, contentType: "application/json"))
        case .answer(let origin, let command):
            respond(to: origin, command: command, result: json)
        }
    }

    func infoMessage() -> Message {
        var info = InfoSnapshot(name: configuration.deviceName)
        info.location = configuration.location.isEmpty ? nil : configuration.location
        info.version = configuration.version
        info.protocolVersion = protocolText
        info.boot = configuration.boot
        info.stream = isReady ? ring.status.stream : nil
        info.sensors = sensors.filter { !$0.isRetired }.map {
            InfoSnapshot.Sensor(
                id: $0.settings.id, name: $0.settings.name, model: $0.settings.model, quantities: $0.schema.quantities)
        }
        info.isScheduled = waking.schedule != nil
        info.nextConnection = waking.next.flatMap { wallTime(of: $0) }
        info.configuration = InfoSnapshot.Configuration(
            hash: configuration.configurationHash, loaded: wallTime(of: loadedAt), error: configurationError)
        return Message(
            topic: topics.info, payload: infoJSON(info), qos: 1, retain: true, contentType: "application/json")
    }

    private func snapshot(_ facts: ProcessFacts) -> MetricsSnapshot {
        let counters = session.counters
        let status = ring.status
        var metrics = MetricsSnapshot(device: configuration.deviceID, now: now)
        metrics.time = clockIsKnown ? clock.wallTime : nil
        metrics.clockSource = configuration.clockSource
        metrics.boot = configuration.boot
        metrics.stream = isReady ? status.stream : nil
        metrics.version = configuration.version
        metrics.connected = connection != nil
        metrics.protocolVersion = protocolText
        metrics.reconnects = counters.reconnects
        metrics.connectFailures = counters.connectFailures
        metrics.lastDisconnect = session.lastDisconnect.map {
            MetricsSnapshot.Disconnect(reason: $0.failure.text, time: wallTime(of: $0.at))
        }
        metrics.published = counters.published
        metrics.acknowledged = counters.acknowledged
        metrics.duplicatesPossible = counters.duplicatesPossible
        metrics.rejected = counters.rejected
        metrics.held = counters.held
        metrics.unrouted = counters.unrouted
        metrics.ignoredCommands = ignoredCommands
        metrics.losses = status.lossesByCause
        metrics.bytesSent = facts.bytesSent
        metrics.bytesReceived = facts.bytesReceived
        metrics.buffer = buffer(status)
        metrics.sensors = sensors.filter { !$0.isRetired }.map { snapshot($0) }
        metrics.outputs = outputMetrics
        metrics.alerts = alerting.engine.states.map { .init(id: $0.alert, state: $0.state?.text) }
        metrics.residentBytes = facts.residentBytes
        metrics.wakeups = facts.wakeups
        metrics.lastError = lastError
        return metrics
    }

    private func buffer(_ status: RingStatus) -> MetricsSnapshot.Buffer {
        var buffer = MetricsSnapshot.Buffer()
        buffer.records = status.unacknowledged
        buffer.bytes = status.bytes
        buffer.capacityBytes = status.capacityBytes
        buffer.oldestAge = status.oldestUnacknowledged.map { $0.duration(to: now) }
        buffer.inMemory = status.inMemory
        buffer.evicted = status.evicted
        buffer.damaged = status.damaged
        buffer.writtenBytes = status.writtenBytes
        buffer.syncs = status.syncs
        return buffer
    }

    private func snapshot(_ slot: SensorSlot) -> MetricsSnapshot.Sensor {
        var sensor = MetricsSnapshot.Sensor(id: slot.settings.id)
        sensor.readings = slot.readings
        sensor.failures = slot.failures
        sensor.lostEdges = slot.lostEdges
        sensor.lostEdgesExact = slot.lostEdgesExact
        sensor.lastAge = slot.lastInstant.map { $0.duration(to: now) }
        sensor.lastError = slot.lastError
        return sensor
    }

    private var protocolText: String? {
        switch connection?.version {
        case .v5: "5"
        case .v311: "3.1.1"
        case nil: nil
        }
    }

    /// Computed back from this turn's look at the clocks; nil while the wall time is unknown.
    func wallTime(of instant: Instant) -> WallTime? {
        clockIsKnown ? clock.wallTime.advanced(by: clock.instant.duration(to: instant)) : nil
    }
}
