// An event as an entry of the alert ring keeps it, and as the saved state of the alerts does. Byte by byte:
//   version (1) | state | severity | flags | since | alert | series | message | then what the flags say is there, in the
//   order of their bits | number of outputs | outputs
// Numbers and texts are those of FieldCodec. A time is a byte (1 instant, 2 wall time, 3 unknown), then nanoseconds.

extension AlertEvent {
    private static let version: UInt8 = 1
    private static let maximumNameBytes = 255

    private enum Flag {
        static let value: UInt8 = 1
        static let unit: UInt8 = 2
        static let limit: UInt8 = 4
        static let reading: UInt8 = 8
        static let acknowledged: UInt8 = 16
        static let mutedUntil: UInt8 = 32
        static let flapping: UInt8 = 64
    }

    /// At most `Outcome.maximumEventBytes`: the message is cut, between two characters, to `maximumMessageBytes`, or to
    /// what is left where the names are the longest that there can be.
    package func encoded() -> [UInt8] {
        precondition(outputs.count <= AlertRule.maximumOutputs, "more outputs than a rule can have")
        let rest = encoded(message: "").count
        // The length of the message takes one byte when it is empty, and at most two.
        let room = Outcome.maximumEventBytes - rest - 1
        precondition(room >= 0, "names longer than the configuration takes")
        return encoded(message: cut(message, toBytes: min(room, Self.maximumMessageBytes)))
    }

    private func encoded(message: String) -> [UInt8] {
        var fields = FieldWriter()
        fields.byte(Self.version)
        fields.byte(state.rawValue)
        fields.byte(severity.rawValue)
        var flags: UInt8 = isFlapping ? Flag.flapping : 0
        if value != nil { flags |= Flag.value }
        if unit != nil { flags |= Flag.unit }
        if limit != nil { flags |= Flag.limit }
        if reading != nil { flags |= Flag.reading }
        if acknowledged != nil { flags |= Flag.acknowledged }
        if mutedUntil != nil { flags |= Flag.mutedUntil }
        fields.byte(flags)
        fields.time(since)
        fields.text(alert)
        fields.text(series)
        fields.text(message)
        if let value { fields.decimal(value) }
        if let unit { fields.text(unit) }
        if let limit { fields.decimal(limit) }
        if let reading {
            fields.unsigned(UInt64(reading.stream.rawValue))
            fields.unsigned(reading.sequence.rawValue)
        }
        if let acknowledged { fields.time(acknowledged) }
        if let mutedUntil { fields.time(mutedUntil) }
        fields.unsigned(UInt64(outputs.count))
        for output in outputs { fields.text(output) }
        return fields.bytes
    }

    /// What `encoded` gave; nil for any other bytes.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count <= Outcome.maximumEventBytes else { return nil }
        var fields = FieldReader(bytes)
        guard fields.byte() == Self.version, let state = fields.byte().flatMap(State.init(rawValue:)),
            let severity = fields.byte().flatMap(AlertRule.Severity.init(rawValue:)), let flags = fields.byte(), flags < 128,
            let since = fields.time(), let alert = fields.text(maximum: Self.maximumNameBytes),
            let series = fields.text(maximum: Self.maximumNameBytes),
            let message = fields.text(maximum: Self.maximumMessageBytes)
        else { return nil }
        self.init(
            alert: alert, state: state, severity: severity, message: message, since: since, series: series,
            isFlapping: flags & Flag.flapping != 0)
        if flags & Flag.value != 0 {
            guard let value = fields.decimal() else { return nil }
            self.value = value
        }
        if flags & Flag.unit != 0 {
            guard let unit = fields.text(maximum: Self.maximumNameBytes) else { return nil }
            self.unit = unit
        }
        if flags & Flag.limit != 0 {
            guard let limit = fields.decimal() else { return nil }
            self.limit = limit
        }
        if flags & Flag.reading != 0 {
            guard let stream = fields.unsigned(), stream <= UInt64(UInt32.max), let sequence = fields.unsigned() else { return nil }
            reading = ReadingName(stream: StreamID(UInt32(stream)), sequence: SequenceNumber(sequence))
        }
        if flags & Flag.acknowledged != 0 {
            guard let time = fields.time() else { return nil }
            acknowledged = time
        }
        if flags & Flag.mutedUntil != 0 {
            guard let time = fields.time() else { return nil }
            mutedUntil = time
        }
        guard let count = fields.count(maximum: AlertRule.maximumOutputs) else { return nil }
        for _ in 0..<count {
            guard let output = fields.text(maximum: Self.maximumNameBytes) else { return nil }
            outputs.append(output)
        }
        guard fields.isAtEnd else { return nil }
    }
}

extension FieldWriter {
    @inline(never) package mutating func time(_ time: AlertEvent.Time) {
        switch time {
        case .instant(let instant):
            byte(1)
            self.instant(instant)
        case .wall(let wall):
            byte(2)
            signed(wall.nanoseconds)
        case .unknown:
            byte(3)
        }
    }
}

extension FieldReader {
    package mutating func time() -> AlertEvent.Time? {
        switch byte() {
        case 1: instant().map { .instant($0) }
        case 2: signed().map { .wall(WallTime(nanoseconds: $0)) }
        case 3: .unknown
        default: nil
        }
    }
}
