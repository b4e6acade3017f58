import Telemetry
import Testing

@testable import Sensors

struct AM2302Tests {
    static func decode(_ edges: [RecordedEdge]) -> [DecodedReading] {
        AM2302.decode(recording: edges, settings: settings("am2302"))
    }

    static func outcome(_ bytes: [UInt8]) -> Outcome? {
        decode(SingleWire().edges([SingleWire.bits(bytes)])).first?.outcome
    }

    @Test(arguments: [
        ([0x02, 0x92, 0x01, 0x0D], [269, 658]),
        ([0x02, 0x8C, 0x01, 0x5F], [351, 652]),
        // The sign is bit 15: the data sheet's -10.1 °C.
        ([0x02, 0x92, 0x80, 0x65], [-101, 658]),
        ([0x03, 0xE8, 0x81, 0x90], [-400, 1000]),
        ([0x00, 0x00, 0x03, 0x20], [800, 0]),
        ([0x00, 0x00, 0x80, 0x00], [0, 0]),
        ([0x01, 0xF4, 0x80, 0x01], [-1, 500]),
    ] as [([UInt8], [Int64])])
    func `bytes are tenths, with a sign of their own`(_ bytes: [UInt8], _ values: [Int64]) {
        #expect(Self.outcome(bytes) == .measurements(values))
    }

    @Test(arguments: [
        ([0x03, 0xE9, 0x00, 0x00], "humidity 100.1 %RH, the part gives 0.0 to 100.0"),
        ([0x24, 0x00, 0x1B, 0x00], "humidity 921.6 %RH, the part gives 0.0 to 100.0"),
        ([0x02, 0x00, 0x03, 0x21], "temperature 80.1 °C, the part gives -40.0 to 80.0"),
        ([0x02, 0x00, 0x81, 0x91], "temperature -40.1 °C, the part gives -40.0 to 80.0"),
        ([0xFF, 0xFF, 0xFF, 0xFF], "humidity 6553.5 %RH, the part gives 0.0 to 100.0"),
    ] as [([UInt8], String)])
    func `what the part cannot measure is out of range`(_ bytes: [UInt8], _ detail: String) {
        #expect(Self.outcome(bytes) == .noReading(NoReading(.outOfRange, detail: detail)))
    }

    /// How many edges of an exchange are there, start pulse first, and what that is.
    @Test(arguments: [
        (1, .stuck), (2, .noAnswer), (3, .stuck), (4, .short), (5, .stuck), (6, .short), (7, .short), (40, .short), (83, .short),
        (84, .short), (85, nil), (86, nil),
    ] as [(Int, NoReading.Code?)])
    func `an exchange that breaks off says how far it came`(_ count: Int, _ code: NoReading.Code?) {
        let edges = SingleWire().edges([SingleWire.bits([0x02, 0x92, 0x01, 0x0D])])
        #expect(Self.decode(Array(edges.prefix(1 + count))).map { $0.outcome.code } == [code])
    }

    @Test func `a wrong sum is told with both sums`() {
        let bits = SingleWire.bits([0x02, 0x92, 0x01, 0x0D]) ^ 0xB0
        #expect(
            Self.decode(SingleWire().edges([bits])).map { $0.outcome }
                == [.noReading(NoReading(.checksum, detail: "received 0x12, computed 0xA2"))])
    }

    @Test(
        .enabled(if: Captures.arePresent, "the captures are not beside the project"),
        arguments: [
            ("am2301_1mhz.csv", [[256, 526], [256, 526]], [673_573_000, 2_956_000_000]),
            ("am2302_1mhz_3samples.csv", [[248, 476], [248, 472], [248, 468]], [68_471_000, 2_352_000_000, 4_600_000_000]),
        ] as [(String, [[Int64]], [Int64])])
    func `the readings of a real part are those of an independent decoder`(
        _ name: String, _ values: [[Int64]], _ times: [Int64]
    ) throws {
        let edges = try Captures.edges(name)
        let readings = Self.decode(edges)
        #expect(readings.map { $0.outcome } == values.map { .measurements($0) })
        #expect(readings.first?.time == times[0])
        for reading in readings { #expect(edges.contains(RecordedEdge(time: reading.time, isHigh: false))) }
    }

    @Test(
        .enabled(if: Captures.arePresent, "the captures are not beside the project"),
        arguments: ["am2301_1mhz.csv", "am2302_1mhz_3samples.csv"])
    func `a real recording cut anywhere never gives a reading that the whole does not give`(_ name: String) throws {
        let edges = try Captures.edges(name)
        let whole = Self.decode(edges).compactMap { $0.outcome.values }
        for cut in 1..<edges.count {
            for part in [edges[cut...], edges[..<cut]] {
                for reading in Self.decode(Array(part)) {
                    if let values = reading.outcome.values, !whole.contains(values) { Issue.record("row \(cut): \(values)") }
                }
            }
        }
        // Both ends at once, around the first answer.
        for front in 0..<6 {
            for end in 80..<88 {
                for reading in Self.decode(Array(edges[front..<end])) {
                    if let values = reading.outcome.values, !whole.contains(values) { Issue.record("rows \(front)..<\(end): \(values)") }
                }
            }
        }
    }

    @Test(
        .enabled(if: Captures.arePresent, "the captures are not beside the project"),
        arguments: [
            ("am2301_1mhz.csv", [[256, 526], [256, 526]]), ("am2302_1mhz_3samples.csv", [[248, 476], [248, 472], [248, 468]]),
        ] as [(String, [[Int64]])])
    func `the driver reads a replayed real part, one answer a slot, then says that there is none`(
        _ name: String, _ values: [[Int64]]
    ) throws {
        var bench = Bench(
            AM2302(settings: settings("am2302", every: .seconds(2)), origin: .zero), replay(try Captures.edges(name)))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(Double(values.count) * 2 + 3))
        #expect(bench.given.map { $0.outcome.values } == values + [nil])
        #expect(bench.given.last?.outcome.code == .noAnswer)
        #expect(bench.given.map { $0.at } == (1...(values.count + 1)).map { seconds(Double($0) * 2) })
    }

    @Test func `the start pulse is low for 1.1 ms, and then both edges are asked for with room for a whole answer`() {
        var bench = Bench(AM2302(settings: settings("am2302"), origin: .zero), replay(SingleWire().edges([0])))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(2.5))
        #expect(bench.configured.map { $0.at.nanoseconds } == [0, 2_000_000_000, 2_001_100_000])
        #expect(bench.configured[1].settings.direction == .output(active: false))
        #expect(bench.configured[2].settings.direction == .input)
        #expect(bench.configured[2].settings.edge == .both)
        #expect(bench.configured[2].settings.bias == .pullUp)
        #expect(bench.configured[2].settings.eventBufferSize >= 128)
    }
}
