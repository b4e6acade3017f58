internal import Alerts
internal import RingStore
internal import Telemetry

// What of the alerts is kept over a restart: the engine's own state, where the newest events are, and those that the ring
// may not have.
extension Alerting {
    /// An event of an earlier process, with the name that it was to get.
    struct SavedEntry {
        var alert: String
        var name: AlertEvent.ReadingName?
        var boot: BootID
        var instant: Instant
        var bytes: [UInt8]
        var isSilent: Bool
    }
}

extension Agent {
    /// - Postcondition: all that waits for the state is in it.
    mutating func saveAlerts(into state: inout SavedState) {
        state[Saving.Name.alerts] = alerting.engine.saved(at: clock)
        var newest = FieldWriter()
        newest.unsigned(UInt64(alerting.newest.count))
        for case (let alert, let item?) in alerting.newest.entries {
            newest.text(alert)
            newest.name(item.name)
        }
        state[Saving.Name.newest] = newest.bytes
        let entries = savedDoubts + savedOutbox
        var outbox = FieldWriter()
        outbox.unsigned(UInt64(entries.count))
        for entry in entries { outbox.entry(entry) }
        state[Saving.Name.outbox] = outbox.bytes
        guard canNameEvents else { return }
        for index in alerting.outbox.indices { alerting.outbox[index].revision = saving.revision }
    }

    /// Each with the name that it will get in the ring.
    private var savedOutbox: [Alerting.SavedEntry] {
        var next = alerting.ring.nextName
        return alerting.outbox.map { entry in
            defer { if let name = next { next?.sequence = name.sequence.next } }
            return Alerting.SavedEntry(
                alert: entry.alert, name: next, boot: configuration.boot, instant: entry.instant, bytes: entry.bytes,
                isSilent: entry.isSilent)
        }
    }

    /// Till the alert ring is open an event that is saved has no name.
    var canNameEvents: Bool { alerting.isRingOpen || !alerting.isRingUsed }

    /// What is in doubt still, with the names that it was to get: for another crash before the ring is open.
    private var savedDoubts: [Alerting.SavedEntry] {
        alerting.doubtful.compactMap { entry in
            if entry.boot == configuration.boot { return entry }
            // Its instants mean nothing in this boot.
            guard let event = alerting.engine.event(entry.alert) else { return nil }
            var entry = entry
            entry.instant = now
            entry.bytes = event.encoded()
            return entry
        }
    }

    mutating func restoreAlerts(from found: SavedState) {
        if let bytes = found[Saving.Name.alerts] {
            alerting.engine.restore(bytes, at: clock, boot: configuration.boot, savedBoot: found.boot)
        }
        if let bytes = found[Saving.Name.newest] {
            var fields = FieldReader(bytes)
            let count = fields.count(maximum: 65_536) ?? 0
            for _ in 0..<count {
                guard let alert = fields.text(maximum: 255), let name = fields.readingName() else { break }
                alerting.newest[alert] = Alerting.Newest(name: name, entry: nil, isAcknowledged: false)
            }
        }
        if let bytes = found[Saving.Name.outbox] { restoreOutbox(bytes, of: found.boot) }
        // Alerts that the configuration no longer has may still have events to tell.
        for alert in alerting.newest.keys { _ = alerting.schema(of: alert) }
        for entry in alerting.doubtful { _ = alerting.schema(of: entry.alert) }
        perform(alertRingInput: .schemas(alerting.ringSchemas))
    }

    private mutating func restoreOutbox(_ bytes: [UInt8], of boot: BootID) {
        var fields = FieldReader(bytes)
        let count = fields.count(maximum: Alerting.limit) ?? 0
        for _ in 0..<count {
            guard let entry = fields.entry(of: boot) else { return }
            alerting.doubtful.append(entry)
        }
    }

    /// The ring is open: it tells which of them it has.
    mutating func settleDoubts() {
        let doubtful = alerting.doubtful
        alerting.doubtful = []
        for entry in doubtful {
            if let name = entry.name, alerting.ring.wasKept(name.stream, name.sequence) {
                alerting.newest[entry.alert] = Alerting.Newest(name: name, entry: nil, isAcknowledged: entry.isSilent)
                if entry.isSilent { alerting.silent.insert(name) }
                continue
            }
            if entry.boot == configuration.boot {
                put(Alerting.Entry(alert: entry.alert, instant: entry.instant, bytes: entry.bytes, isSilent: entry.isSilent))
            } else if let event = alerting.engine.event(entry.alert) {
                // Its instant means nothing in this boot: what it has to say is said now, with the time since when.
                let isThere = alerting.outbox.contains { $0.alert == entry.alert }
                if !isThere { put(Alerting.Entry(alert: entry.alert, instant: now, bytes: event.encoded(), isSilent: entry.isSilent)) }
            } else {
                log(.error, "an alert event of the last boot is lost alert=\(entry.alert)")
            }
        }
        let status = alerting.ring.status
        for case (let alert, let newest?) in alerting.newest.entries where newest.entry == nil {
            let isSettled = newest.name.stream == status.stream && newest.name.sequence <= status.watermark
            if isSettled { alerting.newest[alert]?.isAcknowledged = true }
        }
    }

    /// The broker now holds this event as the state of its alert. That is past where the disk failed before: the state that
    /// knew of it was lost, or what came later was told from memory. What is true follows it.
    mutating func tellWhatIsNewer(than reading: StampedReading) {
        let alert = reading.schema.sensor
        guard stopping == nil, !alerting.outbox.contains(where: { $0.alert == alert }) else { return }
        if let newest = alerting.newest[alert] {
            let isUnknown = newest.name.stream == reading.stream && newest.name.sequence < reading.sequence
            guard newest.name != reading.name, newest.isAcknowledged || isUnknown else { return }
        }
        if let event = alerting.engine.event(alert) {
            put(Alerting.Entry(alert: alert, instant: now, bytes: event.encoded()))
        } else {
            perform(alerting.engine.tellFirst(alert, at: now))
        }
        if alerting.hasUnsavedEvents { saving.due = now }
    }
}

extension FieldWriter {
    fileprivate mutating func entry(_ entry: Alerting.SavedEntry) {
        text(entry.alert)
        byte(entry.name == nil ? 0 : 1)
        if let name = entry.name { self.name(name) }
        instant(entry.instant)
        byte(entry.isSilent ? 1 : 0)
        block(entry.bytes)
    }

    fileprivate mutating func name(_ name: AlertEvent.ReadingName) {
        unsigned(UInt64(name.stream.rawValue))
        unsigned(name.sequence.rawValue)
    }
}

extension FieldReader {
    fileprivate mutating func entry(of boot: BootID) -> Alerting.SavedEntry? {
        guard let alert = text(maximum: 255), let hasName = byte() else { return nil }
        var name: AlertEvent.ReadingName?
        if hasName == 1 {
            name = readingName()
            if name == nil { return nil }
        }
        guard let instant = instant(), let isSilent = byte(), let bytes = block(maximum: Outcome.maximumEventBytes) else { return nil }
        return Alerting.SavedEntry(
            alert: alert, name: name, boot: boot, instant: instant, bytes: bytes, isSilent: isSilent == 1)
    }

    fileprivate mutating func readingName() -> AlertEvent.ReadingName? {
        guard let stream = unsigned(), stream <= UInt64(UInt32.max), let sequence = unsigned() else { return nil }
        return AlertEvent.ReadingName(stream: StreamID(UInt32(stream)), sequence: SequenceNumber(sequence))
    }
}
