package import Telemetry

// What is kept over a restart, byte by byte, with the numbers and texts of FieldCodec:
//   version (1) | 0, or 1 and wall time minus instant (signed, ns) where the clock was known | number of alerts | alerts, each a block
// An alert: id | fingerprint | flags | since | raised since | waiting since, where it waits | number of changes | changes |
//   then what the flags say is there: acknowledged; muted until, what is left of it (ns); what was told; the newest value.
// Told: at | state | since | reason | flags | value, change, newest where the flags say so. Newest: flags | value | reading.
// Times are of the boot in which they were saved (instants), or wall times of earlier ones.

private enum Saving {
    static let version: UInt8 = 1
    static let maximumAlerts = 10_000
    static let maximumBlock = 65_536
    /// One more than a rule can allow.
    static let maximumChanges = 1001

    enum Flag {
        static let raisedByItself: UInt64 = 1
        static let held: UInt64 = 2
        static let silent: UInt64 = 4
        static let waiting: UInt64 = 8
        static let acknowledged: UInt64 = 16
        static let muted: UInt64 = 32
        static let told: UInt64 = 64
        static let newest: UInt64 = 128
    }
}

extension AlertEngine {
    /// - Parameter clock: of now.
    package func saved(at clock: ClockReading) -> [UInt8] {
        var fields = FieldWriter()
        fields.byte(Saving.version)
        fields.byte(clock.isKnown ? 1 : 0)
        if clock.isKnown { fields.signed(clock.wallTime.nanoseconds &- clock.instant.nanoseconds) }
        let kept = slots.filter { $0.hasState }
        fields.unsigned(UInt64(kept.count))
        for slot in kept { fields.block(slot.saved(at: clock.instant)) }
        return fields.bytes
    }

    /// Before `.start`. Bytes that are no saved state are ignored, and so are alerts that the configuration has no more.
    package mutating func restore(_ bytes: [UInt8], at clock: ClockReading, boot: BootID, savedBoot: BootID) {
        var fields = FieldReader(bytes)
        guard fields.byte() == Saving.version, let isKnown = fields.byte(), isKnown < 2 else { return }
        var offset: Int64?
        if isKnown == 1 {
            guard let value = fields.signed() else { return }
            offset = value
        }
        guard let count = fields.count(maximum: Saving.maximumAlerts) else { return }
        var saved: [SavedAlert] = []
        for _ in 0..<count {
            guard let block = fields.block(maximum: Saving.maximumBlock), let alert = SavedAlert(block) else { return }
            saved.append(alert)
        }
        guard fields.isAtEnd else { return }
        let origin: SavedAlert.Origin = boot == savedBoot ? .thisBoot : .otherBoot(offset: offset)
        for index in slots.indices {
            guard var alert = saved.first(where: { $0.id == slots[index].setup.rule.id }) else { continue }
            alert.move(from: origin)
            slots[index].restore(alert, at: clock)
            if slots[index].awaitsClock { awaitsClock = true }
            schedule(index)
        }
        findNearest()
        revision += 1
    }

    /// Times of an earlier boot find their place.
    mutating func place(_ clock: ClockReading) {
        awaitsClock = false
        for index in slots.indices where slots[index].awaitsClock {
            slots[index].place(clock)
            schedule(index)
        }
        revision += 1
    }
}

/// What was saved of one alert.
private struct SavedAlert {
    enum Origin {
        case thisBoot
        /// Nanoseconds from instants to wall times there; nil: the clock was not known.
        case otherBoot(offset: Int64?)
    }

    var id: String
    var fingerprint: UInt64
    var kept: AlertMachine.Kept
    var acknowledged: AlertEvent.Time?
    var mute: (until: AlertEvent.Time, restNanoseconds: Int64)?
    var told: AlertSlot.Told?
    var newest: AlertSlot.Newest?

