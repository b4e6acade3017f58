/// Why a sensor gave no reading. Stored, numbered and published like a reading: silence is data.
package struct NoReading: Error, Hashable, Sendable {
    /// The codes of the contract, section 3. The raw value is what the ring stores: never renumber.
    package enum Code: UInt8, CaseIterable, Sendable {
        case noAnswer = 1
        case short = 2
        case ambiguous = 3
        case checksum = 4
        case outOfRange = 5
        case missing = 6
        case busy = 7
        case bus = 8
        case stuck = 9
        case notPermitted = 10
        case wrongDevice = 11

        /// As in the payload's `error`.
        package var text: String {
            switch self {
            case .noAnswer: "no-answer"
            case .short: "short"
            case .ambiguous: "ambiguous"
            case .checksum: "checksum"
            case .outOfRange: "out-of-range"
            case .missing: "missing"
            case .busy: "busy"
            case .bus: "bus"
            case .stuck: "stuck"
            case .notPermitted: "not-permitted"
            case .wrongDevice: "wrong-device"
            }
        }
    }

    package var code: Code
    /// The evidence, for a person: `received 0x12, computed 0x34`. At most 200 bytes of UTF-8.
    package var detail: String

    package init(_ code: Code, detail: String) {
        self.code = code
        self.detail = cut(detail, toBytes: 200)
    }
}

/// What one look at a sensor gave: the values in the order of the sensor's quantities, or why there are none.
package enum Outcome: Hashable, Sendable {
    /// One scaled integer for each quantity of the sensor's `SensorSchema`, in its order.
    case measurements([Int64])
    case noReading(NoReading)
    /// Of an alert ring: one event, as its codec writes it; opaque to the ring. At most `maximumEventBytes`.
    case event([UInt8])

    package static let maximumEventBytes = 3000
}

/// The id and the quantities of one configured sensor: what the ring keeps beside the values, since the configuration
/// may have changed when they are read again.
package struct SensorSchema: Hashable, Sendable {
    /// `[a-z0-9_-]{1,64}`.
    package var sensor: String
    /// At most 8.
    package var quantities: [Quantity]

    package init(sensor: String, quantities: [Quantity]) {
        self.sensor = sensor
        self.quantities = quantities
    }
}

/// One reading of one sensor, before it has a number.
package struct Reading: Hashable, Sendable {
    /// Index into the table of schemas that the agent was built with.
    package var sensor: Int
    /// When it was taken.
    package var instant: Instant
    package var outcome: Outcome

    package init(sensor: Int, instant: Instant, outcome: Outcome) {
        self.sensor = sensor
        self.instant = instant
        self.outcome = outcome
    }
}

/// A reading as it is published: numbered, and with what is known of its time.
package struct StampedReading: Hashable, Sendable {
    package var stream: StreamID
    package var sequence: SequenceNumber
    package var schema: SensorSchema
    package var boot: BootID
    package var instant: Instant
    package var stamp: Stamp
    package var outcome: Outcome

    /// For ever (contract, section 3).
    package var name: AlertEvent.ReadingName { AlertEvent.ReadingName(stream: stream, sequence: sequence) }

    package init(
        stream: StreamID, sequence: SequenceNumber, schema: SensorSchema, boot: BootID, instant: Instant, stamp: Stamp,
        outcome: Outcome
    ) {
        self.stream = stream
        self.sequence = sequence
        self.schema = schema
        self.boot = boot
        self.instant = instant
        self.stamp = stamp
        self.outcome = outcome
    }
}

/// A range of sequence numbers that will not come (contract, section 4).
package struct Loss: Hashable, Sendable {
    package enum Cause: UInt8, CaseIterable, Sendable {
        case evicted = 1
        case damaged = 2
        case restart = 3
        case rejected = 4
        case memoryFull = 5

        package var text: String {
            switch self {
            case .evicted: "evicted"
            case .damaged: "damaged"
            case .restart: "restart"
            case .rejected: "rejected"
            case .memoryFull: "memory-full"
            }
        }
    }

    package var stream: StreamID
    package var first: SequenceNumber
    package var last: SequenceNumber
    /// How many readings are lost; nil where that is not known (`restart`).
    package var count: UInt64?
    /// A bound where `count` is nil and one is known.
    package var atMost: UInt64?
    package var cause: Cause
    /// How many of each sensor, where known: sensor id and count, in the order of first appearance.
    package var sensors: [SensorCount]

    package struct SensorCount: Hashable, Sendable {
        package var sensor: String
        package var count: UInt64
        package init(sensor: String, count: UInt64) {
            self.sensor = sensor
            self.count = count
        }
    }

    package init(
        stream: StreamID, first: SequenceNumber, last: SequenceNumber, count: UInt64?, atMost: UInt64? = nil,
        cause: Cause, sensors: [SensorCount] = []
    ) {
        self.stream = stream
        self.first = first
        self.last = last
        self.count = count
        self.atMost = atMost
        self.cause = cause
        self.sensors = sensors
    }
}

/// What goes where a buffer has no room: `buffer.when_full`.
package enum WhenFull: Hashable, Sendable {
    case dropOldest
    /// New readings are not taken; what is kept stays.
    case dropNewest
}
