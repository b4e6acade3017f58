import RingStore
import Telemetry
import Testing

@Suite struct RingPortTests {
    @Test func `the name of a hand-over is what its acknowledgement says`() {
        let loss = Loss(
            stream: StreamID(1), first: SequenceNumber(3), last: SequenceNumber(5), count: 3, cause: .evicted)
        #expect(Handover.loss(loss).name == .loss(StreamID(1), first: SequenceNumber(3), last: SequenceNumber(5)))
    }

    @Test func `a status begins empty, with a count for each cause`() {
        let status = RingStatus(stream: StreamID(1), capacityBytes: 7)
        #expect(status.head == .first && status.watermark == .zero && status.capacityBytes == 7)
        #expect(status.lossesByCause.count == Loss.Cause.allCases.count)
    }
}
