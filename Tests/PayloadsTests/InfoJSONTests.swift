import Payloads
import Telemetry
import Testing

@Suite struct InfoJSONTests {
    @Test func `what is not known is null`() {
        #expect(
            text(infoJSON(InfoSnapshot(name: "greenhouse-1")))
                == #"{"name":"greenhouse-1","location":null,"version":"\#(godwitVersion)","protocol":null,"boot":null,"#
                + #""stream":null,"sensors":{},"config":{"hash":null,"loaded":null,"error":null}}"#)
    }

    @Test func `with scheduled connections the next one is said`() {
        var info = InfoSnapshot(name: "a")
        info.isScheduled = true
        #expect(text(infoJSON(info)).contains(#""stream":null,"next_connection":null,"sensors""#))
        info.nextConnection = exampleTime
        #expect(text(infoJSON(info)).contains(#""next_connection":"2026-11-24T08:12:13.123Z""#))
    }

    @Test func `the sensors come with models, quantities and units`() {
        var info = InfoSnapshot(name: "Greenhouse 1")
        info.location = "North house"
        info.protocolVersion = "3.1.1"
        info.boot = exampleBoot
        info.stream = exampleStream
        info.sensors = [.init(id: "air", name: "Air, inside", model: "am2302", quantities: air.quantities)]
        info.configuration = .init(hash: "0123456789abcdef", loaded: exampleTime, error: "godwit.yaml:3:1: error: no")
        #expect(
            text(infoJSON(info))
                == #"{"name":"Greenhouse 1","location":"North house","version":"\#(godwitVersion)","protocol":"3.1.1","#
                + #""boot":"0a1b2c3d","stream":"7f3a9c12","sensors":{"air":{"name":"Air, inside","model":"am2302","#
                + #""quantities":{"temperature":{"unit":"Cel","decimals":1},"humidity":{"unit":"%RH","decimals":1}}}},"#
                + #""config":{"hash":"0123456789abcdef","loaded":"2026-11-24T08:12:13.123Z","#
                + #""error":"godwit.yaml:3:1: error: no"}}"#)
    }
}
