import MQTTSession
import RingStore
import Telemetry
import Testing

@testable import Agent

@Suite struct BatchingTests {
    private let topic = "godwit/bench/readings"

    private func bench(
        readings: Int = 10, age: Duration = .seconds(2), every: Duration = .milliseconds(100), inFlight: Int = 20,
        clockIsKnown: Bool = true, change: (inout AgentConfiguration) -> Void = { _ in }
    ) -> Bench {
        Bench(sensors: [Bench.counter(every: every)], clockIsKnown: clockIsKnown, inFlight: inFlight) {
            $0.batch = BatchLimits(readings: readings, age: age)
            change(&$0)
        }
    }

    /// The numbers in each message, in the order of publishing.
    private func batches(_ bench: Bench) -> [[Int]] {
        bench.payloads(on: topic).map { payload in
            payload.split(separator: "},{").compactMap { Bench.integer("seq", in: String($0)) }
        }
    }

    @Test func `readings go out together, with device and sensor, when there are enough`() {
        var bench = bench()
        bench.run(for: .milliseconds(2050))
        #expect(batches(bench) == [Array(1...10), Array(11...20)])
        let first = bench.payloads(on: topic)[0]
        #expect(first.hasPrefix("[{\"stream\":") && first.hasSuffix("}]") && first.contains(#""device":"bench","sensor":"n""#), "\(first)")
        #expect(bench.payloads(on: "godwit/bench/sensors/n") == [])
        let message = bench.published.first { $0.topic == topic }
        #expect(message?.qos == 1 && message?.retain == false && message?.contentType == "application/json")
    }

    @Test func `the oldest waits for its age at most`() {
        var bench = bench(every: .seconds(1))
        bench.run(for: .seconds(9))
        #expect(batches(bench).allSatisfy { $0.count == 3 }, "\(batches(bench))")
        #expect(batches(bench).flatMap { $0 } == Array(1...9))
    }

    @Test func `an acknowledgement settles what the message carried, and nothing else`() {
        var bench = bench()
        bench.acknowledges = false
        bench.run(for: .milliseconds(2550))
        #expect(batches(bench).count == 2)
        #expect(bench.agent.ring.status.unacknowledged == 26)
        let tags = bench.agent.inFlight.entries.filter { if case .batch = $0.record { true } else { false } }.map { $0.tag }
        bench.give(.session(.acknowledged(tags[1], reason: 0)))
        #expect(bench.agent.ring.status.unacknowledged == 16)
        bench.give(.session(.acknowledged(tags[0], reason: 0)))
        #expect(bench.agent.ring.status.unacknowledged == 6)
    }

    @Test func `what was in flight and what was not sent yet comes again after a loss, in order`() {
        var bench = bench()
        bench.run(for: .milliseconds(1050))
        bench.acknowledges = false
        bench.run(for: .milliseconds(1500))
        bench.acknowledges = true
        bench.published = []
        bench.loseConnection()
        bench.run(for: .seconds(10))
        let numbers = batches(bench).flatMap { $0 }
        #expect(numbers.first == 11)
        #expect(numbers == Array(11...(10 + numbers.count)))
        #expect(bench.agent.ring.status.unacknowledged < 10)
    }

    @Test func `no message is larger than the broker takes, and none above 64 KiB`() {
        var bench = bench(readings: 1000, every: .milliseconds(40))
        bench.acknowledgement.maximumPacketSize = 600
        bench.run(for: .seconds(5))
        let sent = bench.published.filter { $0.topic == topic }
        #expect(sent.allSatisfy { $0.packetSize(.v5) <= 600 })
        #expect(batches(bench).flatMap { $0 } == Array(1...batches(bench).flatMap { $0 }.count))
        #expect(batches(bench).contains { $0.count > 3 }, "as many as fit")
        bench.acknowledgement.maximumPacketSize = nil
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.run(for: .seconds(60))
        bench.published = []
        bench.brokerAnswers = true
        bench.run(for: .seconds(130))
        let larger = bench.published.filter { $0.topic == topic }
        #expect(larger.allSatisfy { $0.payload.count <= 64 << 10 })
        #expect(larger.contains { $0.payload.count > 60 << 10 })
    }

