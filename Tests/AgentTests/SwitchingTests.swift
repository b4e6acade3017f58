import MQTTSession
import Outputs
import Sensors
import Telemetry
import Testing

@testable import Agent

@Suite struct SwitchingTests {
    private static let siren = OutputSettings(id: "siren", line: .name("GPIO27"), minimumOff: .zero)
    private static let lamp = OutputSettings(id: "lamp", line: .name("GPIO22"), initial: true, onExit: true)

    private func bench(_ outputs: [OutputSettings] = [siren, lamp], metricsEvery: Duration = .zero) -> Bench {
        Bench(sensors: [Bench.counter(every: .seconds(3600))], metricsEvery: metricsEvery, outputs: outputs)
    }

    private func isOn(_ bench: Bench, _ index: Int) -> Bool? {
        guard case .output(let isOn)? = bench.outputs[index]?.direction else { return nil }
        return isOn
    }

    private func command(_ bench: inout Bench, _ id: String, _ command: OutputCommand) -> OutputRefusal? {
        bench.inTurn { $0.command(output: id, command) }
    }

    @Test func `lines are requested when the kept state is read, whatever the broker does`() {
        var bench = bench()
        bench.brokerAnswers = false
        bench.settle()
        #expect(isOn(bench, 0) == false && isOn(bench, 1) == true)
    }

    @Test func `a disk that does not answer holds lines up for no longer than the connection`() {
        var bench = bench()
        bench.diskAnswers = false
        bench.run(for: .milliseconds(4900))
        #expect(bench.outputs.isEmpty)
        bench.run(for: .milliseconds(200))
        #expect(isOn(bench, 0) == false && isOn(bench, 1) == true)
    }

    @Test(arguments: [false, true])
    func `after a restart a line that a raised alert demands is on from its request on`(otherBoot: Bool) {
        let sensors = [Bench.counter()]
        let rule = AlertRule(
            id: "high", sensor: "n", quantity: "value", condition: .above(Decimal(2, decimals: 0), clearBelow: Decimal(-1, decimals: 0)),
            outputs: ["siren"])
        var bench = Bench(sensors: sensors, outputs: [Self.siren], alerts: [rule])
        bench.run(for: .seconds(10))
        #expect(isOn(bench, 0) == true)
        var next = bench.restarted(sensors: sensors, outputs: [Self.siren], alerts: [rule], otherBoot: otherBoot)
        next.run(for: .seconds(10))
        #expect(next.outputsAsked.map(\.direction) == [.output(active: true)])
    }

    @Test func `a stop before lines are asked for asks for none`() {
        var bench = bench()
        bench.diskAnswers = false
        bench.settle()
        bench.give(.stop)
        bench.run(for: .seconds(10))
        #expect(bench.isFinished && bench.outputsAsked.isEmpty)
    }

