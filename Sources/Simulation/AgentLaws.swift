internal import MQTTSession
internal import Payloads
internal import RingStore
internal import StorageSimulation
internal import Telemetry

/// What must be true of all that the agent hands to the broker, over any number of runs of the process: the laws of
/// docs/ring-format.md, and that no time is told that was not true.
package struct AgentLaws {
    private var oracle: RingOracle
    private let schemas: [SensorSchema]
    private var volatile: Set<UInt32> = []
    private var heads: [UInt32: UInt64] = [:]
    /// How long each boot was up, in nanoseconds: by so much the oscillator may have drifted.
    private var uptimes: [UInt32: Int64] = [:]
    private var problems: [String] = []
    private(set) var alerts = AlertLaws()
    /// Which reading has which name.
    private var ids: [RingOracle.Name: Int] = [:]
    /// The disk may fail: then what was told before a crash need not be known after it.
    var isDiskGood = true
    /// How many stamped readings there were, by their `clock`, repeats too.
    package private(set) var stamps: [String: Int] = [:]

    init(schemas: [SensorSchema]) {
        self.schemas = schemas
        oracle = RingOracle(sensors: schemas)
    }

    package var violations: [String] { problems + oracle.violations + alerts.problems }
    mutating func fail(_ text: String) { if problems.count < 5 { problems.append(text) } }

    // MARK: what goes in

    mutating func taken(_ entry: SensorJournal.Entry) { oracle.append(entry.reading) }

    mutating func turned(_ status: RingStatus, alerts alertStatus: RingStatus?, isOpen: Bool, wrote: Bool) {
        alerts.turned(alertStatus)
        oracle.saw(status)
        heads[status.stream.rawValue] = status.head.rawValue
        if wrote, isOpen, !status.isInMemoryOnly, status.inMemory == 0 { oracle.allDurable() }
    }

    mutating func processEnds(
        _ status: RingStatus, isOpen: Bool, alerts alertStatus: RingStatus?, isAlertRingOpen: Bool, isClean: Bool
    ) {
        alerts.processEnds(alertStatus, isOpen: isAlertRingOpen)
        oracle.saw(status)
        // The stream of the moment may never have reached the disk.
        if status.isInMemoryOnly || !isOpen { volatile.insert(status.stream.rawValue) }
        if !isClean || status.inMemory > 0 { oracle.crash() }
    }

    mutating func processBegins(at now: Instant) { oracle.restart() }

    mutating func bootEnds(_ clock: SimulatedClock) { uptimes[clock.boot.rawValue] = clock.now.nanoseconds }

    // MARK: what comes out

    mutating func handed(_ message: Message, journal: SensorJournal, at now: Instant) {
        uptimes[journal.clock.boot.rawValue] = now.nanoseconds
        let levels = message.topic.split(separator: "/").map(String.init)
        guard levels.count >= 3 else { return }
        switch levels[2] {
        case "sensors", "unstamped": takeReading(message, sensor: levels[3], journal)
        case "alerts": alerts.handed(message, alert: levels[3], boot: journal.clock.boot, run: journal.run)
        case "losses": if let loss = Self.loss(message.payload) { oracle.handOver(.loss(loss)) } else { unread(message) }
        default: break
        }
    }

    private mutating func unread(_ message: Message) {
        fail("\(message.topic): \(String(decoding: message.payload, as: UTF8.self))")
    }

    private mutating func takeReading(_ message: Message, sensor: String, _ journal: SensorJournal) {
        guard let json = try? JSONValue(parsing: message.payload), let schema = schemas.first(where: { $0.sensor == sensor }),
            let name = Self.name(json), let outcome = Self.outcome(json, schema), let id = RingOracle.id(of: outcome),
            journal.entries.indices.contains(id), let stamp = Self.stamp(json)
        else { return unread(message) }
        let entry = journal.entries[id]
        if schemas[entry.reading.sensor] != schema { fail("reading \(id) came from \(sensor)") }
        check(stamp, json, message, entry, journal.clock)
        ids[name] = id
        oracle.handOver(
            .reading(
                StampedReading(
                    stream: StreamID(name.stream), sequence: SequenceNumber(name.sequence), schema: schema, boot: entry.boot,
                    instant: entry.reading.instant, stamp: stamp, outcome: outcome)))
    }

    /// A time that is told was true; one that is not told is bounded truly.
    private mutating func check(
        _ stamp: Stamp, _ json: JSONValue, _ message: Message, _ entry: SensorJournal.Entry, _ clock: SimulatedClock
    ) {
        let topic = message.topic.split(separator: "/")[2]
        let text = String(decoding: message.payload, as: UTF8.self)
        stamps[json["clock"]?.text ?? "", default: 0] += 1
        switch stamp {
        case .synced(let time), .estimated(let time):
            if topic != "sensors" { fail("a reading with a time on \(topic)") }
            if !isTrue(time, entry.trueTime, boot: entry.boot, clock) {
                fail("\(time.rfc3339) is told, true is \(entry.trueTime.rfc3339): \(text)")
            }
        case .unknown(let notBefore):
            if topic != "unstamped" { fail("a reading without a time on \(topic)") }
            if json["boot"]?.text != entry.boot.text { fail("the boot of an unstamped reading: \(text)") }
            let uptime = json["uptime"]?.decimal?.scaled(to: 3) ?? -1
            if uptime != entry.reading.instant.nanoseconds / 1_000_000 { fail("the uptime of an unstamped reading: \(text)") }
            if let notBefore, notBefore > entry.trueTime.advanced(by: .seconds(2)) {
                fail("not before \(notBefore.rfc3339), it was at \(entry.trueTime.rfc3339)")
            }
        }
    }

    func isTrue(_ time: WallTime, _ truth: WallTime, boot: BootID, _ clock: SimulatedClock) -> Bool {
        let drift = (uptimes[boot.rawValue] ?? 0) / 1_000_000 * clock.slowness
        return time.duration(to: truth).nanoseconds.magnitude <= 25_000_000 + drift.magnitude
    }

    // MARK: the end

    /// What was raised or cleared by a reading at once has the time of that reading, and of no other.
    private mutating func checkAlertTimes(_ watches: [AlertWatch], _ journal: SensorJournal) {
        let immediate = watches.filter { $0.rule.holdFor == 0 && $0.rule.keepFor == 0 }.map(\.id)
        var last: [String: String] = [:]
        for event in alerts.events where immediate.contains(event.alert) {
            defer { last[event.alert] = event.state }
            // The end of a mute tells the same once more.
            guard event.state != "silent", event.state != last[event.alert] else { continue }
            guard !event.isFlapping, !event.isMarked, let id = event.reading.flatMap({ ids[$0] }) else { continue }
            guard case .synced(let time) = event.stamp else { continue }
            // Readings of before the start of the rules count at the start, which waits for the disk; and an event that a power
            // cut kept from its ring is said by the next boot, at that instant (docs/alerts.md), with `since` as it was.
            let late = journal.entries[id].trueTime.duration(to: time)
            if late < .seconds(-2) || late > .seconds(3600) {
                fail("\(event.alert) has \(time.rfc3339), its reading \(journal.entries[id].trueTime.rfc3339)")
            }
        }
    }

    mutating func compare(_ watches: [AlertWatch], clock: SimulatedClock, isRefused: Bool) {
        var alerts = alerts
        for watch in watches {
            alerts.compare(watch, clock: clock, isRefused: isRefused) { isTrue($0, clock.trueTime(of: $1), boot: clock.boot, clock) }
        }
        self.alerts = alerts
    }

    /// The broker has each number below each head, or was told that it is lost.
    mutating func finish(
        _ status: RingStatus, broker: SimulatedBroker, watches: [AlertWatch], journal: SensorJournal, copies: [RejectedReading]
    ) {
        oracle.saw(status)
        if status.watermark.rawValue + 1 != status.head.rawValue {
            fail("law 2: watermark \(status.watermark.rawValue) stays below head \(status.head.rawValue)")
        }
        oracle.finish(volatile: volatile)
        var numbers: [UInt32: Set<UInt64>] = [:]
        var losses: [UInt32: [Loss]] = [:]
        for received in broker.received where received.reason < 0x80 {
            let levels = received.message.topic.split(separator: "/")
            guard levels.count >= 3 else { continue }
            if levels[2] == "losses" {
                if let loss = Self.loss(received.message.payload) { losses[loss.stream.rawValue, default: []].append(loss) }
            } else if levels[2] == "sensors" || levels[2] == "unstamped" {
                if let json = try? JSONValue(parsing: received.message.payload), let name = Self.name(json) {
                    numbers[name.stream, default: []].insert(name.sequence)
                }
            }
        }
        for (stream, head) in heads where !volatile.contains(stream) && head > 1 {
            for number in 1..<head where numbers[stream]?.contains(number) != true {
                let isTold = losses[stream]?.contains { $0.first.rawValue <= number && $0.last.rawValue >= number } ?? false
                let isRejected = losses[stream]?.contains { $0.first.rawValue == number && $0.cause == .rejected } ?? false
                if isRejected, isDiskGood, copies.count < 500,
                    !copies.contains(where: { $0.reading.stream.rawValue == stream && $0.reading.sequence.rawValue == number })
                {
                    return fail("law 2: \(StreamID(stream).text)/\(number) was rejected, and there is no copy")
                }
                if !isTold { return fail("law 1: the broker has not got \(StreamID(stream).text)/\(number) of \(head - 1)") }
            }
        }
        alerts.finish(broker: broker, losses: losses, isDiskGood: isDiskGood)
        checkAlertTimes(watches, journal)
        if isDiskGood { alerts.checkRepeats() }
        if broker.retained["godwit/sim/status"] != Array("offline".utf8) { fail("after a stop the status is not offline") }
    }
}

