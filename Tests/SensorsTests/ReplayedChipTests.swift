import Telemetry
import Testing

@testable import Sensors

struct ReplayedChipTests {
    static let answer = SingleWire.bits([0x02, 0x0E, 0x01, 0x00])
    static let second = SingleWire.bits([0x02, 0x10, 0x80, 0x65])
    static let output = LineSettings(direction: .output(active: false))
    static let listening = LineSettings(edge: .both, bias: .pullUp, eventBufferSize: 128)

    static func chip(
        _ csv: String, loop: Bool = false, speed: Decimal = .one, origin: Int64 = 0
    ) throws -> ReplayedChip {
        ReplayedChip(
            recording: try Recording(parsing: Array(("time_ns,line,level\n" + csv).utf8)), loop: loop, speed: speed,
            origin: Instant(nanoseconds: origin))
    }

    static func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

    /// All events up to `end`, each taken at the chip's own deadline.
    static func run(_ chip: inout ReplayedChip, to end: Int64) -> [(line: Int, event: EdgeEvent)] {
        var events: [(line: Int, event: EdgeEvent)] = []
        for _ in 0..<10_000 {
            guard let deadline = chip.deadline, deadline.nanoseconds <= end else { break }
            events += chip.advance(to: deadline)
        }
        return events
    }

    @Test func `edges come at their own pace from the origin, numbered on their line`() throws {
        var chip = try Self.chip("0,a,1\n0,b,0\n10,a,0\n15,b,1\n20,a,1\n", origin: 1000)
        #expect(chip.lines == ["a", "b"])
        let result1 = chip.configure(line: 0, settings: Self.listening, at: Self.at(1000))
        #expect(result1)
        let result2 = chip.configure(line: 1, settings: Self.listening, at: Self.at(1000))
        #expect(!result2)
        #expect(chip.deadline == Self.at(1010))
        let events = Self.run(&chip, to: 2000)
        #expect(events.map { $0.line } == [0, 1, 0])
        #expect(events.map { $0.event.instant.nanoseconds } == [1010, 1015, 1020])
        #expect(events.map { $0.event.kind } == [.falling, .rising, .rising])
        #expect(events.map { $0.event.lineSequence } == [1, 1, 2])
        #expect(chip.deadline == nil)
    }

    @Test func `a line plays whether it is requested or not, and gives no edge from before its request`() throws {
        var chip = try Self.chip("0,a,1\n10,a,0\n20,a,1\n30,a,0\n")
        #expect(chip.level(line: 0, at: Self.at(9)))
        #expect(!chip.level(line: 0, at: Self.at(10)))
        let result3 = chip.configure(line: 0, settings: Self.listening, at: Self.at(25))
        #expect(result3)
        let events = Self.run(&chip, to: 100)
        #expect(events.map { $0.event.instant.nanoseconds } == [30])
        #expect(!chip.level(line: 0, at: Self.at(50)))
    }

    @Test func `an active-low line has its edges and its level the other way round`() throws {
        var chip = try Self.chip("0,a,1\n10,a,0\n20,a,1\n")
        let settings = LineSettings(edge: .both, isActiveLow: true)
        let result4 = chip.configure(line: 0, settings: settings, at: .zero)
        #expect(!result4)
        #expect(Self.run(&chip, to: 100).map { $0.event.kind } == [.rising, .falling])
    }

    @Test(arguments: [(.rising, [20]), (.falling, [10, 30]), (.both, [10, 20, 30]), (.none, [])] as [(LineSettings.Edge, [Int64])])
    func `only the edges that were asked for come`(_ edge: LineSettings.Edge, _ expected: [Int64]) throws {
        var chip = try Self.chip("0,a,1\n10,a,0\n20,a,1\n30,a,0\n")
        _ = chip.configure(line: 0, settings: LineSettings(edge: edge), at: .zero)
        let events = Self.run(&chip, to: 100)
        #expect(events.map { $0.event.instant.nanoseconds } == expected)
        #expect(events.map { Int($0.event.lineSequence) } == Array(1...max(1, expected.count)).prefix(expected.count).map { $0 })
    }

