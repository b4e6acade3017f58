import Telemetry
import Testing

@testable import Sensors

struct ContactTests {
    static func contact(_ values: SettingValues = [:]) -> Contact {
        Contact(settings: settings("contact", values), origin: .zero)
    }

    static func edge(_ time: Double, _ kind: EdgeEvent.Kind) -> EdgeEvent {
        EdgeEvent(instant: seconds(time), kind: kind, lineSequence: 0)
    }

    static func state(_ value: Int64, _ time: Double) -> SensorAction { .reading(.measurements([value]), at: seconds(time)) }

    /// Class, true_when, active, bias, the level on the wire, and the state.
    static let truth: [(String?, String?, String, String, Bool, Int64)] = [
        // Wired to ground with a pull-up, active low: a low line is a closed circuit.
        (nil, nil, "low", "pull-up", false, 1), (nil, nil, "low", "pull-up", true, 0),
        ("door", nil, "low", "pull-up", false, 0), ("door", nil, "low", "pull-up", true, 1),
        ("window", nil, "low", "pull-up", false, 0), ("window", nil, "low", "pull-up", true, 1),
        ("opening", nil, "low", "pull-up", false, 0), ("opening", nil, "low", "pull-up", true, 1),
        ("garage_door", nil, "low", "pull-up", false, 0), ("garage_door", nil, "low", "pull-up", true, 1),
        ("motion", nil, "low", "pull-up", false, 1), ("motion", nil, "low", "pull-up", true, 0),
        ("moisture", nil, "low", "pull-up", false, 1), ("moisture", nil, "low", "pull-up", true, 0),
        // Wired to 3.3 V with a pull-down, active high: a high line is a closed circuit.
        (nil, nil, "high", "pull-down", true, 1), (nil, nil, "high", "pull-down", false, 0),
        ("door", nil, "high", "pull-down", true, 0), ("door", nil, "high", "pull-down", false, 1),
        ("motion", nil, "high", "none", true, 1), ("motion", nil, "high", "none", false, 0),
        // true_when has the last word.
        ("door", "closed", "low", "pull-up", false, 1), ("door", "closed", "low", "pull-up", true, 0),
        ("motion", "open", "low", "pull-up", true, 1), ("motion", "open", "low", "pull-up", false, 0),
        (nil, "open", "high", "pull-down", false, 1), (nil, "open", "high", "pull-down", true, 0),
    ]

    @Test(arguments: truth)
    func `state follows class, wiring, active and true_when`(
        _ row: (name: String?, trueWhen: String?, active: String, bias: String, isHigh: Bool, state: Int64)
    ) throws {
        var values: SettingValues = ["active": .text(row.active), "bias": .text(row.bias), "heartbeat": .duration(.zero)]
        values["class"] = row.name.map { .text($0) }
        values["true_when"] = row.trueWhen.map { .text($0) }
        var bench = Bench(Self.contact(values), replay([RecordedEdge(time: 0, isHigh: row.isHigh)]))
        bench.handle(.start, at: .zero)
        #expect(bench.given == [.init(outcome: .measurements([row.state]), at: .zero)])
        let asked = try #require(bench.configured.first?.settings)
        #expect(asked.isActiveLow == (row.active == "low"))
        #expect(asked.bias == ["pull-up": .pullUp, "pull-down": .pullDown, "none": .disabled][row.bias])
        #expect(asked.edge == .both)
        #expect(asked.debouncePeriod == .milliseconds(20))
        // An edge tells the same as the level.
        let edges = [RecordedEdge(time: 0, isHigh: !row.isHigh), RecordedEdge(time: 5, isHigh: row.isHigh)]
        let decoded = Contact.decode(recording: edges, settings: settings("contact", values))
        #expect(decoded == [DecodedReading(time: 5, outcome: .measurements([row.state]))])
    }

