import Testing

@testable import Telemetry

@Suite struct AlertEventCodecTests {
    static let full = AlertEvent(
        alert: "frost", state: .raised, severity: .major, message: "Greenhouse 1: air temperature 1.4 °C, below 2 °C for 5 min",
        since: .instant(Instant(nanoseconds: 123_456_789_012)), value: Decimal(14, decimals: 1), unit: "Cel",
        limit: Decimal(2, decimals: 0), series: "air.temperature",
        reading: .init(stream: StreamID(0x7f3a_9c12), sequence: SequenceNumber(1234)), outputs: ["siren", "lamp"],
        acknowledged: .wall(WallTime(nanoseconds: 1_795_507_933_123_456_789)), mutedUntil: .unknown, isFlapping: true)
    static let bare = AlertEvent(
        alert: "s", state: .silent, severity: .warning, message: "", since: .unknown, series: "air")

    @Test func `an event comes back as it was`() {
        for event in [Self.full, Self.bare] { #expect(AlertEvent(decoding: event.encoded()) == event) }
    }

    @Test func `an event with any of its parts missing comes back as it was, with a printed seed`() {
        let seed: UInt64 = 20_261_124
        var random = RandomSource(seed: seed)
        for _ in 0..<2000 {
            var event = Self.full
            let bits = random.next()
            event.state = AlertEvent.State.allCases[Int(bits % 3)]
            event.severity = AlertRule.Severity.allCases[Int(bits >> 2 % 4)]
            if bits & 1 << 10 != 0 { event.value = nil }
            if bits & 1 << 11 != 0 { event.unit = nil }
            if bits & 1 << 12 != 0 { event.limit = nil }
            if bits & 1 << 13 != 0 { event.reading = nil }
            if bits & 1 << 14 != 0 { event.acknowledged = nil }
            if bits & 1 << 15 != 0 { event.mutedUntil = nil }
            if bits & 1 << 16 != 0 { event.outputs = [] }
            event.isFlapping = bits & 1 << 17 != 0
            event.since = .instant(Instant(nanoseconds: Int64(bitPattern: random.next())))
            event.value?.significand = Int64(bitPattern: random.next())
            #expect(AlertEvent(decoding: event.encoded()) == event, "seed \(seed)")
        }
    }

    @Test func `a long message is cut between two characters`() {
        var event = Self.full
        event.message = "x" + String(repeating: "°", count: 1000)
        let decoded = AlertEvent(decoding: event.encoded())
        #expect(decoded?.message == "x" + String(repeating: "°", count: 511))
    }

    @Test func `the longest event fits the ring`() {
        var event = Self.full
        let id = String(repeating: "a", count: 64)
        event.alert = id
        event.series = id + "." + id
        event.unit = id
        event.message = String(repeating: "😀", count: 1000)
        event.outputs = Array(repeating: id, count: AlertRule.maximumOutputs)
        event.value = Decimal(.min, decimals: 18)
        event.limit = Decimal(.min, decimals: 18)
        event.since = .instant(Instant(nanoseconds: .min))
        let bytes = event.encoded()
        #expect(bytes.count <= Outcome.maximumEventBytes)
        let decoded = AlertEvent(decoding: bytes)
        #expect(decoded?.message.utf8.count == AlertEvent.maximumMessageBytes)
        #expect(decoded?.outputs == event.outputs)
        // Names as long as the format takes: the message gives way.
        let name = String(repeating: "b", count: 140)
        event.outputs = Array(repeating: name, count: AlertRule.maximumOutputs)
        let squeezed = event.encoded()
        #expect(squeezed.count <= Outcome.maximumEventBytes)
        #expect(AlertEvent(decoding: squeezed)?.outputs == event.outputs)
    }

    @Test func `the first bytes are fixed, so that a later version can read this one`() {
        let bytes = Self.bare.encoded()
        #expect(bytes == [1, 3, 4, 0, 3, 1, 0x73, 3, 0x61, 0x69, 0x72, 0, 0])
    }

    @Test func `what was cut short, has bytes behind it or another version is no event`() {
        let bytes = Self.full.encoded()
        for count in 0..<bytes.count { #expect(AlertEvent(decoding: Array(bytes.prefix(count))) == nil) }
        #expect(AlertEvent(decoding: bytes + [0]) == nil)
        for version in UInt8(0)...255 where version != 1 {
            #expect(AlertEvent(decoding: [version] + bytes.dropFirst()) == nil)
        }
        #expect(AlertEvent(decoding: Array(repeating: 1, count: 100_000)) == nil)
    }

    @Test func `whatever the bytes are, they are an event that can be written again, or none`() {
        let seed: UInt64 = 4
        var random = RandomSource(seed: seed)
        let valid = Self.full.encoded()
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = valid
            for _ in 0...Int(random.next() % 3) { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
            if round % 2 == 0 { bytes = (0..<Int(random.next() % 60)).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            if let event = AlertEvent(decoding: bytes) {
                accepted += 1
                #expect(AlertEvent(decoding: event.encoded()) == event, "seed \(seed) round \(round)")
            }
        }
        #expect(accepted > 0)
    }
}
