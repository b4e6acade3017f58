import Foundation
import TestSupport
import Testing

/// The real godwitd over a line that is late, slow, cut in the middle of a packet, half closed or swallowed.
struct FaultTests {
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case singleBytes, slowReader, slowAnswers, cutSending, cutReceiving, reset, halfClosed, blackHole, stalled
        var testDescription: String { rawValue }

        /// How often the line breaks before it is left alone.
        var breaks: Int {
            switch self {
            case .singleBytes, .slowReader, .slowAnswers: 0
            case .cutSending, .cutReceiving, .reset: 60
            case .halfClosed: 10
            case .blackHole, .stalled: 1
            }
        }

        func faults(_ number: Int) -> FaultProxy.Faults {
            var faults = FaultProxy.Faults()
            // Somewhere in CONNECT, SUBSCRIBE, the first messages, or a while later; another place for each connection.
            let bytes = 1 + number * 37 % 1499
            switch self {
            case .singleBytes:
                faults.fromClient = .inChunks(of: 1)
                faults.fromBroker = .inChunks(of: 1)
            case .slowReader: faults.fromClient = .inChunks(of: 40, delay: 0.004)
            case .slowAnswers: faults.fromBroker = .inChunks(of: 7, delay: 0.02)
            case .cutSending: if number < breaks { faults.fromClient = .after(bytes, .cut) }
            case .cutReceiving: if number < breaks { faults.fromBroker = .after(1 + number * 5 % 97, .cut) }
            case .reset: if number < breaks { faults.fromClient = .after(bytes, .reset) }
            case .halfClosed: if number < breaks { faults.fromBroker = .after(20 + number, .halfClose) }
            case .blackHole: if number < breaks { faults.fromClient = .after(1000, .blackHole) }
            case .stalled: if number < breaks { faults.fromClient = .after(1000, .stall) }
            }
            return faults
        }
    }

    @Test(arguments: Build.built, Fault.allCases)
    func `whatever the line does, all arrives, in its order`(build: Build, fault: Fault) async throws {
        let exchange = Exchange(
            name: fault.rawValue, broker: "keep_alive: 5 s", every: fault == .slowAnswers || fault == .slowReader ? "200 ms" : "20 ms",
            behaviour: { stage in { try stage.serve($0) } },
            check: { stage in
                let patience = fault == .blackHole || fault == .stalled ? 30.0 : 60.0
                #expect(waitUntil(patience) { stage.broker.connectionCount > fault.breaks }, "\(stage.daemon.log)")
                #expect(stage.takesMore(20, within: 30), "\(stage.daemon.log)")
                if fault.breaks == 0 { #expect(stage.broker.connectionCount == 1, "slow is not broken: \(stage.daemon.log)") }
            })
        try await Stages.play(exchange, build) { port in try FaultProxy(to: port) { fault.faults($0) } }
    }
}
