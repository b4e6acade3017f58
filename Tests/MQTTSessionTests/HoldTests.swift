import MQTTSession
import Telemetry
import Testing

@Suite struct HoldTests {
    private func hold() -> Hold { Hold(backoff: Backoff(minimum: .seconds(1), maximum: .seconds(60))) }

    @Test func `it ends when its time has come and not before`() {
        var random = RandomSource(seed: 3)
        var hold = hold()
        let delay = hold.begin(&random, at: .zero)
        let until = Instant.zero.advanced(by: delay)
        #expect(hold.isHolding && hold.until == until)
        let early = hold.end(at: until.advanced(by: .nanoseconds(-1)))
        let onTime = hold.end(at: until)
        let again = hold.end(at: until)
        #expect(!early && onTime && !again)
        #expect(!hold.isHolding && hold.isProbing)
    }

    @Test func `a success while it lasts says nothing, one after it starts anew`() {
        var random = RandomSource(seed: 3)
        var hold = hold()
        for _ in 0..<30 {
            let delay = hold.begin(&random, at: .zero)
            hold.succeeded()
            #expect(hold.isHolding)
            _ = hold.end(at: Instant.zero.advanced(by: delay))
        }
        hold.succeeded()
        #expect(!hold.isProbing)
        #expect(hold.begin(&random, at: .zero) <= .seconds(3))
    }
}
