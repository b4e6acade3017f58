import MQTTSession
import Telemetry
import Testing

@Suite struct PacketSizeTests {
    /// Whole packets, written out by hand from the specifications (3.1.1 §3.3, 5 §3.3).
    @Test func `sizes agree with packets that are written out`() {
        // PUBLISH, QoS 0, topic "a", payload "b"
        let plain = Message(topic: "a", payload: [0x62], qos: 0, retain: false)
        #expect(plain.packetSize(.v311) == [0x30, 0x04, 0x00, 0x01, 0x61, 0x62].count)
        #expect(plain.packetSize(.v5) == [0x30, 0x05, 0x00, 0x01, 0x61, 0x00, 0x62].count)
        // PUBLISH, QoS 1, retained, Packet Identifier 10
        let retained = Message(topic: "a/b", payload: [], qos: 1, retain: true)
        #expect(retained.packetSize(.v311) == [0x33, 0x07, 0x00, 0x03, 0x61, 0x2F, 0x62, 0x00, 0x0A].count)
        // With content type "application/json", so Payload Format Indicator 1, and the user properties stream and seq
        let reading = Message(
            topic: "t", payload: Array("{}".utf8), qos: 1, retain: false, contentType: "application/json",
            reading: .init(stream: StreamID(0x0123_4567), sequence: SequenceNumber(10)))
        let properties =
            [0x01, 0x01] + [0x03, 0x00, 0x10] + Array("application/json".utf8) + [0x26, 0x00, 0x06] + Array("stream".utf8)
            + [0x00, 0x08] + Array("01234567".utf8) + [0x26, 0x00, 0x03] + Array("seq".utf8) + [0x00, 0x02] + Array("10".utf8)
        #expect(reading.propertyLength == properties.count)
        let body = [0x00, 0x01, 0x74] + [0x00, 0x0A] + [UInt8(properties.count)] + properties + Array("{}".utf8)
        #expect(reading.packetSize(.v5) == 2 + body.count)
        #expect(reading.packetSize(.v311) == 2 + 3 + 2 + 2)
    }

    @Test func `correlation data counts with its length, under MQTT 5`() {
        var answer = Message(topic: "t", payload: [], qos: 1, retain: false)
        let without = answer.packetSize(.v5)
        answer.correlationData = []
        #expect(answer.packetSize(.v5) == without + [0x09, 0x00, 0x00].count)
        answer.correlationData = [1, 2]
        #expect(answer.packetSize(.v5) == without + [0x09, 0x00, 0x02, 1, 2].count)
        #expect(answer.packetSize(.v311) == Message(topic: "t", payload: [], qos: 1, retain: false).packetSize(.v311))
    }

    @Test func `a Message Expiry Interval counts, under MQTT 5`() {
        var live = Message(topic: "t", payload: [], qos: 0, retain: false)
        let without = (live.packetSize(.v5), live.packetSize(.v311))
        live.expirySeconds = 90
        #expect(live.packetSize(.v5) == without.0 + [0x02, 0x00, 0x00, 0x00, 0x5A].count)
        #expect(live.packetSize(.v311) == without.1)
    }

    @Test(arguments: [
        (0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4), (268_435_455, 4),
    ])
    func `a Variable Byte Integer grows at the values of the specification`(value: Int, size: Int) {
        #expect(variableByteIntegerSize(value) == size)
    }

    @Test func `the length of the remaining length counts`() {
        // Remaining length 127 and 128: 2 + 1 of the topic, the rest is payload.
        func size(_ payload: Int) -> Int {
            Message(topic: "t", payload: Array(repeating: 0, count: payload), qos: 0, retain: false).packetSize(.v311)
        }
        #expect(size(124) == 129)
        #expect(size(125) == 131)
    }

    @Test(arguments: [
        ("application/json", true), ("application/senml+json", true), ("text/plain", true),
        ("application/senml+cbor", false), ("application/octet-stream", false), ("json-like", false), ("", false), ("xt/", false),
    ])
    func `text is told from bytes by the content type`(type: String, isText: Bool) {
        #expect(Message(topic: "t", payload: [], qos: 0, retain: false, contentType: type).isText == isText)
    }

    @Test func `a message fits up to the last byte and not beyond`() {
        for version in [ProtocolVersion.v5] {
            let message = Message(topic: "topic", payload: Array(repeating: 1, count: 300), qos: 1, retain: false)
            let size = UInt32(message.packetSize(version))
            for (limit, fits) in [(size, true), (size - 1, false), (size + 1, true)] {
                var play = Play()
                play.connect(.init(reason: 0, maximumPacketSize: limit))
                #expect(play.session.fits(message) == fits)
            }
        }
    }
}
