import Alerts
import Foundation
import MQTTSession
import RingStore
import Telemetry
import Testing

@testable import Agent

@Suite struct RejectingTests {
    private static let topic = "godwit/bench/sensors/n"

    /// What `rejected.ring` has, read by another process.
    private func copies(_ bench: Bench) -> [RejectedReading] {
        var ring = Ring(
            configuration: Rejecting.configuration, schemas: [], boot: BootID(0xB007), random: RandomSource(seed: 1))
        var disks = bench
        var inputs: [RingInput] = [.start]
        var copies: [RejectedReading] = []
        func perform(_ actions: [RingAction]) {
            for action in actions { if case .storage(let request) = action { inputs.append(.storage(disks.perform(request, .rejected))) } }
        }
        while true {
            while !inputs.isEmpty { perform(ring.handle(inputs.removeFirst(), at: bench.clock.instant)) }
            let (handover, actions) = ring.next(at: bench.clock.instant, unstamped: true)
            perform(actions)
            if case .reading(let reading)? = handover, case .event(let bytes) = reading.outcome {
                copies.append(RejectedReading(decoding: bytes)!)
            }
            if handover == nil, inputs.isEmpty { return copies }
        }
    }

    @Test(arguments: [0x90, 0x95, 0x99] as [UInt8])
    func `a rejected reading is copied, told as a loss, and holds nothing up`(reason: UInt8) {
        var bench = Bench()
        bench.rejects = { $0.topic == Self.topic && [3, 6].contains(Bench.sequence($0)) ? reason : 0 }
        bench.run(for: .seconds(10))
        #expect(bench.sequences(on: Self.topic).count >= 9)
        #expect(Set(bench.sequences(on: Self.topic)).count == bench.sequences(on: Self.topic).count, "none comes twice")
        let losses = bench.payloads(on: "godwit/bench/losses")
        #expect(losses.count == 2)
        #expect(losses.first?.contains(#""first":3,"last":3,"count":1,"why":"rejected","sensors":{"n":1}"#) == true, "\(losses)")
        let copies = copies(bench)
        #expect(copies.map(\.reading.sequence.rawValue) == [3, 6] && copies.allSatisfy { $0.reason == reason })
        #expect(copies.first?.reading.outcome == .measurements([2000]))
        #expect(copies.first?.reading.stream == bench.agent.ring.status.stream)
        let status = bench.agent.ring.status
        #expect(status.unacknowledged == 0 && status.rejected == 2 && status.lost == 2)
        #expect(bench.agent.session.counters.rejected == 2 && !bench.agent.session.isHolding)
        #expect(bench.log.contains { $0.text.contains("for good") && $0.level == .warning })
    }

    @Test func `rejected_ring is made with the first rejection`() {
        var bench = Bench()
        bench.run(for: .seconds(10))
        #expect(bench.diskSizes[.rejected] == nil && bench.agent.rejectedRingStatus == nil)
        bench.rejects = { $0.topic == Self.topic ? 0x99 : 0 }
        bench.run(for: .seconds(1))
        #expect(bench.diskSizes[.rejected] == 256 << 10)
    }

    @Test func `the loss is told only when the copy is synced, and nothing is lost where the disk does not answer`() {
        var bench = Bench()
        bench.silentFiles = [.rejected]
        bench.rejects = { $0.topic == Self.topic && Bench.sequence($0) == 3 ? 0x99 : 0 }
        bench.run(for: .seconds(20))
        #expect(bench.payloads(on: "godwit/bench/losses") == [] && bench.agent.ring.status.watermark.rawValue == 2)
        // A reconnect does not send it again while it waits for its copy.
        bench.loseConnection()
        bench.run(for: .seconds(20))
        #expect(bench.sequences(on: Self.topic).filter { $0 == 3 }.count == 1)
        bench.silentFiles = []
        bench.answerAgain()
        bench.run(for: .seconds(5))
        #expect(bench.payloads(on: "godwit/bench/losses").count == 1)
        #expect(bench.agent.ring.status.unacknowledged == 0)
    }

    @Test func `while copies wait for the disk no more than 64 pile up, and all comes out in the end`() {
        var bench = Bench(sensors: [Bench.counter(every: .milliseconds(50))])
        bench.silentFiles = [.rejected]
        bench.rejects = { $0.topic == Self.topic && Bench.sequence($0)! % 2 == 0 ? 0x99 : 0 }
        bench.run(for: .seconds(30))
        #expect((64...84).contains(bench.agent.rejecting.waiting.count))
        let handed = bench.sequences(on: Self.topic).count
        #expect(handed < 200)
        bench.silentFiles = []
        bench.answerAgain()
        bench.run(for: .seconds(30))
        #expect(bench.agent.rejecting.waiting.isEmpty && bench.agent.ring.status.unacknowledged < 20)
        #expect(bench.sequences(on: Self.topic).count > 1000)
    }

