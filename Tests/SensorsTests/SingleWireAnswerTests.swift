import Telemetry
import Testing

@testable import Sensors

struct SingleWireAnswerTests {
    /// 52.6 %RH, 25.6 °C as an AM2302 says it, and values that are hard on a shift: all bytes even, almost all 0.
    static let answers: [UInt64] = [
        SingleWire.bits([0x02, 0x0E, 0x01, 0x00]), SingleWire.bits([0x02, 0x08, 0x02, 0x00]), SingleWire.bits([0, 0, 0, 1]),
        SingleWire.bits([0x01, 0xFF, 0x80, 0x65]), SingleWire.bits([0x03, 0xE8, 0x03, 0x20]),
        SingleWire.bits([0x5E, 0x08, 0x04, 0x02]), SingleWire.bits([0x40, 0x00, 0x20, 0x00]),
    ]

    /// The bytes of the only exchange, or why there are none.
    static func decode(_ edges: [RecordedEdge]) throws(NoReading) -> [UInt8] {
        let exchanges = SingleWireExchange.cut(edges)
        guard exchanges.count == 1 else { throw NoReading(.noAnswer, detail: "\(exchanges.count) exchanges") }
        let answer = try SingleWireAnswer(exchanges[0])
        return [answer.humidity.high, answer.humidity.low, answer.temperature.high, answer.temperature.low]
    }

