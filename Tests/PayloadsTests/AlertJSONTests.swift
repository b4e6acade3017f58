import Foundation
import Payloads
import Telemetry
import Testing

@Suite struct AlertJSONTests {
    static let instant = Instant(nanoseconds: 1_000_000_000_000)
    static let event = AlertEvent(
        alert: "frost", state: .raised, severity: .major, message: "Greenhouse 1: air temperature 1.4 °C, below 2 °C for 5 min",
        since: .instant(instant), value: Decimal(14, decimals: 1), unit: "Cel", limit: Decimal(2, decimals: 0),
        series: "air.temperature", reading: .init(stream: exampleStream, sequence: SequenceNumber(1234)), outputs: ["siren"])

    func json(_ event: AlertEvent, _ stamp: Stamp = .synced(exampleTime)) -> String {
        text(
            alertJSON(
                event, stream: exampleStream, sequence: SequenceNumber(7), boot: exampleBoot, instant: Self.instant, stamp: stamp))
    }

    @Test func `the alert of the contract, to the byte`() {
        #expect(
            json(Self.event)
                == #"{"stream":"7f3a9c12","seq":7,"alert":"frost","state":"raised","severity":"major","message":"Greenhouse 1: air temperature 1.4 °C, below 2 °C for 5 min","time":"2026-11-24T08:12:13.123Z","clock":"synced","since":"2026-11-24T08:12:13.123Z","value":1.4,"unit":"Cel","limit":2,"series":"air.temperature","reading":{"stream":"7f3a9c12","seq":1234},"outputs":["siren"],"acknowledged":null,"muted_until":null}"#
        )
    }

    @Test func `times of the same boot are stamped as the event is`() {
        var event = Self.event
        event.since = .instant(Instant(nanoseconds: 940_000_000_000))
        event.acknowledged = .instant(Instant(nanoseconds: 970_000_000_000))
        event.mutedUntil = .instant(Instant(nanoseconds: 1_060_000_000_000))
        for stamp in [Stamp.synced(exampleTime), .estimated(exampleTime)] {
            let json = json(event, stamp)
            #expect(json.contains(#""since":"2026-11-24T08:11:13.123Z""#))
            #expect(json.contains(#""acknowledged":"2026-11-24T08:11:43.123Z""#))
            #expect(json.contains(#""muted_until":"2026-11-24T08:13:13.123Z""#))
        }
        #expect(json(event, .estimated(exampleTime)).contains(#""clock":"estimated""#))
    }

    @Test func `without a known clock there are boot and uptime, and marks are true`() {
        var event = Self.event
        event.acknowledged = .instant(Self.instant)
        event.mutedUntil = .instant(Self.instant)
        let unknown = json(event, .unknown(notBefore: exampleTime))
        #expect(
            unknown.contains(
                #","clock":"unknown","boot":"0a1b2c3d","uptime":1000.000,"not_before":"2026-11-24T08:12:13.123Z","since":null,"value":1.4"#))
        #expect(unknown.hasSuffix(#","acknowledged":true,"muted_until":true}"#))
        #expect(!json(event, .unknown(notBefore: nil)).contains("not_before"))
    }

    @Test func `a wall time of an earlier boot is told whatever the clock is now`() {
        var event = Self.event
        event.since = .wall(exampleTime)
        event.acknowledged = .wall(exampleTime)
        let unknown = json(event, .unknown(notBefore: nil))
        #expect(unknown.contains(#""since":"2026-11-24T08:12:13.123Z""#))
        #expect(unknown.contains(#""acknowledged":"2026-11-24T08:12:13.123Z""#))
    }

    @Test func `a time that was never known stays unknown when the clock is known now`() {
        var event = Self.event
        event.since = .unknown
        event.acknowledged = .unknown
        #expect(json(event).contains(#""since":null"#))
        #expect(json(event).contains(#""acknowledged":true,"muted_until":null"#))
    }

    @Test func `flapping is said only when it is so, behind the keys of the contract`() {
        var event = Self.event
        event.isFlapping = true
        #expect(json(event).hasSuffix(#","muted_until":null,"flapping":true}"#))
        #expect(!json(Self.event).contains("flapping"))
    }

    @Test func `what there is not is null, and a reader of JSON takes it`() throws {
        let event = AlertEvent(
            alert: "air-silent", state: .silent, severity: .minor, message: "\"quoted\"\n", since: .instant(Self.instant), series: "air")
        let bytes = Array(json(event).utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        for key in ["value", "unit", "limit", "reading", "acknowledged", "muted_until"] { #expect(object[key] is NSNull) }
        #expect(object["outputs"] as? [String] == [])
        #expect(object["message"] as? String == "\"quoted\"\n")
        #expect(object["state"] as? String == "silent")
    }

    @Test func `numbers have their decimals`() {
        var event = Self.event
        event.value = Decimal(-5, decimals: 3)
        event.limit = Decimal(20, decimals: 1)
        #expect(json(event).contains(#""value":-0.005,"unit":"Cel","limit":2.0,"#))
    }
}