    @Test func `speed divides the times`() throws {
        var chip = try Self.chip("0,a,1\n1000,a,0\n2000,a,1\n", speed: Decimal(25, decimals: 1))
        _ = chip.configure(line: 0, settings: Self.listening, at: .zero)
        #expect(Self.run(&chip, to: 10_000).map { $0.event.instant.nanoseconds } == [400, 800])
    }

    @Test func `a loop starts over at the last row`() throws {
        var chip = try Self.chip("0,a,1\n1000000,a,0\n2000000,a,1\n3000000,a,1\n", loop: true)
        _ = chip.configure(line: 0, settings: Self.listening, at: .zero)
        let events = Self.run(&chip, to: 8_500_000)
        #expect(events.map { $0.event.instant.nanoseconds / 1_000_000 } == [1, 2, 4, 5, 7, 8])
        #expect(events.map { $0.event.lineSequence } == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a last state that the loop would change is held as long as the first`() throws {
        var chip = try Self.chip("0,a,1\n1000000,a,0\n", loop: true)
        _ = chip.configure(line: 0, settings: Self.listening, at: .zero)
        #expect(Self.run(&chip, to: 6_500_000).map { $0.event.instant.nanoseconds / 1_000_000 } == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a reader that comes late has the newest events and a gap in their numbers`() throws {
        let rows = (1...100).map { "\($0 * 10),a,\($0 % 2 == 1 ? 0 : 1)\n" }.joined()
        var chip = try Self.chip("0,a,1\n" + rows)
        _ = chip.configure(line: 0, settings: LineSettings(edge: .both, eventBufferSize: 16), at: .zero)
        let events = chip.advance(to: Self.at(5000))
        #expect(events.map { $0.event.lineSequence } == Array(85...100))
        #expect(chip.deadline == nil)
    }

    @Test func `an hour of sleep does not walk an hour of laps`() throws {
        var chip = try Self.chip("0,a,1\n500000,a,0\n1000000,a,1\n", loop: true)
        _ = chip.configure(line: 0, settings: LineSettings(edge: .both, eventBufferSize: 16), at: .zero)
        let events = chip.advance(to: Self.at(3_600_000_000_000))
        #expect(events.count <= 16)
        #expect(events.last.map { $0.event.instant.nanoseconds > 3_599_998_000_000 } == true)
        #expect(events.first.map { $0.event.lineSequence > 7_000_000 } == true)
    }

    @Test func `the chip debounces like the kernel`() throws {
        var chip = try Self.chip("0,a,1\n1000000,a,0\n1500000,a,1\n2000000,a,0\n30000000,a,1\n")
        let settings = LineSettings(edge: .both, isActiveLow: true, debouncePeriod: .milliseconds(20))
        let result5 = chip.configure(line: 0, settings: settings, at: .zero)
        #expect(!result5)
        let events = Self.run(&chip, to: 100_000_000)
        #expect(events.map { $0.event.instant.nanoseconds } == [22_000_000, 50_000_000])
        #expect(events.map { $0.event.kind } == [.rising, .falling])
        #expect(events.map { $0.event.lineSequence } == [1, 2])
    }

    /// One start pulse of 1.1 ms at `time`, and the events of the answer.
    static func trigger(_ chip: inout ReplayedChip, at time: Int64, low: Int64 = 1_100_000) -> [EdgeEvent] {
        let result6 = chip.configure(line: 0, settings: output, at: at(time))
        #expect(!result6)
        #expect(chip.deadline == nil)
        _ = chip.configure(line: 0, settings: listening, at: at(time + low))
        return run(&chip, to: time + 30_000_000).map { $0.event }
    }

    static func recordedAnswers(loop: Bool, _ edges: [RecordedEdge]) throws -> ReplayedChip {
        ReplayedChip(
            recording: try Recording(parsing: Array(SingleWire.csv(edges).utf8)), loop: loop, speed: Decimal(10, decimals: 0),
            origin: .zero)
    }

