import MQTTSession
import RingStore
import Telemetry
import Testing

@testable import Agent

@Suite struct InFlightTests {
    private func record(_ number: UInt64) -> Agent.Record { .reading(.reading(StreamID(1), SequenceNumber(number))) }

    @Test func `each record comes back once, by its tag, in whatever order they are acknowledged`() {
        var inFlight = InFlight()
        for number in 1...5 as ClosedRange<UInt64> { inFlight.append(record(number), tag: MessageTag(number * 10)) }
        for number in [1, 3, 5, 2, 4] as [UInt64] {
            #expect(inFlight.remove(MessageTag(number * 10)) == record(number))
            #expect(inFlight.remove(MessageTag(number * 10)) == nil)
        }
        #expect(inFlight.isEmpty)
    }

    @Test func `what is forgotten is not found, and neither is what carries nothing of the ring`() {
        var inFlight = InFlight()
        inFlight.append(record(1), tag: MessageTag(7))
        #expect(inFlight.remove(MessageTag(8)) == nil && !inFlight.isEmpty)
        inFlight.removeAll()
        #expect(inFlight.isEmpty && inFlight.remove(MessageTag(7)) == nil)
    }
}
