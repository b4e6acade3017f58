import Foundation
import Payloads
import Telemetry
import Testing

@Suite struct ReadingJSONTests {
    func reading(
        _ outcome: Outcome, _ stamp: Stamp = .synced(exampleTime), schema: SensorSchema = air,
        instant: Instant = Instant(nanoseconds: 12_345_678_901)
    ) -> StampedReading {
        StampedReading(
            stream: exampleStream, sequence: SequenceNumber(1234), schema: schema, boot: exampleBoot, instant: instant,
            stamp: stamp, outcome: outcome)
    }

    @Test func `the reading of the contract, to the byte`() {
        #expect(
            text(readingJSON(reading(.measurements([215, 526]))))
                == #"{"stream":"7f3a9c12","seq":1234,"time":"2026-11-24T08:12:13.123Z","clock":"synced","temperature":21.5,"humidity":52.6}"#
        )
    }

    @Test func `an estimated time says so`() {
        #expect(
            text(readingJSON(reading(.measurements([-101, 0]), .estimated(exampleTime))))
                == #"{"stream":"7f3a9c12","seq":1234,"time":"2026-11-24T08:12:13.123Z","clock":"estimated","temperature":-10.1,"humidity":0.0}"#
        )
    }

    @Test func `an unknown clock gives boot and uptime in place of the time`() {
        #expect(
            text(readingJSON(reading(.measurements([215, 526]), .unknown(notBefore: nil))))
                == #"{"stream":"7f3a9c12","seq":1234,"clock":"unknown","boot":"0a1b2c3d","uptime":12.345,"temperature":21.5,"humidity":52.6}"#
        )
        #expect(
            text(readingJSON(reading(.measurements([215, 526]), .unknown(notBefore: exampleTime))))
                == #"{"stream":"7f3a9c12","seq":1234,"clock":"unknown","boot":"0a1b2c3d","uptime":12.345,"not_before":"2026-11-24T08:12:13.123Z","temperature":21.5,"humidity":52.6}"#
        )
    }

    @Test func `a failed reading gives its code and the evidence, and no quantity`() {
        let failed = Outcome.noReading(NoReading(.checksum, detail: "received 0x12, computed 0x34"))
        #expect(
            text(readingJSON(reading(failed)))
                == #"{"stream":"7f3a9c12","seq":1234,"time":"2026-11-24T08:12:13.123Z","clock":"synced","error":"checksum","detail":"received 0x12, computed 0x34"}"#
        )
    }

    @Test func `every code of the contract is written as there`() {
        let expected = [
            "no-answer", "short", "ambiguous", "checksum", "out-of-range", "missing", "busy", "bus", "stuck",
            "not-permitted", "wrong-device",
        ]
        #expect(NoReading.Code.allCases.map { $0.text } == expected)
        for code in NoReading.Code.allCases {
            let json = text(readingJSON(reading(.noReading(NoReading(code, detail: "x")))))
            #expect(json.hasSuffix(#","clock":"synced","error":"\#(code.text)","detail":"x"}"#))
        }
    }

    @Test func `the detail is escaped`() {
        let failed = Outcome.noReading(NoReading(.bus, detail: "\"EIO\"\n\u{1}"))
        #expect(text(readingJSON(reading(failed))).hasSuffix(##""detail":"\"EIO\"\n\u0001"}"##))
    }

    @Test func `device and sensor stand before the quantities when asked for`() {
        #expect(
            text(readingJSON(reading(.measurements([215, 526])), device: "greenhouse-1", sensor: "air"))
                == #"{"stream":"7f3a9c12","seq":1234,"time":"2026-11-24T08:12:13.123Z","clock":"synced","device":"greenhouse-1","sensor":"air","temperature":21.5,"humidity":52.6}"#
        )
        #expect(
            text(readingJSON(reading(.measurements([215, 526])), sensor: "air"))
                == #"{"stream":"7f3a9c12","seq":1234,"time":"2026-11-24T08:12:13.123Z","clock":"synced","sensor":"air","temperature":21.5,"humidity":52.6}"#
        )
    }

    @Test func `a reading without a number is the same without stream and seq`() {
        let outcome = Outcome.measurements([215, 526])
        for stamp in [Stamp.synced(exampleTime), .unknown(notBefore: nil)] {
            let numbered = text(readingJSON(reading(outcome, stamp), sensor: "air"))
            let unnumbered = text(
                unnumberedReadingJSON(
                    sensor: "air", boot: exampleBoot, instant: Instant(nanoseconds: 12_345_678_901), stamp: stamp,
                    outcome: outcome, quantities: air.quantities))
            #expect(numbered == unnumbered.replacing("{", with: #"{"stream":"7f3a9c12","seq":1234,"#))
        }
    }

    @Test func `zero is never negative, and logical values are 1 and 0`() {
        let schema = SensorSchema(
            sensor: "door",
            quantities: [
                Quantity(name: "state", unit: "1", decimals: 0), Quantity(name: "value", unit: "1", decimals: 3),
            ])
        #expect(
            text(readingJSON(reading(.measurements([1, 0]), schema: schema))).hasSuffix(#","state":1,"value":0.000}"#))
        #expect(
            text(readingJSON(reading(.measurements([0, -1]), schema: schema))).hasSuffix(#","state":0,"value":-0.001}"#))
    }

    @Test func `the largest numbers are written whole`() {
        var extreme = reading(.measurements([.min, .max]), .unknown(notBefore: nil), instant: Instant(nanoseconds: .max))
        extreme.sequence = SequenceNumber(.max)
        extreme.stream = StreamID(.max)
        extreme.boot = BootID(0)
        #expect(
            text(readingJSON(extreme))
                == #"{"stream":"ffffffff","seq":18446744073709551615,"clock":"unknown","boot":"00000000","uptime":9223372036.854,"temperature":-922337203685477580.8,"humidity":922337203685477580.7}"#
        )
    }

    @Test func `another parser reads every shape, and no key comes twice`() throws {
        let outcomes: [Outcome] = [
            .measurements([215, 526]), .noReading(NoReading(.short, detail: "37 of 40 bits")),
        ]
        let stamps: [Stamp] = [
            .synced(exampleTime), .estimated(exampleTime), .unknown(notBefore: nil), .unknown(notBefore: exampleTime),
        ]
        for outcome in outcomes {
            for stamp in stamps {
                let bytes = readingJSON(reading(outcome, stamp), device: "d", sensor: "s")
                let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
                // Colons stand after keys and inside the two times only.
                let keys = text(bytes).split(separator: "\":").count - 1
                #expect(object.count == keys)
            }
        }
    }
}
