import Alerts
import Sensors
import Telemetry
import Testing

@testable import Agent

@Suite struct RuleSetupsTests {
    private func setups(_ rules: [AlertRule], _ sensors: [SensorSettings?]) -> [AlertRuleSetup] {
        ruleSetups(
            rules, sensors: sensors,
            schemas: sensors.map { sensor in
                SensorSchema(sensor: sensor?.id ?? "gone", quantities: sensor.map { catalogEntry(named: $0.model)!.model.quantities($0) } ?? [])
            })
    }

    @Test func `a rule gets the place of its series, its quantity and the sensor's name`() {
        let air = SensorSettings(id: "air", name: "Air, inside", model: "am2302", line: .name("L"), every: .seconds(30))
        let rule = AlertRule(id: "x", sensor: "air", quantity: "humidity", condition: .above(.one, clearBelow: nil))
        let setup = setups([rule], [nil, Bench.counter(), air])[0]
        #expect(setup.sensorIndex == 2 && setup.quantityIndex == 1)
        #expect(setup.quantity == Quantity(name: "humidity", unit: "%RH", decimals: 1))
        #expect(setup.sensorName == "Air, inside")
        #expect(setup.words.isEmpty)
    }

    @Test func `a rule over a whole sensor has no quantity`() {
        let rule = AlertRule(id: "x", sensor: "n", quantity: nil, condition: .silentFor(.seconds(5)))
        let setup = setups([rule], [Bench.counter()])[0]
        #expect(setup.quantityIndex == nil && setup.quantity == nil)
    }

    @Test func `a series is silent after three intervals, and never before 30 s`() {
        func silence(_ sensor: SensorSettings) -> Duration? {
            setups([AlertRule(id: "x", sensor: sensor.id, quantity: nil, condition: .silentFor(.seconds(5)))], [sensor])[0].silence
        }
        #expect(silence(Bench.counter(every: .seconds(1))) == .seconds(30))
        #expect(silence(Bench.counter(every: .seconds(60))) == .seconds(180))
        var door = Bench.contact()
        #expect(silence(door) == .seconds(1800))
        door.values["heartbeat"] = .duration(.seconds(2))
        #expect(silence(door) == .seconds(30))
        door.values["heartbeat"] = .duration(.zero)
        #expect(silence(door) == nil)
    }

    @Test func `a contact has words for its values, by what its state is true for`() {
        func words(_ change: (inout SensorSettings) -> Void) -> [AlertRuleSetup.Word] {
            var door = Bench.contact()
            change(&door)
            return setups([AlertRule(id: "x", sensor: "door", quantity: "state", condition: .equals(.one, word: nil))], [door])[0].words
        }
        #expect(words { $0.values["class"] = .text("door") } == [.init(value: .one, text: "open"), .init(value: .zero, text: "closed")])
        #expect(words { $0.values["class"] = .text("motion") } == [.init(value: .zero, text: "open"), .init(value: .one, text: "closed")])
    }
}
