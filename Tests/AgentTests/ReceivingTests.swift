import MQTTSession
import Outputs
import Telemetry
import Testing

@testable import Agent

@Suite struct ReceivingTests {
    static let siren = OutputSettings(id: "siren", line: .name("GPIO27"), isRemote: true)
    static let pump = OutputSettings(id: "pump", line: .name("GPIO22"))

    private func bench(clockIsKnown: Bool = true) -> Bench {
        var bench = Bench(clockIsKnown: clockIsKnown) { $0.outputs = [Self.siren, Self.pump] }
        bench.run(for: .seconds(1))
        return bench
    }

    private func message(
        _ payload: String, to topic: String = "godwit/bench/command", retained: Bool = false, responseTopic: String? = nil,
        correlationData: [UInt8]? = nil
    ) -> AgentInput {
        .message(
            ReceivedMessage(
                topic: topic, payload: Array(payload.utf8), isRetained: retained, responseTopic: responseTopic,
                correlationData: correlationData))
    }

    private func set(_ payload: String, _ output: String = "siren", retained: Bool = false) -> AgentInput {
        message(payload, to: "godwit/bench/outputs/\(output)/set", retained: retained)
    }

    @Test func `commands and the outputs that are remote are subscribed before online is said, at each connection`() {
        var bench = bench()
        let filters = ["godwit/bench/command", "godwit/bench/outputs/siren/set"]
        #expect(bench.subscriptions == [filters])
        bench.loseConnection()
        bench.run(for: .seconds(300))
        #expect(bench.subscriptions == [filters, filters])
    }

