import MQTTSession
import Telemetry
import Testing

@Suite struct WindowTests {
    @Test(arguments: [
        // in_flight, Receive Maximum, limit, room for readings
        (20, nil, 20, 19), (20, 10, 10, 9), (20, 100, 20, 19), (1000, nil, 1000, 999), (1, nil, 1, 1), (20, 1, 1, 1),
        (2, nil, 2, 1), (20, 0, 1, 1),
    ] as [(Int, UInt16?, Int, Int)])
    func `the limit is the least of both and one slot is kept where there are more`(
        inFlight: Int, receiveMaximum: UInt16?, limit: Int, readings: Int
    ) {
        let window = Window(inFlight: inFlight, receiveMaximum: receiveMaximum)
        #expect(window.limit == limit && window.otherRoom == limit && window.readingRoom == readings)
    }

    @Test func `each message takes a slot of both rooms and the last is for others only`() {
        var window = Window(inFlight: 3, receiveMaximum: nil)
        var rooms: [[Int]] = []
        for tag in 0..<3 as Range<UInt64> {
            window.append(MessageTag(tag), topic: "t", at: .zero)
            rooms.append([window.readingRoom, window.otherRoom])
        }
        #expect(rooms == [[1, 2], [0, 1], [0, 0]])
    }

    @Test func `messages leave in any order and the oldest that waits is known`() {
        var window = Window(inFlight: 5, receiveMaximum: nil)
        for tag in 1...3 as ClosedRange<UInt64> {
            window.append(MessageTag(tag), topic: "t", at: Instant(nanoseconds: Int64(tag)))
        }
        #expect(window.remove(MessageTag(2)) != nil)
        #expect(window.remove(MessageTag(2)) == nil)
        #expect(window.oldest == Instant(nanoseconds: 1))
        #expect(window.remove(MessageTag(1)) != nil)
        #expect(window.oldest == Instant(nanoseconds: 3))
        #expect(window.contains(MessageTag(3)) && !window.contains(MessageTag(1)))
        #expect(window.remove(MessageTag(3)) != nil)
        #expect(window.oldest == nil && window.count == 0)
    }

    @Test func `what is forgotten counts but is not awaited`() {
        var window = Window(inFlight: 5, receiveMaximum: nil)
        window.append(MessageTag(1), topic: "t", at: .zero)
        window.forgetAll()
        window.append(MessageTag(2), topic: "t", at: .zero)
        #expect(window.count == 2 && window.awaited == 1 && !window.isAwaitingNone)
        #expect(window.remove(MessageTag(2))?.isForgotten == false)
        #expect(window.remove(MessageTag(1))?.isForgotten == true)
        #expect(window.isAwaitingNone)
    }

    @Test func `the oldest message leaves by its own tag, when it is awaited and was sent with QoS 1`() {
        var window = Window(inFlight: 5, receiveMaximum: nil)
        #expect(window.removeOldest(MessageTag(1)) == nil)
        window.append(MessageTag(1), topic: "t", at: .zero, kind: .status)
        window.append(MessageTag(2), topic: "t", at: .zero, qos: 2)
        window.append(MessageTag(3), topic: "t", at: .zero)
        #expect(window.removeOldest(MessageTag(3)) == nil && window.count == 3)
        #expect(window.removeOldest(MessageTag(1)) == .status)
        #expect(window.removeOldest(MessageTag(2)) == nil && window.remove(MessageTag(2)) != nil)
        window.forgetAll()
        #expect(window.removeOldest(MessageTag(3)) == nil && window.count == 1)
    }
}
