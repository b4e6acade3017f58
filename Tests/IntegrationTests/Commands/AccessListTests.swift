import Foundation
import TestSupport
import Testing

/// The access list of docs/mqtt.md, taken from there as it stands, in a real mosquitto.
struct AccessListTests {
    /// The text of the fenced block with this word behind its fence.
    private static func block(_ word: String) throws -> String {
        let text = try String(contentsOf: Build.root.appendingPathComponent("docs/mqtt.md"), encoding: .utf8)
        let begin = try #require(text.range(of: "```\(word)\n"), "docs/mqtt.md has a block ```\(word)")
        let end = try #require(text.range(of: "\n```", range: begin.upperBound..<text.endIndex))
        return String(text[begin.upperBound..<end.lowerBound]) + "\n"
    }

    /// mosquitto with the files of the document, and the users that it makes; each one's password is its name, twice.
    private static func broker(_ folder: TemporaryFolder) throws -> MosquittoBroker {
        let list = try folder.write(block("acl"), to: "godwit-acl")
        let passwords = folder.path + "/godwit-passwords"
        for line in try block("sh").split(separator: "\n") where line.hasPrefix("mosquitto_passwd ") {
            let words = line.split(separator: " ").map(String.init)
            let user = try #require(words.last)
            let arguments = ["-b"] + (words.contains("-c") ? ["-c"] : []) + [passwords, user, user + user]
            #expect(try run("/usr/bin/env", ["mosquitto_passwd"] + arguments).status == 0)
        }
        var options = MosquittoBroker.Options()
        options.lines = try block("mosquitto").split(separator: "\n").map {
            $0.replacingOccurrences(of: "/etc/mosquitto/godwit-passwords", with: passwords)
                .replacingOccurrences(of: "/etc/mosquitto/godwit-acl", with: list)
        }
        #expect(options.lines.count == 3)
        return try MosquittoBroker(options)
    }

    private static func login(_ user: String, _ version: String) -> [String] {
        ["-u", user, "-P", user + user, "-V", version == "5" ? "mqttv5" : "mqttv311"]
    }

    @Test(arguments: Build.built, ["5", "3.1.1"])
    func `the access list of the document lets each do what it says, and nothing else`(build: Build, version: String)
        async throws
    {
        try await background {
            let folder = try TemporaryFolder()
            let broker = try Self.broker(folder)
            let login = { (user: String) in Self.login(user, version) }
            let own = "godwit/greenhouse-1"
            let operatorHears = try Subscriber(
                broker, ["godwit/#"], arguments: login("operator"), marker: "godwit/marker/command")
            // The other device listens to everything: the broker gives it what it may read.
            let shed = try Subscriber(broker, ["#"], arguments: login("shed"), marker: "godwit/shed/command")

            _ = try folder.write("time_ns,line,level\n0,siren,0\n", to: "lines.csv")
            let daemon = try Daemon(
                build,
                configuration: """
                    device: {id: greenhouse-1}
                    broker:
                      url: "mqtt://127.0.0.1:\(broker.port)"
                      protocol: "\(version)"
                      username: greenhouse-1
                      password: greenhouse-1greenhouse-1
                    publish: {clock: trust}
                    chips:
                      - {name: bench, replay: lines.csv}
                    sensors:
                      - {id: n, model: synthetic, waveform: counter, every: 200 ms}
                    outputs:
                      - {id: siren, line: {chip: bench, name: siren}, remote: true}
                    """, folder: folder)
            try daemon.start()
            func last(_ subscriber: Subscriber, _ topic: String) -> String? {
                subscriber.lines.last { $0.topic == "\(own)/\(topic)" }?.payload
            }

            // The device works: readings, states, metrics, and nothing is held.
            #expect(operatorHears.wait(within: 20) { $0.filter { $0.topic == "\(own)/sensors/n" }.count >= 5 }, "\(daemon.log)")
            #expect(last(operatorHears, "status") == "online" && last(operatorHears, "outputs/siren") == "off")
            #expect(last(operatorHears, "info") != nil && last(operatorHears, "metrics") != nil)
            let late = try Subscriber(broker, ["\(own)/#"], arguments: login("operator"), marker: "godwit/marker3/command")
            #expect(late.wait(within: 20) { lines in
                ["status", "info", "metrics", "outputs/siren"].allSatisfy { topic in
                    lines.contains { $0.topic == "\(own)/\(topic)" && $0.isRetained }
                }
            })
            late.stop()

