import Foundation
import TestSupport
import Testing

struct StopTests {
    @Test(arguments: Build.built)
    func `SIGTERM says offline, ends with 0 within 5 s, and nothing is left over`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(build, configuration: counterConfiguration(port: broker.port))
            try daemon.start()
            #expect(subscriber.wait(within: 10) { $0.filter { $0.topic == "godwit/bench/sensors/n" }.count > 50 })
            let stopped = daemon.stop()
            #expect(stopped.status == 0)
            #expect(stopped.seconds < 5)
            #expect(subscriber.wait(within: 5) { $0.last { $0.topic == "godwit/bench/status" }?.payload == "offline" })
            let status = try daemon.ringStatus()
            #expect(status["unacknowledged"] as? Int == 0)
            let head = try #require(status["head"] as? Int)
            let arrived = subscriber.lines.filter { $0.topic == "godwit/bench/sensors/n" }.count
            #expect(head <= arrived + 1)

            // The clean stop wrote the exact next number: the restart leaves no gap.
            try daemon.start()
            #expect(subscriber.wait(within: 10) { $0.filter { $0.topic == "godwit/bench/sensors/n" }.count > arrived + 20 })
            _ = daemon.stop()
            let readings = subscriber.lines.compactMap {
                Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)
            }
            let numbers = firstArrivals(readings.filter { $0.topic == "godwit/bench/sensors/n" }).map(\.sequence)
            #expect(numbers == Array(1...max(numbers.count, 1)))
            #expect(readings.filter { $0.topic == "godwit/bench/losses" }.isEmpty)
        }
    }

    @Test(arguments: Build.built)
    func `without a broker a stop takes no time and keeps what was read`(build: Build) async throws {
        try await background {
            let daemon = try Daemon(build, configuration: counterConfiguration(port: 1))
            try daemon.start()
            Thread.sleep(forTimeInterval: 2)
            let stopped = daemon.stop()
            #expect(stopped.status == 0)
            #expect(stopped.seconds < 3)
            #expect((try daemon.ringStatus()["unacknowledged"] as? Int ?? 0) > 100)
        }
    }

    @Test(arguments: Build.built)
    func `a daemon that is killed leaves offline as its Will`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/bench/status"])
            defer { subscriber.stop() }
            let daemon = try Daemon(build, configuration: counterConfiguration(port: broker.port))
            try daemon.start()
            #expect(subscriber.wait(within: 10) { $0.last?.payload == "online" })
            daemon.kill()
            #expect(subscriber.wait(within: 10) { $0.last?.payload == "offline" })
        }
    }

    @Test(arguments: Build.built)
    func `a second daemon on the same ring is refused with 69, and the first keeps its connection`(build: Build) async throws {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/bench/status"])
            defer { subscriber.stop() }
            let daemon = try Daemon(build, configuration: counterConfiguration(port: broker.port))
            try daemon.start()
            #expect(subscriber.wait(within: 10) { $0.last?.payload == "online" })
            let second = try run(
                build.executable("godwitd"),
                ["--config", daemon.configurationFile, "--state-directory", daemon.stateFolder])
            #expect(second.status == 69)
            #expect(second.error.contains("another daemon holds the ring"))
            Thread.sleep(forTimeInterval: 1)
            #expect(subscriber.lines.map(\.payload) == ["online"])
            #expect(!daemon.log.contains("connection lost"))
            #expect(daemon.stop().status == 0)
        }
    }
}
