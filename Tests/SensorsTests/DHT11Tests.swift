import Telemetry
import Testing

@testable import Sensors

struct DHT11Tests {
    static func decode(_ edges: [RecordedEdge]) -> [DecodedReading] {
        DHT11.decode(recording: edges, settings: settings("dht11"))
    }

    static func outcome(_ bytes: [UInt8]) -> Outcome? {
        decode(SingleWire(start: 20_000).edges([SingleWire.bits(bytes)])).first?.outcome
    }

    @Test(arguments: [
        ([53, 0, 24, 4], [244, 530]),
        ([36, 0, 27, 0], [270, 360]),
        // The data sheet's -10.1 °C: a sign in the tenths, not two's complement.
        ([53, 0, 10, 0x81], [-101, 530]),
        ([5, 0, 20, 0x80], [-200, 50]),
        ([100, 0, 60, 0], [600, 1000]),
        ([20, 9, 0, 0x85], [-5, 209]),
        ([20, 9, 0, 0x80], [0, 209]),
    ] as [([UInt8], [Int64])])
    func `bytes are whole numbers and tenths, the sign is with the tenths`(_ bytes: [UInt8], _ values: [Int64]) {
        #expect(Self.outcome(bytes) == .measurements(values))
    }

    @Test(arguments: [
        [53, 10, 24, 4], [53, 0, 24, 10], [53, 0, 24, 0x8A], [101, 0, 24, 0], [53, 0, 61, 0], [53, 0, 20, 0x81],
        // Answers of an AM2302: 0.7 and 52.6 %RH.
        [0, 7, 1, 0], [2, 14, 1, 0], [2, 8, 1, 5], [255, 255, 255, 255],
    ] as [[UInt8]])
    func `what the part cannot measure, and what an AM2302 says, is out of range`(_ bytes: [UInt8]) {
        #expect(Self.outcome(bytes)?.code == .outOfRange)
    }

    @Test(.enabled(if: Captures.arePresent, "the captures are not beside the project"))
    func `the readings of a real part are those of an independent decoder`() throws {
        let edges = try Captures.edges("dht11_1mhz.csv")
        let readings = Self.decode(edges)
        #expect(readings.map { $0.outcome } == [.measurements([270, 360]), .measurements([270, 360])])
        #expect(readings.first?.time == edges[1].time)
    }

    @Test(.enabled(if: Captures.arePresent, "the captures are not beside the project"))
    func `a real recording cut anywhere never gives a reading that the whole does not give`() throws {
        let edges = try Captures.edges("dht11_1mhz.csv")
        for front in 0..<edges.count {
            for end in [0, 1, 2, 3, 4, 5, 6, 86, 87, 88] where front < edges.count - end {
                for reading in Self.decode(Array(edges[front..<(edges.count - end)])) {
                    if let values = reading.outcome.values, values != [270, 360] { Issue.record("rows \(front), \(end): \(values)") }
                }
            }
        }
    }

    @Test(.enabled(if: Captures.arePresent, "the captures are not beside the project"))
    func `the driver reads a replayed real part`() throws {
        var bench = Bench(
            DHT11(settings: settings("dht11", every: .seconds(1)), origin: .zero),
            replay(try Captures.edges("dht11_1mhz.csv"), loop: true))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(4.5))
        #expect(bench.given.map { $0.outcome } == [Outcome](repeating: .measurements([270, 360]), count: 4))
    }

    @Test func `the start pulse is low for 19 ms`() {
        var bench = Bench(DHT11(settings: settings("dht11"), origin: .zero), replay(SingleWire().edges([0])))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(1.5))
        #expect(bench.configured.map { $0.at.nanoseconds } == [0, 1_000_000_000, 1_019_000_000])
    }
}
