import MQTTSession
import RingStore
import Sensors
import Telemetry
import Testing

@testable import Agent

/// The two writes of an event, the state and then the ring, and a crash around each.
@Suite struct AlertMemoryTests {
    private let sensors = [Bench.contact()]

    /// Runs until the door is closed and its rule cleared, then opens it with some files dead, then crashes.
    private func crashed(dead: Set<StorageFile>, broker: Bool) -> (bench: Bench, opened: WallTime) {
        var bench = Bench(sensors: sensors, alerts: [doorOpen()])
        bench.lineAnswer = .lineReady(isActive: true)
        bench.run(for: .seconds(20))
        bench.silentFiles = dead
        if !broker {
            bench.brokerAnswers = false
            bench.loseConnection()
        }
        let opened = bench.clock.wallTime
        bench.door(isActive: false)
        return (bench, opened)
    }

    @Test(arguments: [false, true])
    func `a crash between the state and the ring loses no event, and tells it once`(otherBoot: Bool) {
        let (bench, opened) = crashed(dead: [.alerts], broker: true)
        #expect(bench.states(of: "door-open") == [])
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()], otherBoot: otherBoot, away: .seconds(100))
        next.lineAnswer = .lineReady(isActive: false)
        next.run(for: .seconds(60))
        #expect(next.states(of: "door-open") == ["raised"])
        let payload = next.payloads(on: "godwit/bench/alerts/door-open")[0]
        #expect(payload.contains("\"since\":\"\(opened.rfc3339.prefix(19))"), "\(payload)")
        if !otherBoot { #expect(payload.contains("\"time\":\"\(opened.rfc3339.prefix(19))")) }
        var third = next.restarted(sensors: sensors, alerts: [doorOpen()])
        third.lineAnswer = .lineReady(isActive: false)
        third.run(for: .seconds(60))
        #expect(third.states(of: "door-open") == [])
    }

    @Test(arguments: [false, true])
    func `a crash before the state is written forgets the event, and the condition raises it anew`(otherBoot: Bool) {
        let (bench, _) = crashed(dead: [.alerts, .state], broker: true)
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()], otherBoot: otherBoot)
        next.lineAnswer = .lineReady(isActive: false)
        next.run(for: .seconds(60))
        #expect(next.states(of: "door-open") == ["raised"])
    }

    @Test(arguments: [false, true])
    func `an event that is stored and not published comes after the restart, once, with its own time`(otherBoot: Bool) {
        let (bench, opened) = crashed(dead: [], broker: false)
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()], otherBoot: otherBoot, away: .seconds(100))
        next.lineAnswer = .lineReady(isActive: false)
        next.run(for: .seconds(60))
        #expect(next.states(of: "door-open") == ["raised"])
        #expect(next.payloads(on: "godwit/bench/alerts/door-open")[0].contains("\"time\":\"\(opened.rfc3339.prefix(19))"))
    }

    @Test func `an event whose acknowledgement has come is not told again, though the state still holds it`() {
        let (bench, _) = crashed(dead: [], broker: true)
        #expect(bench.states(of: "door-open") == ["raised"])
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()])
        next.lineAnswer = .lineReady(isActive: false)
        next.run(for: .seconds(60))
        #expect(next.states(of: "door-open") == [])
    }

    @Test func `events of a rule that the configuration no longer has still arrive`() {
        let (bench, _) = crashed(dead: [], broker: false)
        var next = bench.restarted(sensors: sensors, alerts: [])
        next.run(for: .seconds(60))
        let told = next.published.filter { $0.topic == "godwit/bench/alerts/door-open" }
        // Its topic is cleared, and what is told behind that stays with nobody.
        #expect(told.map { $0.retain } == [true, false] && told.first?.payload.isEmpty == true)
        #expect(next.states(of: "door-open").last == "raised")
    }

    @Test func `where the state is lost an old event does not stay the state that the broker holds`() {
        let (bench, _) = crashed(dead: [], broker: false)
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()])
        next.disks[.state] = nil
        next.diskSizes[.state] = nil
        // It was closed meanwhile: for the rule, which knows of nothing, there is nothing to tell.
        next.lineAnswer = .lineReady(isActive: true)
        next.run(for: .seconds(60))
        #expect(next.states(of: "door-open") == ["raised", "cleared"])
        #expect(next.agent.alertRingStatus?.unacknowledged == 0)
    }

    @Test func `an old event that comes out of the disk late is followed by what was told from memory`() {
        let (bench, _) = crashed(dead: [], broker: false)
        // Another stream than the file's, as it would be.
        var next = bench.restarted(sensors: sensors, alerts: [doorOpen()], seed: 8)
        next.diskError = .noSpace
        next.lineAnswer = .lineReady(isActive: true)
        next.run(for: .seconds(20))
        next.door(isActive: false)
        next.door(isActive: true)
        next.run(for: .seconds(20))
        #expect(next.states(of: "door-open") == ["raised", "cleared"])
        let told = next.published.count
        next.diskError = nil
        next.run(for: .seconds(300))
        let later = next.published[told...].filter { $0.topic.contains("/alerts/") }.map { String(decoding: $0.payload, as: UTF8.self) }
        let old = later.firstIndex { $0.contains("\"state\":\"raised\"") }
        #expect(old != nil, "what the disk held comes out")
        // Told again after a reconnect too, by the same number.
        #expect(later.last?.contains("\"state\":\"cleared\"") == true, "\(later)")
        #expect(later.filter { $0.contains("\"state\":\"raised\"") }.count == 1, "\(later)")
        #expect(next.agent.alertRingStatus?.unacknowledged == 0)
    }

    @Test func `any bytes in the state are survived`() {
        let (bench, _) = crashed(dead: [.alerts], broker: true)
        var random = RandomSource(seed: 5)
        for _ in 0..<200 {
            var next = bench.restarted(sensors: sensors, alerts: [doorOpen()])
            var sections = SavedState(boot: BootID(UInt32(truncatingIfNeeded: random.next())))
            for name in ["alerts", "outbox", "newest"] {
                sections[name] = (0..<random.next() % 200).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            }
            next.replaceState(sections.encoded())
            next.run(for: .seconds(10))
            #expect(next.isReady)
        }
    }
}
