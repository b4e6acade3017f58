import Foundation
import MQTTSession
import Simulation
import Telemetry
import Testing

private let hour = Duration.seconds(3600)

/// The whole agent of the simulation, and a scripted weather: what it told of time, beside what was true.
private struct TimeBench {
    /// A reading as the broker got it first.
    struct Told {
        var id: Int
        var sensor: String
        var isStamped: Bool
        var clock: String
        var time: WallTime?
        var boot: String?
        var uptime: Double?
        var notBefore: WallTime?
    }

    struct Event {
        var state: String
        var time: WallTime?
        var since: WallTime?
        /// When the broker got it.
        var at: Instant
    }

    var simulation: AgentSimulation

    /// The wall clock begins 40 days in the past; nobody vouches for it until `synchronizeClock()`.
    init(airEvery: Duration = .seconds(60), waitForClock: Duration = .seconds(120), slowness: Int64 = 20) {
        var options = AgentSimulation.Options()
        options.airEvery = airEvery
        options.waitForClock = waitForClock
        options.slowness = slowness
        simulation = AgentSimulation(seed: 1, options: options)
    }

    var journal: SensorJournal { simulation.journal }

    var readings: [Told] {
        var seen: Set<Int> = []
        return simulation.broker.received.compactMap { received in
            let levels = received.message.topic.split(separator: "/").map(String.init)
            guard levels.count == 4, levels[2] == "sensors" || levels[2] == "unstamped", let json = Self.json(received.message),
                let id = json["id"] as? Int, seen.insert(id).inserted
            else { return nil }
            return Told(
                id: id, sensor: levels[3], isStamped: levels[2] == "sensors", clock: json["clock"] as? String ?? "",
                time: Self.time(json["time"]), boot: json["boot"] as? String, uptime: json["uptime"] as? Double,
                notBefore: Self.time(json["not_before"]))
        }
    }

    func events(of alert: String) -> [Event] {
        simulation.broker.received.compactMap { received in
            guard received.message.topic == "godwit/sim/alerts/\(alert)", let json = Self.json(received.message) else { return nil }
            return Event(
                state: json["state"] as? String ?? "", time: Self.time(json["time"]), since: Self.time(json["since"]), at: received.at)
        }
    }

    private static func json(_ message: Message) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any]
    }

    private static func time(_ value: Any?) -> WallTime? { (value as? String).flatMap { WallTime(parsing: Array($0.utf8)) } }

    /// Of the thermometer in this run of the process, when it was read.
    func airInstants(run: Int) -> [Instant] {
        journal.entries.filter { $0.reading.sensor == 0 && $0.run == run }.map(\.reading.instant)
    }

    /// Each reading of the run is one interval after the one before it.
    func expectIntervals(of every: Duration, run: Int = 0, atLeast count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        let instants = airInstants(run: run)
        #expect(instants.count >= count, sourceLocation: sourceLocation)
        for (last, next) in zip(instants, instants.dropFirst()) {
            #expect(last.duration(to: next) == every, "after \(last.nanoseconds) ns", sourceLocation: sourceLocation)
        }
    }

    /// - Parameter within: how far a time may lie beside the truth.
    func expectTrue(_ readings: [Told], within: Duration, sourceLocation: SourceLocation = #_sourceLocation) {
        for reading in readings {
            let truth = journal.entries[reading.id].trueTime
            guard let time = reading.time else {
                Issue.record("reading \(reading.id) has no time", sourceLocation: sourceLocation)
                continue
            }
            let error = abs(time.duration(to: truth) / .milliseconds(1))
            #expect(error <= within / .milliseconds(1), "\(time.rfc3339), true is \(truth.rfc3339)", sourceLocation: sourceLocation)
        }
    }

    /// All that waits comes out, and every law of the simulation was kept.
    mutating func finish(sourceLocation: SourceLocation = #_sourceLocation) {
        simulation.finish()
        #expect(simulation.violations == [], sourceLocation: sourceLocation)
        #expect(Set(readings.map(\.id)).isSuperset(of: journal.entries.indices.filter { isValue($0) }), sourceLocation: sourceLocation)
    }

    private func isValue(_ id: Int) -> Bool {
        guard case .measurements = journal.entries[id].reading.outcome else { return false }
        // What is measured while it stops is told by the next process.
        return journal.entries[id].reading.instant < simulation.now.advanced(by: .seconds(-10)) || journal.entries[id].run < journal.run
    }
}

