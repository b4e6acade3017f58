import MQTTSession
import Testing

@Suite struct TextsTests {
    @Test func `every reason has a text with its number and no line break`() {
        for reason in 0...255 as ClosedRange<UInt8> {
            let number = String(reason, radix: 16, uppercase: true)
            #expect(reasonText(reason).hasSuffix("(0x\(number.count == 1 ? "0" : "")\(number))"))
        }
        #expect(reasonText(0x87) == "not authorized (0x87)")
        #expect(refusalText(5) == "not authorized (5)")
        #expect(refusalText(0x86) == "bad user name or password (0x86)")
    }

    @Test func `every failure says what it is`() {
        let table: [(ConnectionFailure, String)] = [
            (.nameNotFound("broker: Name or service not known"), "name not found: broker: Name or service not known"),
            (.unreachable("10.0.0.1 port 1883: Connection refused"), "unreachable: 10.0.0.1 port 1883: Connection refused"),
            (.tls(what: "unknown CA"), "TLS: unknown CA"),
            (.closed("the broker closed the connection"), "the broker closed the connection"),
            (.disconnectedByBroker(reason: 0x8B), "the broker said DISCONNECT: server shutting down (0x8B)"),
            (.silent("no CONNACK in 20.0 s"), "no CONNACK in 20.0 s"),
        ]
        for (failure, text) in table { #expect(failure.text == text) }
        #expect(ProtocolVersion.v5.text == "5" && ProtocolVersion.v311.text == "3.1.1")
    }
}
