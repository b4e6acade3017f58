package import Telemetry

/// The ring: numbers readings, keeps them until they are acknowledged, and says what it could not keep.
///
/// This first form works in memory only: `start` opens it at once.
package struct Ring: Hashable, Sendable {
    private struct Entry: Hashable {
        var reading: Reading
        var isAcknowledged = false
    }

    private let configuration: RingConfiguration
    private let schemas: [SensorSchema]
    private let boot: BootID
    private let stream: StreamID
    private var isOpen = false
    private var waiting: [Reading] = []
    /// The entries with the numbers `firstNumber ..< firstNumber + entries.count`.
    private var entries: [Entry] = []
    private var firstNumber: UInt64 = 1
    private var losses: [Loss] = []
    /// Below it all has been handed over since the last rewind.
    private var cursor: UInt64 = 1
    private var handedEnd: UInt64 = 1
    private var bytes = 0
    private struct ClockRecord: Hashable {
        var position: UInt64
        var reading: ClockReading
    }
    private var clockRecords: [ClockRecord] = []
    private var lossesByCause = [UInt64](repeating: 0, count: Loss.Cause.allCases.count)

    package private(set) var isWaitingForClock = false
    package var knowsClockOfThisBoot: Bool { !clockRecords.isEmpty }
    package var deadline: Instant? { nil }

    package init(configuration: RingConfiguration, schemas: [SensorSchema], boot: BootID, random: RandomSource) {
        self.configuration = configuration
        self.schemas = schemas
        self.boot = boot
        var random = random
        stream = StreamID(UInt32.random(in: 1 ... .max, using: &random))
    }

    package mutating func handle(_ input: RingInput, at now: Instant) -> [RingAction] {
        switch input {
        case .start:
            isOpen = true
            let numbered = waiting
            waiting = []
            for reading in numbered { append(reading) }
            return [.opened]
        case .append(let reading):
            if isOpen { append(reading) } else { waiting.append(reading) }
        case .clock(let reading):
            guard reading.isKnown else { return [] }
            if let last = clockRecords.last?.reading {
                let expected = last.wallTime.advanced(by: last.instant.duration(to: reading.instant))
                let drift = expected.duration(to: reading.wallTime).nanoseconds
                if drift.magnitude <= 10_000_000 { return [] }
            }
            clockRecords.append(ClockRecord(position: head, reading: reading))
        case .acknowledged(.reading(let stream, let sequence)):
            guard stream == self.stream, sequence.rawValue >= firstNumber, sequence.rawValue < head else { return [] }
            entries[Int(sequence.rawValue - firstNumber)].isAcknowledged = true
            settle()
        case .acknowledged(.loss(_, let first, let last)):
            losses.removeAll { $0.first == first && $0.last == last }
        case .rewind:
            cursor = losses.first?.first.rawValue ?? firstNumber
        case .stop:
            return [.stopped]
        case .storage, .timer:
            break
        }
        return []
    }

    package mutating func next(at now: Instant, unstamped: Bool) -> (handover: Handover?, actions: [RingAction]) {
        isWaitingForClock = false
        if let loss = losses.first(where: { $0.last.rawValue >= cursor && $0.first.rawValue <= max(cursor, firstNumber) }) {
            cursor = loss.last.rawValue + 1
            handedEnd = max(handedEnd, cursor)
            return (.loss(loss), [])
        }
        cursor = max(cursor, firstNumber)
        while cursor < head {
            let entry = entries[Int(cursor - firstNumber)]
            if entry.isAcknowledged {
                cursor += 1
                continue
            }
            let reading = entry.reading
            let stamp: Stamp
            if let record = clockRecords.last(where: { $0.position <= cursor }) {
                stamp = .synced(time(reading.instant, record))
            } else if let record = clockRecords.first {
                stamp = .estimated(time(reading.instant, record))
            } else if unstamped {
                stamp = .unknown(notBefore: nil)
            } else {
                isWaitingForClock = true
                return (nil, [])
            }
            let stamped = StampedReading(
                stream: stream, sequence: SequenceNumber(cursor), schema: schemas[reading.sensor], boot: boot,
                instant: reading.instant, stamp: stamp, outcome: reading.outcome)
            cursor += 1
            handedEnd = max(handedEnd, cursor)
            return (.reading(stamped), [])
        }
        return (nil, [])
    }

    package var status: RingStatus {
        var status = RingStatus(stream: stream, capacityBytes: configuration.size)
        status.head = SequenceNumber(head)
        status.tail = SequenceNumber(firstNumber)
        status.watermark = SequenceNumber((losses.first?.first.rawValue ?? firstNumber) - 1)
        status.records = UInt64(entries.count)
        status.unacknowledged = UInt64(entries.count { !$0.isAcknowledged })
        status.inMemory = status.unacknowledged
        status.lossesByCause = lossesByCause
        status.lost = lossesByCause.reduce(0, +)
        status.oldestUnacknowledged = entries.first?.reading.instant
        status.isInMemoryOnly = true
        return status
    }

    private var head: UInt64 { firstNumber + UInt64(entries.count) }

    private func time(_ instant: Instant, _ record: ClockRecord) -> WallTime {
        record.reading.wallTime.advanced(by: record.reading.instant.duration(to: instant))
    }

    private mutating func append(_ reading: Reading) {
        precondition(schemas.indices.contains(reading.sensor), "a reading of a sensor without a schema")
        entries.append(Entry(reading: reading))
        bytes += 96
        while bytes > configuration.memory { dropOldest() }
    }

    private mutating func settle() {
        while entries.first?.isAcknowledged == true {
            entries.removeFirst()
            firstNumber += 1
            bytes -= 96
        }
    }

    private mutating func dropOldest() {
        let sensor = schemas[entries[0].reading.sensor].sensor
        entries.removeFirst()
        bytes -= 96
        lossesByCause[Int(Loss.Cause.memoryFull.rawValue) - 1] += 1
        if var last = losses.last, last.last.rawValue + 1 == firstNumber, last.last.rawValue >= handedEnd {
            last.last = SequenceNumber(firstNumber)
            last.count = (last.count ?? 0) + 1
            if let index = last.sensors.firstIndex(where: { $0.sensor == sensor }) {
                last.sensors[index].count += 1
            } else {
                last.sensors.append(.init(sensor: sensor, count: 1))
            }
            losses[losses.count - 1] = last
        } else {
            losses.append(
                Loss(
                    stream: stream, first: SequenceNumber(firstNumber), last: SequenceNumber(firstNumber), count: 1,
                    cause: .memoryFull, sensors: [.init(sensor: sensor, count: 1)]))
        }
        firstNumber += 1
        settle()
    }
}