@Suite struct TimeTests {
    @Test(arguments: [hour * 5, hour * -5])
    func `a step by hours of a clock that is known changes no interval, and no reading gets a time that was not true`(step: Duration) {
        var bench = TimeBench()
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(1000))
        bench.simulation.setClock(wrongBy: step)
        bench.simulation.run(for: .seconds(3000))
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(1000))
        bench.finish()
        bench.expectIntervals(of: .seconds(60), atLeast: 80)
        #expect(bench.readings.allSatisfy { $0.isStamped && $0.clock == "synced" })
        // 3000 s by an oscillator of 20 millionths.
        bench.expectTrue(bench.readings, within: .milliseconds(25 + 60))
    }

    @Test(arguments: [hour * 5, hour * -5])
    func `a step by hours of a clock that is not known yet changes no interval, and readings wait for the true time`(step: Duration) {
        var bench = TimeBench(waitForClock: hour)
        bench.simulation.run(for: .seconds(600))
        bench.simulation.setClock(wrongBy: step)
        bench.simulation.run(for: .seconds(600))
        #expect(bench.readings.isEmpty)
        let known = bench.journal.entries.count
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(600))
        bench.finish()
        bench.expectIntervals(of: .seconds(60), atLeast: 29)
        for reading in bench.readings {
            #expect(reading.isStamped && reading.clock == (reading.id < known ? "estimated" : "synced"), "reading \(reading.id)")
        }
        bench.expectTrue(bench.readings, within: .milliseconds(25 + 24))
    }

    @Test func `a clock that starts older than the last shutdown is not believed, and is set right later`() {
        var bench = TimeBench(waitForClock: hour)
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(600))
        bench.simulation.broker.link = .refused
        bench.simulation.breakConnection()
        bench.simulation.run(for: .seconds(600))
        // A board without a real-time clock begins long before what the ring holds.
        bench.simulation.restart(newBoot: true, pause: hour, wrongBy: hour * -24 * 400)
        let second = bench.journal.entries.count
        bench.simulation.broker.link = .good
        bench.simulation.run(for: .seconds(900))
        #expect(bench.readings.contains { $0.id < second && bench.journal.entries[$0.id].reading.instant > Instant(nanoseconds: 1_000_000_000_000) })
        #expect(bench.readings.allSatisfy { $0.id < second })
        let known = bench.journal.entries.count
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(600))
        bench.finish()
        bench.expectIntervals(of: .seconds(60), run: 0, atLeast: 19)
        bench.expectIntervals(of: .seconds(60), run: 1, atLeast: 24)
        for reading in bench.readings {
            let isEarly = (second..<known).contains(reading.id)
            #expect(reading.isStamped && reading.clock == (isEarly ? "estimated" : "synced"), "reading \(reading.id)")
        }
        bench.expectTrue(bench.readings, within: .milliseconds(25 + 24))
    }

    @Test func `after a suspend of 8 h each sensor is read once, silence has counted it, and the session connects anew`() throws {
        var bench = TimeBench()
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(630))
        let last = try #require(bench.airInstants(run: 0).last)
        let connections = bench.simulation.broker.connections
        // Meanwhile nothing of the board runs, and the broker has long given it up.
        bench.simulation.broker.breakConnection(at: bench.simulation.now)
        bench.simulation.suspend(for: hour * 8)
        let awake = bench.simulation.now
        bench.simulation.run(for: .seconds(600))
        let after = bench.airInstants(run: 0).filter { $0 > last }
        #expect(after.first == awake, "what was due is read at once")
        let slot = bench.airInstants(run: 0)[0]
        #expect(after.count == 11 || after.count == 12, "the 480 slots that were slept through give no burst of \(after.count)")
        for (earlier, later) in zip(after.dropFirst(), after.dropFirst(2)) { #expect(earlier.duration(to: later) == .seconds(60)) }
        #expect(after.dropFirst().allSatisfy { slot.duration(to: $0).nanoseconds % 60_000_000_000 == 0 })
        #expect(bench.simulation.broker.connections == connections + 1)
        bench.finish()
        // What was slept through passed by the oscillator only: 576 ms in 8 h.
        let asleep = 25.0 + 576
        bench.expectTrue(bench.readings, within: .milliseconds(25))
        #expect(bench.readings.allSatisfy { $0.clock == "synced" })
        // `silent_for: 2 min`: it was raised while nobody could see it, and the reading at the waking ends it.
        let quiet = bench.events(of: "quiet")
        #expect(quiet.map(\.state) == ["raised", "cleared"])
        let began = bench.journal.clock.trueTime(of: last.advanced(by: .seconds(120)))
        #expect(abs(try #require(quiet.first?.time).duration(to: began) / .milliseconds(1)) <= asleep)
        #expect(quiet.first.map { $0.at >= awake } == true)
    }

    @Test func `12 h without NTP after the time was known: readings stay synced, and their times are as true as the oscillator`() {
        var bench = TimeBench()
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(600))
        bench.journal.clock.loseNTP()
        bench.simulation.run(for: .seconds(32_040))
        #expect(bench.journal.clock.isKnown)
        // 8.9 h after the last answer the kernel says that it does not know.
        bench.journal.clock.forget()
        #expect(!bench.journal.clock.isKnown)
        bench.simulation.run(for: .seconds(12 * 3600 - 32_040))
        let back = bench.journal.entries.count
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(600))
        bench.finish()
        bench.expectIntervals(of: .seconds(60), atLeast: 740)
        #expect(bench.readings.allSatisfy { $0.isStamped && $0.clock == "synced" })
        bench.expectTrue(bench.readings, within: .milliseconds(25 + 864))
        bench.expectTrue(bench.readings.filter { $0.id >= back }, within: .milliseconds(25))
    }

    @Test func `readings of an earlier boot that never knew the time go out unstamped, with what bounds them`() throws {
        var bench = TimeBench()
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(900))
        let shutdown = bench.journal.clock.trueTime(of: bench.simulation.now)
        bench.simulation.broker.link = .refused
        bench.simulation.restart(newBoot: true, pause: hour, wrongBy: hour * -24 * 400)
        bench.simulation.run(for: .seconds(900))
        bench.simulation.restart(newBoot: true, pause: hour, wrongBy: hour * 3)
        bench.simulation.synchronizeClock()
        bench.simulation.broker.link = .good
        bench.simulation.run(for: .seconds(900))
        bench.finish()
        let dark = bench.readings.filter { bench.journal.entries[$0.id].run == 1 }
        #expect(dark.count >= 15)
        for reading in dark {
            let entry = bench.journal.entries[reading.id]
            #expect(!reading.isStamped && reading.clock == "unknown" && reading.time == nil, "reading \(reading.id)")
            #expect(reading.boot == "00000002")
            #expect(abs(try #require(reading.uptime) - Double(entry.reading.instant.nanoseconds) / 1e9) < 0.001)
            // The time of the last reading of the boot before: no later than this one, and no more than an interval before the shutdown.
            let bound = try #require(reading.notBefore)
            #expect(bound <= entry.trueTime)
            #expect(bound > shutdown.advanced(by: .seconds(-70)) && bound <= shutdown.advanced(by: .seconds(6)), "\(bound.rfc3339)")
        }
        let others = bench.readings.filter { bench.journal.entries[$0.id].run != 1 }
        #expect(others.allSatisfy { $0.isStamped })
        bench.expectTrue(others, within: .milliseconds(25 + 24))
    }

    @Test(arguments: [hour * 5, hour * -5])
    func `for: 10 min with a step of hours in its middle ends 10 min of the boot clock after it began`(step: Duration) throws {
        var bench = TimeBench(airEvery: .seconds(300))
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(1000))
        bench.journal.temperature = 50
        bench.simulation.run(for: .seconds(300))
        let began = try #require(bench.airInstants(run: 0).last)
        bench.simulation.run(for: .seconds(290))
        #expect(bench.events(of: "cold").isEmpty)
        bench.simulation.setClock(wrongBy: step)
        bench.simulation.run(for: began.advanced(by: .seconds(599)).nanoseconds > bench.simulation.now.nanoseconds
            ? bench.simulation.now.duration(to: began.advanced(by: .seconds(599))) : .zero)
        #expect(bench.events(of: "cold").isEmpty)
        bench.simulation.run(for: .seconds(60))
        let raised = bench.events(of: "cold")
        let due = began.advanced(by: .seconds(600))
        #expect(raised.map(\.state) == ["raised"])
        #expect(try due...due.advanced(by: .seconds(1)) ~= #require(raised.first).at)
        for time in [raised.first?.time, raised.first?.since] {
            #expect(abs(try #require(time).duration(to: bench.journal.clock.trueTime(of: due)) / .milliseconds(1)) <= 25 + 12)
        }
        bench.finish()
    }

    @Test(arguments: [hour * 5, hour * -5])
    func `silent_for: 10 min with a step of hours in its middle ends 10 min of the boot clock after the last value`(step: Duration) throws {
        var bench = TimeBench(airEvery: .seconds(300))
        bench.simulation.synchronizeClock()
        bench.simulation.run(for: .seconds(1000))
        let last = try #require(bench.airInstants(run: 0).last)
        bench.journal.answers = false
        let due = last.advanced(by: .seconds(600))
        bench.simulation.run(for: bench.simulation.now.duration(to: due.advanced(by: .seconds(-200))))
        bench.simulation.setClock(wrongBy: step)
        bench.simulation.run(for: .seconds(199))
        #expect(bench.events(of: "quiet").isEmpty)
        bench.simulation.run(for: .seconds(2))
        let raised = bench.events(of: "quiet")
        #expect(raised.map(\.state) == ["raised"])
        #expect(abs(try #require(raised.first?.time).duration(to: bench.journal.clock.trueTime(of: due)) / .milliseconds(1)) <= 25)
        bench.journal.answers = true
        bench.simulation.run(for: .seconds(600))
        bench.finish()
        #expect(bench.events(of: "quiet").map(\.state) == ["raised", "cleared"])
    }
}