    @Test func `a crash between copy and loss loses nothing: it is handed over once more`() {
        var bench = Bench()
        bench.rejects = { $0.topic == Self.topic && Bench.sequence($0) == 3 ? 0x99 : 0 }
        bench.acknowledges = false
        bench.run(for: .seconds(12))
        // All readings are in the file, unacknowledged; the third is rejected, and its loss is not acknowledged.
        let third = MessageTag(5)
        bench.give(.session(.acknowledged(third, reason: 0x99)))
        bench.run(for: .seconds(8))
        #expect(copies(bench).map(\.reading.sequence.rawValue) == [3])
        #expect(bench.payloads(on: "godwit/bench/losses").count == 1)
        var next = bench.restarted()
        next.rejects = bench.rejects
        next.run(for: .seconds(20))
        #expect(next.sequences(on: Self.topic).prefix(4) == [1, 2, 3, 4])
        #expect(copies(next).map(\.reading.sequence.rawValue) == [3, 3])
        #expect(next.payloads(on: "godwit/bench/losses").filter { $0.contains(#""why":"rejected""#) }.count == 1)
        #expect(next.agent.ring.status.unacknowledged == 0 && next.agent.ring.status.rejected == 1)
    }

    @Test func `ten in a row hold, and everything is kept`() {
        var bench = Bench()
        bench.rejects = { $0.topic == Self.topic ? 0x99 : 0 }
        bench.run(for: .seconds(600))
        #expect(bench.log.contains { $0.text.contains("holding") })
        #expect(bench.agent.ring.status.rejected == 9 && copies(bench).count == 9)
        #expect(bench.agent.ring.status.unacknowledged > 500)
        bench.rejects = { _ in 0 }
        bench.run(for: .seconds(300))
        #expect(bench.agent.ring.status.unacknowledged == 0 && bench.agent.ring.status.rejected == 9)
        #expect(bench.payloads(on: "godwit/bench/losses").count == 9)
    }

    @Test func `a message larger than the broker takes is copied, not sent, and the rest goes on`() {
        var bench = Bench(sensors: [Bench.counter(id: "a-sensor-with-a-name-that-is-longer-than-the-other"), Bench.counter()])
        bench.acknowledgement.maximumPacketSize = 205
        bench.run(for: .seconds(10))
        let reasons = copies(bench).map(\.reason)
        #expect(!reasons.isEmpty && reasons.allSatisfy { $0 == 0x95 })
        #expect(copies(bench).allSatisfy { $0.reading.schema.sensor != "n" })
        #expect(bench.sequences(on: Self.topic).count >= 9)
        #expect(bench.sequences(on: "godwit/bench/sensors/a-sensor-with-a-name-that-is-longer-than-the-other") == [])
        #expect(bench.agent.ring.status.unacknowledged == 0)
    }

    @Test func `a reading that the broker cannot take now comes again before any that was not sent`() {
        var bench = Bench()
        var refusals = 2
        bench.rejects = { message in
            guard message.topic == Self.topic, Bench.sequence(message) == 3, refusals > 0 else { return 0 }
            refusals -= 1
            return 0x97
        }
        bench.run(for: .seconds(60))
        let numbers = bench.sequences(on: Self.topic)
        #expect(numbers.filter { $0 == 3 }.count == 3)
        var firsts: [Int] = []
        for number in numbers where !firsts.contains(number) { firsts.append(number) }
        #expect(firsts == Array(1...firsts.count))
        #expect(numbers.count == firsts.count + 2, "no other comes again")
        #expect(bench.agent.ring.status.unacknowledged == 0 && bench.agent.ring.status.lost == 0)
    }

    @Test func `a rejected alert event is copied too, and its loss is of the alert ring's stream`() {
        var bench = Bench(alerts: [above(3)])
        bench.rejects = { $0.topic == "godwit/bench/alerts/high" ? 0x99 : 0 }
        bench.run(for: .seconds(10))
        let copies = copies(bench)
        #expect(copies.count == 1 && copies[0].reading.stream == bench.agent.alerting.ring.status.stream)
        #expect(copies[0].reading.schema.sensor == "high")
        let losses = bench.payloads(on: "godwit/bench/losses")
        #expect(losses.count == 1 && losses[0].contains(bench.agent.alerting.ring.status.stream.text))
        #expect(bench.agent.alerting.ring.status.unacknowledged == 0)
    }

    @Test func `status and info that are rejected hold nothing up`() {
        var bench = Bench()
        bench.rejects = { $0.topic == "godwit/bench/info" ? 0x95 : 0 }
        bench.run(for: .seconds(10))
        #expect(bench.sequences(on: Self.topic).count >= 9 && copies(bench).isEmpty)
    }

    @Test func `at a stop a rejected reading stays, and is rejected by the next process`() {
        var bench = Bench()
        bench.acknowledges = false
        bench.run(for: .seconds(3))
        bench.give(.stop)
        bench.give(.session(.acknowledged(MessageTag(3), reason: 0x99)))
        bench.acknowledges = true
        bench.run(for: .seconds(6))
        #expect(bench.isFinished && bench.diskSizes[.rejected] == nil)
        var next = bench.restarted()
        next.run(for: .seconds(5))
        #expect(next.sequences(on: Self.topic).first == 1)
    }
}
