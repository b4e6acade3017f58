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

// The commands of the control socket.
extension Agent {
    mutating func answer(_ command: Command, from origin: CommandOrigin) {
        switch command {
        case .ping: respond(to: origin, command: "ping", result: Array("{}".utf8))
        case .status: actions.append(.askFacts(.answer(origin, command: "status")))
        case .metrics: actions.append(.askFacts(.answer(origin, command: "metrics")))
        case .read(let id): read(id, from: origin)
        case .unknown(let name):
            refuse(origin, "command '\(name)': not supported yet; known: ping, status, metrics, read")
        }
    }

    private mutating func read(_ id: String, from origin: CommandOrigin) {
        guard let index = sensors.firstIndex(where: { $0.settings.id == id }) else {
            return refuse(origin, "no sensor '\(id)'; there are: " + sensors.map { $0.settings.id }.joined(separator: ", "))
        }
        if pendingReads.count >= PendingRead.limit { return refuse(origin, "too many reads at once") }
        pendingReads.append(
            PendingRead(origin: origin, sensor: index, deadline: now.advanced(by: PendingRead.timeout)))
        perform(sensors[index].handle(.readNow, at: now), of: index)
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

    /// - Parameter result: one JSON value.
    mutating func respond(to origin: CommandOrigin, command: String, result: [UInt8]) {
        answer(origin, with: responseJSON(id: origin.id, command: command, result: result))
    }

    mutating func refuse(_ origin: CommandOrigin, _ error: String) {
        answer(origin, with: responseJSON(id: origin.id, error: error))
    }

    private mutating func answer(_ origin: CommandOrigin, with json: [UInt8]) {
        switch origin.asker {
        case .client(let client): actions.append(.respond(client: client, json))
        case .broker: break
        }
    }
}
