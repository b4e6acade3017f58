import Telemetry
import Testing

@testable import Sensors

struct PulseCounterTests {
    static func counter(_ values: SettingValues = [:], every: Duration = .seconds(60)) -> PulseCounter {
        PulseCounter(settings: settings("pulse-counter", every: every, values), origin: .zero)
    }

    static func falls(_ count: Int) -> [EdgeEvent] {
        (0..<count).map { EdgeEvent(instant: seconds(Double($0)), kind: .falling, lineSequence: UInt32($0 + 1)) }
    }

    static func given(_ values: [Int64], _ time: Double) -> [SensorAction] { [.reading(.measurements(values), at: seconds(time))] }

    @Test func `a reading holds the pulses since the last and their amount`() {
        var driver = Self.counter(["per_pulse": .decimal(Decimal(2794, decimals: 4))])
        _ = driver.handle(.start, at: .zero)
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        #expect(driver.deadline == seconds(60))
        _ = driver.handle(.edges(Self.falls(3), lostBefore: 0), at: seconds(5))
        _ = driver.handle(.edges(Self.falls(4), lostBefore: 0), at: seconds(6))
        let first = driver.handle(.timer, at: seconds(60))
        #expect(first == Self.given([7, 19558, 19558], 60))
        let second = driver.handle(.timer, at: seconds(120))
        #expect(second == Self.given([0, 0, 19558], 120))
    }

