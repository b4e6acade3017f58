import Payloads
import Telemetry
import Testing

@Suite struct LossJSONTests {
    func loss(
        _ cause: Loss.Cause, count: UInt64?, atMost: UInt64? = nil, sensors: [Loss.SensorCount] = []
    ) -> String {
        text(
            lossJSON(
                Loss(
                    stream: exampleStream, first: SequenceNumber(1201), last: SequenceNumber(1299), count: count,
                    atMost: atMost, cause: cause, sensors: sensors)))
    }

    @Test func `the loss of the contract, to the byte`() {
        #expect(
            loss(
                .evicted, count: 99,
                sensors: [.init(sensor: "air", count: 60), .init(sensor: "door", count: 39)])
                == #"{"stream":"7f3a9c12","first":1201,"last":1299,"count":99,"why":"evicted","sensors":{"air":60,"door":39}}"#
        )
    }

    @Test func `a restart knows no count, and a bound where there is one`() {
        #expect(
            loss(.restart, count: nil)
                == #"{"stream":"7f3a9c12","first":1201,"last":1299,"count":null,"why":"restart"}"#)
        #expect(
            loss(.restart, count: nil, atMost: 50)
                == #"{"stream":"7f3a9c12","first":1201,"last":1299,"count":null,"at_most":50,"why":"restart"}"#)
    }

    @Test(arguments: [
        (Loss.Cause.evicted, "evicted"), (.damaged, "damaged"), (.restart, "restart"), (.rejected, "rejected"),
        (.memoryFull, "memory-full"),
    ])
    func `every cause is written as in the contract`(cause: Loss.Cause, expected: String) {
        #expect(
            loss(cause, count: 99)
                == #"{"stream":"7f3a9c12","first":1201,"last":1299,"count":99,"why":"\#(expected)"}"#)
    }
}