    @Test func `a backlog goes out in full batches, also with a window of one`() {
        var bench = bench(inFlight: 1)
        bench.brokerAnswers = false
        bench.run(for: .seconds(20))
        bench.brokerAnswers = true
        bench.run(for: .seconds(130))
        #expect(batches(bench).prefix(15).allSatisfy { $0.count == 10 })
        let numbers = batches(bench).flatMap { $0 }
        #expect(numbers == Array(1...numbers.count) && numbers.count > 1400)
    }

    @Test func `a reading without a time is never in a batch, and what is behind it waits for its turn`() {
        var bench = bench(clockIsKnown: false) { $0.waitForClock = .seconds(1) }
        bench.run(for: .seconds(3))
        #expect(batches(bench) == [])
        #expect(bench.sequences(on: "godwit/bench/unstamped/n").count > 20)
        bench.clock.isKnown = true
        bench.run(for: .seconds(3))
        let unstamped = bench.sequences(on: "godwit/bench/unstamped/n")
        #expect(unstamped + batches(bench).flatMap { $0 } == Array(1...(unstamped.count + batches(bench).flatMap { $0 }.count)))
    }

    @Test func `at a stop what waits goes out at once`() {
        var bench = bench(readings: 100, age: .seconds(4))
        bench.run(for: .milliseconds(550))
        #expect(batches(bench) == [])
        bench.give(.stop)
        bench.run(for: .seconds(5))
        #expect(bench.isFinished)
        #expect(batches(bench) == [Array(1...6)])
        #expect(bench.agent.ring.status.unacknowledged == 0)
    }

    @Test(arguments: [0x95, 0x99] as [UInt8])
    func `a batch that the broker rejects comes again in halves, until the reading that it means is alone`(reason: UInt8) {
        var bench = bench()
        let topic = topic
        bench.rejects = {
            $0.topic == topic && String(decoding: $0.payload, as: UTF8.self).contains(#""seq":7,"#) ? reason : 0
        }
        bench.run(for: .seconds(5))
        let losses = bench.payloads(on: "godwit/bench/losses")
        #expect(losses.count == 1 && losses[0].contains(#""first":7,"last":7,"count":1,"why":"rejected""#), "\(losses)")
        let taken = bench.published.filter { $0.topic == topic && bench.rejects($0) == 0 }
        let numbers = taken.flatMap { message in
            String(decoding: message.payload, as: UTF8.self).split(separator: "},{").compactMap { Bench.integer("seq", in: String($0)) }
        }
        #expect(numbers.sorted() == Array(1...numbers.max()!).filter { $0 != 7 }, "each once: \(batches(bench))")
        #expect(batches(bench).contains([7]) && bench.agent.ring.status.rejected == 1)
        #expect(batches(bench).last?.count == 10, "whole batches again behind it")
    }

    @Test(arguments: [0x99, 0x97] as [UInt8])
    func `what a refused batch carried comes again before what was not sent yet`(reason: UInt8) {
        var bench = bench()
        // What is said after the connect is acknowledged.
        bench.run(for: .milliseconds(50))
        bench.acknowledges = false
        bench.run(for: .milliseconds(1500))
        let tag = bench.agent.inFlight.entries.first { if case .batch = $0.record { true } else { false } }!.tag
        #expect(batches(bench) == [Array(1...10)], "and five more wait")
        bench.acknowledges = true
        bench.give(.session(.acknowledged(tag, reason: reason)))
        bench.run(for: .seconds(10))
        let again = batches(bench).dropFirst().flatMap { $0 }
        #expect(again == Array(1..<again.count + 1) && again.count > 50, "\(batches(bench)) \(bench.log.map(\.text))")
    }

    @Test func `a reload to single readings sends them singly`() {
        var bench = bench(readings: 100, age: .seconds(4))
        bench.run(for: .milliseconds(550))
        var configuration = bench.agent.configuration
        configuration.batch = nil
        bench.give(.configuration(NewConfiguration(configuration: configuration, rules: []), for: nil))
        bench.run(for: .seconds(1))
        let all = batches(bench).flatMap { $0 } + bench.sequences(on: "godwit/bench/sensors/n")
        #expect(all == Array(1...all.count) && all.count >= 15)
    }
}