    /// Widths of the pulses between events.
    static func widths(_ events: [EdgeEvent]) -> [Int64] {
        zip(events, events.dropFirst()).map { $0.instant.duration(to: $1.instant).nanoseconds }
    }

    @Test(arguments: [true, false])
    func `each start pulse plays the next answer at its true pace, and past the last one nothing`(_ isStartRecorded: Bool) throws {
        let wire = SingleWire(start: isStartRecorded ? 1100 : nil)
        var chip = try Self.recordedAnswers(loop: false, wire.edges([Self.answer, Self.second]))
        for bits in [Self.answer, Self.second] {
            let events = Self.trigger(&chip, at: 2_000_000_000)
            // Both edges of the response and of 40 pulses, and the end of the last low.
            #expect(events.count == 84)
            #expect(events.first?.kind == .falling)
            #expect(events.first?.instant == Self.at(2_001_130_000))
            #expect(Self.widths(events) == SingleWire(start: nil).widths(bits).map { Int64($0 * 1000) })
        }
        #expect(Self.trigger(&chip, at: 9_000_000_000).isEmpty)
        #expect(chip.level(line: 0, at: Self.at(9_100_000_000)))
    }

    @Test func `with loop the answers start over`() throws {
        var chip = try Self.recordedAnswers(loop: true, SingleWire().edges([Self.answer, Self.second]))
        let played = (1...4).map { Self.widths(Self.trigger(&chip, at: $0 * 2_000_000_000)) }
        #expect(played[0] == played[2])
        #expect(played[1] == played[3])
        #expect(played[0] != played[1])
    }

    @Test func `a start pulse without an answer is silent, and one below half a millisecond is none`() throws {
        let exchanges: [(idle: Double, widths: [Double])] = [(1000, [1100]), (90_000, SingleWire().widths(Self.answer))]
        var chip = try Self.recordedAnswers(loop: false, SingleWire.edges(exchanges))
        #expect(Self.trigger(&chip, at: 1_000_000_000, low: 400_000).isEmpty)
        #expect(Self.trigger(&chip, at: 2_000_000_000).isEmpty)
        #expect(Self.trigger(&chip, at: 4_000_000_000).count == 84)
    }

    @Test func `nobody is woken for what gives no event`() throws {
        // A bounce that settles, and a fall where rises were asked for.
        var bouncing = try Self.chip("0,a,1\n1000000,a,0\n1500000,a,1\n2000000,a,0\n")
        _ = bouncing.configure(line: 0, settings: LineSettings(edge: .both, debouncePeriod: .milliseconds(20)), at: .zero)
        #expect(bouncing.deadline == Self.at(22_000_000))
        var rising = try Self.chip("0,a,1\n10,a,0\n20,a,1\n")
        _ = rising.configure(line: 0, settings: LineSettings(edge: .rising), at: .zero)
        #expect(rising.deadline == Self.at(20))
        // A whole answer is one turn; with a small buffer it is as many as keep it from running over.
        for (size, turns) in [(192, 1), (16, 6)] {
            var chip = try Self.recordedAnswers(loop: false, SingleWire().edges([Self.answer]))
            _ = chip.configure(line: 0, settings: Self.output, at: .zero)
            _ = chip.configure(line: 0, settings: LineSettings(edge: .both, eventBufferSize: size), at: Self.at(1_100_000))
            var count = 0
            var events = 0
            while let deadline = chip.deadline {
                count += 1
                events += chip.advance(to: deadline).count
            }
            #expect(count == turns)
            #expect(events == 84)
        }
    }

    @Test func `outputs are accepted and remembered`() throws {
        var chip = try Self.chip("0,a,1\n10,a,0\n20,a,1\n")
        let result7 = chip.configure(line: 0, settings: LineSettings(direction: .output(active: true), isActiveLow: true), at: .zero)
        #expect(result7)
        #expect(chip.drivenLevel(line: 0) == true)
        #expect(chip.level(line: 0, at: Self.at(50)))
        #expect(chip.advance(to: Self.at(50)).isEmpty)
        chip.release(line: 0)
        #expect(chip.drivenLevel(line: 0) == nil)
    }
}
