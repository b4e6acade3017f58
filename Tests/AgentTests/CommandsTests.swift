import Telemetry
import MQTTSession
import RingStore
import Sensors
import Testing

@testable import Agent

struct CommandsTests {
    private let origin = CommandOrigin(client: 4, id: "a")

    @Test func `read answers with the next reading of the sensor`() {
        var bench = Bench(sensors: [Bench.counter(every: .seconds(60))])
        bench.run(for: .seconds(1))
        bench.give(.command(origin, .read(sensor: "n")))
        bench.run(for: .seconds(1))
        #expect(bench.responses.count == 1)
        #expect(bench.responses[0].hasPrefix("{\"id\":\"a\",\"command\":\"read\",\"ok\":true,\"result\":{"))
        #expect(bench.responses[0].contains("\"value\":"))
    }

    @Test func `read of a sensor that does not exist names those that do`() {
        var bench = Bench()
        bench.give(.command(origin, .read(sensor: "m")))
        #expect(bench.responses == ["{\"id\":\"a\",\"ok\":false,\"error\":\"no sensor 'm'; there are: n\"}"])
    }

    @Test func `ping is answered and an unknown command is refused`() {
        var bench = Bench()
        bench.give(.command(origin, .ping))
        bench.give(.command(origin, .unknown("dance")))
        #expect(bench.responses[0] == "{\"id\":\"a\",\"command\":\"ping\",\"ok\":true,\"result\":{}}")
        #expect(bench.responses[1].contains("\"ok\":false,\"error\":\"command 'dance': not supported yet"))
    }
}
