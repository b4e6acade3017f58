import Foundation
import Telemetry
import TestSupport
import Testing

/// The commands, by the broker and by the socket.
struct CommandTests {
    @Test(arguments: Build.built)
    func `each command by P-command is answered on P-response`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(build)
            let subscriber = try Subscriber(bench.broker, ["godwit/#"])
            try bench.daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/bench/sensors/n" } })
            func result(_ id: String, _ members: String) throws -> [String: Any] {
                let answer = try bench.ask(subscriber, id, members)
                #expect(answer["ok"] as? Bool == true, "\(answer)")
                return try #require(answer["result"] as? [String: Any])
            }
            #expect(try result("ping", #""command":"ping""#).isEmpty)
            #expect(try result("status", #""command":"status""#)["device"] as? String == "bench")
            #expect(try result("metrics", #""command":"metrics""#)["connected"] as? Bool == true)
            #expect(try result("losses", #""command":"losses""#)["losses"] as? [String] == [])
            let lines = try #require(try result("logs", #""command":"logs""#)["lines"] as? [[String: Any]])
            #expect(lines.contains { ($0["text"] as? String)?.contains("started device=bench") == true })
            #expect(lines.allSatisfy { $0["time"] is String && $0["level"] is String })
            let reading = try result("read", #""command":"read","sensor":"n""#)
            #expect(reading["sensor"] as? String == "n" || reading["value"] != nil)
            #expect(try result("output", #""command":"output","output":"siren","state":"on""#).isEmpty)
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "siren") == "on" })
            for (id, members, error) in [
                ("e1", #""command":"raed","sensor":"n""#, "unknown command 'raed'; did you mean 'read'?"),
                ("e2", #""command":"read","sensor":7"#, "'sensor' is no text"),
                ("e3", #""command":"output","output":"pump","state":"on""#, "it has no 'remote: true'"),
                ("e4", #""command":"output","output":"sirene","state":"on""#, "did you mean 'siren'?"),
                ("e5", #""command":"mute","alert":"frost","for":"8""#, "did you mean '8 s'?"),
            ] {
                let answer = try bench.ask(subscriber, id, members)
                #expect(answer["ok"] as? Bool == false && (answer["error"] as? String)?.contains(error) == true, "\(answer)")
            }
            let answers = subscriber.lines.filter { $0.topic == "godwit/bench/response" }
            #expect(answers.allSatisfy { $0.qos == 1 && !$0.isRetained })
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `godwit command gives the same by the socket, also to an output that is not remote`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(build)
            let subscriber = try Subscriber(bench.broker, ["godwit/#"])
            try bench.daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/bench/sensors/n" } })
            func result(_ words: String..., json: Bool = true) throws -> String {
                let outcome = try run(
                    build.executable("godwit"),
                    ["command"] + words + ["--state-directory", bench.daemon.stateFolder] + (json ? ["--json"] : []))
                #expect(outcome.status == 0 && outcome.error.isEmpty, "\(words): \(outcome)")
                return outcome.output
            }
            #expect(try result("ping") == "{}\n")
            #expect(try result("ping", json: false) == "done\n")
            #expect(object(try result("status"))?["device"] as? String == "bench")
            #expect(object(try result("metrics"))?["ignored_commands"] as? Int == 0)
            #expect(try result("status", json: false).hasPrefix("device      bench"))
            #expect(try result("losses") == "{\"losses\":[]}\n")
            #expect(try result("losses", json: false) == "none since the daemon started\n")
            #expect((object(try result("logs"))?["lines"] as? [[String: Any]])?.isEmpty == false)
            #expect(try result("logs", json: false).contains("  info: godwitd "))
            #expect(object(try result("read", "sensor=n"))?["value"] is NSNumber)
            #expect(try result("read", "sensor=n", json: false).contains("value "))
            // For 5 s, and then off by itself.
            #expect(try result("output", "id=pump", "state=on", "for=5 s") == "{}\n")
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "pump") == "on" })
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "pump") == "off" })
            #expect(try result("output", "output=siren", "state=TOGGLE", "id=7", json: false) == "done\n")
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "siren") == "on" })
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `godwit command says no with 1, without a daemon 69, and of a wrong word 64`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(build)
            let absent = try bench.command("ping")
            #expect(absent.status == 69 && absent.error.contains("no daemon runs here"), "\(absent)")
            for words in [[], ["read", "sensor"], ["read", "=n"], ["read", "sensor=a", "sensor=b"], ["ping", "command=x"], ["dance"]] {
                let outcome = try run(build.executable("godwit"), ["command"] + words)
                #expect(outcome.status == 64 && outcome.error.hasPrefix("godwit: command"), "\(words): \(outcome)")
            }
            try bench.daemon.start()
            #expect(bench.daemon.waitForLog("connected", within: 20))
            for (words, error) in [
                (["read"], "'sensor' is missing"), (["read", "sensor=m"], "no sensor 'm'"),
                (["output", "id=siren"], "'state' is missing"), (["output", "id=sirene", "state=on"], "did you mean 'siren'?"),
                (["output", "id=siren", "state=on", "for=5"], "did you mean '5 s'?"),
                (["output", "id=siren", "state=off", "expires=2001-01-01T00:00:00Z"], "expired"),
            ] {
                let outcome = try run(
                    build.executable("godwit"), ["command"] + words + ["--state-directory", bench.daemon.stateFolder])
                #expect(outcome.status == 1 && outcome.output.isEmpty, "\(words): \(outcome)")
                #expect(outcome.error.contains(error), "\(words): \(outcome.error)")
            }
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built, ["5", "3.1.1"])
    func `a set is done once, and not when it is retained, repeated, expired, too long or none`(
        build: Build, version: String
    ) async throws {
        try await background {
            let bench = try CommandBench(build, broker: ", protocol: \"\(version)\"")
            let topic = "godwit/bench/outputs/siren/set"
            // They wait at the broker for the device to come.
            try bench.broker.publish("on", to: topic, retain: true)
            try bench.broker.publish(#"{"command":"output","output":"siren","state":"on"}"#, to: "godwit/bench/command", retain: true)
            let subscriber = try Subscriber(bench.broker, ["godwit/bench/outputs/siren", "godwit/bench/response"])
            try bench.daemon.start()
            #expect(waitUntil(20) { bench.ignored == 2 }, "\(bench.daemon.log)")
            #expect(bench.state(subscriber, "siren") == "off")
            #expect(bench.daemon.log.contains("ignored: a retained command"))

            try bench.broker.publish(" ON ", to: topic)
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "siren") == "on" })
            try bench.broker.publish(#"{"state":"off","id":"a"}"#, to: topic)
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "siren") == "off" })
            let now = ISO8601DateFormatter()
            for payload in [
                // Done already; expired; too long; nothing that is a state.
                #"{"state":"on","id":"a"}"#, #"{"state":"on","expires":"\#(now.string(from: Date() - 60))"}"#,
                String(repeating: " ", count: 1100) + "on", "maybe", #"{"state":"on","fro":"1 s"}"#,
            ] { try bench.broker.publish(payload, to: topic) }
            // Not for the broker at all: it is not even subscribed.
            try bench.broker.publish("on", to: "godwit/bench/outputs/pump/set")
            #expect(waitUntil(20) { bench.ignored == 7 }, "\(bench.daemon.log)")
            // With retain while the device is there: MQTT 5 tells. (3.1.1 does not, and it would be done.)
            if version == "5" {
                try bench.broker.publish("on", to: topic, retain: true)
                try bench.broker.publish(#"{"command":"output","output":"siren","state":"on"}"#, to: "godwit/bench/command", retain: true)
                #expect(waitUntil(20) { bench.ignored == 9 }, "\(bench.daemon.log)")
            }
            #expect(bench.state(subscriber, "siren") == "off")
            #expect((try bench.daemon.status()["outputs"] as? [String: String])?["pump"] == "off")

            try bench.broker.publish(#"{"state":"on","for":"1 s","id":"b","expires":"\#(now.string(from: Date() + 60))"}"#, to: topic)
            #expect(subscriber.wait(within: 20) { _ in
                subscriber.lines.filter { $0.topic.hasSuffix("/siren") }.map(\.payload).suffix(3) == ["off", "on", "off"]
            })
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `under MQTT 5 the answer goes to the response topic with the correlation data`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(build)
            let subscriber = try Subscriber(bench.broker, ["godwit/bench/#"])
            try bench.daemon.start()
            #expect(bench.daemon.waitForLog("connected", within: 20))
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/bench/status" && $0.payload == "online" } })
            let asked = try run(
                "/usr/bin/env",
                [
                    "mosquitto_rr", "-h", "127.0.0.1", "-p", "\(bench.broker.port)", "-V", "5", "-q", "1", "-W", "20", "-t",
                    "godwit/bench/command", "-e", "clients/7", "-m", #"{"id":"rr","command":"ping"}"#, "-D", "publish",
                    "correlation-data", "abc", "-F", "%D %p",
                ])
            #expect(asked.status == 0, "\(asked)")
            #expect(asked.output.hasSuffix(#"{"id":"rr","command":"ping","ok":true,"result":{}}"# + "\n"), "\(asked)")
            #expect(asked.output.hasPrefix("abc "), "\(asked)")
            #expect(!subscriber.lines.contains { $0.topic == "godwit/bench/response" })
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a broker that refuses subscriptions and answers gets its readings all the same`(build: Build) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect(.init(maximumPacketSize: 600))
                var asked = false
                while true {
                    switch try connection.read() {
                    case .subscribe(let identifier, let filters):
                        try connection.send(
                            ServerPacket.subscribeAcknowledgement(
                                level: connection.level, identifier, reasons: filters.map { _ in 0x87 }))
                    case .publish(let publish):
                        try connection.acknowledge(publish, reason: publish.topic == "not/yours" ? 0x87 : 0)
                        if !asked {
                            asked = true
                            for (topic, command) in [("not/yours", "ping"), ("large", "status"), ("#", "ping")] {
                                try connection.send(
                                    ServerPacket.publish(
                                        level: 5, topic: "godwit/bench/command", payload: Array(#"{"command":"\#(command)"}"#.utf8),
                                        properties: ServerPacket.requestProperties(
                                            responseTopic: topic, correlationData: [1, 2])))
                            }
                        }
                    case let packet: try connection.answer(packet)
                    }
                }
            }
            let folder = try TemporaryFolder()
            _ = try folder.write("time_ns,line,level\n0,siren,0\n0,pump,0\n", to: "lines.csv")
            let daemon = try Daemon(build, configuration: CommandBench.configuration(port: broker.port), folder: folder)
            try daemon.start()
            func publishes(_ topic: String) -> [ClientPacket.Publish] { broker.publishes.filter { $0.topic == topic } }
            #expect(waitUntil(20) { publishes("godwit/bench/sensors/n").count >= 10 }, "\(daemon.log)")
            #expect(publishes("not/yours").count == 1)
            #expect(publishes("large").first?.text.contains("more than the broker takes") == true)
            // A response topic with a wildcard is none.
            #expect(publishes("godwit/bench/response").first?.correlationData == [1, 2])
            #expect(publishes("large").first?.correlationData == [1, 2])
            #expect(daemon.log.components(separatedBy: "refuses the subscription").count == 2, "\(daemon.log)")
            #expect(!daemon.log.contains("holding"), "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a broker that closes the connection at SUBSCRIBE gets its readings without`(build: Build) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                while true {
                    switch try connection.read() {
                    case .subscribe: return
                    case .publish(let publish): try connection.acknowledge(publish)
                    case let packet: try connection.answer(packet)
                    }
                }
            }
            let folder = try TemporaryFolder()
            _ = try folder.write("time_ns,line,level\n0,siren,0\n0,pump,0\n", to: "lines.csv")
            let daemon = try Daemon(build, configuration: CommandBench.configuration(port: broker.port), folder: folder)
            try daemon.start()
            #expect(
                waitUntil(30) { broker.publishes.filter { $0.topic == "godwit/bench/sensors/n" }.count >= 10 }, "\(daemon.log)")
            #expect(broker.connectionCount == 3, "\(daemon.log)")
            #expect(daemon.log.components(separatedBy: "going on without them").count == 2, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `two hundred seeds of broken payloads never end the daemon`(build: Build) async throws {
        try await background {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                let parts = [
                    #"{"command":"ping"}"#, #"{"id":"x","command":"read","sensor":"n"}"#, #"{"state":"on","for":"5 s","id":"x"}"#,
                    #"{"command":"output","output":"siren","state":"on","expires":"2026-11-24T08:00:00Z"}"#, "on", "TOGGLE",
                    #"{"command":"mute","alert":"frost","for":"8 h"}"#, #"{"command":"status"}"#, #"{"command":"\ud83d\ude00"}"#,
                ]
                for seed in UInt64(1)...200 {
                    var random = RandomSource(seed: seed)
                    for topic in ["godwit/bench/command", "godwit/bench/outputs/siren/set"] {
                        var bytes = Array(parts[Int(random.next() % UInt64(parts.count))].utf8)
                        for _ in 0...(random.next() % 4) where !bytes.isEmpty {
                            let index = Int(random.next() % UInt64(bytes.count))
                            switch random.next() % 5 {
                            case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
                            case 1: bytes.insert(contentsOf: bytes, at: index)
                            case 2: bytes.removeSubrange(index...)
                            case 3: bytes = Array(repeating: 0x5B, count: Int(random.next() % 70_000))
                            default: bytes.remove(at: index)
                            }
                        }
                        let properties = ServerPacket.requestProperties(
                            responseTopic: random.next() % 2 == 0 ? "r/\(seed)" : nil,
                            correlationData: random.next() % 2 == 0 ? Array(bytes.prefix(100)) : nil)
                        try connection.send(
                            ServerPacket.publish(
                                level: 5, topic: topic, payload: bytes, retain: random.next() % 8 == 0, properties: properties))
                    }
                }
                try connection.send(
                    ServerPacket.publish(
                        level: 5, topic: "godwit/bench/command", payload: Array(#"{"id":"last","command":"ping"}"#.utf8)))
                try connection.serve()
            }
            let folder = try TemporaryFolder()
            _ = try folder.write("time_ns,line,level\n0,siren,0\n0,pump,0\n", to: "lines.csv")
            let daemon = try Daemon(build, configuration: CommandBench.configuration(port: broker.port), folder: folder)
            try daemon.start()
            // The last answer may be dropped behind the others; the readings and the socket say that it lives.
            #expect(waitUntil(30) { broker.publishes.filter { $0.topic == "godwit/bench/sensors/n" }.count >= 10 }, "\(daemon.log)")
            let answer = try run(
                build.executable("godwit"), ["command", "ping", "--json", "--state-directory", daemon.stateFolder])
            #expect(answer.output == "{}\n", "\(answer)")
            #expect(((try daemon.status())["ignored_commands"] as? Int ?? 0) > 50)
            #expect(broker.connectionCount == 1, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `an alert is acknowledged by the broker, and muted by the socket, which lets go of its output`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(
                build,
                more: """
                      - {id: lamp, line: {chip: bench, name: lamp}}
                    alerts:
                      - {id: high, series: n.value, above: 3, outputs: [lamp]}
                    """)
            let subscriber = try Subscriber(bench.broker, ["godwit/#"])
            try bench.daemon.start()
            func alert() -> [String: Any] {
                subscriber.lines.last { $0.topic == "godwit/bench/alerts/high" }.flatMap { object($0.payload) } ?? [:]
            }
            #expect(subscriber.wait(within: 20) { _ in alert()["state"] as? String == "raised" }, "\(bench.daemon.log)")
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "lamp") == "on" })
            #expect(alert()["acknowledged"] is NSNull && alert()["muted_until"] is NSNull)
            let answer = try bench.ask(subscriber, "a", #""command":"acknowledge","alert":"high""#)
            #expect(answer["ok"] as? Bool == true, "\(answer)")
            #expect(subscriber.wait(within: 20) { _ in alert()["acknowledged"] is String }, "\(alert())")
            let muted = try bench.command("mute", "alert=high", "for=8 h")
            #expect(muted.status == 0, "\(muted)")
            #expect(subscriber.wait(within: 20) { _ in alert()["muted_until"] is String }, "\(alert())")
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "lamp") == "off" })
            #expect(alert()["state"] as? String == "raised")
            let unmuted = try bench.command("mute", "alert=high", "for=0 s")
            #expect(unmuted.status == 0, "\(unmuted)")
            #expect(subscriber.wait(within: 20) { _ in bench.state(subscriber, "lamp") == "on" })
            // The line is switched at once, the event is stored first.
            #expect(subscriber.wait(within: 20) { _ in alert()["muted_until"] is NSNull }, "\(alert())")
            let unknown = try bench.command("mute", "alert=hihg", "for=8 h")
            #expect(unknown.status == 1 && unknown.error.contains("no alert 'hihg'; did you mean 'high'?"), "\(unknown)")
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `reload takes a new configuration by either way, with its subscriptions, and refuses a broken one`(build: Build)
        async throws
    {
        try await background {
            let bench = try CommandBench(build)
            let subscriber = try Subscriber(bench.broker, ["godwit/#"])
            try bench.daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.topic == "godwit/bench/sensors/n" } })
            let before = CommandBench.configuration(port: bench.broker.port)
            // The pump is for the broker now.
            try before.replacingOccurrences(of: "name: pump}}", with: "name: pump}, remote: true}")
                .write(toFile: bench.daemon.configurationFile, atomically: true, encoding: .utf8)
            let answer = try bench.ask(subscriber, "r", #""command":"reload""#)
            #expect(answer["ok"] as? Bool == true, "\(answer) \(bench.daemon.log)")
            let isSwitched = waitUntil(20, every: 0.5) {
                _ = try? bench.broker.publish("on", to: "godwit/bench/outputs/pump/set")
                return bench.state(subscriber, "pump") == "on"
            }
            #expect(isSwitched, "\(bench.daemon.log)")
            try (before + "\nnonsense: true\n")
                .write(toFile: bench.daemon.configurationFile, atomically: true, encoding: .utf8)
            let refused = try bench.command("reload")
            #expect(refused.status == 1 && refused.error.contains("nonsense"), "\(refused)")
            #expect(try bench.command("ping").status == 0)
            #expect(bench.daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `P-log has the lines of its level, at most one a second, and says how many were dropped`(build: Build) async throws {
        try await background {
            let bench = try CommandBench(build, more: "log: {publish: warning}")
            let subscriber = try Subscriber(bench.broker, ["godwit/bench/log", "godwit/bench/status"])
            try bench.daemon.start()
            #expect(subscriber.wait(within: 20) { $0.contains { $0.payload == "online" } })
            func lines() -> [Subscriber.Line] { subscriber.lines.filter { $0.topic == "godwit/bench/log" } }
            var sent = 0
            let end = Date() + 40
            while lines().count < 4, Date() < end {
                for number in 0..<5 { try bench.broker.publish("nonsense \(number)", to: "godwit/bench/outputs/siren/set") }
                sent += 5
            }
            #expect(lines().count >= 4, "\(bench.daemon.log)")
            #expect(lines().allSatisfy { $0.qos == 0 && !$0.isRetained })
            let fields = lines().compactMap { object($0.payload) }
            #expect(fields.allSatisfy { $0["level"] as? String == "warning" && $0["text"] is String })
            #expect(fields.contains { ($0["text"] as? String)?.contains("'nonsense 0' is no state") == true })
            let times = fields.compactMap { ($0["time"] as? String).flatMap(Published.seconds) }
            #expect(times.count == fields.count)
            // As the device stamped them; the boot clock spaces them, and the wall clock may be slewed meanwhile.
            for (a, b) in zip(times, times.dropFirst()) { #expect(b - a > 0.9, "\(times)") }
            let dropped = fields.compactMap { $0["dropped"] as? Int }.reduce(0, +)
            // Every line was published, or was counted, or came after the last that was published.
            #expect(dropped > 0 && fields.count + dropped <= sent, "\(dropped) dropped of \(sent)")
            #expect(bench.daemon.stop().status == 0)
        }
    }
}