    @Test func `a command is answered on the response topic of the device`() throws {
        var bench = bench()
        bench.give(message(#"{"id":"x","command":"ping"}"#))
        let answer = try #require(bench.published.last { $0.topic == "godwit/bench/response" })
        #expect(String(decoding: answer.payload, as: UTF8.self) == #"{"id":"x","command":"ping","ok":true,"result":{}}"#)
        #expect(answer.qos == 1 && !answer.retain && answer.correlationData == nil)
        #expect(answer.contentType == "application/json")
    }

    @Test func `the response topic and the correlation data of the request are honoured`() throws {
        var bench = bench()
        bench.give(message(#"{"command":"ping"}"#, responseTopic: "clients/7", correlationData: [0, 1, 255]))
        let answer = try #require(bench.published.last { $0.topic == "clients/7" })
        #expect(answer.correlationData == [0, 1, 255])
        #expect(String(decoding: answer.payload, as: UTF8.self) == #"{"id":null,"command":"ping","ok":true,"result":{}}"#)
        #expect(bench.payloads(on: "godwit/bench/response").isEmpty)
    }

    @Test(arguments: ["", "clients/#", "clients/+/x", "$SYS/x", "godwit/bench/sensors/n", "godwit/bench/command"])
    func `a response topic that cannot be one is ignored`(topic: String) {
        var bench = bench()
        let before = bench.payloads(on: topic)
        bench.give(message(#"{"command":"ping"}"#, responseTopic: topic))
        #expect(bench.payloads(on: topic) == before)
        #expect(bench.payloads(on: "godwit/bench/response").count == 1)
    }

    @Test(arguments: ["godwit/bench/response", "godwit/bench/response/7", "godwit/bench2/x", "x"])
    func `a response topic that can be one is taken`(topic: String) {
        var bench = bench()
        bench.give(message(#"{"command":"ping"}"#, responseTopic: topic))
        #expect(bench.payloads(on: topic).count == 1)
    }

    @Test func `a retained command does nothing and is counted`() {
        var bench = bench()
        bench.give(message(#"{"command":"ping"}"#, retained: true))
        #expect(bench.payloads(on: "godwit/bench/response").isEmpty)
        #expect(bench.agent.ignoredCommands == 1)
        #expect(bench.log.contains { $0.level == .warning && $0.text.hasPrefix("ignored: a retained command") })
    }

    @Test(arguments: [
        ("", "not JSON: it ends in the middle"), ("ping", "not JSON: unexpected 'p' at byte 0"), ("[1]", "not a JSON object"),
        (#"{"command":"pong"}"#, "unknown command 'pong'; did you mean 'ping'?"),
    ])
    func `what is no command is answered with an error`(payload: String, error: String) {
        var bench = bench()
        bench.give(message(payload))
        #expect(bench.payloads(on: "godwit/bench/response") == [#"{"id":null,"ok":false,"error":"\#(error)"}"#])
    }

    @Test func `a command is taken up to 64 KiB and refused beyond`() {
        var bench = bench()
        let ping = #"{"command":"ping"}"#
        bench.give(message(ping + String(repeating: " ", count: 65536 - ping.utf8.count)))
        bench.give(message(ping + String(repeating: " ", count: 65537 - ping.utf8.count)))
        let answers = bench.payloads(on: "godwit/bench/response")
        #expect(answers[0].contains(#""ok":true"#))
        #expect(answers[1] == #"{"id":null,"ok":false,"error":"longer than 65536 bytes"}"#)
        #expect(bench.agent.ignoredCommands == 1)
    }

    @Test func `by the socket a bad request is answered to its client`() {
        var bench = bench()
        bench.give(.request(client: 4, Array(#"{"id":9,"command":"pong"}"#.utf8)))
        bench.give(.request(client: 4, Array("x".utf8)))
        #expect(
            bench.responses == [
                #"{"id":"9","ok":false,"error":"unknown command 'pong'; did you mean 'ping'?"}"#,
                #"{"id":null,"ok":false,"error":"not JSON: unexpected 'x' at byte 0"}"#,
            ])
    }

    private func isOn(_ bench: Bench, _ output: Int = 0) -> Bool? {
        guard case .output(let active)? = bench.outputs[output]?.direction else { return nil }
        return active
    }

    @Test func `a set switches its output, and a request that was done is not done again`() {
        var bench = bench()
        #expect(isOn(bench) == false)
        bench.give(set("ON"))
        #expect(isOn(bench) == true)
        bench.give(set(#"{"state":"off","id":"a"}"#))
        #expect(isOn(bench) == false)
        bench.give(set(#"{"state":"toggle","id":"a"}"#))
        #expect(isOn(bench) == false && bench.agent.ignoredCommands == 1)
        #expect(bench.log.last?.text == "ignored: a command that was done already output=siren")
        bench.give(set(#"{"state":"toggle","id":"b","expires":"2026-11-24T08:12:20Z"}"#))
        #expect(isOn(bench) == true && bench.agent.ignoredCommands == 1)
    }

    @Test func `a request that was not done may come again`() {
        var bench = bench(clockIsKnown: false)
        let request = set(#"{"state":"on","id":"a","expires":"2026-11-24T09:00:00Z"}"#)
        bench.give(request)
        #expect(isOn(bench) == false)
        bench.clock.isKnown = true
        bench.give(request)
        #expect(isOn(bench) == true)
    }

    @Test func `by the socket an output is switched that is not remote, by the broker one that is`() {
        var bench = bench()
        bench.give(.request(client: 1, Array(#"{"command":"output","output":"pump","state":"on","for":"5 s"}"#.utf8)))
        #expect(isOn(bench, 1) == true)
        bench.run(for: .seconds(6))
        #expect(isOn(bench, 1) == false)
        bench.give(message(#"{"id":"siren","command":"output","state":"on"}"#))
        #expect(isOn(bench, 0) == true)
        #expect(
            bench.payloads(on: "godwit/bench/response") == [#"{"id":"siren","command":"output","ok":true,"result":{}}"#])
    }

    @Test(arguments: [
        ("{", "not JSON"), ("maybe", "'maybe' is no state"), ("", "empty"),
        (#"{"state":"on","expires":"2026-11-24T08:12:13Z"}"#, "a command that expired at 2026-11-24T08:12:13.000Z"),
        (String(repeating: " ", count: 1023) + "on", "a command of more than 1024 bytes"),
    ])
    func `a bad set does nothing and is counted`(payload: String, why: String) {
        var bench = bench()
        bench.give(set(payload))
        #expect(bench.agent.ignoredCommands == 1)
        #expect(bench.log.last?.text.hasPrefix("ignored: \(why)") == true, "\(bench.log.last?.text ?? "")")
        #expect(bench.log.last?.text.hasSuffix("output=siren") == true)
    }

    @Test func `a retained set does nothing and is counted`() {
        var bench = bench()
        bench.give(set("on", retained: true))
        #expect(bench.agent.ignoredCommands == 1)
        #expect(bench.log.last?.text.hasPrefix("ignored: a retained command") == true)
    }

    @Test func `an expiry cannot be judged while the clock is not known`() {
        var bench = bench(clockIsKnown: false)
        bench.give(set(#"{"state":"on","expires":"9999-01-01T00:00:00Z"}"#))
        #expect(bench.log.last?.text == "ignored: a command that may have expired: the clock is not known yet output=siren")
    }

    @Test func `an output that is not remote hears the broker neither by set nor by command`() {
        var bench = bench()
        bench.give(set("on", "pump"))
        bench.give(message(#"{"command":"output","output":"pump","state":"on"}"#))
        #expect(bench.agent.ignoredCommands == 2)
        #expect(isOn(bench, 1) == false)
        #expect(
            bench.payloads(on: "godwit/bench/response") == [
                #"{"id":null,"ok":false,"error":"output 'pump' is not for the broker: it has no 'remote: true'"}"#
            ])
    }

    @Test func `a topic that nothing waits for is counted`() {
        var bench = bench()
        bench.give(set("on", "gone"))
        bench.give(message("on", to: "other/topic"))
        #expect(bench.agent.ignoredCommands == 2)
    }

    @Test func `two hundred seeds of broken payloads are answered or counted, one by one`() {
        for seed in UInt64(1)...200 {
            var random = RandomSource(seed: seed)
            var bench = bench()
            let parts = [
                #"{"command":"ping"}"#, #"{"command":"mute","alert":"a","for":"8 h"}"#, #"{"state":"on","for":"5 s","id":"x"}"#,
                #"{"command":"output","output":"siren","state":"on"}"#, "on", "toggle", #"{"command":"read","sensor":"n"}"#,
            ]
            for _ in 0..<10 {
                var bytes = Array(parts[Int(random.next() % UInt64(parts.count))].utf8)
                for _ in 0..<(random.next() % 4) {
                    let index = Int(random.next() % UInt64(bytes.count))
                    switch random.next() % 3 {
                    case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
                    case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
                    default: if bytes.count > 1 { bytes.remove(at: index) }
                    }
                }
                let before = bench.payloads(on: "godwit/bench/response").count
                let reads = bench.agent.pendingReads.count
                bench.give(.message(ReceivedMessage(topic: "godwit/bench/command", payload: bytes, isRetained: false)))
                let answered = bench.payloads(on: "godwit/bench/response").count - before
                #expect(answered + bench.agent.pendingReads.count - reads == 1, "seed \(seed): \(bytes)")
                bench.give(
                    .message(ReceivedMessage(topic: "godwit/bench/outputs/siren/set", payload: bytes, isRetained: false)))
            }
        }
    }
}
