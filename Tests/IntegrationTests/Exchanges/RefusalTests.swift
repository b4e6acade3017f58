import Foundation
import TestSupport
import Testing

/// A broker that refuses for a minute: the daemon goes on trying, and does next to nothing.
struct RefusalTests {
    enum Refusal: String, CaseIterable, CustomTestStringConvertible {
        case closesAtOnce, closesAfterConnack, refuses
        var testDescription: String { rawValue }
    }

    /// Seconds of the processor that the process has used.
    private func processorTime(_ daemon: Daemon) throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(daemon.identifier)/stat", encoding: .utf8)
        // Behind the name, which stands in parentheses: utime and stime are the 12th and 13th field, in 1/100 s.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        return (Double(fields[12]) ?? .infinity) / 100 + (Double(fields[13]) ?? .infinity) / 100
    }

    @Test(arguments: Build.built, Refusal.allCases)
    func `a minute of refusals costs less than one percent of a processor, and then all is delivered`(
        build: Build, refusal: Refusal
    ) async throws {
        try await background {
            let isOver = Shared(false)
            let taken = Shared<[Int]>([])
            let broker = try ScriptedBroker { connection in
                guard !isOver.current else {
                    try connection.acceptConnect()
                    return try connection.serve { publish in
                        if let number = Stage.number(publish) { taken.with { $0.append(number) } }
                        return 0
                    }
                }
                switch refusal {
                case .closesAtOnce: break
                case .closesAfterConnack: try connection.acceptConnect()
                case .refuses:
                    _ = try connection.readConnect()
                    try connection.send(ServerPacket.connectionAcknowledgement(level: 5, reason: 0x88))
                }
            }
            // The delays as they are by default: 1 s to 2 min.
            let daemon = try Daemon(
                build,
                configuration: """
                    device: {id: x}
                    broker: {url: "mqtt://127.0.0.1:\(broker.port)", protocol: 5, reconnect: {maximum: 10 s}}
                    publish: {clock: trust, metrics_every: 0 s}
                    buffer: {size: 256 KiB}
                    sensors:
                      - {id: n, model: synthetic, waveform: counter, every: 5 s}
                    """)
            try daemon.start()
            #expect(waitUntil(20) { broker.connectionCount > 0 }, "\(daemon.log)")
            let before = try processorTime(daemon)
            Thread.sleep(forTimeInterval: 60)
            let used = try processorTime(daemon) - before
            #expect(used < 0.6, "\(used) s of 60 s")
            #expect((4...61).contains(broker.connectionCount), "\(broker.connectionCount) attempts in a minute")
            isOver.with { $0 = true }
            #expect(waitUntil(40) { taken.current.count >= 12 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
            #expect(taken.current == Array(1...taken.current.count))
        }
    }
}
