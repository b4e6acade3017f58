import Foundation
import TestSupport
import Testing

struct ClockTests {
    /// What the kernel says (adjtimex(2)), asked of Python, since Swift's Glibc has no timex: not synchronised is
    /// TIME_ERROR, 5. A machine without an answer counts as synchronised, and the test is skipped.
    private static let kernelIsSynchronised: Bool = {
        let script = "import ctypes; b = ctypes.create_string_buffer(512); print(ctypes.CDLL(None).adjtimex(b))"
        guard let result = try? run("/usr/bin/env", ["python3", "-c", script]) else { return true }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines) != "5"
    }()

    @Test(.enabled(if: !kernelIsSynchronised, "this machine's clock is synchronised"), arguments: Build.built)
    func `on a clock that the kernel calls unsynchronised readings go out unstamped after wait_for_clock`(build: Build)
        async throws
    {
        try await background {
            let broker = try MosquittoBroker()
            let subscriber = try Subscriber(broker, ["godwit/#"])
            defer { subscriber.stop() }
            let daemon = try Daemon(
                build,
                configuration: """
                    device: {id: bench}
                    broker: {url: "mqtt://127.0.0.1:\(broker.port)"}
                    publish: {clock: kernel, wait_for_clock: 3 s}
                    sensors:
                      - {id: n, model: synthetic, waveform: counter, every: 100 ms}
                    """)
            try daemon.start()
            Thread.sleep(forTimeInterval: 2)
            #expect(subscriber.lines.filter { $0.topic.hasPrefix("godwit/bench/unstamped") }.isEmpty)
            #expect(subscriber.wait(within: 10) { $0.filter { $0.topic == "godwit/bench/unstamped/n" }.count > 40 })
            let readings = subscriber.lines.filter { $0.topic == "godwit/bench/unstamped/n" }.compactMap {
                Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)
            }
            #expect(readings.map(\.sequence) == Array(1...readings.count))
            #expect(readings.allSatisfy { $0.fields["clock"] as? String == "unknown" && $0.fields["time"] == nil })
            #expect(readings.allSatisfy { ($0.fields["boot"] as? String)?.count == 8 && $0.fields["uptime"] is Double })
            #expect(subscriber.lines.allSatisfy { $0.topic != "godwit/bench/sensors/n" })
            let status = try daemon.status()
            #expect(status["clock"] as? String == "unknown")
            #expect(status["time"] is NSNull)
            #expect(daemon.stop().status == 0)
        }
    }
}
