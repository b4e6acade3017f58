import Foundation
import TestSupport
import Testing

/// `kill -9` of the daemon in the middle of an outage, and a restart.
struct CrashTests {
    static let sync = 5.0

    @Test(arguments: Build.built)
    func `after kill -9 in an outage everything older than sync arrives, and the rest lies in a published loss`(build: Build)
        async throws
    {
        try await background { try crash(build) }
    }

    private func crash(_ build: Build) throws {
        let broker = try MosquittoBroker()
        let relay = try Relay(to: broker.port)
        defer { relay.stop() }
        let subscriber = try Subscriber(broker, ["godwit/#"])
        defer { subscriber.stop() }
        let daemon = try Daemon(build, configuration: counterConfiguration(port: relay.port))
        try daemon.start()
        Thread.sleep(forTimeInterval: 20)
        relay.set(.refusing)
        broker.kill()
        Thread.sleep(forTimeInterval: 12)
        daemon.kill()
        let killed = Date().timeIntervalSince1970
        try daemon.start()
        Thread.sleep(forTimeInterval: 8)
        try broker.start()
        try subscriber.waitUntilSubscribed()
        relay.set(.open)
        Thread.sleep(forTimeInterval: 20)
        #expect(daemon.stop().status == 0)
        _ = subscriber.wait(within: 5) { $0.last?.payload == "offline" }

        let published = subscriber.lines.compactMap {
            Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)
        }
        let readings = published.filter { $0.topic == "godwit/bench/sensors/n" }
        let losses = published.filter { $0.topic == "godwit/bench/losses" }
        #expect(sameContent(readings))
        let firsts = firstArrivals(readings)
        #expect(Set(firsts.map(\.stream)).count == 1, "the ring was there: the stream goes on")
        let numbers = firsts.map(\.sequence)
        #expect(numbers == numbers.sorted(), "in order of first arrival")
        // What was taken before the kill: the values of the first process count up without a gap until the last that was kept.
        let before = firsts.filter { ($0.time ?? 0) <= killed }
        #expect(before.map(\.sequence) == Array(1...max(before.count, 1)))
        let lastKept = try #require(before.last?.time)
        #expect(lastKept >= killed - Self.sync - 1.0, "only the last seconds before the kill may be missing")
        // Every number below the highest is delivered or lies in a loss.
        let covered = Set(numbers).union(losses.flatMap { loss -> [Int] in
            guard let first = loss.fields["first"] as? Int, let last = loss.fields["last"] as? Int, first <= last else { return [] }
            return Array(first...last)
        })
        #expect(Set(1...(numbers.last ?? 1)).subtracting(covered).isEmpty)
        #expect(losses.allSatisfy { $0.fields["why"] as? String == "restart" })
        #expect(losses.allSatisfy { $0.fields["count"] is NSNull })
        // A loss comes in its place: behind what is before it, ahead of what is behind it.
        for loss in losses {
            let last = loss.fields["last"] as? Int ?? 0
            let behind = readings.first { $0.sequence > last }
            if let behind { #expect(loss.arrivedAt <= behind.arrivedAt) }
        }
    }
}
