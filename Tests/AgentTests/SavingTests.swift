import RingStore
import Sensors
import Telemetry
import Testing

@testable import Agent

@Suite struct SavingTests {
    @Test func `the state is written once for an event, and not at all while nothing changes`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter()], alerts: [doorOpen()])
        bench.run(for: .seconds(10))
        #expect(bench.states(of: "door-open") == ["raised"])
        let writes = bench.writes[.state] ?? 0
        #expect((1...2).contains(writes))
        bench.run(for: .seconds(3600))
        #expect(bench.writes[.state] == writes)
        bench.door(isActive: true)
        #expect(bench.writes[.state] == writes + 1)
    }

    @Test func `a pending state is written within sync of its beginning and of its end`() {
        let rules = [doorOpen(hold: .seconds(600))]
        var bench = Bench(sensors: [Bench.contact()], alerts: rules)
        bench.run(for: .seconds(1))
        let before = bench.writes[.state] ?? 0
        bench.run(for: .seconds(5))
        let begun = bench.writes[.state] ?? 0
        #expect(begun <= before + 1 && begun > 0)
        bench.door(isActive: true)
        bench.run(for: .seconds(6))
        #expect(bench.writes[.state] == begun + 1)
        // Given up, and kept as given up: the next process begins anew.
        var next = bench.restarted(sensors: [Bench.contact()], alerts: rules)
        next.lineAnswer = .lineReady(isActive: true)
        next.run(for: .seconds(700))
        #expect(next.states(of: "door-open") == [])
    }

    @Test func `a flapping condition writes the state at most once in each sync`() {
        var bench = Bench(sensors: [Bench.contact()], alerts: [doorOpen(hold: .seconds(600))])
        bench.run(for: .seconds(1))
        let before = bench.writes[.state] ?? 0
        for index in 0..<1000 { bench.door(isActive: index % 2 == 0) }
        // 100 s of it.
        #expect((bench.writes[.state] ?? 0) - before <= 21)
    }

    @Test func `a state file that does not answer holds up neither readings nor the start`() {
        var bench = Bench(sensors: [Bench.contact(), Bench.counter()], alerts: [doorOpen()])
        bench.silentFiles = [.state]
        bench.run(for: .seconds(20))
        #expect(bench.isReady)
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count > 10)
    }

    @Test func `a clean stop keeps everything, and the stop waits for it`() {
        var bench = Bench(sensors: [Bench.contact()], alerts: [doorOpen(hold: .seconds(60))])
        bench.run(for: .seconds(1))
        bench.give(.stop)
        bench.run(for: .seconds(6))
        #expect(bench.isFinished)
        var next = bench.restarted(sensors: [Bench.contact()], alerts: [doorOpen(hold: .seconds(60))], away: .seconds(1))
        next.run(for: .seconds(53))
        #expect(next.states(of: "door-open") == ["raised"])
    }
}

@Suite struct TotalSavingTests {
    private static let rain: [SensorSettings] = {
        var values: SettingValues = [:]
        for key in catalogEntry(named: "pulse-counter")!.model.keys { if let standard = key.standard { values[key.name] = standard } }
        return [
            SensorSettings(
                id: "rain", name: "rain", model: "pulse-counter", line: .name("GPIO22"), every: .seconds(60), values: values)
        ]
    }()

    private func pulse(_ bench: inout Bench) {
        for kind in [EdgeEvent.Kind.falling, .rising] {
            bench.give(
                .sensor(0, .edges([EdgeEvent(instant: bench.clock.instant, kind: kind, lineSequence: 0)], lostBefore: 0), lostIsExact: true))
            bench.run(for: .milliseconds(500))
        }
    }

    private func total(_ bench: Bench) -> Int? { bench.payloads(on: "godwit/bench/sensors/rain").last.flatMap { Bench.integer("total", in: $0) } }

    @Test func `totals are written each ten minutes while they change, and not otherwise`() {
        var bench = Bench(sensors: Self.rain)
        bench.run(for: .seconds(3600))
        // Once in the life of the device: the topics on which it leaves something with the broker.
        #expect(bench.writes[.state] == 1)
        for _ in 0..<3600 { pulse(&bench) }
        #expect((6...8).contains(bench.writes[.state] ?? 0), "\(bench.writes)")
        let writes = bench.writes[.state]!
        bench.run(for: .seconds(3600))
        #expect(bench.writes[.state]! <= writes + 1)
    }

    @Test func `a clean stop keeps the total to the last pulse, a crash loses at most state_every`() {
        var bench = Bench(sensors: Self.rain)
        bench.run(for: .seconds(1))
        for _ in 0..<1000 { pulse(&bench) }
        var crashed = bench.restarted(sensors: Self.rain)
        crashed.run(for: .seconds(61))
        let kept = total(crashed) ?? 0
        #expect((400...1000).contains(kept), "\(kept)")
        bench.give(.stop)
        bench.run(for: .seconds(6))
        var next = bench.restarted(sensors: Self.rain)
        next.run(for: .seconds(61))
        #expect(total(next) == 1000)
    }
}
