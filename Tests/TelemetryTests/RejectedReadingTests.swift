import Telemetry
import Testing

@Suite struct RejectedReadingTests {
    private static let time = WallTime(nanoseconds: 1_795_507_933_000_000_000)
    private static let air = SensorSchema(
        sensor: "air",
        quantities: [Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "humidity", unit: "%RH", decimals: 9)])
    private static let event = AlertEvent(
        alert: "frost", state: .raised, severity: .major, message: "It is cold", since: .unknown, series: "air.temperature",
        outputs: ["siren"])

    private static func copy(_ outcome: Outcome, _ stamp: Stamp = .synced(time), reason: UInt8 = 0x99) -> RejectedReading {
        RejectedReading(
            StampedReading(
                stream: StreamID(0x7f3a_9c12), sequence: SequenceNumber(1234), schema: air, boot: BootID(0xffff_ffff),
                instant: Instant(nanoseconds: 12_345), stamp: stamp, outcome: outcome), reason: reason)
    }

    private static let copies: [RejectedReading] = [
        copy(.measurements([-5, .max])), copy(.measurements([.min, 0]), .estimated(time), reason: 0x90),
        copy(.noReading(NoReading(.checksum, detail: "received 0x12, computed 0x34 °")), .unknown(notBefore: nil)),
        copy(.event(event.encoded()), .unknown(notBefore: time), reason: 0x95),
    ]

    @Test(arguments: copies) func `what is written is read again`(copy: RejectedReading) {
        let bytes = copy.encoded()
        #expect(bytes.count <= Outcome.maximumEventBytes)
        #expect(RejectedReading(decoding: bytes) == copy)
    }

    @Test(arguments: copies) func `no cut, no longer and no other form is taken`(copy: RejectedReading) {
        let bytes = copy.encoded()
        for count in 0..<bytes.count { #expect(RejectedReading(decoding: Array(bytes.prefix(count))) == nil) }
        #expect(RejectedReading(decoding: bytes + [0]) == nil)
        #expect(RejectedReading(decoding: [1] + bytes.dropFirst()) == nil)
        // An alert event is none, and the other way round.
        #expect(RejectedReading(decoding: Self.event.encoded()) == nil && AlertEvent(decoding: bytes) == nil)
    }

    @Test func `random bytes are refused or read, and never trap`() {
        var random = RandomSource(seed: 5)
        for _ in 0..<20_000 {
            var bytes = Self.copies.randomElement(using: &random)!.encoded()
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let copy = RejectedReading(decoding: bytes) { #expect(RejectedReading(decoding: copy.encoded()) == copy) }
        }
    }

    @Test func `an alert event that is too long with the rest goes without its outputs`() throws {
        var event = Self.event
        event.message = String(repeating: "m", count: AlertEvent.maximumMessageBytes)
        event.outputs = Array(repeating: String(repeating: "o", count: 118), count: AlertRule.maximumOutputs)
        #expect((Outcome.maximumEventBytes - 60...Outcome.maximumEventBytes).contains(event.encoded().count))
        let copy = Self.copy(.event(event.encoded()))
        let read = try #require(RejectedReading(decoding: copy.encoded()))
        guard case .event(let bytes) = read.reading.outcome else { return #expect(Bool(false)) }
        let back = try #require(AlertEvent(decoding: bytes))
        #expect(back.message == event.message && back.outputs == [])
    }

    @Test func `the reason has its name and its number`() {
        #expect(Self.copies.map(\.reasonText) == [
            "payload format invalid (0x99)", "topic name invalid (0x90)", "payload format invalid (0x99)", "packet too large (0x95)",
        ])
    }
}
