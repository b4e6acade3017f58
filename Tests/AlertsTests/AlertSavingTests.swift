import Telemetry
import Testing

@testable import Alerts

@Suite struct AlertSavingTests {
    static let below = AlertRule.Condition.below(number("2"), clearAbove: number("4"))

    static func busy() -> Bench {
        var bench = Bench([
            setup(below, id: "a", holdFor: 5, silence: 300, outputs: ["siren"]),
            setup(below, id: "b", keepFor: 50, silence: 300, sensor: 1), setup(.silentFor(.seconds(20)), id: "c", sensor: 2, quantity: nil),
            setup(below, id: "d", silence: 300, sensor: 3), setup(.changesBy(number("-5"), within: .seconds(600)), id: "e", sensor: 1),
        ])
        bench.value("1.0", 1)
        bench.value("9.0", 2, sensor: 1)
        bench.value("1.0", 3, sensor: 1)
        bench.value("5.0", 4, sensor: 1)
        bench.pass(to: 30)
        bench.acknowledge("a")
        bench.mute("a", for: 100)
        bench.mute("d", for: 50)
        return bench
    }

    @Test func `in the same boot the newest event of each alert is there after a restart, as it was`() {
        let bench = Self.busy()
        let next = bench.restarted(at: 31)
        for alert in ["a", "b", "c", "d", "e"] {
            #expect(next.engine.event(alert) == bench.engine.event(alert), "\(alert)")
            #expect(next.engine.newest(alert)?.at == bench.engine.newest(alert)?.at, "\(alert)")
        }
        #expect(bench.engine.event("a")?.acknowledged == .instant(at(30)))
        #expect(next.engine.event("e")?.message == bench.engine.event("e")?.message)
        #expect(bench.events[1].message == "Greenhouse 1: air temperature fell by 8.0 °C within 10 min to 1.0 °C")
        #expect(next.engine.states.map { $0.state } == bench.engine.states.map { $0.state })
        #expect(next.engine.states.map { $0.state } == [.raised, .raised, .raised, .cleared, .cleared])
    }

    @Test func `after another boot its times are wall times, or not known`() {
        let known = Self.busy().restarted(at: 5, sameBoot: false, wallBefore: 1_000_030).engine.event("a")
        #expect(known?.since == .wall(WallTime(nanoseconds: 1_000_006_000_000_000)))
        #expect(known?.acknowledged == .wall(WallTime(nanoseconds: 1_000_030_000_000_000)))
        let unknown = Self.busy().restarted(at: 5, sameBoot: false).engine.event("a")
        #expect(unknown?.since == .unknown)
        #expect(unknown?.acknowledged == .unknown)
    }

    @Test func `saved, restored and saved again gives the same bytes`() {
        let bench = Self.busy()
        let clock = Bench.clock(bench.now, 1_000_030)
        let bytes = bench.engine.saved(at: clock)
        let next = bench.restarted(at: 30, wallBefore: 1_000_030, wall: 1_000_030, starts: false)
        #expect(next.engine.saved(at: clock) == bytes)
    }

    @Test func `nothing has happened, nothing is kept`() {
        let bench = Bench((0..<500).map { setup(Self.below, id: "rule\($0)", silence: 300) })
        #expect(bench.engine.saved(at: Bench.clock(bench.now, 1)).count < 20)
    }

    // MARK: mutes

