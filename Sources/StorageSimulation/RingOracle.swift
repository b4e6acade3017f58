package import RingStore
package import Telemetry

/// Sees all that goes into a ring and comes out of it, over any number of crashes, and checks the laws of
/// docs/ring-format.md. Every reading of a simulation carries its own id as its first value, or at the head of its detail.
package struct RingOracle: Sendable {
    package struct Name: Hashable, Sendable {
        package var stream: UInt32
        package var sequence: UInt64

        package init(stream: UInt32, sequence: UInt64) {
            self.stream = stream
            self.sequence = sequence
        }
    }

    private struct Handed {
        var id: Int
        var content: StampedReading
    }

    package private(set) var violations: [String] = []
    private var appended: [Reading] = []
    private var handed: [Name: Handed] = [:]
    private var nameOfID: [Int: Name] = [:]
    /// In which run of the process a reading was acknowledged last.
    private var acknowledgedRun: [Name: Int] = [:]
    private var acknowledgedLosses: [UInt32: [ClosedRange<UInt64>]] = [:]
    /// Up to which number of a stream law 2 was checked.
    private var settledThrough: [UInt32: UInt64] = [:]
    /// Acknowledged readings that came again since the process began, each counted once: a connection that breaks sends what is in flight
    /// a second time, which is no work of the crash.
    package private(set) var repeats = 0
    /// In which run of the process a reading was counted as repeated last.
    private var repeatedRun: [Name: Int] = [:]
    package private(set) var maximumRepeats = 0
    private var lastFirstHanded: [UInt32: UInt64] = [:]
    package private(set) var losses: [UInt32: [Loss]] = [:]
    /// Ids that were appended in this life and may be in memory only.
    private var undecided: [Int] = []
    /// Ids of readings that were in the file, synced, or acknowledged.
    private var durableIDs: Set<Int> = []
    private var heads: [UInt32: UInt64] = [:]
    private var restarts = 0
    /// In which run of the process a loss was told last.
    private var lossRun: [Name: Int] = [:]
    private var endOfForgotten: [UInt32: UInt64] = [:]
    package private(set) var forgottenStreams = 0
    private let sensors: [SensorSchema]
    /// The disk damages what was synced. Then what was durable may be lost, as a loss `damaged`, whose range takes in numbers that were
    /// never used where the page that told of them is gone.
    package var forgivesDamage = false
    /// A sensor's quantities may change between runs of the process.
    package var checksRestartLosses = true

    package init(sensors: [SensorSchema]) { self.sensors = sensors }

    package var count: Int { appended.count }
    package var receivedCount: Int { handed.count }

    private mutating func fail(_ text: String) {
        if violations.count < 5 { violations.append(text) }
    }

    package mutating func noteViolation(_ text: String) { fail(text) }

    package mutating func append(_ reading: Reading) {
        undecided.append(appended.count)
        appended.append(reading)
    }

    /// All that was appended so far is in the file or acknowledged.
    package mutating func allDurable() {
        durableIDs.formUnion(undecided)
        undecided = []
    }

    /// `drop-newest`: so many of the newest have found no room, which a crash may make a loss of another name.
    package mutating func refused(_ count: Int) { undecided.removeLast(min(count, undecided.count)) }

    package mutating func restart() {
        restarts += 1
        repeats = 0
    }

    /// What is not durable by now may be gone.
    package mutating func crash() {
        undecided = []
    }

    package mutating func saw(_ status: RingStatus) {
        let head = status.head.rawValue
        if head < heads[status.stream.rawValue] ?? 0 {
            fail("the head of a stream went back from \(heads[status.stream.rawValue]!) to \(head)")
        }
        heads[status.stream.rawValue] = head
        if status.watermark >= status.head { fail("watermark \(status.watermark.rawValue) is not below head \(head)") }
        if status.tail > status.head { fail("tail \(status.tail.rawValue) is above head \(head)") }
    }

    package static func id(of outcome: Outcome) -> Int? {
        switch outcome {
        case .measurements(let values): return values.first.map { Int($0) }
        case .noReading(let reason): return Int(reason.detail.prefix { $0.isNumber })
        case .event(let bytes): return Int(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber })
        }
    }

    package mutating func handOver(_ handover: Handover) {
        switch handover {
        case .reading(let reading): take(reading)
        case .loss(let loss): take(loss)
        }
    }

    private mutating func take(_ reading: StampedReading) {
        let name = Name(stream: reading.stream.rawValue, sequence: reading.sequence.rawValue)
        let text = "\(reading.stream.text)/\(name.sequence)"
        guard let id = checkContent(reading, text) else { return }
        if let before = handed[name] {
            noteRepeat(name, text)
            if before.id != id { fail("law 3: \(text) names readings \(before.id) and \(id)") }
            if before.content.boot != reading.boot { fail("law 3: \(text) has two boots") }
            checkStamp(before.content.stamp, reading.stamp, text)
        } else {
            if let other = nameOfID[id] { fail("law 3: reading \(id) is \(text) and also number \(other.sequence)") }
            if name.sequence <= lastFirstHanded[name.stream] ?? 0 {
                fail("law 4: \(text) is first handed over after number \(lastFirstHanded[name.stream]!)")
            }
            lastFirstHanded[name.stream] = name.sequence
            for loss in losses[name.stream] ?? []
            where loss.first.rawValue <= name.sequence && loss.last.rawValue >= name.sequence {
                fail("law 1: \(text) comes after the loss \(loss.first.rawValue)...\(loss.last.rawValue) \(loss.cause.text)")
            }
        }
        handed[name] = Handed(id: id, content: reading)
        nameOfID[id] = name
    }

    /// Law 5. The id of the reading that it is.
    private mutating func checkContent(_ reading: StampedReading, _ text: String) -> Int? {
        guard let id = Self.id(of: reading.outcome), appended.indices.contains(id) else {
            fail("law 5: \(text) was never appended: \(reading.outcome)")
            return nil
        }
        let original = appended[id]
        if original.outcome != reading.outcome || original.instant != reading.instant
            || sensors[original.sensor] != reading.schema
        {
            fail("law 5: \(text) is not what was appended as \(id): \(reading.outcome) \(original.outcome)")
        }
        return id
    }

    /// Laws 3 and 5 of what a tool finds in the file.
    package mutating func checkImage(_ image: ImageReader) {
        if image.hangs { fail("a tool that reads the file does not come to an end") }
        for reading in image.readings {
            let name = Name(stream: reading.stream.rawValue, sequence: reading.sequence.rawValue)
            let text = "\(reading.stream.text)/\(name.sequence) in the file"
            guard let id = checkContent(reading, text) else { return }
            if let before = handed[name], before.id != id { fail("law 3: \(text) is reading \(id), it was \(before.id)") }
        }
    }

    private mutating func noteRepeat(_ name: Name, _ text: String) {
        guard let run = acknowledgedRun[name] else { return }
        if run == restarts { fail("law 6: \(text) was acknowledged, and comes again in the same run of the process") }
        guard repeatedRun.updateValue(restarts, forKey: name) != restarts else { return }
        repeats += 1
        maximumRepeats = max(maximumRepeats, repeats)
    }

    private mutating func checkStamp(_ before: Stamp, _ now: Stamp, _ text: String) {
        switch (before, now) {
        case (.synced(let a), .synced(let b)) where a == b: break
        case (.estimated(let a), .estimated(let b)) where a == b: break
        case (.unknown(let a), .unknown(let b)) where a == b: break
        case (.unknown, .estimated): break
        // The page that knew the time is damaged; another may have a later look at the clock.
        case (.estimated, .unknown) where forgivesDamage, (.unknown, .unknown) where forgivesDamage,
            (.estimated, .estimated) where forgivesDamage: break
        default: fail("law 3: the stamp of \(text) went from \(before) to \(now)")
        }
    }

    private mutating func take(_ loss: Loss) {
        let stream = loss.stream.rawValue
        let text = "\(loss.stream.text)/\(loss.first.rawValue)...\(loss.last.rawValue) \(loss.cause.text)"
        if loss.first > loss.last || loss.first.rawValue == 0 { fail("loss \(text) has no range") }
        if !loss.sensors.isEmpty, loss.sensors.reduce(0, { $0 + $1.count }) != loss.count {
            fail("the sensors of \(text) do not sum up to \(loss.count ?? 0)")
        }
        if let known = losses[stream]?.firstIndex(where: { $0.first == loss.first }) {
            let before = losses[stream]![known]
            if losses[stream]![known] != loss, lossRun[Name(stream: stream, sequence: loss.first.rawValue)] == restarts { fail("loss \(text) had another range or count before: \(losses[stream]![known]) \(loss)") }
            if loss.last < before.last, !forgivesDamage { fail("loss \(text) has become smaller") }
            // Where the page that knew how far the numbers go is damaged, what was published stays published.
            if loss.last >= before.last { losses[stream]![known] = loss }
            lossRun[Name(stream: stream, sequence: loss.first.rawValue)] = restarts
        } else {
            losses[stream, default: []].append(loss)
            lossRun[Name(stream: stream, sequence: loss.first.rawValue)] = restarts
        }
        if let count = loss.count, !forgivesDamage {
            var received: UInt64 = 0
            // What an other loss has told of is not counted again.
            let others = losses[stream]!.filter { $0.first != loss.first }
            for number in loss.first.rawValue...loss.last.rawValue
            where handed[Name(stream: stream, sequence: number)] != nil && loss.cause != .rejected
                || others.contains(where: { $0.first.rawValue <= number && $0.last.rawValue >= number })
            { received += 1 }
            let range = loss.last.rawValue - loss.first.rawValue + 1
            if count > range { fail("loss \(text) counts \(count)") }
            if count + received < range { fail("loss \(text) counts \(count), but \(range - received) are missing") }
            if restarts == 0, loss.cause != .damaged, count + received != range {
                fail("loss \(text) counts \(count), exactly \(range - received) are missing")
            }
        }
    }

    /// Law 1 cannot be kept where no whole page of the file tells of a stream any more, or of its last reservation: its numbers
    /// end there without a loss.
    /// - Parameter known: how far the numbers of each stream go, by the whole pages of the file.
    package mutating func forget(beyond known: [UInt32: UInt64]) {
        for (stream, head) in heads {
            guard let number = firstUnaccounted(stream, from: (known[stream] ?? 0) + 1, through: head - 1) else { continue }
            // A second page that is damaged may take more.
            if endOfForgotten[stream] == nil { forgottenStreams += 1 }
            endOfForgotten[stream] = min(endOfForgotten[stream] ?? .max, number - 1)
        }
    }

    private func firstUnaccounted(_ stream: UInt32, from first: UInt64, through last: UInt64) -> UInt64? {
        var number = first
        while number <= last {
            if handed[Name(stream: stream, sequence: number)] == nil {
                let loss = losses[stream]?.first { $0.first.rawValue <= number && $0.last.rawValue >= number }
                guard let loss else { return number }
                number = loss.last.rawValue
            }
            number += 1
        }
        return nil
    }

    /// The broker's, told here before the ring hears of it.
    package mutating func acknowledged(_ name: Handover.Name) {
        switch name {
        case .reading(let stream, let sequence):
            acknowledgedRun[Name(stream: stream.rawValue, sequence: sequence.rawValue)] = restarts
        case .loss(let stream, let first, let last):
            acknowledgedLosses[stream.rawValue, default: []].append(first.rawValue...last.rawValue)
        }
    }

    /// Law 2: the watermark has passed only what the broker has acknowledged, readings and losses.
    package mutating func checkSettled(_ status: RingStatus) {
        let stream = status.stream.rawValue
        var through = settledThrough[stream] ?? 0
        while through < status.watermark.rawValue {
            let number = through + 1
            if acknowledgedRun[Name(stream: stream, sequence: number)] != nil {
                through = number
            } else if let range = acknowledgedLosses[stream]?.last(where: { $0.contains(number) }) {
                through = range.upperBound
            } else {
                fail("law 2: watermark \(status.watermark.rawValue) of \(status.stream.text) has passed \(number), which nobody has acknowledged")
                return
            }
        }
        settledThrough[stream] = through
    }

    /// At the end of a run, when the ring has handed over all it has: every number below the head is delivered or lost.
    /// `volatile`: streams that never reached the file before a crash; only what came of them is looked at.
    package mutating func finish(volatile: Set<UInt32>) {
        for (stream, head) in heads {
            if volatile.contains(stream) { continue }
            let last = min(head - 1, endOfForgotten[stream] ?? .max)
            if let number = firstUnaccounted(stream, from: 1, through: last) {
                fail("law 1: \(StreamID(stream).text)/\(number) of \(head - 1) is neither delivered nor lost")
            }
        }
        guard !forgivesDamage else { return }
        // What was durable is delivered, or lost for a stated reason that is not the crash.
        let told = losses.values.joined().filter { $0.cause != .restart }.reduce(0) {
            $0 + ($1.count ?? $1.last.rawValue - $1.first.rawValue + 1)
        }
        let missing = durableIDs.filter { nameOfID[$0] == nil }
        if missing.count > Int(told) {
            fail("law 1: \(missing.count) synced readings never came (the first is \(missing.min()!)), \(told) were told as lost")
        }
    }
}
