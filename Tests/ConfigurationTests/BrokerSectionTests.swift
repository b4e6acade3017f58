import Configuration
import Telemetry
import Testing

@Suite struct BrokerSectionTests {
    @Test func `what is not given has its default`() {
        let broker = check("broker: {url: \"mqtt://homeassistant.local\"}").settings?.broker
        #expect(broker?.protocolChoice == .auto)
        #expect(broker?.clientID == "godwit-board-7")
        #expect(broker?.username == nil)
        #expect(broker?.keepAlive == .seconds(60))
        #expect(broker?.reconnectMinimum == .seconds(1))
        #expect(broker?.reconnectMaximum == .seconds(120))
        #expect(broker?.inFlight == 20)
        #expect(broker?.tls.caFile == nil)
    }

    @Test func `what is given is taken`() {
        let result = check(
            """
            broker:
              url: [mqtts://broker.example:8884]
              protocol: 3.1.1
              client_id: me
              username: greenhouse
              password: {credential: broker-password}
              tls: {ca_file: ca.pem}
              keep_alive: 30 s
              reconnect: {minimum: 2 s, maximum: 1 min}
              in_flight: 1
              rate_limit: 200
              connect: always
            """, resolve: { _, _ in .text("tiger") })
        #expect(result.lines == [])
        let broker = result.settings?.broker
        #expect(broker?.urls.map(\.port) == [8884])
        #expect(broker?.protocolChoice == .v311)
        #expect(broker?.clientID == "me")
        #expect(broker?.password == Secret("tiger"))
        #expect(broker?.tls.caFile == "/etc/godwit/ca.pem")
        #expect(broker?.keepAlive == .seconds(30))
        #expect(broker?.reconnectMaximum == .seconds(60))
        #expect(broker?.inFlight == 1)
        #expect(broker?.rateLimit == 200)
    }

    @Test func `connections are kept, or made on a schedule`() {
        #expect(check("broker: {url: \"mqtt://b\", connect: always}").settings?.broker.schedule == nil)
        let result = check("broker: {url: \"mqtt://b\", connect: {every: 15 min, for_at_most: 2 min}}")
        #expect(result.lines == [])
        #expect(result.settings?.broker.schedule == ConnectSchedule(every: .seconds(900), forAtMost: .seconds(120)))
    }

    @Test func `a list of urls is taken in its order`() {
        let result = check("broker: {url: [\"mqtt://house.local\", \"mqtts://broker.example\"], tls: {ca_file: ca.pem}}")
        #expect(result.lines == [])
        #expect(result.settings?.broker.urls.map(\.text) == ["mqtt://house.local", "mqtts://broker.example"])
        #expect(result.settings?.broker.tls.caFile == "/etc/godwit/ca.pem")
    }

    @Test func `the protocols are 5 and 3_1_1`() {
        #expect(check("broker: {url: \"mqtt://b\", protocol: 5}").settings?.broker.protocolChoice == .v5)
        #expect(check("broker: {url: \"mqtt://b\", protocol: 3.1}").lines == ["godwit.yaml:1:37: error: protocol: unknown value '3.1'; did you mean '3.1.1'?"])
    }

    @Test func `a literal password, and one over an open connection, are taken with a warning`() {
        let literal = check("broker: {url: \"mqtts://b\", username: u, password: tiger}")
        #expect(literal.problems.map { $0.severity } == [.warning])
        #expect(literal.settings?.broker.password == Secret("tiger"))
        let open = check("broker: {url: \"mqtt://b\", username: u, password: {credential: c}}", resolve: { _, _ in .text("x") })
        #expect(open.lines == ["godwit.yaml:1:40: warning: password: goes to b unencrypted; use mqtts://"])
        let local = check("broker: {url: \"mqtt://localhost\", username: u, password: {credential: c}}", resolve: { _, _ in .text("x") })
        #expect(local.lines == [])
    }

    @Test(arguments: [
        ("url: \"mqtt://b\", password: {credential: c}", "write 'username: NAME'"),
        ("url: [\"mqtt://b\", \"mqtt://c\", \"mqtt://b\"]", "mqtt://b stands here twice"),
        ("url: [\((0...16).map { "\"mqtt://b\($0)\"" }.joined(separator: ", "))]", "17 brokers; 16 at most"),
        ("url: \"mqtt://b\", rate_limit: 0", "outside 1 ... 1000000"),
        ("url: \"mqtt://b\", connect: {every: 5 s, for_at_most: 2 s}", "outside 10 s ... 7 d"),
        ("url: \"mqtt://b\", connect: {every: 1 min, for_at_most: 2 min}", "is not below 'every'"),
        ("url: \"mqtt://b\", connect: {every: 15 min}", "'for_at_most' is missing"),
        ("url: \"mqtt://b\", connect: never", "known values: always"),
        ("url: \"mqtt://b\", keep_alive: 5500 ms", "write '5 s'"),
        ("url: \"mqtt://b\", port: 1883", "write it into the URL"),
        ("url: \"mqtt://b\", reconnect: 5 s", "known keys: minimum, maximum"),
        ("url: \"mqtt://b\", client_id: \"\"", "is empty"),
    ])
    func `what is not right, or not built, is said once`(keys: String, part: String) {
        let result = check("broker: {\(keys)}", resolve: { _, _ in .text("x") })
        #expect(result.problems.filter { $0.severity == .error && $0.text.contains(part) }.count == 1, "\(result.lines)")
        #expect(result.settings == nil)
    }
}