    @Test func `after a connect what each line is is told, retained, behind info and before the readings`() {
        var bench = bench()
        bench.run(for: .seconds(1))
        let topics = bench.published.map(\.topic)
        let info = topics.firstIndex(of: "godwit/bench/info")!
        let outputs = topics.indices.filter { topics[$0].hasPrefix("godwit/bench/outputs/") }
        let reading = topics.firstIndex(of: "godwit/bench/sensors/n")!
        #expect(outputs.allSatisfy { $0 > info && $0 < reading } && outputs.count == 2)
        for index in outputs { #expect(bench.published[index].qos == 1 && bench.published[index].retain) }
        #expect(bench.payloads(on: "godwit/bench/outputs/siren") == ["off"])
        #expect(bench.payloads(on: "godwit/bench/outputs/lamp") == ["on"])
        bench.loseConnection()
        bench.run(for: .seconds(10))
        #expect(bench.payloads(on: "godwit/bench/outputs/lamp") == ["on", "on"], "again after the next connect")
    }

    @Test func `each change is told, and a line that cannot be had is empty`() {
        var bench = bench()
        bench.run(for: .seconds(1))
        #expect(command(&bench, "siren", .on(lasting: .seconds(5))) == nil)
        bench.run(for: .seconds(10))
        #expect(bench.payloads(on: "godwit/bench/outputs/siren") == ["off", "on", "off"])
        bench.outputAnswer = .failed(NoReading(.missing, detail: "line 'GPIO27': its chip went away"))
        #expect(command(&bench, "siren", .toggle) == nil)
        bench.run(for: .seconds(1))
        #expect(bench.payloads(on: "godwit/bench/outputs/siren").last == "")
        #expect(bench.log.contains { $0.level == .warning && $0.text.contains("output=siren error=missing detail=line 'GPIO27'") })
        bench.outputAnswer = .ready
        bench.run(for: .seconds(60))
        #expect(bench.payloads(on: "godwit/bench/outputs/siren").last == "on", "it was wanted in the meantime")
    }

    @Test func `what waits for room is replaced by what is newer`() {
        var bench = bench()
        bench.acknowledges = false
        bench.run(for: .seconds(1))
        let before = bench.payloads(on: "godwit/bench/outputs/siren").count
        for _ in 0..<100 {
            #expect(command(&bench, "siren", .toggle) == nil)
            bench.settle()
        }
        let waiting = bench.agent.connection!.waiting.filter { $0.topic == "godwit/bench/outputs/siren" }
        #expect(waiting.count <= 1)
        #expect(bench.payloads(on: "godwit/bench/outputs/siren").count < before + 100, "the window was full")
        #expect(waiting.map { String(decoding: $0.payload, as: UTF8.self) } == ["off"])
    }

    @Test func `an alert drives a line without a broker`() {
        var bench = bench()
        bench.brokerAnswers = false
        bench.run(for: .seconds(5))
        bench.inTurn { $0.tellOutputs(.demand(alert: "frost", outputs: ["siren"], .raised(isMuted: false))) }
        bench.settle()
        #expect(isOn(bench, 0) == true)
        bench.inTurn { $0.tellOutputs(.demand(alert: "frost", outputs: ["siren"], .ended)) }
        bench.settle()
        #expect(isOn(bench, 0) == false)
    }

    @Test func `the loss of the broker is counted from the start and from the loss`() {
        var pump = Self.siren
        pump.onOffline = OutputSettings.Offline(isOn: true, after: .seconds(30))
        var bench = bench([pump])
        bench.brokerAnswers = false
        bench.run(for: .seconds(29))
        #expect(isOn(bench, 0) == false)
        bench.run(for: .seconds(2))
        #expect(isOn(bench, 0) == true)
        bench.brokerAnswers = true
        bench.run(for: .seconds(300))
        #expect(command(&bench, "siren", .off) == nil)
        bench.settle()
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.run(for: .seconds(29))
        #expect(isOn(bench, 0) == false)
        bench.run(for: .seconds(2))
        #expect(isOn(bench, 0) == true)
    }

    @Test func `at a stop on_exit is set at once, before the disk has synced, and lines are let go at the end`() {
        var bench = bench()
        bench.run(for: .seconds(1))
        #expect(command(&bench, "siren", .on(lasting: nil)) == nil)
        #expect(command(&bench, "lamp", .off) == nil)
        bench.settle()
        bench.diskAnswers = false
        bench.give(.stop)
        #expect(isOn(bench, 0) == false && isOn(bench, 1) == true)
        #expect(command(&bench, "siren", .on(lasting: nil))?.text.contains("stopping") == true)
        bench.run(for: .seconds(10))
        #expect(bench.isFinished && bench.outputs.isEmpty)
        #expect(bench.payloads(on: "godwit/bench/outputs/siren").last == "off")
        #expect(bench.payloads(on: "godwit/bench/outputs/lamp").last == "on")
    }

    @Test func `an unknown output is refused with the near ones`() {
        var bench = bench()
        bench.settle()
        #expect(command(&bench, "sirene", .off)?.text == "no output 'sirene'; did you mean 'siren'?")
        #expect(command(&bench, "x", .off)?.text == "no output 'x'; known outputs: siren, lamp")
        var none = self.bench([])
        #expect(command(&none, "x", .off)?.text == "no output 'x'; none is configured")
    }

    @Test func `the metrics say what each line is`() {
        var bench = bench(metricsEvery: .seconds(60))
        bench.outputAnswer = .failed(NoReading(.busy, detail: "line 'GPIO27' is in use by 'other'"))
        bench.run(for: .seconds(1))
        bench.outputAnswer = .ready
        #expect(bench.payloads(on: "godwit/bench/metrics").last?.contains(#""outputs":{"siren":null,"lamp":null}"#) == true)
        bench.run(for: .seconds(61))
        #expect(bench.payloads(on: "godwit/bench/metrics").last?.contains(#""outputs":{"siren":"off","lamp":"on"}"#) == true)
    }
}
