internal import MQTTSession
internal import Payloads
internal import RingStore
internal import StorageSimulation
internal import Telemetry

/// What must be true of the alert events that the agent hands to the broker.
struct AlertLaws {
    struct Event {
        var alert: String
        var name: RingOracle.Name
        var state: String
        var isFlapping: Bool
        var isMarked: Bool
        var stamp: Stamp
        var uptime: Decimal?
        var since: WallTime?
        var reading: RingOracle.Name?
        var boot: BootID
        var run: Int
        var payload: [UInt8]
    }

    private(set) var problems: [String] = []
    /// In the order of their first hand-over.
    private(set) var events: [Event] = []
    private var indices: [RingOracle.Name: Int] = [:]
    private var highest: [UInt32: UInt64] = [:]
    private var heads: [UInt32: UInt64] = [:]
    private var volatile: Set<UInt32> = []

    private mutating func fail(_ text: String) { if problems.count < 5 { problems.append(text) } }

    mutating func turned(_ status: RingStatus?) {
        if let status { heads[status.stream.rawValue] = status.head.rawValue }
    }

    mutating func processEnds(_ status: RingStatus?, isOpen: Bool) {
        if let status, status.isInMemoryOnly || !isOpen { volatile.insert(status.stream.rawValue) }
    }

    mutating func handed(_ message: Message, alert: String, boot: BootID, run: Int) {
        guard let json = try? JSONValue(parsing: message.payload), let name = AgentLaws.name(json),
            let state = json["state"]?.text, let stamp = AgentLaws.stamp(json), json["alert"]?.text == alert
        else { return fail("\(message.topic): \(String(decoding: message.payload, as: UTF8.self))") }
        let event = Event(
            alert: alert, name: name, state: state, isFlapping: json["flapping"]?.logical ?? false,
            isMarked: json["acknowledged"]?.isNull != true || json["muted_until"]?.isNull != true, stamp: stamp,
            uptime: json["uptime"]?.decimal, since: json["since"]?.text.flatMap(AgentLaws.wallTime),
            reading: json["reading"].flatMap(AgentLaws.name), boot: boot, run: run, payload: message.payload)
        if !message.retain || message.qos != 1 { fail("\(message.topic) is not retained at QoS 1") }
        if let index = indices[name] {
            let before = events[index]
            if before.state != state || before.alert != alert || before.reading != event.reading {
                fail("law 3: alert event \(name.sequence) was \(before.state), is \(state)")
            }
            return
        }
        if name.sequence <= highest[name.stream] ?? 0 {
            fail("alert event \(name.sequence) is first handed over after \(highest[name.stream]!)")
        }
        highest[name.stream] = name.sequence
        indices[name] = events.count
        events.append(event)
    }

    /// An alert that is still raised is not raised again by a restart.
    mutating func checkRepeats() {
        for (index, event) in events.enumerated() where event.state == "raised" && !event.isFlapping && !event.isMarked {
            guard let before = events[..<index].last(where: { $0.alert == event.alert }), before.run != event.run else { continue }
            if before.state == "raised", !before.isFlapping, !before.isMarked, before.since == event.since || event.since == nil {
                fail("\(event.alert) \(event.name.sequence) is raised again by a restart: \(story)")
            }
        }
    }

    private var story: String {
        events.map { "\($0.run): \($0.name.sequence) \($0.alert) \($0.state) \($0.stamp) \($0.uptime?.text ?? "")" }.joined(separator: "\n")
    }

    /// - Parameter isDiskGood: else events that the broker has may have been put into the ring once more, under numbers that
    ///   are not told.
    mutating func finish(broker: SimulatedBroker, losses: [UInt32: [Loss]], isDiskGood: Bool) {
        var received: Set<RingOracle.Name> = []
        for message in broker.received where message.reason < 0x80 && message.message.topic.hasPrefix("godwit/sim/alerts/") {
            if let json = try? JSONValue(parsing: message.message.payload), let name = AgentLaws.name(json) { received.insert(name) }
        }
        var newest: [String: Event] = [:]
        func isRejected(_ name: RingOracle.Name) -> Bool {
            losses[name.stream]?.contains {
                $0.cause == .rejected && $0.first.rawValue <= name.sequence && $0.last.rawValue >= name.sequence
            } ?? false
        }
        for event in events { newest[event.alert] = event }
        // One that the broker will never take leaves an older one there, until the next.
        for (alert, event) in newest where !isRejected(event.name) {
            let retained = broker.retained["godwit/sim/alerts/\(alert)"] ?? []
            let name = (try? JSONValue(parsing: retained)).flatMap(AgentLaws.name)
            guard name == event.name else {
                fail("the newest event of \(alert) is \(event.name.sequence), retained is \(String(decoding: retained, as: UTF8.self))")
                continue
            }
        }
        for (stream, head) in heads where !volatile.contains(stream) && head > 1 {
            for number in 1..<head where !received.contains(RingOracle.Name(stream: stream, sequence: number)) {
                if !isDiskGood, indices[RingOracle.Name(stream: stream, sequence: number)] == nil { continue }
                let isTold = losses[stream]?.contains { $0.first.rawValue <= number && $0.last.rawValue >= number } ?? false
                if !isTold { return fail("the broker has not got alert event \(StreamID(stream).text)/\(number) of \(head - 1); handed \(events.filter { $0.name.stream == stream }.map { "\($0.name.sequence) \($0.alert) \($0.state)" })") }
            }
        }
    }

    /// In one life of the process the oracle says what was to be told.
    /// - Parameter isRefused: the broker refuses events. Where one comes late then, behind a newer one that the broker has, the newer one is
    ///   told once more, under a number of its own.
    mutating func compare(_ watch: AlertWatch, clock: SimulatedClock, isRefused: Bool, isTrue: (WallTime, Instant) -> Bool) {
        let told = watch.oracle?.told ?? []
        let mine = events.filter { $0.alert == watch.id }
        func matches(_ told: AlertOracle.Told, _ event: Event) -> Bool {
            guard "\(told.state)" == event.state, told.isFlapping == event.isFlapping else { return false }
            let at = Instant(nanoseconds: told.at)
            switch event.stamp {
            case .synced(let time), .estimated(let time):
                return isTrue(time, at) && event.since.map { isTrue($0, Instant(nanoseconds: told.since)) } ?? true
            case .unknown: return event.uptime?.scaled(to: 3) == told.at / 1_000_000
            }
        }
        var isSame = true
        var count = 0
        for (index, event) in mine.enumerated() {
            if count < told.count, matches(told[count], event) {
                count += 1
            } else if !isRefused || index == 0 || mine[index - 1].state != event.state {
                isSame = false
            }
        }
        if !isSame || count < told.count {
            fail(
                """
                \(watch.id): the oracle told \(told.map(\.text)), the agent \(mine.map { "\($0.state) \($0.stamp) \($0.uptime?.text ?? "")" })
                """)
        }
    }
}
