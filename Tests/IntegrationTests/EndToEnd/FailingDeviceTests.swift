import Foundation
import TestSupport
import Testing

/// A real ext4 whose device fails or does not answer, under the real daemon, while the broker is away and the ring is all there is: no edge
/// is lost, and no deadline missed.
@Suite(.enabled(if: LoopDisk.isPossible, "it needs root and loop devices"))
struct FailingDeviceTests {
    @Test(arguments: Build.built)
    func `a disk that does not answer for 10 s costs no edge, no reading, and no deadline by more than 50 ms`(build: Build) async throws {
        try await background {
            try outage(build) { disk, daemon in
                try disk.stall()
                Thread.sleep(forTimeInterval: 10)
                // The metrics answer while the disk does not.
                #expect(try daemon.status()["uptime"] is Double)
                try disk.goOn()
            }
        }
    }

    @Test(arguments: Build.built)
    func `a disk that answers EIO is said, costs no edge, no reading, and no deadline, and is written again`(build: Build) async throws {
        try await background {
            try outage(build) { disk, daemon in
                try disk.fail(disk.path + "/readings.ring")
                #expect(daemon.waitForLog("input/output error", within: 10), "\(daemon.log)")
                Thread.sleep(forTimeInterval: 5)
                #expect(daemon.isRunning)
                try disk.heal()
                #expect(daemon.waitForLog("the ring is written again", within: 40), "\(daemon.log)")
            }
        }
    }

    /// The broker goes, the disk misbehaves, the disk is well again, the broker comes back.
    private func outage(_ build: Build, _ misbehave: (LoopDisk, Daemon) throws -> Void) throws {
        let disk = try LoopDisk()
        let broker = try MosquittoBroker()
        let relay = try Relay(to: broker.port)
        defer { relay.stop() }
        let subscriber = try Subscriber(broker, ["godwit/#"])
        defer { subscriber.stop() }
        let folder = try TemporaryFolder()
        // A door that moves each 70 ms, once: as many states as edges.
        let edges = 600
        var recording = "time_ns,line,level\n"
        for edge in 0...edges { recording += "\(edge * 70_000_000),door,\(edge % 2)\n" }
        _ = try folder.write(recording, to: "door.csv")
        let daemon = try Daemon(
            build,
            configuration: """
                device: {id: bench}
                broker: {url: "mqtt://127.0.0.1:\(relay.port)", reconnect: {minimum: 200 ms, maximum: 1 s}}
                publish: {clock: trust}
                buffer: {file: \(disk.path)/readings.ring, size: 1 MiB, sync: 1 s}
                chips: [{name: bench, replay: door.csv}]
                sensors:
                  - {id: n, model: synthetic, waveform: counter, every: 100 ms}
                  - {id: door, model: contact, line: {chip: bench, name: door}, debounce: 1 ms, heartbeat: 0 s}
                """, folder: folder)
        try daemon.start()
        // What else this machine does is not what is asked about.
        _ = try run("/usr/bin/env", ["renice", "-n", "-15", "-p", "\(daemon.identifier)"])
        #expect(subscriber.wait(within: 15) { $0.filter { $0.topic == "godwit/bench/sensors/n" }.count > 20 })
        relay.set(.refusing)
        Thread.sleep(forTimeInterval: 3)
        try misbehave(disk, daemon)
        Thread.sleep(forTimeInterval: 3)
        relay.set(.open)
        let all = subscriber.wait(within: 60) { $0.filter { $0.topic == "godwit/bench/sensors/door" }.count > edges }
        #expect(all, "\(subscriber.lines.filter { $0.topic == "godwit/bench/sensors/door" }.count) states")
        #expect(daemon.stop().status == 0)

        let published = subscriber.lines.compactMap { Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt) }
        #expect(published.filter { $0.topic == "godwit/bench/losses" }.isEmpty)
        let states = firstArrivals(published.filter { $0.topic == "godwit/bench/sensors/door" }).compactMap { $0.fields["state"] as? Int }
        #expect(states.count == edges + 1 && zip(states, states.dropFirst()).allSatisfy { $0 != $1 }, "an edge is lost")
        let counts = firstArrivals(published.filter { $0.topic == "godwit/bench/sensors/n" })
        #expect(counts.compactMap { ($0.fields["value"] as? Double).map { Int($0) } } == Array(0..<counts.count))
        let times = counts.compactMap(\.time)
        let first = try #require(times.first)
        let late = times.enumerated().map { abs($1 - first - Double($0) * 0.1) }.max() ?? 0
        #expect(late <= 0.05, "a reading was \(late) s away from its time")
    }
}
