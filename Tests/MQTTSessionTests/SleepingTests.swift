import MQTTSession
import Telemetry
import Testing

@Suite struct SleepingTests {
    private func until(_ play: Play, _ seconds: Int) -> Instant { play.now.advanced(by: .seconds(seconds)) }

    @Test func `what is in flight is waited for, then the connection ends with the Will left behind, and the next is made in time`() {
        var play = Play()
        play.connect()
        let (reading, _) = play.publish()
        let (sleeping, _) = play.publish("status", retain: true)
        let due = until(play, 900)
        #expect(play.give(.sleep(until: due)) == [])
        #expect(play.give(.acknowledged(reading, reason: 0)).disconnects == [])
        #expect(play.give(.acknowledged(sleeping, reason: 0)).disconnects == [true])
        #expect(play.give(.connectionLost(.closed("as asked"))).events == [.asleep()])
        #expect(play.session.retryAt == due && play.session.deadline == due)
        #expect(play.session.counters.connectFailures == 0 && play.session.lastDisconnect == nil)
        #expect(play.giveTimer().connects == [.v5])
        #expect(play.now == due)
    }

    @Test func `under 3_1_1 the broker is told by a plain DISCONNECT, and closed without one where sleeping is not known`() {
        for isKnown in [true, false] {
            var play = Play { $0.protocolChoice = .v311 }
            play.connect()
            let (sleeping, _) = play.publish("status", retain: true)
            play.give(.sleep(until: until(play, 900)))
            let actions = isKnown ? play.give(.acknowledged(sleeping, reason: 0)) : play.wait(.milliseconds(700))
            #expect(actions.disconnects == [!isKnown])
        }
    }

    @Test func `a PUBACK that does not come is not waited for, and its message may come twice`() {
        var play = Play()
        play.connect()
        _ = play.publish()
        let due = until(play, 60)
        play.give(.sleep(until: due))
        let actions = play.wait(.seconds(1))
        #expect(actions.disconnects == [true] && actions.events == [.asleep()])
        #expect(play.session.counters.duplicatesPossible == 1)
        #expect(play.session.retryAt == due)
    }

    @Test func `it falls asleep out of every attempt to connect`() {
        for depth in 0..<3 {
            var play = Play()
            play.give(.start)
            if depth == 1 { play.give(.transportReady) }
            if depth == 2 { play.give(.transportFailed(.unreachable("x"))) }
            let due = until(play, 60)
            let actions = play.give(.sleep(until: due))
            #expect(actions.events == [.asleep()] && actions.closes.count == (depth == 2 ? 0 : 1))
            #expect(play.session.retryAt == due)
            // What the one that was let go of still says is of no interest.
            #expect(play.give(.connectionLost(.closed("late"))) == [])
        }
    }

    @Test func `it is woken before its time, also while it falls asleep`() {
        var play = Play()
        play.connect()
        _ = play.publish("status", retain: true)
        play.give(.sleep(until: until(play, 900)))
        #expect(play.give(.wake) == [])
        play.wait(.milliseconds(700))
        play.give(.connectionLost(.closed("as asked")))
        #expect(play.giveTimer().connects == [.v5])
        play.give(.sleep(until: until(play, 900)))
        #expect(play.give(.wake).connects == [.v5])
        #expect(play.give(.wake) == [], "once")
    }

    @Test func `a stop ends it whether it sleeps or falls asleep`() {
        var play = Play()
        play.connect()
        _ = play.publish("status", retain: true)
        play.give(.sleep(until: until(play, 900)))
        play.give(.stop)
        play.wait(.seconds(1))
        #expect(play.actions.events.last == .finished)
        var other = Play()
        other.give(.start)
        other.give(.sleep(until: until(other, 900)))
        #expect(other.give(.stop).events == [.finished])
    }
}
