import Configuration
import Telemetry
import Testing

@Suite struct SettingsTests {
    @Test func `a secret has no description but stars`() {
        #expect("\(Secret("tiger"))" == "********")
    }

    @Test func `the topic prefix is prefix and device`() throws {
        let settings = Settings(
            device: DeviceSettings(id: "greenhouse-1"),
            broker: BrokerSettings(urls: [try BrokerURL(parsing: "mqtt://localhost")], clientID: "godwit-greenhouse-1"))
        #expect(settings.topicPrefix == "godwit/greenhouse-1")
        #expect(settings.device.name == "greenhouse-1")
    }
}
