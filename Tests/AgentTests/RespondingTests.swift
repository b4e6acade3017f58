import MQTTSession
import Telemetry
import Testing

@testable import Agent

@Suite struct RespondingTests {
    private func ask(_ bench: inout Bench, _ id: Int, _ command: String = "ping", responseTopic: String? = nil) {
        bench.give(
            .message(
                ReceivedMessage(
                    topic: "godwit/bench/command", payload: Array(#"{"id":\#(id),"command":"\#(command)"}"#.utf8),
                    isRetained: false, responseTopic: responseTopic)))
    }

    private func answered(_ bench: Bench) -> [String] { bench.payloads(on: "godwit/bench/response") }

    @Test func `answers wait for room in the window, sixteen at most, and go out ahead of readings`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(3600))], inFlight: 2)
        bench.run(for: .seconds(1))
        bench.acknowledges = false
        for id in 1...30 { ask(&bench, id) }
        // Two fill the window, sixteen wait.
        #expect(answered(bench).count == 2)
        #expect(bench.agent.connection?.responses.count == 16)
        #expect(bench.agent.ignoredCommands == 12)
        #expect(bench.log.contains { $0.text == "an answer to a command was dropped: 16 others wait already" })
    }

    @Test func `twenty commands of one turn are all answered where the window has room`() {
        var bench = Bench()
        bench.run(for: .seconds(1))
        for id in 1...20 { ask(&bench, id) }
        #expect(answered(bench).count == 20)
        #expect(bench.agent.ignoredCommands == 0)
    }

    @Test func `an answer that is larger than the broker takes becomes an error`() {
        var bench = Bench()
        bench.acknowledgement.maximumPacketSize = 500
        bench.run(for: .seconds(1))
        ask(&bench, 1, "status")
        #expect(answered(bench).count == 1)
        #expect(answered(bench)[0].hasPrefix(#"{"id":"1","ok":false,"error":"the answer has "#))
        #expect(!bench.agent.session.isHolding)
    }

    @Test func `where not even the error fits nothing is sent, and readings go on`() {
        var bench = Bench(sensors: [Bench.counter()])
        bench.acknowledgement.maximumPacketSize = 500
        bench.run(for: .seconds(1))
        ask(&bench, 1, "ping", responseTopic: String(repeating: "t", count: 600))
        #expect(bench.agent.ignoredCommands == 1)
        bench.run(for: .seconds(3))
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count >= 4)
    }

    @Test func `an answer that the broker refuses holds no reading`() {
        var bench = Bench(sensors: [Bench.counter()])
        bench.refusals["not/mine"] = 0x87
        bench.run(for: .seconds(1))
        ask(&bench, 1, "ping", responseTopic: "not/mine")
        #expect(!bench.agent.session.isHolding)
        #expect(bench.agent.ignoredCommands == 1)
        bench.run(for: .seconds(3))
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count >= 4)
        #expect(bench.agent.session.counters.held == 0)
    }

    @Test func `an answer whose connection is gone is dropped and counted`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(60))])
        bench.run(for: .seconds(1))
        bench.give(
            .message(
                ReceivedMessage(
                    topic: "godwit/bench/command", payload: Array(#"{"command":"status"}"#.utf8), isRetained: false)))
        #expect(answered(bench).count == 1)
        bench.brokerAnswers = false
        bench.loseConnection()
        ask(&bench, 2)
        #expect(answered(bench).count == 1)
        #expect(bench.agent.ignoredCommands == 1)
    }

    @Test func `nothing is answered after offline`() {
        var bench = Bench()
        bench.run(for: .seconds(1))
        bench.acknowledges = false
        for id in 1...20 { ask(&bench, id) }
        bench.give(.stop)
        bench.run(for: .seconds(6))
        #expect(bench.isFinished)
        let offline = bench.published.lastIndex { $0.topic == "godwit/bench/status" }
        let answer = bench.published.lastIndex { $0.topic == "godwit/bench/response" }
        if let offline, let answer { #expect(offline > answer || bench.disconnects == [true]) }
    }

    @Test func `by the socket the answer goes to its client`() {
        var bench = Bench()
        bench.ask(CommandOrigin(client: 4, id: "a"), .ping)
        #expect(bench.responses == [#"{"id":"a","command":"ping","ok":true,"result":{}}"#])
    }
}
