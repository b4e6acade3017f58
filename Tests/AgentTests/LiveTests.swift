import MQTTSession
import RingStore
import Sensors
import Telemetry
import Testing

@testable import Agent

@Suite struct LiveTests {
    private let topic = "godwit/bench/live/n"

    private func bench(_ live: LiveMode = .on, sensors: [SensorSettings] = [Bench.counter()], clockIsKnown: Bool = true) -> Bench {
        Bench(sensors: sensors, clockIsKnown: clockIsKnown) { $0.live = live }
    }

    @Test func `each reading is told once more, the same to the byte, without an acknowledgement`() {
        var bench = bench()
        bench.run(for: .seconds(3))
        let live = bench.payloads(on: topic)
        #expect(live.count == 4)
        #expect(live == bench.payloads(on: "godwit/bench/sensors/n"))
        let messages = bench.published.filter { $0.topic == topic }
        #expect(messages.allSatisfy { $0.qos == 0 && !$0.retain && $0.contentType == "application/json" })
        #expect(messages.allSatisfy { $0.expirySeconds == 30 }, "a value that is older than three intervals, and than 30 s, says nothing")
    }

    @Test func `off says nothing`() {
        var bench = bench(.off)
        bench.run(for: .seconds(3))
        #expect(bench.payloads(on: topic) == [])
    }

    @Test func `retained is kept by the broker, and cleared when it is wanted no more`() {
        var bench = bench(.retained)
        bench.run(for: .seconds(1))
        #expect(bench.published.filter { $0.topic == topic }.allSatisfy { $0.retain && $0.expirySeconds != nil })
        var configuration = bench.agent.configuration
        configuration.live = .off
        bench.give(.configuration(NewConfiguration(configuration: configuration, rules: []), for: nil))
        #expect(bench.published.last { $0.topic == topic }?.payload == [])
        bench.run(for: .seconds(3))
        #expect(bench.published.last { $0.topic == topic }?.payload == [])
    }

    @Test func `of an outage only the newest is told, after online and info, and nothing of the backlog`() {
        var bench = bench(sensors: [Bench.counter(), Bench.counter(id: "m", every: .seconds(60))])
        bench.run(for: .seconds(2))
        bench.brokerAnswers = false
        bench.loseConnection()
        bench.published = []
        bench.run(for: .seconds(30))
        #expect(bench.published == [])
        bench.brokerAnswers = true
        while bench.published.isEmpty { bench.run(for: .milliseconds(100)) }
        let topics = bench.published.map { $0.topic }
        #expect(topics.prefix(4) == ["godwit/bench/status", "godwit/bench/info", topic, "godwit/bench/live/m"], "\(topics)")
        #expect(bench.sequences(on: topic).count == 1)
        #expect(bench.sequences(on: topic).first.map { $0 > 30 } == true)
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count > 25)
    }

    @Test func `a sensor that fails is told as failing`() {
        var bench = bench(sensors: [Bench.contact()])
        bench.lineAnswer = .lineFailed(NoReading(.missing, detail: "no such line"))
        bench.run(for: .seconds(1))
        #expect(bench.payloads(on: "godwit/bench/live/door").last?.contains(#""error":"missing""#) == true)
    }

    @Test func `a reading from before the ring was open has its number`() {
        var bench = bench(sensors: [Bench.contact(), Bench.counter(every: .seconds(60))])
        bench.silentFiles = [.readings]
        bench.settle()
        bench.run(for: .milliseconds(10))
        #expect(bench.payloads(on: "godwit/bench/live/door") == [])
        bench.silentFiles = []
        bench.answerAgain()
        bench.run(for: .seconds(1))
        for sensor in ["door", "n"] {
            let live = bench.payloads(on: "godwit/bench/live/\(sensor)")
            #expect(live.count == 1)
            #expect(live == bench.payloads(on: "godwit/bench/sensors/\(sensor)"))
        }
    }

    @Test func `a hold and a window without room do not keep it back`() {
        var bench = bench()
        bench.run(for: .seconds(1))
        bench.acknowledges = false
        bench.published = []
        bench.run(for: .seconds(40))
        #expect(bench.sequences(on: topic).count == 40)
        #expect(bench.sequences(on: "godwit/bench/sensors/n").count == 19)
    }

    @Test func `without a known time it says so, and after a connect it has the time that became known`() {
        var bench = bench(sensors: [Bench.counter(every: .seconds(600))], clockIsKnown: false)
        bench.run(for: .seconds(1))
        #expect(bench.payloads(on: topic).first?.contains(#""clock":"unknown""#) == true)
        bench.clock.isKnown = true
        bench.run(for: .seconds(20))
        bench.published = []
        bench.loseConnection()
        bench.run(for: .seconds(30))
        #expect(bench.payloads(on: topic).first?.contains(#""clock":"estimated""#) == true, "\(bench.payloads(on: topic))")
    }

    @Test func `a sensor that a reload takes away is told no more`() {
        var bench = bench(sensors: [Bench.counter(), Bench.counter(id: "m")])
        bench.run(for: .seconds(1))
        var configuration = bench.agent.configuration
        configuration.sensors.removeLast()
        bench.give(.configuration(NewConfiguration(configuration: configuration, rules: []), for: nil))
        bench.loseConnection()
        bench.published = []
        bench.run(for: .seconds(30))
        #expect(bench.payloads(on: "godwit/bench/live/m") == [])
        #expect(bench.payloads(on: topic) != [])
    }

    @Test func `when Home Assistant starts all newest readings come again`() {
        var bench = bench(sensors: [Bench.counter(), Bench.counter(id: "m", every: .seconds(3600))])
        bench.run(for: .milliseconds(1500))
        #expect(bench.subscriptions == [["godwit/bench/command", "homeassistant/status"]])
        func birth(_ payload: String, retained: Bool = false) -> AgentInput {
            .message(
                ReceivedMessage(
                    topic: "homeassistant/status", payload: Array(payload.utf8), isRetained: retained, responseTopic: nil,
                    correlationData: nil))
        }
        let before = bench.published.count
        for other in [birth("offline"), birth(""), birth("online", retained: true)] { bench.give(other) }
        #expect(bench.published.count == before)
        bench.give(birth("online"))
        let again = bench.published.dropFirst(before)
        #expect(again.map(\.topic) == [topic, "godwit/bench/live/m"])
        #expect(again.first?.payload == bench.published.prefix(before).last { $0.topic == topic }?.payload)
    }

    @Test func `without live nobody asks when Home Assistant starts, and a reload changes that`() {
        var bench = bench(.off)
        bench.run(for: .seconds(1))
        #expect(bench.subscriptions == [["godwit/bench/command"]])
        var configuration = bench.agent.configuration
        configuration.live = .on
        bench.give(.configuration(NewConfiguration(configuration: configuration, rules: []), for: nil))
        #expect(bench.subscriptions.last == ["homeassistant/status"])
    }
}
