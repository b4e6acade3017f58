import Telemetry
import Testing

@testable import Sensors

/// Through `AM2302`, whose driver it is.
struct SingleWireSamplerTests {
    static let bits = (0..<4).map { SingleWire.bits([0x02, UInt8($0), 0x01, 0x00]) }

    static func bench(every: Duration = .seconds(2), _ edges: [RecordedEdge]) -> Bench<AM2302> {
        var bench = Bench(AM2302(settings: settings("am2302", every: every), origin: .zero), replay(edges))
        bench.handle(.start, at: .zero)
        return bench
    }

    @Test func `each slot gives one reading, and values are never given again`() {
        var bench = Self.bench(SingleWire().edges(Self.bits))
        bench.run(to: seconds(13))
        #expect(bench.given.map { $0.outcome.values?[1] } == [512, 513, 514, 515, nil, nil])
        #expect(bench.given.map { $0.outcome.code } == [nil, nil, nil, nil, .noAnswer, .noAnswer])
        #expect(bench.given.map { $0.at } == (1...6).map { seconds(Double($0) * 2) })
    }

    @Test func `turns that are a little late do not move the grid`() {
        var bench = Self.bench(SingleWire().edges(Self.bits))
        bench.lateness = .milliseconds(3)
        bench.run(to: seconds(9))
        #expect(bench.given.map { $0.at } == (1...4).map { seconds(Double($0) * 2 + 0.003) })
        #expect(bench.given.allSatisfy { $0.outcome.values != nil })
    }

