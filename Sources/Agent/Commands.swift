internal import Alerts
internal import Configuration
internal import Outputs
internal import Payloads
internal import RingStore
internal import Sensors
internal import Telemetry

/// A person waits for a reading of a sensor (`godwit read`).
struct PendingRead {
    var origin: CommandOrigin
    var sensor: Int
    var deadline: Instant

    static let timeout = Duration.seconds(10)
    /// More at once are refused.
    static let limit = 16
}

// What is asked for by `P/command` and by the control socket.
extension Agent {
    mutating func answer(_ command: Command, from origin: CommandOrigin) {
        switch command {
        case .ping: respond(to: origin, command: "ping", result: "{}".bytes)
        case .status, .metrics: actions.append(.askFacts(.answer(origin, command: command.name)))
        case .losses: respond(to: origin, command: "losses", result: lossHistory.json)
        case .logs: respond(to: origin, command: "logs", result: logsJSON())
        case .read(let id): read(id, from: origin)
        case .reload: reload(for: origin)
        case .acknowledge(let alert): if isThere(alert, for: origin) { acknowledgeAlert(alert, from: origin) }
        case .mute(let alert, let duration):
            if isThere(alert, for: origin) { muteAlert(alert, lasting: duration, from: origin) }
        case .output(let id, let order, let expires): output(id, order, expires: expires, from: origin)
        }
    }

    /// By the socket whatever `remote` says: who may open it is on the board itself.
    private mutating func output(_ id: String, _ order: OutputCommand, expires: WallTime?, from origin: CommandOrigin) {
        if let settings = outputSettings.first(where: { $0.id == id }),
            let refusal = refusal(of: settings, expires: expires, isRemote: origin.isRemote)
        {
            if origin.isRemote { ignore("\(refusal) output=\(id)") }
            return refuse(origin, refusal)
        }
        if let refusal = self.command(output: id, order) { return refuse(origin, refusal.text) }
        respond(to: origin, command: "output", result: "{}".bytes)
    }

    /// Refuses a command about an alert that has no rule.
    private mutating func isThere(_ alert: String, for origin: CommandOrigin) -> Bool {
        let known = configuration.alerts.map { $0.rule.id }
        if known.contains(alert) { return true }
        let next = known.isEmpty ? "; none is configured" : Suggestion.nextStep(for: alert, among: known, what: "alerts")
        refuse(origin, "no alert '\(shown(alert))'\(next)")
        return false
    }

    private mutating func read(_ id: String, from origin: CommandOrigin) {
        guard let index = sensors.firstIndex(where: { !$0.isRetired && $0.settings.id == id }) else {
            return refuse(origin, "no sensor '\(shown(id))'" + nextStep(for: id))
        }
        if pendingReads.count >= PendingRead.limit { return refuse(origin, "too many reads at once") }
        pendingReads.append(
            PendingRead(origin: origin, sensor: index, deadline: now.advanced(by: PendingRead.timeout)))
        perform(sensors[index].handle(.readNow, at: now), of: index)
    }

    private func nextStep(for id: String) -> String {
        let known = sensors.filter { !$0.isRetired }.map { $0.settings.id }
        if let nearest = Suggestion.nearest(to: id, among: known) { return "; did you mean '\(nearest)'?" }
        let shown = known.prefix(40).joined(separator: ", ")
        return known.count > 40 ? "; there are: \(shown), ..." : "; there are: \(shown)"
    }

    mutating func answerPendingReads(of index: Int, outcome: Outcome, at instant: Instant) {
        guard pendingReads.contains(where: { $0.sensor == index }) else { return }
        let stamp: Stamp
        if clockIsKnown {
            stamp = .synced(clock.wallTime.advanced(by: clock.instant.duration(to: instant)))
        } else {
            stamp = .unknown(notBefore: nil)
        }
        let sensor = sensors[index].settings.id
        let json: [UInt8]
        if isReady {
            // The number that it is about to get: readings are numbered in the order in which they are appended.
            let status = ring.status
            let reading = StampedReading(
                stream: status.stream, sequence: status.head, schema: sensors[index].schema, boot: configuration.boot,
                instant: instant, stamp: stamp, outcome: outcome)
            json = readingJSON(reading, device: nil, sensor: sensor)
        } else {
            // It gets its number when the ring is open; which one is not known yet.
            json = unnumberedReadingJSON(
                sensor: sensor, boot: configuration.boot, instant: instant, stamp: stamp, outcome: outcome,
                quantities: sensors[index].schema.quantities)
        }
        let answered = pendingReads.filter { $0.sensor == index }
        pendingReads.removeAll { $0.sensor == index }
        for read in answered { respond(to: read.origin, command: "read", result: json) }
    }

    mutating func expirePendingReads() {
        let now = now
        let expired = pendingReads.filter { $0.deadline <= now }
        guard !expired.isEmpty else { return }
        pendingReads.removeAll { $0.deadline <= now }
        for read in expired {
            refuse(read.origin, "sensor '\(sensors[read.sensor].settings.id)' gave no reading within 10 s")
        }
    }

    mutating func refusePendingReads(of index: Int, _ why: String) {
        let refused = pendingReads.filter { $0.sensor == index }
        pendingReads.removeAll { $0.sensor == index }
        for read in refused { refuse(read.origin, why) }
    }
}

extension CommandOrigin {
    /// By the broker, and not from the board itself.
    var isRemote: Bool {
        switch asker {
        case .client: false
        case .broker: true
        }
    }
}