    @Test func `without keys it is wired to ground and true when closed`() {
        var driver = Self.contact()
        let actions = driver.handle(.start, at: .zero)
        #expect(
            actions == [
                .configureLine(LineSettings(edge: .both, bias: .pullUp, isActiveLow: true, debouncePeriod: .milliseconds(20)))
            ])
        #expect(driver.deadline == seconds(600))
    }

    @Test func `edges are published at once, with their own instants`() {
        var driver = Self.contact()
        _ = driver.handle(.lineReady(isActive: false), at: .zero)
        let actions = driver.handle(.edges([Self.edge(1, .rising), Self.edge(1.5, .falling)], lostBefore: 0), at: seconds(2))
        #expect(actions == [Self.state(1, 1), Self.state(0, 1.5)])
    }

    @Test func `the heartbeat reads the level and publishes it on a fixed grid`() {
        var driver = Self.contact(["heartbeat": .duration(.seconds(10))])
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        #expect(driver.deadline == seconds(10))
        let early = driver.handle(.timer, at: seconds(9))
        #expect(early.isEmpty)
        let late = driver.handle(.timer, at: seconds(13))
        #expect(late == [.readLevel])
        #expect(driver.deadline == seconds(20))
        let same = driver.handle(.level(isActive: true), at: seconds(13))
        #expect(same == [Self.state(1, 13)])
        let unasked = driver.handle(.level(isActive: true), at: seconds(14))
        #expect(unasked.isEmpty)
    }

    @Test func `with a heartbeat of 0 s it waits for edges alone`() {
        #expect(Self.contact(["heartbeat": .duration(.zero)]).deadline == nil)
    }

    @Test func `after lost edges the level decides, and is published if it is another`() {
        var driver = Self.contact()
        _ = driver.handle(.lineReady(isActive: false), at: .zero)
        let edges = driver.handle(.edges([Self.edge(1, .rising)], lostBefore: 3), at: seconds(1))
        #expect(edges == [Self.state(1, 1)])
        let same = driver.handle(.level(isActive: true), at: seconds(1))
        #expect(same.isEmpty)
        let other = driver.handle(.level(isActive: false), at: seconds(1.1))
        #expect(other == [Self.state(0, 1.1)])
    }

    @Test func `a failure is told once, and again at the heartbeat, until the line is back`() {
        var driver = Self.contact(["heartbeat": .duration(.seconds(10))])
        let gone = NoReading(.missing, detail: "the chip is gone")
        let first = driver.handle(.lineFailed(gone), at: seconds(1))
        #expect(first == [.reading(.noReading(gone), at: seconds(1))])
        _ = driver.handle(.start, at: seconds(2))
        let again = driver.handle(.lineFailed(gone), at: seconds(2))
        #expect(again.isEmpty)
        let busy = NoReading(.busy, detail: "held by another")
        let other = driver.handle(.lineFailed(busy), at: seconds(3))
        #expect(other == [.reading(.noReading(busy), at: seconds(3))])
        let heartbeat = driver.handle(.timer, at: seconds(10))
        #expect(heartbeat == [.reading(.noReading(busy), at: seconds(10))])
        let back = driver.handle(.lineReady(isActive: true), at: seconds(11))
        #expect(back == [Self.state(1, 11)])
    }

    @Test func `a person's request reads the level; while there is no line it says so`() {
        var driver = Self.contact()
        let waiting = driver.handle(.readNow, at: .zero)
        #expect(waiting.count == 1)
        _ = driver.handle(.lineReady(isActive: false), at: seconds(1))
        let actions = driver.handle(.readNow, at: seconds(2))
        #expect(actions == [.readLevel])
        let level = driver.handle(.level(isActive: false), at: seconds(2))
        #expect(level == [Self.state(0, 2)])
    }

    @Test func `a bouncing door on a replayed chip is one opening and one closing`() {
        var edges = [RecordedEdge(time: 0, isHigh: false)]
        for burst: Int64 in [1_000_000_000, 3_000_000_000] {
            for bounce in Int64(0)..<7 {
                edges.append(RecordedEdge(time: burst + bounce * 700_000, isHigh: !edges.last!.isHigh))
            }
        }
        var bench = Bench(Self.contact(["class": .text("door")]), replay(edges))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(10))
        #expect(bench.given.map { $0.outcome.values?[0] } == [0, 1, 0])
        #expect(bench.given.map { $0.at.nanoseconds } == [0, 1_024_200_000, 3_024_200_000])
    }

    @Test func `the project's own door opens and closes three times`() throws {
        var bench = Bench(Self.contact(["class": .text("door"), "heartbeat": .duration(.zero)]), try Captures.own("door.csv"))
        bench.handle(.start, at: .zero)
        bench.run(to: seconds(60))
        #expect(bench.given.map { $0.outcome.values?[0] } == [0, 1, 0, 1, 0, 1, 0])
    }

    @Test func `a heartbeat below a millisecond is a problem`() {
        #expect(Contact.model.check(settings("contact", ["heartbeat": .duration(.microseconds(999))])).map { $0.key } == ["heartbeat"])
        #expect(Contact.model.check(settings("contact", ["heartbeat": .duration(.zero)])).isEmpty)
    }
}
