import Configuration
import Telemetry
import Testing

@Suite struct CheckerTests {
    @Test func `all problems come in one run, in order of place`() {
        let result = check(
            """
            sensors:
              - {id: Air, model: dht22, line: GPIO4, every: 1 s}
            broker:
              keep_alive: 5m
              colour: red
            logs: {}
            """)
        #expect(
            result.problems.map { "\($0.line):\($0.column)" } == ["2:10", "2:49", "4:3", "4:15", "5:3", "6:1"], "\(result.lines)")
        #expect(result.settings == nil)
    }

    @Test func `a reference stands in place of any scalar`() {
        let result = check(
            """
            device: {id: {environment: NAME}}
            broker: {url: {file: url}, in_flight: {environment: N}, keep_alive: {credential: k}}
            publish: {identify: {environment: YES}}
            """,
            resolve: { reference, folder in
                switch reference.name {
                case "NAME": .text("shed")
                case "url": .text(folder == "/etc/godwit" ? "mqtt://broker" : "")
                case "N": .text("7")
                case "k": .text("30 s")
                case "YES": .text("yes")
                default: .unreadable("what is \(reference.name)?")
                }
            })
        #expect(result.lines == [])
        #expect(result.settings?.device.id == "shed")
        #expect(result.settings?.broker.urls.map(\.host) == ["broker"])
        #expect(result.settings?.broker.inFlight == 7)
        #expect(result.settings?.broker.keepAlive == .seconds(30))
        #expect(result.settings?.publish.identify == true)
    }

    @Test func `a reference that cannot be read is as bad as the program says`() {
        let text = "broker: {url: \"mqtts://b\", username: u, password: {credential: c}}\n"
        let expected = "godwit.yaml:1:51: %: password: {credential: c}: no c; create it"
        #expect(check(text).lines == [expected.replacing("%", with: "warning")])
        #expect(check(text).settings != nil)
        #expect(check(text, unreadable: .error).lines == [expected.replacing("%", with: "error")])
        #expect(check(text, unreadable: .error).settings == nil)
    }

    @Test(arguments: [
        "broker: {url: {file: f}}", "broker: {url: \"mqtt://b\", keep_alive: {file: f}}", "broker: {url: \"mqtt://b\", in_flight: {file: f}}",
        "broker: {url: \"mqtt://b\", protocol: {file: f}}", "\(broker)device: {id: {file: f}}", "\(broker)publish: {identify: {file: f}}",
        "\(broker)buffer: {size: {file: f}}", "\(broker)sensors: [{id: a, model: {file: f}}]", "\(broker)publish: {prefix: {file: f}}",
        "\(broker)chips: [{name: c, replay: x, speed: {file: f}}]", "\(broker)sensors: [{id: a, model: pulse-counter, line: L, quantity: {file: f}}]",
    ])
    func `what is behind a reference is never shown`(text: String) {
        let result = check(text, resolve: { _, _ in .text("Tig er/+#42") })
        #expect(result.hasErrors)
        for line in result.lines { #expect(!line.contains("Tig"), "\(line)") }
    }
}
