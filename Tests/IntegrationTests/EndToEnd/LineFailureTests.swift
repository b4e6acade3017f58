import Foundation
import TestSupport
import Testing

struct LineFailureTests {
    @Test(arguments: Build.built)
    func `a sensor whose line is missing says so and is tried again; the others go on`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build,
                configuration: counterConfiguration(
                    port: broker.port, every: "100 ms",
                    more: """
                          - {id: door, model: contact, line: NO-SUCH-LINE, class: door}
                          - {id: rain, model: pulse-counter, line: NO-SUCH-LINE-EITHER, every: 1 s}
                        """))
            try daemon.start()
            #expect(subscriber.wait(within: 15) { $0.filter { $0.topic == "godwit/bench/sensors/rain" }.count >= 3 })
            let failures = subscriber.lines.filter { $0.topic == "godwit/bench/sensors/door" }
            #expect(failures.allSatisfy { $0.payload.contains("\"error\":\"missing\",\"detail\":\"") })
            #expect(failures.first?.payload.contains("NO-SUCH-LINE") == true)
            #expect(subscriber.lines.filter { $0.topic == "godwit/bench/sensors/n" }.count > 20)
            #expect(daemon.log.contains("no reading sensor=door error=missing"))
            let sensors = try daemon.status()["sensors"] as? [String: [String: Any]]
            // A contact says it once, and with each heartbeat; a sampled sensor at each slot.
            #expect(sensors?["door"]?["failures"] as? Int == 1)
            #expect((sensors?["rain"]?["failures"] as? Int ?? 0) >= 3)
            #expect(sensors?["door"]?["last_error"] as? String == "missing")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `godwit read asks the running daemon`(build: Build) async throws {
        try await background {
            let daemon = try Daemon(build, configuration: counterConfiguration(port: 1, every: "1 s"))
            try daemon.start()
            #expect(daemon.waitForLog("started"))
            let result = try run(
                build.executable("godwit"),
                ["read", "n", "--json", "--config", daemon.configurationFile, "--state-directory", daemon.stateFolder])
            #expect(result.status == 0)
            #expect(result.output.contains("\"value\":"))
            #expect(daemon.stop().status == 0)
        }
    }
}
