import Telemetry
import Testing

@testable import Agent

@Suite struct LossHistoryTests {
    private func loss(_ first: UInt64, last: UInt64? = nil) -> Loss {
        Loss(
            stream: StreamID(1), first: SequenceNumber(first), last: SequenceNumber(last ?? first), count: 1, cause: .evicted)
    }

    @Test func `the newest hundred are kept, the newest last`() {
        var history = LossHistory()
        for first in 1...150 { history.add(loss(UInt64(first))) }
        #expect(history.losses.map(\.first.rawValue) == (51...150).map { UInt64($0) })
    }

    @Test func `one that comes again replaces itself`() {
        var history = LossHistory()
        history.add(loss(1))
        history.add(loss(5))
        history.add(loss(1, last: 3))
        #expect(history.losses == [loss(5), loss(1, last: 3)])
    }

    @Test func `the answer holds them as they are published`() {
        var history = LossHistory()
        #expect(String(decoding: history.json, as: UTF8.self) == #"{"losses":[]}"#)
        history.add(loss(7))
        #expect(
            String(decoding: history.json, as: UTF8.self)
                == #"{"losses":[{"stream":"00000001","first":7,"last":7,"count":1,"why":"evicted"}]}"#)
    }
}