            // The operator commands, by both ways.
            try broker.publish(#"{"id":"o","command":"ping"}"#, to: "\(own)/command", login("operator"))
            #expect(operatorHears.wait(within: 20) { _ in last(operatorHears, "response")?.contains(#""id":"o","command":"ping","ok":true"#) == true })
            try broker.publish("on", to: "\(own)/outputs/siren/set", login("operator"))
            #expect(operatorHears.wait(within: 20) { _ in last(operatorHears, "outputs/siren") == "on" })
            if version == "5" {
                let asked = try run(
                    "/usr/bin/env",
                    [
                        "mosquitto_rr", "-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-W", "20", "-t", "\(own)/command",
                        "-e", "\(own)/response/me", "-m", #"{"command":"ping"}"#,
                    ] + login("operator"))
                #expect(asked.output == #"{"id":null,"command":"ping","ok":true,"result":{}}"# + "\n", "\(asked)")
            }

            // Nobody else does: not the other device, not one who only looks, not one without a name.
            for user in ["shed", "viewer"] {
                // Under MQTT 5 mosquitto says no; under 3.1.1 it takes the message and drops it.
                for (topic, payload) in [("outputs/siren/set", "off"), ("command", #"{"id":"x","command":"ping"}"#), ("status", "hacked"), ("sensors/n", "1")] {
                    _ = try? broker.publish(payload, to: "\(own)/\(topic)", login(user))
                }
            }
            for user in [[], ["-u", "operator", "-P", "guess"], ["-u", "nobody", "-P", "x"]] {
                #expect(throws: (any Error).self) { try broker.publish("off", to: "\(own)/outputs/siren/set", user) }
            }
            // What comes after all of that, in order.
            try broker.publish(#"{"id":"end","command":"ping"}"#, to: "\(own)/command", login("operator"))
            #expect(operatorHears.wait(within: 20) { _ in last(operatorHears, "response")?.contains(#""id":"end""#) == true })
            #expect(!operatorHears.lines.contains { $0.payload == "hacked" || $0.payload == "1" || $0.payload.contains(#""id":"x""#) })
            #expect(last(operatorHears, "outputs/siren") == "on")
            // The operator may not speak for a device.
            _ = try? broker.publish("hacked", to: "\(own)/status", login("operator"))
            // The other device has heard nothing of the first, though all of this was said.
            try broker.publish(#"{"id":"s"}"#, to: "godwit/shed/outputs/lamp/set", login("operator"))
            #expect(shed.wait(within: 20) { $0.contains { $0.topic == "godwit/shed/outputs/lamp/set" } })
            #expect(shed.lines.map(\.topic) == ["godwit/shed/outputs/lamp/set"])
            // One who only looks does see.
            let seen = try run(
                "/usr/bin/env",
                ["mosquitto_sub", "-h", "127.0.0.1", "-p", "\(broker.port)", "-C", "1", "-W", "20", "-t", "\(own)/status"]
                    + login("viewer"))
            #expect(seen.output == "online\n", "\(seen)")
            #expect(!operatorHears.lines.contains { $0.payload == "hacked" })

            #expect(!daemon.log.contains("holding") && !daemon.log.contains("refuses"), "\(daemon.log)")
            #expect(daemon.stop().status == 0)
            #expect(operatorHears.wait(within: 20) { _ in last(operatorHears, "status") == "offline" })
        }
    }

    @Test(arguments: Build.built)
    func `a device whose id is not its name delivers nothing, says so, and keeps everything`(build: Build) async throws {
        try await background {
            let folder = try TemporaryFolder()
            let broker = try Self.broker(folder)
            let daemon = try Daemon(
                build,
                configuration: """
                    device: {id: greenhouse-1}
                    broker: {url: "mqtt://127.0.0.1:\(broker.port)", username: shed, password: shedshed}
                    publish: {clock: trust}
                    sensors:
                      - {id: n, model: synthetic, waveform: counter, every: 200 ms}
                    """, folder: folder)
            try daemon.start()
            #expect(daemon.waitForLog("not authorized (0x87)", within: 20), "\(daemon.log)\n\(broker.log.suffix(4000))")
            #expect(waitUntil(20) { ((try? daemon.status())?["buffer"] as? [String: Any])?["records"] as? Int ?? 0 >= 5 })
            #expect(daemon.stop().status == 0)
        }
    }
}
