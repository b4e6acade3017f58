import Configuration
import Telemetry
import Testing

@Suite struct ReadConfigurationTests {
    @Test func `files of the folder are merged and problems carry their names`() {
        let result = check(broker, "log: {level: debug}\n", "log: {level: error}\nbuffer: {sync: 5}\n")
        #expect(result.lines == ["godwit.d/20.yaml:2:16: error: sync: '5' has no unit; did you mean '5 s'?"])
        #expect(check(broker, "log: {level: debug}\n", "log: {level: error}\n").settings?.logLevel == .error)
    }

    @Test func `a warning leaves the settings, an error does not`() {
        #expect(check("broker: {url: \"mqtts://b\", username: u, password: x}").settings != nil)
        #expect(check("broker: {url: \"mqtts://b\", username: u, password: x, nothing: y}").settings == nil)
    }

    @Test func `a key of a section at the top is sent to its section`() {
        #expect(check("\(broker)qos: 1").lines == ["godwit.yaml:2:1: error: unknown key 'qos' in the configuration; it belongs into 'publish'"])
    }

    @Test func `the longest topic has 255 bytes`() {
        let id = String(repeating: "i", count: 64)
        func lines(_ prefixBytes: Int, _ rest: String = "") -> [String] {
            check(
                "\(broker)device: {id: \(id)}\npublish: {prefix: \(String(repeating: "p", count: prefixBytes))}\nsensors: [{id: \(id), model: dht22, line: L}]\n\(rest)"
            ).lines
        }
        // prefix / device /unstamped/ sensor
        #expect(lines(255 - 1 - 64 - 11 - 64) == [])
        #expect(lines(255 - 64 - 11 - 64).count == 1)
        #expect(lines(255 - 64 - 11 - 64).first?.contains("has 256 bytes; at most 255 are allowed, shorten the prefix by 1") == true)
    }

    @Test func `an empty configuration says what is missing`() {
        #expect(check("").lines == ["godwit.yaml:1:1: error: 'broker' is missing; write 'broker: {url: \"mqtt://HOST\"}'"])
    }
}
