import Foundation
import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct AgentTests {
    @Test func `readings arrive numbered, in order and with the time they were taken`() {
        var bench = Bench()
        bench.run(for: .seconds(10))
        #expect(bench.isReady)
        let sequences = bench.sequences(on: "godwit/bench/sensors/n")
        #expect(sequences.count >= 10)
        #expect(sequences == Array(1...sequences.count))
        #expect(bench.payloads(on: "godwit/bench/sensors/n")[0].contains("\"clock\":\"synced\""))
        #expect(bench.agent.ring.status.unacknowledged == 0)
    }

    @Test func `what is not acknowledged comes again after the connection is lost, in order`() {
        var bench = Bench()
        bench.acknowledges = false
        bench.run(for: .seconds(5))
        let first = bench.sequences(on: "godwit/bench/sensors/n")
        #expect(first.count >= 5)
        #expect(bench.agent.ring.status.unacknowledged == UInt64(first.count))
        bench.acknowledges = true
        bench.loseConnection()
        bench.run(for: .seconds(10))
        let again = Array(bench.sequences(on: "godwit/bench/sensors/n").dropFirst(first.count))
        #expect(again == Array(1...again.count))
        #expect(again.count >= first.count)
        #expect(bench.agent.ring.status.unacknowledged == 0)
    }

    @Test func `an outage loses nothing and the readings keep their own times`() {
        var bench = Bench()
        bench.brokerAnswers = false
        bench.run(for: .seconds(300))
        #expect(bench.published.isEmpty)
        bench.brokerAnswers = true
        bench.run(for: .seconds(300))
        let payloads = bench.payloads(on: "godwit/bench/sensors/n")
        #expect(bench.sequences(on: "godwit/bench/sensors/n") == Array(1...payloads.count))
        let times = Set(payloads.map { $0.components("\"time\":\"", "\"") })
        #expect(times.count == payloads.count)
    }

    @Test func `readings wait for the clock and are then stamped as estimated`() {
        var bench = Bench(clockIsKnown: false, waitForClock: .seconds(60))
        bench.run(for: .seconds(20))
        #expect(bench.payloads(on: "godwit/bench/sensors/n").isEmpty)
        bench.clock.isKnown = true
        bench.run(for: .seconds(5))
        let payloads = bench.payloads(on: "godwit/bench/sensors/n")
        #expect(payloads.count >= 20)
        #expect(payloads[0].contains("\"clock\":\"estimated\""))
        #expect(payloads.last?.contains("\"clock\":\"synced\"") == true)
    }

    @Test(arguments: [false, true])
    func `a clock that is known when wait_for_clock ends stamps what waits, though no reading comes`(restarts: Bool) {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(3600))], clockIsKnown: false, waitForClock: .seconds(60))
        bench.run(for: .seconds(30))
        #expect(bench.payloads(on: "godwit/bench/sensors/n").isEmpty)
        if restarts {
            bench.give(.stop)
            bench.run(for: .seconds(6))
            bench = bench.restarted(sensors: [])
        } else {
            bench.clock.isKnown = true
        }
        bench.run(for: .seconds(60))
        #expect(bench.payloads(on: "godwit/bench/unstamped/n").isEmpty)
        let payloads = bench.payloads(on: "godwit/bench/sensors/n")
        #expect(payloads.count == 1)
        #expect(payloads.allSatisfy { $0.contains("\"clock\":\"estimated\"") })
    }

    @Test func `after wait_for_clock readings go out unstamped, on their own topic`() {
        var bench = Bench(clockIsKnown: false, waitForClock: .seconds(60))
        bench.run(for: .seconds(59))
        #expect(bench.payloads(on: "godwit/bench/unstamped/n").isEmpty)
        bench.run(for: .seconds(10))
        let payloads = bench.payloads(on: "godwit/bench/unstamped/n")
        #expect(payloads.count >= 60)
        #expect(payloads[0].contains("\"clock\":\"unknown\",\"boot\":\"0000b007\",\"uptime\":"))
        #expect(bench.payloads(on: "godwit/bench/sensors/n").isEmpty)
    }

    @Test func `a clock that the kernel forgets stays known`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.clock.isKnown = false
        bench.run(for: .seconds(3))
        #expect(bench.payloads(on: "godwit/bench/sensors/n").allSatisfy { $0.contains("\"clock\":\"synced\"") })
    }

    @Test func `it connects when the ring is open, and after 5 s though the disk does not answer`() {
        var bench = Bench()
        bench.diskAnswers = false
        bench.run(for: .milliseconds(4900))
        #expect(bench.connects == 0)
        bench.run(for: .milliseconds(200))
        #expect(bench.connects == 1)
        #expect(bench.payloads(on: "godwit/bench/info").allSatisfy { $0.contains("\"stream\":null") })
        #expect(!bench.payloads(on: "godwit/bench/info").isEmpty)
        var quick = Bench()
        quick.run(for: .milliseconds(1))
        #expect(quick.connects == 1)
        let stream = quick.agent.ring.status.stream.text
        #expect(quick.payloads(on: "godwit/bench/info").last?.contains("\"stream\":\"\(stream)\"") == true)
    }

    @Test func `a reading that has no number yet is answered without one`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(60))])
        bench.diskAnswers = false
        bench.ask(CommandOrigin(client: 1, id: nil), .read(sensor: "n"))
        bench.run(for: .seconds(1))
        #expect(bench.responses.last?.contains("\"value\":") == true)
        #expect(bench.responses.last?.contains("\"seq\"") == false)
    }

    @Test func `it sleeps until the next reading`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(60))])
        bench.run(for: .seconds(90))
        let next = bench.agent.deadline.map { bench.clock.instant.duration(to: $0) }
        #expect(next.map { $0 > .seconds(5) } == true)
    }
}

extension String {
    /// What stands between two texts.
    func components(_ before: String, _ after: String) -> String {
        guard let start = range(of: before), let end = self[start.upperBound...].range(of: after) else { return "" }
        return String(self[start.upperBound..<end.lowerBound])
    }

    @Test func `with clock rtc the time is known when the ring is open, and only when it is later than what the ring holds`() {
        // A first boot leaves a time in the ring.
        var first = Bench(configure: { $0.isClockCheckedByRing = true })
        first.acknowledges = false
        first.run(for: .seconds(20))
        #expect(first.agent.clockIsKnown)
        let left = first.clock.wallTime
        func next(_ wallTime: WallTime, diskAnswers: Bool = true) -> Bench {
            var bench = Bench(configure: {
                $0.isClockCheckedByRing = true
                $0.boot = BootID(0xB008)
            })
            bench.disks = first.disks
            bench.diskSizes = first.diskSizes
            bench.diskAnswers = diskAnswers
            bench.clock.wallTime = wallTime
            bench.run(for: .seconds(3))
            return bench
        }
        #expect(next(left.advanced(by: .seconds(3600))).agent.clockIsKnown)
        #expect(!next(left.advanced(by: .seconds(-86_400))).agent.clockIsKnown)
        #expect(!next(left.advanced(by: .seconds(3600)), diskAnswers: false).agent.clockIsKnown)
        // The kernel's word needs no ring.
        var kernel = Bench()
        kernel.diskAnswers = false
        kernel.run(for: .seconds(1))
        #expect(kernel.agent.clockIsKnown)
    }
}