// MARK: payloads

extension AgentLaws {
    static func name(_ json: JSONValue) -> RingOracle.Name? {
        guard let stream = json["stream"]?.text.flatMap({ UInt32($0, radix: 16) }), let number = json["seq"]?.unsigned else {
            return nil
        }
        return RingOracle.Name(stream: stream, sequence: number)
    }

    private static func outcome(_ json: JSONValue, _ schema: SensorSchema) -> Outcome? {
        if let error = json["error"]?.text {
            guard let code = NoReading.Code.allCases.first(where: { $0.text == error }), let detail = json["detail"]?.text
            else { return nil }
            return .noReading(NoReading(code, detail: detail))
        }
        var values: [Int64] = []
        for quantity in schema.quantities {
            guard let decimal = json[quantity.name]?.decimal, decimal.decimals == quantity.decimals else { return nil }
            values.append(decimal.significand)
        }
        return .measurements(values)
    }

    static func stamp(_ json: JSONValue) -> Stamp? {
        let time = json["time"]?.text.flatMap(wallTime)
        switch (json["clock"]?.text, time) {
        case ("synced", let time?): return .synced(time)
        case ("estimated", let time?): return .estimated(time)
        case ("unknown", nil):
            guard let text = json["not_before"]?.text else { return .unknown(notBefore: nil) }
            return wallTime(text).map { .unknown(notBefore: $0) }
        default: return nil
        }
    }

