import Foundation
import TestSupport
import Testing

/// A name server that does not answer for 30 s. Timed to 50 ms, so it has no neighbours: scripts/test.
struct HangingNameTests {
    @Test(arguments: Build.built)
    func `while a name server does not answer no sensor is read late by more than 50 ms, and a stop is over in time`(build: Build) async throws {
        try await background {
            let broker = try NameBench.serving()
            let folder = try TemporaryFolder()
            let daemon = try NameBench.daemon(
                build, urls: ["mqtt://hangs.test:1883", "mqtt://127.0.0.1:\(broker.port)"], hosts: "hangs.test 30\n", folder: folder)
            try daemon.start()
            // What else this machine does is not what is asked about.
            _ = try run("/usr/bin/env", ["renice", "-n", "-15", "-p", "\(daemon.identifier)"])
            #expect(waitUntil(50) { NameBench.readings(broker).count >= 310 }, "\(daemon.log)")
            #expect(daemon.log.contains("name not found: hangs.test"), "\(daemon.log)")
            let readings = NameBench.readings(broker)
            #expect(readings.map { $0.sequence } == Array(1...readings.count))
            let times = readings.compactMap { $0.time }
            // The first comes with the start.
            let begun = try #require(times.dropFirst().first)
            let late = times.dropFirst().enumerated().map { abs($1 - begun - Double($0) * 0.1) }.max() ?? 1
            #expect(late <= 0.05, "a reading was \(late) s away from its time")
            broker.stop()
            #expect(waitUntil(15) { daemon.log.contains("connection lost") })
            Thread.sleep(forTimeInterval: 1)
            let (status, seconds) = daemon.stop()
            #expect(status == 0 && seconds < 5, "\(seconds) s")
        }
    }
}
