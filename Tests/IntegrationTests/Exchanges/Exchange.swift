import Foundation
import TestSupport
import Testing

/// What a broker does in a test, and what the agent must do then. Each row is played to the real godwitd, in both builds.
struct Exchange: Sendable, CustomTestStringConvertible {
    /// What the broker does; what the agent must do.
    let name: String
    /// More keys of `broker`.
    var broker = "keep_alive: 60 s"
    var qos = 1
    /// Of the sensor that counts.
    var every = "20 ms"
    let behaviour: @Sendable (Stage) -> ScriptedBroker.Behaviour
    let check: @Sendable (Stage) throws -> Void

    var testDescription: String { name }

    /// The first answer to reading 5, PUBACK or PUBREC as the QoS has it, has this reason, twice.
    static func answersTwice(_ packet: String, _ reason: UInt8, qos: Int = 1, check: @escaping @Sendable (Stage) throws -> Void = { _ in }) -> Exchange {
        Exchange(
            name: "answers reading 5 with \(packet) 0x\(String(reason, radix: 16, uppercase: true)), twice: it is delivered or told as lost",
            qos: qos,
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    try stage.serveOn(connection) { publish in
                        guard Stage.number(publish) == 5 else { return 0 }
                        return stage.count.with { $0 += 1; return $0 <= 2 ? reason : 0 }
                    }
                }
            },
            check: { stage in
                #expect(stage.takesMore())
                #expect(waitUntil(15) { stage.numbers.contains(8) })
                try check(stage)
            })
    }
}

/// A scripted broker and a daemon that is connected to it.
final class Stage: @unchecked Sendable {
    let exchange: Exchange
    private(set) var broker: ScriptedBroker!
    private(set) var daemon: Daemon!
    /// For a behaviour and its check.
    let flag = Shared(false)
    let count = Shared(0)
    /// Numbers of readings that the broker has acknowledged with a reason below 0x80.
    let taken = Shared(Set<Int>())
    /// Ranges of numbers that the daemon said are lost.
    private let lost = Shared<[ClosedRange<Int>]>([])

    init(_ exchange: Exchange, _ build: Build, through proxy: ((UInt16) throws -> FaultProxy)? = nil) throws {
        self.exchange = exchange
        broker = try ScriptedBroker(behaviour: exchange.behaviour(self))
        let relay = try proxy?(broker.port)
        daemon = try Daemon(
            build,
            configuration: """
                device: {id: x}
                broker:
                  url: mqtt://127.0.0.1:\(relay?.port ?? broker.port)
                  \(exchange.broker)
                  reconnect: {minimum: 20 ms, maximum: 100 ms}
                publish: {clock: trust, metrics_every: 0 s, qos: \(exchange.qos)}
                buffer: {sync: 100 ms, size: 256 KiB}
                sensors:
                  - {id: n, model: synthetic, waveform: counter, every: \(exchange.every)}
                """)
        keep = relay
        try daemon.start()
    }
    private var keep: FaultProxy?

    static let topic = "godwit/x/sensors/n"

    static func number(_ publish: ClientPacket.Publish) -> Int? {
        guard publish.topic == topic else { return nil }
        return Published(topic: topic, payload: publish.text, arrivedAt: 0)?.sequence
    }

    var numbers: [Int] { broker.publishes.compactMap(Stage.number) }

    /// Acknowledges, and keeps account of it.
    func acknowledge(_ publish: ClientPacket.Publish, on connection: ScriptedBroker.Connection, reason: UInt8 = 0) throws {
        try connection.acknowledge(publish, reason: reason)
        note(publish, reason: reason)
    }

    private func note(_ publish: ClientPacket.Publish, reason: UInt8) {
        guard reason < 0x80 else { return }
        if let number = Stage.number(publish) { taken.with { _ = $0.insert(number) } }
        if publish.topic == "godwit/x/losses", let loss = Published(topic: "", payload: publish.text, arrivedAt: 0),
            let first = loss.fields["first"] as? Int, let last = loss.fields["last"] as? Int
        {
            lost.with { $0.append(first...last) }
        }
    }

    /// A broker as it should be, until the client goes.
    func serve(_ connection: ScriptedBroker.Connection, _ properties: ConnectProperties = .init()) throws {
        try connection.acceptConnect(properties)
        try serveOn(connection)
    }

    /// The same after CONNACK. `reason`: of the PUBACK; nil: none.
    func serveOn(_ connection: ScriptedBroker.Connection, _ reason: (ClientPacket.Publish) -> UInt8? = { _ in 0 }) throws {
        try connection.serve { publish in
            let reason = reason(publish)
            if let reason { self.note(publish, reason: reason) }
            return reason
        }
    }

    /// Waits until this many more readings were taken.
    func takesMore(_ count: Int = 20, within seconds: Double = 20) -> Bool {
        let before = taken.current.count
        return waitUntil(seconds) { taken.current.count >= before + count }
    }

    func says(_ text: String, within seconds: Double = 20) -> Bool { daemon.waitForLog(text, within: seconds) }

    /// The end of every row: it still runs, it still delivers, it stops in order, and every number up to the last one taken was
    /// taken or is said to be lost; the first time of each was in its order.
    func finish() {
        #expect(takesMore(), "it does not deliver: \(daemon.log)")
        #expect(daemon.stop().status == 0, "\(daemon.log)")
        let taken = taken.current
        let lost = lost.current
        let missing = (1...(taken.max() ?? 1)).filter { number in !taken.contains(number) && !lost.contains { $0.contains(number) } }
        #expect(missing == [], "neither taken nor told as lost")
        var highest = 0
        var disorder: [Int] = []
        for number in numbers {
            if number > highest + 1, !lost.contains(where: { $0.overlaps(highest + 1...number - 1) }) { disorder.append(number) }
            highest = max(highest, number)
        }
        #expect(disorder == [], "handed over for the first time before one that comes before it")
        #expect(broker.errors == [], "\(broker.errors)")
        broker.stop()
    }
}

/// Rows run beside each other, but not all at once.
enum Stages {
    private static let gate = DispatchSemaphore(value: 6)

    /// - Parameter proxy: what stands between, given the broker's port.
    static func play(
        _ exchange: Exchange, _ build: Build, through proxy: (@Sendable (UInt16) throws -> FaultProxy)? = nil
    ) async throws {
        try await background {
            gate.wait()
            defer { gate.signal() }
            let stage = try Stage(exchange, build, through: proxy)
            try exchange.check(stage)
            stage.finish()
        }
    }
}