    static func bytes(_ bits: UInt64) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: bits >> (32 - 8 * $0)) } }

    static func code(_ edges: [RecordedEdge]) -> NoReading.Code? {
        do throws(NoReading) {
            _ = try decode(edges)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: answers, [1100.0, 20_000, nil])
    func `an answer is its four bytes, with and without the start pulse`(_ bits: UInt64, _ start: Double?) throws {
        #expect(try Self.decode(SingleWire(start: start).edges([bits])) == Self.bytes(bits))
    }

    @Test func `one flipped bit is an error, never a reading`() {
        for bits in Self.answers {
            for bit in 0..<40 {
                // The highest bit is never set, so that one is refused as a response where no start is recorded.
                #expect(Self.code(SingleWire().edges([bits ^ 1 << bit])) == .checksum, "bit \(bit) of \(bits)")
                let code = Self.code(SingleWire(start: nil).edges([bits ^ 1 << bit]))
                #expect(code == (bit == 39 ? .short : .checksum), "bit \(bit) of \(bits) without start pulse")
            }
        }
    }

    /// The recording with the high pulse that begins at this edge made as long as the other bit's, and all behind it moved.
    static func flipped(_ edges: [RecordedEdge], at index: Int) -> [RecordedEdge] {
        let width = edges[index + 1].time - edges[index].time
        let shift: Int64 = width < 50_000 ? 46_000 : -46_000
        return edges[...index] + edges[(index + 1)...].map { RecordedEdge(time: $0.time + shift, isHigh: $0.isHigh) }
    }

    @Test(
        .enabled(if: Captures.arePresent, "the captures are not beside the project"),
        arguments: [("am2301_1mhz.csv", 2), ("am2302_1mhz_3samples.csv", 3), ("dht11_1mhz.csv", 2)])
    func `one flipped bit of a real answer is a wrong sum`(_ name: String, _ count: Int) throws {
        let edges = try Captures.edges(name)
        var codes: [NoReading.Code?] = []
        // The starts of the exchanges: falls behind a second of idle time.
        for start in edges.indices.dropFirst() where !edges[start].isHigh && edges[start].time - edges[start - 1].time > 60_000_000 {
            // Behind the start pulse, the release, the response and the low of the first bit.
            for bit in 0..<40 {
                let readings = SingleWireExchange.cut(Self.flipped(edges, at: start + 5 + 2 * bit))
                #expect(readings.count == count)
                for exchange in readings where exchange.time == edges[start].time {
                    codes.append(exchange.outcome { _ throws(NoReading) in [] }.code)
                }
            }
        }
        #expect(codes == [NoReading.Code?](repeating: .checksum, count: 40 * count))
    }

    /// What a recorder sees that starts late: the level from its start on, then the changes.
    static func from(_ edges: [RecordedEdge], time: Int64) -> [RecordedEdge] {
        let level = edges.last { $0.time <= time }!.isHigh
        return [RecordedEdge(time: 0, isHigh: level)]
            + edges.filter { $0.time > time }.map { RecordedEdge(time: $0.time - time, isHigh: $0.isHigh) }
    }

    @Test(arguments: answers)
    func `a recording that begins anywhere gives the reading while all data pulses are whole, and never another`(_ bits: UInt64) {
        for wire in [SingleWire(), SingleWire(start: nil), SingleWire(wait: 60), SingleWire(wait: 150), SingleWire(slowness: 1.2)] {
            let edges = wire.edges([bits])
            // The rise of the first data pulse; behind it are 39 pulses of two edges, and the last low.
            let firstBit = edges[edges.count - 81].time
            for time in stride(from: Int64(0), to: edges.last!.time, by: 13_000) {
                // The line is seen to be idle behind it; where it is not, the reading may be refused, but is no other.
                let idle = RecordedEdge(time: edges.last!.time + 1_000_000, isHigh: true)
                let outcome = Result { () throws(NoReading) in try Self.decode(Self.from(edges + [idle], time: time)) }
                if let bytes = try? Self.decode(Self.from(edges, time: time)), bytes != Self.bytes(bits) || time >= firstBit {
                    Issue.record("from \(time) ns, no idle time behind it: \(bytes)")
                }
                switch outcome {
                case .success(let bytes):
                    if bytes != Self.bytes(bits) || time >= firstBit { Issue.record("from \(time) ns: \(bytes)") }
                case .failure(let why):
                    if time < firstBit || ![.short, .noAnswer, .stuck].contains(why.code) {
                        Issue.record("from \(time) ns of \(firstBit): \(why.code.text) \(why.detail) \(wire)")
                    }
                }
            }
        }
    }

    @Test(arguments: answers)
    func `cut at both ends there is no reading, whatever the shift looks like`(_ bits: UInt64) {
        for start in [1100.0, nil] {
            for wait in [26.0, 44, 70, 150] {
                let edges = SingleWire(start: start, wait: wait).edges([bits])
                for front in 0..<12 {
                    for end in 0..<12 {
                        let cut = Array(edges[front..<(edges.count - end)])
                        // The last two changes are the fall that ends bit 40 and the end of the answer.
                        let isWhole = edges.count - front > 81 && end <= 1
                        let code = Self.code(cut)
                        // With nothing at all ahead of the data, a last bit of 0 leaves open that it is the middle of 64.
                        if code == .short, bits & 1 == 0, edges.count - front == 82 { continue }
                        if (code == nil) != isWhole {
                            Issue.record("\(front) rows off the front, \(end) off the end, wait \(wait): \(code?.text ?? "read")")
                        }
                    }
                }
            }
        }
    }

    /// An AM2301 that goes on behind the sum with 24 bits of 0.
    static func long(_ wire: SingleWire, _ bits: UInt64) -> [RecordedEdge] {
        var widths = wire.widths(bits)
        for _ in 0..<24 { widths += [wire.zero, wire.low] }
        return SingleWire.edges([(1000, widths)])
    }

    @Test(arguments: answers + [SingleWire.bits([0x01, 0xFD, 0x00, 0x01]), SingleWire.bits([0x02, 0x90, 0x01, 0x6D]), 0])
    func `an answer of 64 bits is its first 40, and cut at the front it is refused`(_ bits: UInt64) {
        for wire in [SingleWire(), SingleWire(start: nil), SingleWire(wait: 70)] {
            let edges = Self.long(wire, bits)
            #expect((try? Self.decode(edges)) == Self.bytes(bits))
            // The rise of the first data pulse; behind it are 63 pulses of two edges, and the last low.
            let firstBit = edges.count - 129
            for front in 0..<(edges.count - 2) {
                // What has lost its front and 24 bits less of its end is 40 pulses of nothing else than an answer.
                let ends = front < firstBit ? [0, 1, 2, 3, 47, 48, 49, 50, 51, 52] : [0, 1, 2, 3]
                for end in ends where front < edges.count - end {
                    let cut = Array(edges[front..<(edges.count - end)])
                    guard let bytes = try? Self.decode(cut) else {
                        if front < firstBit, end == 0 { Issue.record("\(front) rows off the front") }
                        continue
                    }
                    if bytes != Self.bytes(bits) || front >= firstBit { Issue.record("\(front) rows off the front, \(end) off the end: \(bytes)") }
                }
            }
        }
    }

    /// The rows of a capture, and where its exchanges start: falls behind a second of idle time.
    static func starts(_ edges: [RecordedEdge]) -> [Int] {
        edges.indices.dropFirst().filter { !edges[$0].isHigh && edges[$0].time - edges[$0 - 1].time > 60_000_000 }
    }

    /// A row that repeats the level of the one before says nothing.
    static func without(_ dropped: Set<Int>, _ edges: [RecordedEdge]) -> [RecordedEdge] {
        var kept: [RecordedEdge] = []
        for (index, edge) in edges.enumerated() where !dropped.contains(index) && kept.last?.isHigh != edge.isHigh {
            kept.append(edge)
        }
        return kept
    }

    static func reading(_ exchange: SingleWireExchange) -> UInt64? {
        guard let answer = try? SingleWireAnswer(exchange) else { return nil }
        return [answer.humidity.high, answer.humidity.low, answer.temperature.high, answer.temperature.low]
            .reduce(0) { $0 << 8 | UInt64($1) }
    }

    @Test(
        .enabled(if: Captures.arePresent, "the captures are not beside the project"),
        arguments: ["am2301_1mhz.csv", "am2302_1mhz_3samples.csv", "dht11_1mhz.csv"], 0..<16)
    func `edges of start and response may be missing from a real answer, any of them`(_ name: String, _ mask: Int) throws {
        let edges = try Captures.edges(name)
        let whole = SingleWireExchange.cut(edges).map(Self.reading)
        #expect(!whole.contains(nil))
        let starts = Self.starts(edges)
        #expect(starts.count == whole.count)
        // Of one exchange, and of all.
        for frames in starts.map({ [$0] }) + [starts] {
            let dropped = frames.flatMap { start in (0..<4).filter { mask >> $0 & 1 == 1 }.map { start + $0 } }
            #expect(SingleWireExchange.cut(Self.without(Set(dropped), edges)).map(Self.reading) == whole, "\(frames)")
        }
    }

    @Test(arguments: answers, 0..<16)
    func `edges of start and response may be missing, any of them`(_ bits: UInt64, _ mask: Int) {
        // With the second bit a 1 as well, which a DHT11 has from 64 % on.
        for bits in [bits, SingleWire.bits([0x48, 0, 0x19, 0])] {
            for wire in [SingleWire(), SingleWire(wait: 44), SingleWire(slowness: 1.2)] {
                for edges in [wire.edges([bits]), Self.long(wire, bits)] {
                    let dropped = Set((0..<4).filter { mask >> $0 & 1 == 1 }.map { 1 + $0 })
                    let outcome = try? Self.decode(Self.without(dropped, edges))
                    // A second bit that is a 1 behind a start pulse that goes on is an answer of 64 of which nothing is known.
                    if outcome == nil, bits >> 38 & 1 == 1, edges.count > 100 { continue }
                    if outcome != Self.bytes(bits) { Issue.record("without \(dropped.sorted()), \(edges.count) rows, \(wire)") }
                }
            }
        }
    }

    @Test(arguments: [[1, 7, 1, 0], [1, 4, 1, 0], [0, 0, 0, 1], [2, 0x90, 1, 0x6D], [1, 0xFD, 0, 1], [1, 0x80, 0, 0x40]] as [[UInt8]])
    func `the middle of an answer of 64 bits is short, whatever its sum`(_ bytes: [UInt8]) {
        let bits = SingleWire.bits(bytes)
        let edges = Self.long(SingleWire(), bits)
        let first = edges.count - 129
        for front in 0..<4 {
            for missing in 1...24 {
                // Begins with the high, or with the low ahead of a data pulse; or with the start of what looks like idle.
                let cut = first + 2 * missing - front
                guard cut >= first else { continue }
                for end in [0, 1] {
                    for count in [80, 82, 84] where cut + front + count + end <= edges.count {
                        var rows = Array(edges[cut..<(cut + front + count + end)])
                        for width: Int64 in [0, 20_000, 100_000, 3_000_000] {
                            let isHigh = rows[0].isHigh
                            // A high that is longer than any of a sensor is the idle line.
                            if isHigh, width > 100_000 { continue }
                            rows[0] = RecordedEdge(time: rows[1].time - max(width, 10_000), isHigh: isHigh)
                            #expect((try? Self.decode(rows)) == nil, "\(missing) missing, \(front), \(count), \(end), \(width)")
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: answers + [SingleWire.bits([1, 7, 1, 0]), SingleWire.bits([0x0D, 0, 0x1A, 0])])
    func `a low at the start of a recording is no start pulse unless the response is behind it`(_ bits: UInt64) {
        for edges in [SingleWire().edges([bits]), Self.long(SingleWire(), bits)] {
            let first = edges.count - (edges.count > 100 ? 130 : 82)
            for row in stride(from: 1, to: edges.count - 2, by: 2) {
                var rows = Array(edges[row...])
                rows[0] = RecordedEdge(time: rows[1].time - 3_000_000, isHigh: false)
                let bytes = try? Self.decode(rows)
                if row > first ? bytes != nil : bytes != nil && bytes != Self.bytes(bits) {
                    Issue.record("from row \(row) of \(edges.count): \(bytes ?? [])")
                }
                if row == 1, bytes == nil { Issue.record("the start pulse itself") }
                if row > first, Self.code(rows).map({ ![.short, .stuck].contains($0) }) ?? true {
                    Issue.record("from row \(row) of \(edges.count): \(Self.code(rows)?.text ?? "read")")
                }
            }
        }
    }

    @Test func `a flipped bit and a cut end are refused together`() {
        for bits in Self.answers {
            for bit in 0..<40 {
                let edges = SingleWire(start: nil).edges([bits ^ 1 << bit])
                for front in 0..<4 {
                    for end in 2..<4 {
                        #expect(Self.code(Array(edges[front..<(edges.count - end)])) != nil)
                    }
                }
            }
        }
    }

    @Test(arguments: [
        (10.0, 55.0), (20, 65), (22, 68), (26, 70), (30, 75), (35, 80), (40, 85), (44.9, 87),
    ])
    func `a 0 is 10 to 45 µs and a 1 is 55 to 100 µs`(_ zero: Double, _ one: Double) throws {
        for bits in Self.answers {
            #expect(try Self.decode(SingleWire(zero: zero, one: one).edges([bits])) == Self.bytes(bits))
        }
    }

    @Test func `a 1 is measured against the lows of its part as well`() throws {
        // Slow: 99 µs is a 1. Fast: 90 µs are two pulses of 22 and a low of 44 between them.
        let bits = Self.answers[0]
        #expect(try Self.decode(SingleWire(low: 70, zero: 36, one: 99).edges([bits])) == Self.bytes(bits))
        var widths = SingleWire(low: 44, zero: 22, one: 62).widths(bits)
        widths[7] = 90
        #expect(Self.code(SingleWire.edges([(1000, widths)])) == .ambiguous)
        widths[7] = 22
        widths[8] = 100
        #expect(Self.code(SingleWire.edges([(1000, widths)])) == .ambiguous)
    }

    @Test(arguments: [0.8, 0.9, 1.1, 1.25, 1.4])
    func `a part whose clock is off is read`(_ slowness: Double) throws {
        for bits in Self.answers {
            for start in [1100.0, nil] {
                #expect(try Self.decode(SingleWire(start: start, slowness: slowness).edges([bits])) == Self.bytes(bits), "\(bits) \(start ?? 0)")
            }
        }
    }

    @Test(arguments: [45.0, 50, 54.9])
    func `a width between 0 and 1 is ambiguous and says which`(_ width: Double) {
        for bit in 0..<40 {
            var widths = SingleWire().widths(Self.answers[0])
            widths[5 + 2 * bit] = width
            let error = #expect(throws: NoReading.self) { try Self.decode(SingleWire.edges([(1000, widths)])) }
            #expect(error?.code == .ambiguous)
            #expect(error?.detail.hasPrefix("data pulse \(bit + 1) is ") == true)
        }
    }

    @Test func `an edge pair that is missing within the data is refused`() {
        for bits in Self.answers {
            let edges = SingleWire().edges([bits])
            for index in (edges.count - 82)..<(edges.count - 2) {
                var edges = edges
                edges.removeSubrange(index...(index + 1))
                #expect(Self.code(edges) != nil, "edges \(index) and \(index + 1)")
            }
        }
    }

    @Test func `a glitch within the data never gives another reading`() {
        for bits in Self.answers {
            let edges = SingleWire().edges([bits])
            for time in stride(from: edges[1].time + 1_100_000, to: edges.last!.time, by: 1_700) {
                for width: Int64 in [500, 2_000, 12_000, 20_000] {
                    var noisy = edges
                    guard let index = noisy.firstIndex(where: { $0.time > time }), noisy[index].time > time + width else { continue }
                    let level = noisy[index].isHigh
                    noisy.insert(
                        contentsOf: [RecordedEdge(time: time, isHigh: level), RecordedEdge(time: time + width, isHigh: !level)],
                        at: index)
                    if let bytes = try? Self.decode(noisy) { #expect(bytes == Self.bytes(bits), "at \(time) for \(width)") }
                }
            }
        }
    }

    @Test func `widths that jitter by 4 µs are read`() throws {
        var random = Seeded(seed: 7)
        for bits in Self.answers {
            for start in [1100.0, nil] {
                for _ in 0..<50 {
                    let widths = SingleWire(start: start).widths(bits).map { $0 > 500 ? $0 : $0 + random.between(-4, 4) }
                    #expect(try Self.decode(SingleWire.edges([(1000, widths)])) == Self.bytes(bits))
                }
            }
        }
    }
}

/// A small generator, so that a failure comes again.
struct Seeded {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 11
    }
    mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * Double(next()) / Double(1 << 53) }
}