    private static func loss(_ payload: [UInt8]) -> Loss? {
        guard let json = try? JSONValue(parsing: payload), let stream = json["stream"]?.text.flatMap({ UInt32($0, radix: 16) }),
            let first = json["first"]?.unsigned, let last = json["last"]?.unsigned,
            let cause = Loss.Cause.allCases.first(where: { $0.text == json["why"]?.text })
        else { return nil }
        return Loss(
            stream: StreamID(stream), first: SequenceNumber(first), last: SequenceNumber(last),
            count: json["count"]?.unsigned, atMost: json["at_most"]?.unsigned, cause: cause,
            sensors: (json["sensors"]?.members ?? []).compactMap { member in
                member.value.unsigned.map { Loss.SensorCount(sensor: member.name, count: $0) }
            })
    }

    /// `2026-11-24T08:12:13.123Z`.
    static func wallTime(_ text: String) -> WallTime? {
        let parts = text.utf8.split { !($0 >= 48 && $0 <= 57) }.compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 7, text.utf8.count == 24, text.utf8.last == 0x5A else { return nil }
        let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
        let era = year / 400
        let dayOfYear = (153 * (parts[1] + (parts[1] > 2 ? -3 : 9)) + 2) / 5 + parts[2] - 1
        let yearOfEra = year - era * 400
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let seconds = ((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]
        return WallTime(nanoseconds: (seconds * 1000 + parts[6]) * 1_000_000)
    }
}