    @Test(arguments: [
        (Decimal.one, 0, "1"), (Decimal(2794, decimals: 4), 4, "0.2794"), (Decimal(50, decimals: 2), 2, "0.50"),
        (Decimal(10, decimals: 0), 0, "10"),
    ] as [(Decimal, UInt8, String)])
    func `the amount has the decimals of per_pulse`(_ perPulse: Decimal, _ decimals: UInt8, _ text: String) {
        let values = settings("pulse-counter", ["per_pulse": .decimal(perPulse), "unit": .text("mm"), "quantity": .text("rain")])
        let quantities = PulseCounter.model.quantities(values)
        #expect(quantities == [
            Quantity(name: "pulses", unit: "1", decimals: 0), Quantity(name: "rain", unit: "mm", decimals: decimals),
            Quantity(name: "total", unit: "mm", decimals: decimals),
        ])
        let outcome = PulseCounter.decode(
            recording: [RecordedEdge(time: 0, isHigh: true), RecordedEdge(time: 5, isHigh: false)], settings: values
        ).first?.outcome
        #expect(outcome?.values.map { Decimal($0[1], decimals: decimals).text } == text)
    }

    @Test(arguments: [("falling", 2, 3), ("rising", 3, 2), ("both", 5, 5)])
    func `the edge that counts is configured, falling by default`(_ edge: String, _ high: Int64, _ low: Int64) {
        let rises: [EdgeEvent.Kind] = [.rising, .falling, .rising, .falling, .rising]
        let events = rises.map { EdgeEvent(instant: .zero, kind: $0, lineSequence: 0) }
        var driver = Self.counter(["edge": .text(edge)])
        let asked = driver.handle(.start, at: .zero)
        #expect(
            asked == [
                .configureLine(
                    LineSettings(
                        edge: ["falling": .falling, "rising": .rising, "both": .both][edge]!, bias: .pullUp,
                        debouncePeriod: .milliseconds(2), eventBufferSize: 256))
            ])
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges(events, lostBefore: 0), at: .zero)
        let actions = driver.handle(.timer, at: seconds(60))
        #expect(actions == Self.given([high, high, high], 60))
        // A recording that begins low and has the same five edges; active low turns them over.
        var recording = [RecordedEdge(time: 0, isHigh: false)]
        for (index, kind) in rises.enumerated() { recording.append(RecordedEdge(time: Int64(index + 1), isHigh: kind == .rising)) }
        func decode(_ values: SettingValues) -> [DecodedReading] {
            PulseCounter.decode(recording: recording, settings: settings("pulse-counter", values))
        }
        #expect(decode(["edge": .text(edge)]) == [DecodedReading(time: 5, outcome: .measurements([high, high, high]))])
        #expect(
            decode(["edge": .text(edge), "active": .text("low")]) == [DecodedReading(time: 5, outcome: .measurements([low, low, low]))])
        #expect(Self.counter().handle(.start) == Self.counter(["edge": .text("falling")]).handle(.start))
    }

    @Test func `edges that the kernel lost are counted`() {
        var driver = Self.counter()
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges(Self.falls(2), lostBefore: 5), at: seconds(1))
        let actions = driver.handle(.timer, at: seconds(60))
        #expect(actions == Self.given([7, 7, 7], 60))
    }

    @Test func `a line that is gone is told at each slot, and the pulses from before are kept`() {
        var driver = Self.counter()
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges(Self.falls(2), lostBefore: 0), at: seconds(1))
        let gone = NoReading(.missing, detail: "the chip is gone")
        _ = driver.handle(.lineFailed(gone), at: seconds(2))
        let failed = driver.handle(.timer, at: seconds(60))
        #expect(failed == [.reading(.noReading(gone), at: seconds(60))])
        _ = driver.handle(.start, at: seconds(61))
        _ = driver.handle(.lineReady(isActive: true), at: seconds(61))
        _ = driver.handle(.edges(Self.falls(1), lostBefore: 0), at: seconds(70))
        let back = driver.handle(.timer, at: seconds(120))
        #expect(back == Self.given([3, 3, 3], 120))
    }

    @Test func `a person's request takes the pulses so far, so that the sum stays right`() {
        var driver = Self.counter()
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges(Self.falls(2), lostBefore: 0), at: seconds(1))
        let now = driver.handle(.readNow, at: seconds(30))
        #expect(now == Self.given([2, 2, 2], 30))
        let slot = driver.handle(.timer, at: seconds(60))
        #expect(slot == Self.given([0, 0, 2], 60))
    }

    @Test func `turns that are late do not move the grid`() {
        var driver = Self.counter(every: .seconds(1))
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.timer, at: seconds(1.4))
        #expect(driver.deadline == seconds(2))
        _ = driver.handle(.timer, at: seconds(7.2))
        #expect(driver.deadline == seconds(8))
    }

    @Test func `an amount that does not fit is out of range, never wrapped`() {
        var driver = Self.counter(["per_pulse": .decimal(Decimal(1_000_000_000_000_000, decimals: 9))])
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges([], lostBefore: 10_000), at: .zero)
        let actions = driver.handle(.timer, at: seconds(60))
        guard case .reading(let outcome, _) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(outcome.code == .outOfRange)
    }

    @Test func `the total is the sum of the amounts, and comes back from what was saved`() {
        let rain: SettingValues = ["per_pulse": .decimal(Decimal(25, decimals: 2)), "unit": .text("mm")]
        var driver = Self.counter(rain)
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        let before = driver.savedRevision
        for (minute, pulses, total) in [(1, 3, 75), (2, 0, 75), (3, 2, 125)] as [(Double, Int, Int64)] {
            _ = driver.handle(.edges(Self.falls(pulses), lostBefore: 0), at: seconds(minute * 60 - 1))
            let given = driver.handle(.timer, at: seconds(minute * 60))
            #expect(given == Self.given([Int64(pulses), Int64(pulses) * 25, total], minute * 60))
        }
        // A minute without a pulse is nothing to save.
        #expect(driver.savedRevision == before + 2)
        var next = Self.counter(rain)
        next.restore(driver.saved)
        #expect(next.saved == driver.saved)
        _ = next.handle(.lineReady(isActive: true), at: .zero)
        let given = next.handle(.readNow, at: seconds(1))
        #expect(given == Self.given([0, 0, 125], 1))
    }

    @Test func `what was counted is said at the end, and so are edges that come behind it`() {
        var driver = Self.counter()
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges(Self.falls(2), lostBefore: 0), at: seconds(1))
        var end = driver.handle(.finish, at: seconds(2))
        #expect(end == Self.given([2, 2, 2], 2))
        end = driver.handle(.edges(Self.falls(1), lostBefore: 0), at: seconds(2))
        #expect(end == Self.given([1, 1, 3], 2))
        var idle = Self.counter()
        _ = idle.handle(.lineReady(isActive: true), at: .zero)
        end = idle.handle(.finish, at: seconds(2))
        #expect(end.isEmpty)
        // They did happen, though the line is gone since.
        var gone = Self.counter()
        _ = gone.handle(.lineReady(isActive: true), at: .zero)
        _ = gone.handle(.edges(Self.falls(2), lostBefore: 0), at: seconds(1))
        _ = gone.handle(.lineFailed(NoReading(.missing, detail: "gone")), at: seconds(2))
        end = gone.handle(.finish, at: seconds(3))
        #expect(end == Self.given([2, 2, 2], 3))
    }

    @Test func `a total that does not fit is out of range, never wrapped, and stays as it is`() {
        var driver = Self.counter()
        var full = RunningTotal(unit: "1", decimals: 0)
        _ = full.add(.max - 1)
        driver.restore(full.saved)
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.edges(Self.falls(2), lostBefore: 0), at: .zero)
        let actions = driver.handle(.timer, at: seconds(60))
        guard case .reading(let outcome, _) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(outcome.code == .outOfRange)
        let next = driver.handle(.timer, at: seconds(120))
        #expect(next == Self.given([0, 0, .max - 1], 120))
    }

    @Test func `a recording without an edge has no reading`() {
        let edges = [RecordedEdge(time: 0, isHigh: true), RecordedEdge(time: 50, isHigh: true)]
        #expect(PulseCounter.decode(recording: edges, settings: settings("pulse-counter")).isEmpty)
    }

    @Test(.enabled(if: Captures.arePresent, "the captures are not beside the project"))
    func `the quarter steps of a rotary encoder are all counted`() throws {
        let counts = try ["a", "b"].map { line in
            PulseCounter.decode(
                recording: try Captures.edges("rotary-ramp.csv", line: line),
                settings: settings("pulse-counter", ["edge": .text("both")])
            ).first?.outcome.values?[0] ?? 0
        }
        #expect(counts[0] + counts[1] == 12_732)
    }

    @Test func `the tips of a replayed rain gauge are counted without their bounce`() throws {
        var bench = Bench(
            Self.counter(["per_pulse": .decimal(Decimal(2794, decimals: 4))], every: .seconds(5)), try Captures.own("rain.csv"))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(30.5))
        #expect(bench.given.compactMap { $0.outcome.values?[0] }.reduce(0, +) == 12)
        #expect(bench.given.map { $0.at } == (1...6).map { seconds(Double($0) * 5) })
    }

    @Test func `a quantity cannot be named like another of the model`() {
        for name in ["pulses", "total"] {
            #expect(PulseCounter.model.check(settings("pulse-counter", ["quantity": .text(name)])).map { $0.key } == ["quantity"])
        }
        let fine = settings("pulse-counter", ["per_pulse": .decimal(Decimal(1, decimals: 10))])
        #expect(PulseCounter.model.check(fine).map { $0.key } == ["per_pulse"])
    }
}

extension PulseCounter {
    fileprivate func handle(_ input: SensorInput) -> [SensorAction] {
        var copy = self
        return copy.handle(input, at: .zero)
    }
}
