/// An entry of `rejected.ring`: a reading, or an alert event, as it was when the broker rejected it, and why.
package struct RejectedReading: Hashable, Sendable {
    /// Under its own name, which is not that of the entry.
    package var reading: StampedReading
    /// The Reason Code of its PUBACK (MQTT 5 §3.4.2.1); 0x95 also where it was larger than the broker's Maximum Packet Size.
    package var reason: UInt8

    package init(_ reading: StampedReading, reason: UInt8) {
        self.reading = reading
        self.reason = reason
    }

    /// `payload format invalid (0x99)`.
    package var reasonText: String {
        let name =
            switch reason {
            case 0x90: "topic name invalid"
            case 0x95: "packet too large"
            case 0x99: "payload format invalid"
            default: "reason"
            }
        let digits = "0123456789ABCDEF".bytes
        return "\(name) (0x\(String(decoding: [digits[Int(reason >> 4)], digits[Int(reason & 15)]], as: UTF8.self)))"
    }
}

// Byte by byte:
//   form (1) | reason (1) | stream | seq | boot | instant | stamp: kind (1), for the kinds 1, 2 and 4 a wall time | sensor |
//   number of quantities, each: decimals (1), name, unit | outcome: kind (1), then
//     1: number of values, values | 2: code (1), detail | 3: an event, as AlertEvent writes it
// Numbers and texts are those of FieldCodec.

extension RejectedReading {
    /// No version of an alert event.
    private static let form: UInt8 = 0x81
    private static let maximumNameBytes = 255

    private enum Kind {
        static let synced: UInt8 = 1
        static let estimated: UInt8 = 2
        static let unknown: UInt8 = 3
        static let notBefore: UInt8 = 4
        static let measurements: UInt8 = 1
        static let noReading: UInt8 = 2
        static let event: UInt8 = 3
    }

    /// At most `Outcome.maximumEventBytes`: an alert event that is too long with the rest goes without its outputs.
    package func encoded() -> [UInt8] {
        let bytes = encoded(reading.outcome)
        guard bytes.count > Outcome.maximumEventBytes else { return bytes }
        guard case .event(let content) = reading.outcome, var event = AlertEvent(decoding: content) else {
            preconditionFailure("what a ring has kept fits")
        }
        event.outputs = []
        return encoded(.event(event.encoded()))
    }

    private func encoded(_ outcome: Outcome) -> [UInt8] {
        var fields = FieldWriter()
        fields.byte(Self.form)
        fields.byte(reason)
        fields.unsigned(UInt64(reading.stream.rawValue))
        fields.unsigned(reading.sequence.rawValue)
        fields.unsigned(UInt64(reading.boot.rawValue))
        fields.instant(reading.instant)
        switch reading.stamp {
        case .synced(let time): fields.stamp(Kind.synced, time)
        case .estimated(let time): fields.stamp(Kind.estimated, time)
        case .unknown(let notBefore?): fields.stamp(Kind.notBefore, notBefore)
        case .unknown(nil): fields.byte(Kind.unknown)
        }
        fields.text(reading.schema.sensor)
        fields.unsigned(UInt64(reading.schema.quantities.count))
        for quantity in reading.schema.quantities {
            fields.byte(quantity.decimals)
            fields.text(quantity.name)
            fields.text(quantity.unit)
        }
        switch outcome {
        case .measurements(let values):
            fields.byte(Kind.measurements)
            fields.unsigned(UInt64(values.count))
            for value in values { fields.signed(value) }
        case .noReading(let reason):
            fields.byte(Kind.noReading)
            fields.byte(reason.code.rawValue)
            fields.text(reason.detail)
        case .event(let bytes):
            fields.byte(Kind.event)
            fields.block(bytes)
        }
        return fields.bytes
    }

    /// What `encoded` gave; nil for any other bytes.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count <= Outcome.maximumEventBytes else { return nil }
        var fields = FieldReader(bytes)
        guard fields.byte() == Self.form, let reason = fields.byte(), let stream = fields.unsigned(),
            stream <= UInt64(UInt32.max), let sequence = fields.unsigned(), let boot = fields.unsigned(),
            boot <= UInt64(UInt32.max), let instant = fields.instant(), let stamp = fields.stamp(),
            let sensor = fields.text(maximum: Self.maximumNameBytes), let count = fields.count(maximum: 8)
        else { return nil }
        var schema = SensorSchema(sensor: sensor, quantities: [])
        for _ in 0..<count {
            guard let decimals = fields.byte(), decimals <= 18, let name = fields.text(maximum: Self.maximumNameBytes),
                let unit = fields.text(maximum: Self.maximumNameBytes)
            else { return nil }
            schema.quantities.append(Quantity(name: name, unit: unit, decimals: decimals))
        }
        guard let outcome = fields.outcome(of: schema), fields.isAtEnd else { return nil }
        self.init(
            StampedReading(
                stream: StreamID(UInt32(stream)), sequence: SequenceNumber(sequence), schema: schema,
                boot: BootID(UInt32(boot)), instant: instant, stamp: stamp, outcome: outcome), reason: reason)
    }
}

extension FieldWriter {
    fileprivate mutating func stamp(_ kind: UInt8, _ time: WallTime) {
        byte(kind)
        signed(time.nanoseconds)
    }
}

extension FieldReader {
    fileprivate mutating func stamp() -> Stamp? {
        guard let kind = byte() else { return nil }
        if kind == 3 { return .unknown(notBefore: nil) }
        guard let time = signed().map({ WallTime(nanoseconds: $0) }) else { return nil }
        switch kind {
        case 1: return .synced(time)
        case 2: return .estimated(time)
        case 4: return .unknown(notBefore: time)
        default: return nil
        }
    }

    fileprivate mutating func outcome(of schema: SensorSchema) -> Outcome? {
        switch byte() {
        case 1:
            guard let count = count(maximum: 8), count == schema.quantities.count else { return nil }
            var values: [Int64] = []
            for _ in 0..<count {
                guard let value = signed() else { return nil }
                values.append(value)
            }
            return .measurements(values)
        case 2:
            guard let code = byte().flatMap(NoReading.Code.init(rawValue:)), let detail = text(maximum: 200) else { return nil }
            return .noReading(NoReading(code, detail: detail))
        case 3: return block(maximum: Outcome.maximumEventBytes).map { .event($0) }
        default: return nil
        }
    }
}
