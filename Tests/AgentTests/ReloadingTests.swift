import Alerts
import MQTTSession
import RingStore
import Sensors
import Telemetry
import Testing

@testable import Agent

@Suite struct ReloadingTests {
    static func rain(id: String = "rain", line: String = "GPIO22", every: Int = 60, perPulse: Decimal = .one, unit: String = "mm") -> SensorSettings {
        SensorSettings(
            id: id, name: id, model: "pulse-counter", line: .name(line), every: .seconds(every),
            values: ["per_pulse": .decimal(perPulse), "unit": .text(unit)])
    }

    static func pulses(_ count: Int, at instant: Instant) -> SensorInput {
        .edges((0..<count).map { EdgeEvent(instant: instant, kind: .falling, lineSequence: UInt32($0)) }, lostBefore: 0)
    }

    static func new(_ bench: Bench, sensors: [SensorSettings]? = nil, change: (inout AgentConfiguration) -> Void = { _ in }) -> NewConfiguration {
        var configuration = bench.agent.configuration
        configuration.configurationHash = "11111111"
        if let sensors { configuration.sensors = sensors }
        change(&configuration)
        return NewConfiguration(configuration: configuration, rules: [])
    }

    @Test func `a sensor that did not change is not touched, and its pulses go on in one count`() {
        var bench = Bench(sensors: [Self.rain()])
        bench.run(for: .seconds(10))
        bench.give(.sensor(0, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        bench.give(.configuration(Self.new(bench, sensors: [Self.rain(), Bench.counter(every: .seconds(600))]), for: nil))
        #expect(bench.configured.map { $0.sensor } == [0] && bench.released.isEmpty)
        bench.give(.sensor(0, Self.pulses(4, at: bench.clock.instant), lostIsExact: true))
        bench.run(for: .seconds(60))
        #expect(bench.payloads(on: "godwit/bench/sensors/rain").compactMap { Bench.integer("pulses", in: $0) } == [7])
        #expect(bench.connects == 1 && bench.disconnects.isEmpty)
    }

    @Test func `a sensor that changed says what it counted, lets its line go and keeps its total`() {
        var bench = Bench(sensors: [Self.rain()])
        bench.run(for: .seconds(10))
        bench.give(.sensor(0, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        bench.give(.configuration(Self.new(bench, sensors: [Self.rain(every: 30)]), for: nil))
        #expect(bench.released == [0])
        #expect(bench.configured.map { $0.sensor } == [0, 1])
        bench.give(.sensor(1, Self.pulses(2, at: bench.clock.instant), lostIsExact: true))
        bench.run(for: .seconds(30))
        let given = bench.payloads(on: "godwit/bench/sensors/rain")
        #expect(given.compactMap { Bench.integer("pulses", in: $0) } == [3, 2])
        #expect(given.compactMap { Bench.integer("total", in: $0) } == [3, 5])
    }

    @Test func `with another unit the total begins at 0`() {
        var bench = Bench(sensors: [Self.rain()])
        bench.give(.sensor(0, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        bench.give(.configuration(Self.new(bench, sensors: [Self.rain(unit: "l")]), for: nil))
        bench.give(.sensor(1, Self.pulses(2, at: bench.clock.instant), lostIsExact: true))
        bench.run(for: .seconds(60))
        #expect(bench.payloads(on: "godwit/bench/sensors/rain").compactMap { Bench.integer("total", in: $0) } == [3, 2])
    }

    @Test func `lines are let go before others ask for them, whatever the order`() {
        var bench = Bench(sensors: [Self.rain(id: "a", line: "L1"), Self.rain(id: "b", line: "L2")])
        bench.settle()
        var held: [String: Int] = ["L1": 0, "L2": 1]
        let new = [Self.rain(id: "a", line: "L2"), Self.rain(id: "b", line: "L1"), Self.rain(id: "c", line: "L3")]
        for action in bench.agent.handle([.configuration(Self.new(bench, sensors: new), for: nil)], at: bench.clock) {
            switch action {
            case .releaseLine(let slot): held = held.filter { $0.value != slot }
            case .configureLine(let slot, _):
                guard case .name(let line)? = bench.agent.sensorSettings(slot: slot).line else { continue }
                #expect(held[line] == nil, "\(line) is still held")
                held[line] = slot
            default: break
            }
        }
        #expect(held == ["L1": 3, "L2": 2, "L3": 4])
    }

    @Test func `what people call a sensor changes without touching it`() {
        var bench = Bench(sensors: [Self.rain()])
        bench.settle()
        var renamed = Self.rain()
        renamed.name = "Rain, roof"
        bench.give(.configuration(Self.new(bench, sensors: [renamed]), for: nil))
        #expect(bench.released.isEmpty)
        #expect(bench.payloads(on: "godwit/bench/info").last?.contains("\"name\":\"Rain, roof\"") == true)
    }

    @Test func `a sensor on a chip that changed counts as changed`() {
        var bench = Bench(sensors: [Self.rain()])
        bench.settle()
        var new = Self.new(bench, sensors: [Self.rain()])
        new.touchedSensors = ["rain"]
        bench.give(.configuration(new, for: nil))
        #expect(bench.released == [0])
        #expect(bench.configured.map { $0.sensor } == [0, 1])
    }

    @Test func `info, metrics and commands know only what the configuration has now`() {
        var bench = Bench(sensors: [Bench.counter(id: "a"), Bench.counter(id: "b")])
        bench.run(for: .seconds(5))
        bench.give(.configuration(Self.new(bench, sensors: [Bench.counter(id: "b"), Bench.counter(id: "c")]), for: nil))
        let info = bench.payloads(on: "godwit/bench/info").last ?? ""
        #expect(!info.contains("\"a\":{") && info.contains("\"b\":{") && info.contains("\"c\":{") && info.contains("\"hash\":\"11111111\""))
        bench.ask(CommandOrigin(client: 1, id: nil), .metrics)
        #expect(bench.responses.last?.contains("\"a\":{") == false)
        bench.ask(CommandOrigin(client: 1, id: nil), .read(sensor: "a"))
        #expect(bench.responses.last?.contains("no sensor 'a'") == true)
        // The new one's readings are in the stream, behind those of before.
        bench.run(for: .seconds(3))
        #expect(!bench.payloads(on: "godwit/bench/sensors/c").isEmpty)
        let all = bench.published.filter { $0.topic.hasPrefix("godwit/bench/sensors/") }.compactMap { Bench.integer("seq", in: String(decoding: $0.payload, as: UTF8.self)) }
        #expect(all == Array(1...all.count))
    }

    @Test func `an alert event that is in flight when a reload ends the connection comes again`() {
        var bench = Bench(sensors: [Bench.contact()], alerts: [doorOpen()])
        bench.lineAnswer = .lineReady(isActive: true)
        bench.run(for: .seconds(5))
        bench.acknowledges = false
        bench.door(isActive: false)
        #expect(bench.states(of: "door-open") == ["raised"])
        var new = NewConfiguration(configuration: bench.agent.configuration, rules: [doorOpen()])
        new.isConnectionChanged = true
        bench.acknowledges = true
        bench.give(.configuration(new, for: nil))
        bench.run(for: .seconds(60))
        #expect(bench.connects == 2)
        #expect(bench.states(of: "door-open") == ["raised", "raised"])
        #expect(Set(bench.payloads(on: "godwit/bench/alerts/door-open")).count == 1)
        #expect(bench.agent.alerting.ring.status.unacknowledged == 0)
    }

    @Test func `a person who waits for a sensor that goes is told`() {
        var bench = Bench(sensors: [Bench.contact()])
        bench.lineAnswer = .timer
        bench.settle()
        bench.give(.sensor(0, .lineReady(isActive: true), lostIsExact: true))
        var agent = bench.agent
        _ = agent.handle([.request(client: 7, Array(#"{"command":"read","sensor":"door"}"#.utf8))], at: bench.clock)
        let actions = agent.handle([.configuration(Self.new(bench, sensors: []), for: nil)], at: bench.clock)
        let answers = actions.compactMap { action -> String? in
            if case .respond(7, let line) = action { String(decoding: line, as: UTF8.self) } else { nil }
        }
        #expect(answers.count == 1 && answers[0].contains("changed or taken away by a reload"))
    }

    @Test func `who asked for a reload gets the answer, and the log a line`() {
        var bench = Bench()
        bench.settle()
        let origin = CommandOrigin(client: 3, id: "x")
        bench.ask(origin, .reload)
        #expect(bench.configurationAsked == [origin])
        bench.give(.configuration(Self.new(bench), for: origin))
        #expect(bench.responses.last?.contains("\"hash\":\"11111111\"") == true && bench.responses.last?.contains("\"ok\":true") == true)
        #expect(bench.log.last { $0.text.hasPrefix("configuration reloaded") }?.level == .info)
    }

    @Test func `one that is not taken changes nothing, and is said until one is`() {
        var bench = Bench()
        bench.run(for: .seconds(2))
        bench.give(.configurationRefused("godwit.yaml:3:1: error: unknown key", for: CommandOrigin(client: 3, id: nil)))
        #expect(bench.responses.last?.contains("godwit.yaml:3:1: error: unknown key") == true)
        #expect(bench.payloads(on: "godwit/bench/info").last?.contains("\"error\":\"godwit.yaml:3:1") == true)
        #expect(bench.statusText.contains("godwit.yaml:3:1"))
        let readings = bench.sequences(on: "godwit/bench/sensors/n").count
        bench.run(for: .seconds(5))
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count == readings + 5)
        bench.give(.configuration(Self.new(bench), for: nil))
        #expect(bench.payloads(on: "godwit/bench/info").last?.contains("\"error\":null") == true)
        #expect(bench.statusText == "Connected to the broker")
    }

    @Test func `with another device id the session ends as it should and begins anew on the new topics`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.give(.configuration(Self.new(bench) { $0.deviceID = "other" }, for: nil))
        bench.run(for: .seconds(3))
        #expect(bench.connects == 2)
        #expect(bench.disconnects == [false])
        #expect(bench.payloads(on: "godwit/bench/status") == ["online", "offline", ""])
        #expect(bench.payloads(on: "godwit/bench/info").last == "" && bench.payloads(on: "godwit/bench/metrics").last == "")
        #expect(bench.payloads(on: "godwit/other/status") == ["online"])
        // Nothing of the stream is lost on the way from one to the other.
        let all = bench.sequences(on: "godwit/bench/sensors/n") + bench.sequences(on: "godwit/other/sensors/n")
        #expect(all == Array(1...all.count) && all.count >= 6)
        // Cleared once, not again and again.
        bench.loseConnection()
        bench.run(for: .seconds(120))
        #expect(bench.payloads(on: "godwit/bench/status") == ["online", "offline", ""])
    }

    @Test func `a reload while the broker does not answer begins anew at once`() {
        var bench = Bench()
        bench.brokerAnswers = false
        bench.run(for: .seconds(30))
        let before = bench.connects
        bench.brokerAnswers = true
        var new = Self.new(bench)
        new.isConnectionChanged = true
        bench.give(.configuration(new, for: nil))
        #expect(bench.connects == before + 1)
        #expect(bench.payloads(on: "godwit/bench/status") == ["online"])
    }

    @Test func `a stop while the connection begins anew is a stop`() {
        var bench = Bench()
        bench.acknowledges = false
        bench.settle()
        var new = Self.new(bench)
        new.isConnectionChanged = true
        bench.give(.configuration(new, for: nil))
        bench.give(.stop)
        bench.run(for: .seconds(6))
        #expect(bench.isFinished)
    }

    @Test func `a connection that did not change is not touched, and metrics follow their interval`() {
        var bench = Bench()
        bench.run(for: .seconds(3))
        bench.give(.configuration(Self.new(bench) { $0.metricsEvery = .seconds(10) }, for: nil))
        bench.run(for: .seconds(25))
        #expect(bench.connects == 1 && bench.disconnects.isEmpty)
        #expect(bench.payloads(on: "godwit/bench/metrics").count == 2)
        bench.give(.configuration(Self.new(bench) { $0.metricsEvery = .zero }, for: nil))
        bench.run(for: .seconds(60))
        #expect(bench.payloads(on: "godwit/bench/metrics").count == 2)
    }

    @Test func `subscriptions follow the outputs that may be commanded`() {
        var bench = Bench()
        bench.settle()
        let siren = OutputSettings(id: "siren", line: .name("L1"), isRemote: true)
        bench.give(.configuration(Self.new(bench) { $0.outputs = [siren] }, for: nil))
        #expect(bench.subscriptions.last == ["godwit/bench/outputs/siren/set"])
        #expect(bench.payloads(on: "godwit/bench/outputs/siren") == ["off"])
        var local = siren
        local.isRemote = false
        bench.give(.configuration(Self.new(bench) { $0.outputs = [local] }, for: nil))
        #expect(bench.unsubscriptions == [["godwit/bench/outputs/siren/set"]])
        #expect(bench.outputs.count == 1)
        bench.give(.configuration(Self.new(bench) { $0.outputs = [] }, for: nil))
        #expect(bench.outputs.isEmpty)
        bench.run(for: .seconds(1))
        #expect(bench.payloads(on: "godwit/bench/outputs/siren").last == "")
    }

    @Test func `an output on another line is another one, and the line of the old is let go first`() {
        var bench = Bench()
        bench.give(.configuration(Self.new(bench) { $0.outputs = [OutputSettings(id: "a", line: .name("L1")), OutputSettings(id: "b", line: .name("L2"))] }, for: nil))
        var held: [String: Int] = ["L1": 0, "L2": 1]
        let swapped = Self.new(bench) { $0.outputs = [OutputSettings(id: "a", line: .name("L2")), OutputSettings(id: "b", line: .name("L1"))] }
        for action in bench.agent.handle([.configuration(swapped, for: nil)], at: bench.clock) {
            switch action {
            case .releaseOutput(let index): held = held.filter { $0.value != index }
            case .configureOutput(let index, _):
                guard case .name(let line) = bench.agent.outputSettings(slot: index).line else { continue }
                // Setting the old one to its `on_exit` before it goes is no request.
                if held[line] == index { continue }
                #expect(held[line] == nil)
                held[line] = index
            default: break
            }
        }
        #expect(held == ["L2": 2, "L1": 3])
    }

    @Test func `slots are bounded, and a configuration that needs more is not taken`() {
        var bench = Bench(sensors: [])
        bench.settle()
        for round in 0..<8 {
            let sensors = (0..<500).map { Bench.counter(id: "s\(round)-\($0)", every: .seconds(3600)) }
            let new = Self.new(bench, sensors: sensors)
            #expect(bench.agent.problem(with: new) == nil)
            bench.give(.configuration(new, for: nil))
        }
        let more = Self.new(bench, sensors: (0..<97).map { Bench.counter(id: "t-\($0)") })
        #expect(bench.agent.problem(with: more)?.contains("restart godwitd") == true)
        let fits = Self.new(bench, sensors: (0..<96).map { Bench.counter(id: "t-\($0)") })
        #expect(bench.agent.problem(with: fits) == nil)
    }

    @Test func `the ring's limits follow`() {
        var bench = Bench()
        bench.acknowledges = false
        bench.settle()
        bench.give(.configuration(Self.new(bench) { $0.ring.sync = .seconds(600); $0.ring.memory = 65_536 }, for: nil))
        #expect(bench.agent.ring.configuration.sync == .seconds(600) && bench.agent.ring.configuration.memory == 65_536)
    }

    // MARK: Alerts

    private static func many(_ id: String, of sensor: String = "rain", above limit: Int64, outputs: [String] = []) -> AlertRule {
        AlertRule(id: id, sensor: sensor, quantity: "pulses", condition: .above(Decimal(limit, decimals: 0), clearBelow: nil), outputs: outputs)
    }

    private static func states(_ bench: Bench, _ alert: String, device: String = "bench") -> [String] {
        bench.payloads(on: "godwit/\(device)/alerts/\(alert)").map { payload in
            payload.isEmpty ? "" : ["raised", "cleared", "silent"].first { payload.contains("\"state\":\"\($0)\"") } ?? "?"
        }
    }

    @Test func `an alert goes on over a reload that changes other things, and one that is gone lets its output go`() {
        let siren = OutputSettings(id: "siren", line: .name("L9"))
        var bench = Bench(sensors: [Self.rain()], outputs: [siren], alerts: [Self.many("stays", above: 2), Self.many("goes", above: 2, outputs: ["siren"])])
        bench.run(for: .seconds(1))
        bench.give(.sensor(0, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        bench.run(for: .seconds(60))
        #expect(Self.states(bench, "stays") == ["raised"] && Self.states(bench, "goes") == ["raised"])
        #expect(bench.outputs[0]?.direction == .output(active: true))
        var new = Self.new(bench, sensors: [Self.rain(), Bench.counter(every: .seconds(600))])
        new.rules = [Self.many("stays", above: 2)]
        bench.give(.configuration(new, for: nil))
        bench.run(for: .seconds(1))
        #expect(Self.states(bench, "stays") == ["raised"])
        #expect(Self.states(bench, "goes").last == "")
        #expect(bench.outputs[0]?.direction == .output(active: false))
        // The next reading has no pulse: what stayed is cleared by it, what went says nothing any more.
        bench.run(for: .seconds(60))
        #expect(Self.states(bench, "stays") == ["raised", "cleared"])
        #expect(Self.states(bench, "goes").last == "")
    }

    @Test func `a rule follows its sensor into the new slot, and what was counted last is judged by the old rules`() {
        var bench = Bench(sensors: [Self.rain()], alerts: [Self.many("x", above: 2)])
        bench.run(for: .seconds(1))
        bench.give(.sensor(0, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        var new = Self.new(bench, sensors: [Self.rain(every: 30)])
        new.rules = [Self.many("x", above: 2)]
        bench.give(.configuration(new, for: nil))
        bench.run(for: .seconds(1))
        #expect(Self.states(bench, "x") == ["raised"])
        bench.run(for: .seconds(30))
        #expect(Self.states(bench, "x") == ["raised", "cleared"])
        bench.give(.sensor(1, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        bench.run(for: .seconds(30))
        #expect(Self.states(bench, "x") == ["raised", "cleared", "raised"])
    }

    @Test func `on the topics of another device id each alert is told once more`() {
        var bench = Bench(sensors: [Self.rain()], alerts: [Self.many("x", above: 2)])
        bench.run(for: .seconds(1))
        bench.give(.sensor(0, Self.pulses(3, at: bench.clock.instant), lostIsExact: true))
        bench.run(for: .seconds(60))
        var new = Self.new(bench, sensors: [Self.rain()]) { $0.deviceID = "other" }
        new.rules = [Self.many("x", above: 2)]
        bench.give(.configuration(new, for: nil))
        bench.run(for: .seconds(5))
        #expect(Self.states(bench, "x") == ["raised", ""])
        #expect(Self.states(bench, "x", device: "other") == ["raised"])
    }
}