    init?(_ block: [UInt8]) {
        var fields = FieldReader(block)
        guard let id = fields.text(maximum: 255), let fingerprint = fields.unsigned(), let flags = fields.unsigned(), flags < 256,
            let since = fields.time(), let raisedSince = fields.time()
        else { return nil }
        func has(_ flag: UInt64) -> Bool { flags & flag != 0 }
        self.id = id
        self.fingerprint = fingerprint
        kept = AlertMachine.Kept(
            isRaisedByItself: has(Saving.Flag.raisedByItself), isHeld: has(Saving.Flag.held), isSilent: has(Saving.Flag.silent),
            waitingSince: nil, changes: [], since: since, raisedSince: raisedSince)
        if has(Saving.Flag.waiting) {
            guard let time = fields.time() else { return nil }
            kept.waitingSince = time
        }
        guard let count = fields.count(maximum: Saving.maximumChanges) else { return nil }
        for _ in 0..<count {
            guard let time = fields.time() else { return nil }
            kept.changes.append(time)
        }
        if has(Saving.Flag.acknowledged) {
            guard let time = fields.time() else { return nil }
            acknowledged = time
        }
        if has(Saving.Flag.muted) {
            guard let until = fields.time(), let rest = fields.signed() else { return nil }
            mute = (until, rest)
        }
        if has(Saving.Flag.told) {
            guard let told = fields.told() else { return nil }
            self.told = told
        }
        if has(Saving.Flag.newest) {
            guard let newest = fields.newest() else { return nil }
            self.newest = newest
        }
        guard fields.isAtEnd else { return nil }
    }

    /// Instants of another boot mean nothing here: they become wall times, where these were known.
    mutating func move(from origin: Origin) {
        guard case .otherBoot(let offset) = origin else { return }
        func moved(_ time: AlertEvent.Time) -> AlertEvent.Time {
            guard case .instant(let instant) = time else { return time }
            return offset.map { .wall(WallTime(nanoseconds: instant.nanoseconds &+ $0)) } ?? .unknown
        }
        kept.since = moved(kept.since)
        kept.raisedSince = moved(kept.raisedSince)
        kept.waitingSince = kept.waitingSince.map(moved)
        kept.changes = kept.changes.map(moved)
        acknowledged = acknowledged.map(moved)
        mute = mute.map { (moved($0.until), $0.restNanoseconds) }
        if let told {
            self.told?.at = moved(told.at)
            self.told?.since = moved(told.since)
        }
    }
}

extension AlertSlot {
    /// Otherwise it is as it was made.
    fileprivate var hasState: Bool { told != nil || mute != nil || machine.waitingSince != nil || machine.isRestored }

    var awaitsClock: Bool { machine.awaitsClock || mute?.wall != nil }

    fileprivate func saved(at now: Instant) -> [UInt8] {
        var fields = FieldWriter()
        let kept = machine.kept
        fields.text(setup.rule.id)
        fields.unsigned(Self.fingerprint(of: setup.rule))
        var flags: UInt64 = 0
        if kept.isRaisedByItself { flags |= Saving.Flag.raisedByItself }
        if kept.isHeld { flags |= Saving.Flag.held }
        if kept.isSilent { flags |= Saving.Flag.silent }
        if kept.waitingSince != nil { flags |= Saving.Flag.waiting }
        if acknowledged != nil { flags |= Saving.Flag.acknowledged }
        if mute != nil { flags |= Saving.Flag.muted }
        if told != nil { flags |= Saving.Flag.told }
        if newest != nil { flags |= Saving.Flag.newest }
        fields.unsigned(flags)
        fields.time(kept.since)
        fields.time(kept.raisedSince)
        if let time = kept.waitingSince { fields.time(time) }
        fields.unsigned(UInt64(kept.changes.count))
        for time in kept.changes { fields.time(time) }
        if let acknowledged { fields.time(acknowledged) }
        if let mute {
            fields.time(mute.time)
            fields.signed(max(0, mute.until.nanoseconds &- now.nanoseconds))
        }
        if let told { fields.told(told) }
        if let newest { fields.newest(newest) }
        return fields.bytes
    }

