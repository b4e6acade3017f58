import Configuration
import Sensors
import Telemetry
import Testing

@Suite struct SensorSectionTests {
    private func sensor(_ keys: String) -> CheckedConfiguration { check("\(broker)sensors:\n  - {id: a, \(keys)}\n") }

    @Test func `the shortest useful file is enough`() {
        let result = check(
            """
            broker: {url: "mqtt://homeassistant.local"}
            sensors:
              - {id: air, model: dht22, line: GPIO4}
              - {id: door, model: contact, line: GPIO17, class: door}
            """)
        #expect(result.lines == [])
        let air = result.settings?.sensors.first
        #expect(air?.model == "am2302")
        #expect(air?.name == "air")
        #expect(air?.line == .name("GPIO4"))
        #expect(air?.every == .seconds(30))
        let door = result.settings?.sensors.last
        #expect(door?.every == nil)
        #expect(door?.text("class") == "door")
        #expect(door?.duration("debounce") == .milliseconds(20))
        #expect(door?.duration("heartbeat") == .seconds(600))
    }

    @Test func `every model of the catalog has an example that is right`() {
        for entry in sensorCatalog {
            let result = check("\(broker)sensors:\n  - \(entry.model.example)\n")
            #expect(!result.hasErrors, "\(entry.model.name): \(result.lines)")
            #expect(result.settings?.sensors.first?.model == entry.model.name)
        }
    }

    @Test func `no model is both built and to come`() {
        let built = sensorCatalog.flatMap { [$0.model.name] + $0.model.aliases }
        #expect(Set(built).intersection(modelsToCome).isEmpty)
    }

    @Test func `the keys of a model are checked and typed`() {
        let result = sensor("model: pulse-counter, line: L, debounce: 2 ms, every: 1 min, per_pulse: 0.2794, unit: mm, quantity: rain, name: Rain")
        #expect(result.lines == [])
        let settings = result.settings?.sensors.first
        #expect(settings?.decimal("per_pulse") == Decimal(2794, decimals: 4))
        #expect(settings?.text("quantity") == "rain")
        #expect(settings?.name == "Rain")
        #expect(settings?.every == .seconds(60))
    }

    @Test(arguments: [
        ("model: dht22, line: L, every: 1 s", "outside 2 s ... 31 d"), ("model: dht11, line: L, every: 0.5 s", "outside 1 s ... 31 d"),
        ("model: contact, line: L, every: 5 s", "unknown key 'every' in sensor 'a'"), ("model: synthetic, line: L", "unknown key 'line' in sensor 'a'"),
        ("model: contact, pin: 17", "did you mean 'line'?"), ("model: contact, line: L, class: dor", "did you mean 'door'?"),
        ("model: contact, line: L, bias: up", "known values: pull-up, pull-down, none"), ("model: contact, line: L, debounce: 20", "did you mean '20 s'?"),
        ("model: pulse-counter, line: L, quantity: Rain", "begins with a letter"), ("model: pulse-counter, line: L, quantity: time", "choose another"),
        ("model: pulse-counter, line: L, per_pulse: 1 mm", "is no number"), ("model: DHT22, line: L", "did you mean 'dht22'?"),
        ("model: nothing-like-it", "known models: contact"), ("model: ds18b20, w1: 28-0316a4b2c3ff", "model: not supported yet"),
        ("model: dht22, line: L, calibrate: {temperature: {offset: -0.4}}", "calibrate: not supported yet"),
        ("model: dht22, line: L, calibrate: {temprature: {offset: -0.4}}", "did you mean 'temperature'?"),
        ("model: dht22, line: L, filter: {humidity: {median: 5}}", "filter: not supported yet"), ("model: dht22, line: L, filter: {humidity: {median: 4}}", "write 5"),
        ("model: dht22, line: L, filter: {humidity: {mean: 4}}", "unknown key 'mean' in humidity"),
    ])
    func `what is not right, or not built, is said once`(keys: String, part: String) {
        let result = sensor(keys)
        #expect(result.problems.filter { $0.text.contains(part) }.count == 1, "\(result.lines)")
        #expect(result.settings == nil)
    }

    @Test func `one id in two files names both places`() {
        let result = check(
            "\(broker)sensors: [{id: a, model: dht22, line: L1}]\n", "sensors:\n  - {id: b, model: dht22, line: L2}\n  - {id: a, model: dht22, line: L3}\n")
        #expect(result.lines == ["godwit.d/10.yaml:3:10: error: duplicate id 'a'; the first is at godwit.yaml:2:16, choose another"])
    }
}
