import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct AgentPortTests {
    @Test func `an answer goes back to the client that asked, with its id`() {
        var bench = Bench()
        var clients: [Int] = []
        for action in bench.agent.handle([.request(client: 9, Array(#"{"id":"z","command":"ping"}"#.utf8))], at: bench.clock) {
            if case .respond(let client, let line) = action {
                clients.append(client)
                #expect(String(decoding: line, as: UTF8.self).hasPrefix("{\"id\":\"z\""))
            }
        }
        #expect(clients == [9])
    }
}