    @Test func `a mute goes on in the same boot, and one that ended while the daemon was away is told at the start`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"]))
        bench.value("1.0", 0)
        bench.mute(for: 100)
        var going = bench.restarted(at: 50)
        going.pass(to: 200)
        #expect(going.take() == ["frost -> siren on, muted", "frost raised@100 since 0", "frost -> siren unmuted"])
        #expect(bench.restarted(at: 150).take() == ["frost -> siren on, muted", "frost raised@100 since 0", "frost -> siren unmuted"])
    }

    @Test func `in another boot a mute goes on by the wall time, or lasts for what was left from the start`() {
        var bench = Bench(setup(Self.below, outputs: ["siren"]))
        bench.value("1.0", 0)
        bench.mute(for: 100)
        bench.pass(to: 40)
        var known = bench.restarted(at: 5, sameBoot: false, wallBefore: 1_000_040, wall: 1_000_070)
        known.pass(to: 34)
        #expect(known.take() == ["frost -> siren on, muted"])
        known.pass(to: 35)
        #expect(known.take() == ["frost raised@35 since wall 1000000", "frost -> siren unmuted"])
        var unknown = bench.restarted(at: 5, sameBoot: false)
        unknown.pass(to: 64)
        #expect(unknown.take() == ["frost -> siren on, muted"])
        unknown.pass(to: 65)
        #expect(unknown.take() == ["frost raised@65 since unknown", "frost -> siren unmuted"])
        // A clock of before the mute does not make it longer.
        var early = bench.restarted(at: 5, sameBoot: false, wallBefore: 1_000_040, wall: 500)
        early.pass(to: 65)
        #expect(early.take() == ["frost -> siren on, muted", "frost raised@65 since wall 1000000", "frost -> siren unmuted"])
        // Known later: over by then.
        var later = bench.restarted(at: 5, sameBoot: false, wallBefore: 1_000_040)
        later.pass(to: 20)
        later.clock(1_000_200)
        #expect(later.take() == ["frost -> siren on, muted", "frost raised@20 since wall 1000000", "frost -> siren unmuted"])
    }

    // MARK: another configuration

    @Test func `a condition that has changed drops what was pending and keeps the base`() {
        var bench = Bench([setup(Self.below, id: "a", holdFor: 60), setup(Self.below, id: "b", sensor: 1)])
        bench.value("1.0", 0)
        bench.value("1.0", 0, sensor: 1)
        let other = AlertRule.Condition.below(number("1.5"), clearAbove: nil)
        var next = bench.restarted(
            at: 10, setups: [setup(other, id: "a", holdFor: 60), setup(other, id: "b", sensor: 1)])
        next.pass(to: 100)
        #expect(next.take() == [])
        next.value("1.6", 101, sensor: 1)
        #expect(next.take() == ["b cleared@101 since 101"])
    }

    @Test func `alerts that the configuration has no more are forgotten, new ones are new`() {
        let next = Self.busy().restarted(at: 31, setups: [setup(Self.below, id: "z"), setup(Self.below, id: "b", keepFor: 50)])
        #expect(next.engine.states.map { $0.state } == [nil, .raised])
    }

    @Test func `fewer changes than were kept is no harm`() {
        var bench = Bench(setup(Self.below, flapping: .init(changes: 1000, within: .seconds(6000))))
        for second in 1...900 { bench.value(second % 2 == 1 ? "1.0" : "5.0", Double(second)) }
        var next = bench.restarted(at: 901, setups: [setup(Self.below, flapping: .init(changes: 2, within: .seconds(60)))])
        #expect(next.engine.slots[0].machine.changes.count == 3)
        next.value("1.0", 902)
        next.value("5.0", 903)
        #expect(next.take() == ["frost raised@902 since 902", "frost raised@903 since 902 flapping"])
    }

    // MARK: bytes

    @Test func `an alert takes at most 200 bytes beside its changes`() {
        let id = String(repeating: "a", count: 64)
        var bench = Bench(setup(Self.below, id: id, silence: 30, outputs: ["siren"]))
        bench.value("1.0", 8_000_000_000)
        bench.acknowledge(id)
        bench.mute(id, for: 86_400)
        let empty = Bench(setup(Self.below)).engine.saved(at: Bench.clock(bench.now, 1_700_000_000)).count
        #expect(bench.engine.saved(at: Bench.clock(bench.now, 1_700_000_000)).count - empty < 200)
    }

    @Test func `bytes that are cut short, changed or random restore what makes sense, or nothing, with a printed seed`() {
        let valid = Self.busy().engine.saved(at: Bench.clock(at(30), 1_000_030))
        let setups = Self.busy().engine.slots.map { $0.setup }
        func feed(_ bytes: [UInt8], _ hint: String, isNothing: Bool) {
            for sameBoot in [true, false] {
                var bench = Bench(setups, start: nil)
                bench.engine.restore(
                    bytes, at: Bench.clock(at(40), sameBoot ? nil : 2_000_000), boot: BootID(1), savedBoot: BootID(sameBoot ? 1 : 2))
                if isNothing { #expect(bench.engine.states.allSatisfy { $0.state == nil }, "\(hint)") }
                // The times may be anything: nothing may trap, and nothing may go on for ever.
                bench.now = at(40)
                bench.note(bench.engine.handle(.start, at: bench.now))
                for second in 41..<80 { bench.value("1.0", Double(second), sensor: second % 4) }
                bench.pass(to: 100)
                _ = bench.engine.saved(at: Bench.clock(bench.now, 1))
            }
        }
        for count in 0..<valid.count { feed(Array(valid.prefix(count)), "cut to \(count)", isNothing: true) }
        feed(valid + [0], "one more", isNothing: true)
        feed([2] + valid.dropFirst(), "version 2", isNothing: true)
        for seed in UInt64(1)...400 {
            var random = RandomSource(seed: seed)
            var bytes = valid
            for _ in 0...Int(random.next() % 4) { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
            feed(bytes, "seed \(seed)", isNothing: false)
        }
        for seed in UInt64(1)...200 {
            var random = RandomSource(seed: seed)
            feed((0..<Int(random.next() % 100)).map { _ in UInt8(truncatingIfNeeded: random.next()) }, "seed \(seed)", isNothing: false)
        }
    }

    @Test func `a restart at any point tells what would have been told without it, with a printed seed`() {
        for seed in UInt64(1)...60 {
            var random = RandomSource(seed: seed)
            let setups = [
                setup(Self.below, id: "a", holdFor: Double(random.next() % 8), keepFor: Double(random.next() % 8), flapping: .init(changes: 3, within: .seconds(40)), outputs: ["siren"]),
                setup(.equals(number("3"), word: nil), id: "b", holdFor: Double(random.next() % 8)),
            ]
            var through = Bench(setups)
            var restarted = Bench(setups)
            var lines: [String] = []
            var now = 0.0
            for _ in 0..<300 {
                now += Double(random.next() % 5000) / 1000
                let value = "\(random.next() % 6).0"
                through.value(value, now)
                restarted.value(value, now)
                if random.next() % 4 == 0 {
                    lines += restarted.take().filter { !$0.contains("->") }
                    let sequence = restarted.sequence
                    restarted = restarted.restarted(at: now)
                    restarted.sequence = sequence
                }
            }
            lines += restarted.take().filter { !$0.contains("->") }
            let expected = through.take().filter { !$0.contains("->") }
            #expect(lines == expected, "seed \(seed)")
        }
    }
}