    fileprivate mutating func restore(_ saved: SavedAlert, at clock: ClockReading) {
        var kept = saved.kept
        if saved.fingerprint == Self.fingerprint(of: setup.rule) {
            newest = saved.newest
        } else {
            kept.waitingSince = nil
        }
        machine.restore(kept, at: clock)
        acknowledged = saved.acknowledged
        told = saved.told
        guard let (until, rest) = saved.mute else { return }
        switch until {
        case .instant(let instant):
            mute = Mute(until: instant, latest: instant)
        case .wall, .unknown:
            let latest = clock.instant.later(by: max(0, rest))
            mute = Mute(until: latest, latest: latest)
            if case .wall(let wall) = until { mute?.wall = wall }
            place(clock)
        }
    }

    fileprivate mutating func place(_ clock: ClockReading) {
        machine.place(clock)
        guard clock.isKnown, let wall = mute?.wall, let latest = mute?.latest else { return }
        mute?.until = min(latest, clock.instant.advanced(by: clock.wallTime.duration(to: wall)))
        mute?.wall = nil
        machine.advance(to: clock.instant)
    }
}

private enum ToldFlag {
    static let flapping: UInt8 = 1
    static let raised: UInt8 = 2
    static let value: UInt8 = 4
    static let change: UInt8 = 8
    static let newest: UInt8 = 16
}

extension FieldWriter {
    fileprivate mutating func told(_ told: AlertSlot.Told) {
        time(told.at)
        byte(told.state.rawValue)
        time(told.since)
        byte(told.reason.rawValue)
        var flags: UInt8 = told.isFlapping ? ToldFlag.flapping : 0
        if told.isRaised { flags |= ToldFlag.raised }
        if told.value != nil { flags |= ToldFlag.value }
        if told.change != nil { flags |= ToldFlag.change }
        if told.newest != nil { flags |= ToldFlag.newest }
        byte(flags)
        if let value = told.value { decimal(value) }
        if let change = told.change { decimal(change) }
        if let newest = told.newest { self.newest(newest) }
    }

    fileprivate mutating func newest(_ newest: AlertSlot.Newest) {
        byte((newest.value == nil ? 0 : 1) | (newest.reading == nil ? 0 : 2))
        if let value = newest.value { decimal(value) }
        if let reading = newest.reading {
            unsigned(UInt64(reading.stream.rawValue))
            unsigned(reading.sequence.rawValue)
        }
    }
}

extension FieldReader {
    fileprivate mutating func told() -> AlertSlot.Told? {
        guard let at = time(), let state = byte().flatMap(AlertEvent.State.init(rawValue:)), let since = time(),
            let reason = byte().flatMap(AlertMachine.Reason.init(rawValue:)), let flags = byte(), flags < 32
        else { return nil }
        var told = AlertSlot.Told(
            at: at, state: state, since: since, reason: reason, isFlapping: flags & ToldFlag.flapping != 0,
            isRaised: flags & ToldFlag.raised != 0)
        if flags & ToldFlag.value != 0 {
            guard let value = decimal() else { return nil }
            told.value = value
        }
        if flags & ToldFlag.change != 0 {
            guard let change = decimal() else { return nil }
            told.change = change
        }
        if flags & ToldFlag.newest != 0 {
            guard let newest = newest() else { return nil }
            told.newest = newest
        }
        return told
    }

    fileprivate mutating func newest() -> AlertSlot.Newest? {
        guard let flags = byte(), flags < 4 else { return nil }
        var newest = AlertSlot.Newest()
        if flags & 1 != 0 {
            guard let value = decimal() else { return nil }
            newest.value = value
        }
        if flags & 2 != 0 {
            guard let stream = unsigned(), stream <= UInt64(UInt32.max), let sequence = unsigned() else { return nil }
            newest.reading = AlertEvent.ReadingName(stream: StreamID(UInt32(stream)), sequence: SequenceNumber(sequence))
        }
        return newest
    }
}