    @Test func `a slot that is very late is followed by none that is too soon, and the grid is found again`() {
        var bench = Self.bench(SingleWire().edges(Self.bits))
        bench.lateness = .milliseconds(1500)
        bench.run(to: seconds(2.1))
        bench.lateness = .zero
        bench.run(to: seconds(11))
        let starts = bench.configured.filter { $0.settings.direction != .input }.map { $0.at }
        #expect(starts.first == seconds(3.5))
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0.duration(to: $1) >= .milliseconds(1900) })
        #expect(starts.last == seconds(10))
    }

    @Test(arguments: [
        (80, .short), (60, .short), (3, .short), (0, .noAnswer),
    ] as [(Int, NoReading.Code)])
    func `an answer that breaks off is short, and none is no answer`(_ kept: Int, _ code: NoReading.Code) {
        // The idle level, the start pulse's two edges, and so many of the answer; then the line is high.
        var edges = Array(SingleWire().edges(Self.bits).prefix(3 + kept))
        if kept % 2 == 1 { edges.append(RecordedEdge(time: edges.last!.time + 50_000, isHigh: true)) }
        var bench = Self.bench(edges)
        bench.run(to: seconds(3))
        #expect(bench.given.map { $0.outcome.code } == [code])
    }

    @Test func `a line that stays low is stuck`() {
        var bench = Self.bench(Array(SingleWire().edges(Self.bits).prefix(4)))
        bench.run(to: seconds(3))
        #expect(bench.given.map { $0.outcome.code } == [.stuck])

        var driver = AM2302(settings: settings("am2302"), origin: .zero)
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        for _ in 0..<2 { _ = driver.handle(.timer, at: driver.deadline!) }
        _ = driver.handle(.lineReady(isActive: false), at: driver.deadline!)
        let actions = driver.handle(.timer, at: driver.deadline!)
        #expect(actions == [.reading(.noReading(NoReading(.stuck, detail: "the line stays low")), at: seconds(2))])
    }

    /// The events of an answer, as they come from a kernel after the release.
    static func events(_ widths: [Double], at release: Instant) -> [EdgeEvent] {
        var time = release.advanced(by: .microseconds(30))
        var events: [EdgeEvent] = []
        var isHigh = false
        for width in widths + [0] {
            events.append(EdgeEvent(instant: time, kind: isHigh ? .rising : .falling, lineSequence: UInt32(events.count + 1)))
            time = time.advanced(by: .nanoseconds(Int64(width * 1000)))
            isHigh.toggle()
        }
        return events
    }

    /// A driver that listens from the returned instant on.
    static func listening() -> (AM2302, Instant) {
        var driver = AM2302(settings: settings("am2302"), origin: .zero)
        _ = driver.handle(.lineReady(isActive: true), at: .zero)
        _ = driver.handle(.timer, at: driver.deadline!)
        let release = driver.deadline!
        _ = driver.handle(.timer, at: release)
        return (driver, release)
    }

    @Test(arguments: 0...3)
    func `edges that were missed ahead of the data do not matter, live as well`(_ missed: Int) {
        var (driver, release) = Self.listening()
        let events = Self.events(SingleWire(start: nil).widths(Self.bits[3]), at: release)
        var actions = driver.handle(.edges(Array(events.dropFirst(missed)), lostBefore: 0), at: release.advanced(by: .milliseconds(6)))
        // With the response there is nothing to wait for; with the data alone its end is waited for.
        #expect(actions.isEmpty == (missed > 1))
        if actions.isEmpty { actions = driver.handle(.timer, at: driver.deadline!) }
        #expect(actions == [.reading(.measurements([256, 515]), at: seconds(2))])
    }

    @Test func `an answer in pieces is put together`() {
        var (driver, release) = Self.listening()
        let events = Self.events(SingleWire(start: nil).widths(Self.bits[1]), at: release)
        var actions: [SensorAction] = []
        for start in stride(from: 0, to: events.count, by: 16) {
            actions += driver.handle(
                .edges(Array(events[start..<min(start + 16, events.count)]), lostBefore: 0), at: release.advanced(by: .milliseconds(2)))
        }
        #expect(actions == [.reading(.measurements([256, 513]), at: seconds(2))])
    }

    @Test func `edges that the kernel lost within an answer make it short`() {
        var (driver, release) = Self.listening()
        let events = Self.events(SingleWire(start: nil).widths(Self.bits[1]), at: release)
        _ = driver.handle(.edges(Array(events[..<20]), lostBefore: 0), at: release)
        let early = driver.handle(.edges(Array(events[22...]), lostBefore: 2), at: release)
        #expect(early.isEmpty)
        let actions = driver.handle(.timer, at: driver.deadline!)
        #expect(actions == [.reading(.noReading(NoReading(.short, detail: "the kernel lost 2 edges within the answer")), at: seconds(2))])
    }

    @Test func `noise without end is bounded and ambiguous`() {
        var (driver, release) = Self.listening()
        for _ in 0..<100 {
            _ = driver.handle(.edges(Self.events([Double](repeating: 20, count: 63), at: release), lostBefore: 0), at: release)
        }
        let actions = driver.handle(.timer, at: driver.deadline!)
        guard case .reading(.noReading(let why), _) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(why.code == .ambiguous)
    }

    @Test func `edges from before the release, and while nobody listens, are not of the answer`() {
        var (driver, release) = Self.listening()
        let old = Self.events([30, 30, 30], at: Instant(nanoseconds: release.nanoseconds - 5_000_000))
        let answer = Self.events(SingleWire(start: nil).widths(Self.bits[2]), at: release)
        let actions = driver.handle(.edges(old + answer, lostBefore: 0), at: release)
        #expect(actions == [.reading(.measurements([256, 514]), at: seconds(2))])
        let idle = driver.handle(.edges(answer, lostBefore: 0), at: release)
        #expect(idle.isEmpty)
    }

    @Test func `a line that cannot be had is told at each slot, and asked for by the agent alone`() {
        var bench = Bench(AM2302(settings: settings("am2302", every: .seconds(2)), origin: .zero), replay(SingleWire().edges(Self.bits)))
        let why = NoReading(.missing, detail: "no such line")
        bench.lineFails = why
        bench.handle(.start, at: .zero)
        bench.handle(.start, at: seconds(1))
        bench.run(to: seconds(5))
        #expect(bench.given == [2.0, 4].map { .init(outcome: .noReading(why), at: seconds($0)) })
        #expect(bench.configured.count == 2)
        bench.lineFails = nil
        bench.handle(.start, at: seconds(5))
        bench.run(to: seconds(7))
        #expect(bench.given.last?.outcome.values == [256, 512])
    }

    @Test func `a line that goes away during an exchange fails that exchange once`() {
        var (driver, release) = Self.listening()
        let why = NoReading(.missing, detail: "the chip is gone")
        let actions = driver.handle(.lineFailed(why), at: release)
        #expect(actions == [.reading(.noReading(why), at: seconds(2))])
        #expect(driver.deadline == seconds(32))
    }

    @Test func `a person's request is a sample of its own, but never sooner than the part allows`() {
        var bench = Self.bench(every: .seconds(30), SingleWire().edges(Self.bits))
        bench.run(to: seconds(2.5))
        bench.handle(.readNow, at: seconds(2.5))
        bench.run(to: seconds(6))
        bench.handle(.readNow, at: seconds(10))
        bench.run(to: seconds(12))
        #expect(bench.given.map { $0.at } == [seconds(2), seconds(3.9), seconds(10)])
        #expect(bench.given.map { $0.outcome.values?[1] } == [512, 513, 514])
        #expect(bench.driver.deadline == seconds(32))
    }

    @Test func `a request during an exchange is answered by it`() {
        var bench = Self.bench(every: .seconds(30), SingleWire().edges(Self.bits))
        bench.handle(.timer, at: seconds(2))
        bench.handle(.readNow, at: seconds(2))
        bench.run(to: seconds(20))
        #expect(bench.given.count == 1)
    }
}
