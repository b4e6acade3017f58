import MQTTSession
import Telemetry
import Testing

@testable import MQTTTransport

@Suite struct KeepAliveClockTests {
    @Test func `a ping is due a keep-alive after the last packet, on the boot clock`() {
        var clock = KeepAliveClock()
        let now = Driver.now()
        clock.begin(keepAliveSeconds: 5, at: now)
        let left = now.duration(to: clock.deadline!)
        #expect(left >= .seconds(5) && left < .milliseconds(5100))
        let isDue = clock.isDue(at: now)
        #expect(!isDue)
    }

    @Test func `keep-alive 0 has no deadline`() {
        var clock = KeepAliveClock()
        clock.begin(keepAliveSeconds: 0, at: Driver.now())
        let isDue = clock.isDue(at: Driver.now())
        #expect(clock.deadline == nil && !isDue)
    }

    @Test func `a sleep is told once with its length, and a slow turn is none`() {
        var clock = KeepAliveClock()
        let now = Driver.now()
        clock.begin(keepAliveSeconds: 5, at: now)
        clock.received(at: now.advanced(by: .milliseconds(-300)))
        let none = clock.takeSleep()
        #expect(none == nil)
        // The boot clock goes on by a minute, the monotonic clock by nothing.
        let isDue = clock.isDue(at: now.advanced(by: .seconds(60)))
        let slept = clock.takeSleep()
        let again = clock.takeSleep()
        #expect(!isDue && slept! > .seconds(59) && slept! < .seconds(61) && again == nil)
        // The ping moves to a later instant of the boot clock.
        #expect(clock.deadline! > now.advanced(by: .seconds(60)))
    }

    @Test func `traffic of connections adds up`() {
        var traffic = Traffic()
        traffic.update(sent: 10, received: 1)
        traffic.update(sent: 30, received: 2)
        traffic.endConnection()
        traffic.update(sent: 5, received: 6)
        #expect(traffic.sent == 35 && traffic.received == 8)
        let due = [2_000, 2_900, 3_000].map { traffic.sampleIsDue(at: Instant(nanoseconds: $0 * 1_000_000)) }
        #expect(due == [true, false, true])
    }

    @Test func `of each topic the newest waits, in the order of the first, and no more than the limit`() {
        var waiting = LatestMessages()
        for number in 0..<3000 {
            waiting.put(
                .init(UInt64(number)), .init(topic: "t\(number % 1500)", payload: [], qos: 0, retain: false))
        }
        var tags: [UInt64] = []
        while let (tag, _) = waiting.takeFirst() { tags.append(tag.rawValue) }
        #expect(tags.count == LatestMessages.limit && tags.last == 2999)
    }
}
