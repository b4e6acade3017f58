import MQTTSession
import Telemetry
import Testing

@Suite struct SettlementTests {
    @Test func `0x10 is settled and counted as unrouted`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        #expect(play.give(.acknowledged(tag, reason: 0x10)) == [.event(.settled(tag, unrouted: true))])
        #expect(play.session.counters.unrouted == 1)
        #expect(play.session.counters.acknowledged == 1)
    }

    private static let later: [UInt8] = [0x80, 0x83, 0x97]
    private static let rejected: [UInt8] = [0x90, 0x95, 0x99]
    private static let holding = (0x80...0xFF as ClosedRange<UInt8>).filter { !later.contains($0) && !rejected.contains($0) }

    @Test(arguments: later)
    func `a message that the broker cannot take now is tried later, and what else is in flight goes on`(reason: UInt8) {
        var play = Play()
        play.connect()
        let tags = (0..<3).map { _ in play.publish().0 }
        let actions = play.give(.acknowledged(tags[1], reason: reason))
        #expect(actions.events == [.postponed(tags[1], reason: reason)])
        #expect(actions.says("tried again in") && actions.says(reasonText(reason)))
        #expect(play.session.readingRoom == 0 && play.session.isHolding && play.session.isOnline)
        #expect(play.give(.acknowledged(tags[0], reason: 0)) == [.event(.settled(tags[0], unrouted: false))])
        // Refused together, tried again together: one delay.
        let until = play.session.deadline
        #expect(play.give(.acknowledged(tags[2], reason: reason)) == [.event(.postponed(tags[2], reason: reason))])
        #expect(play.session.deadline == until)
        #expect(play.session.counters.held == 2 && play.session.counters.duplicatesPossible == 0)
        #expect(play.giveTimer().events == [.resumed])
        #expect(play.session.readingRoom == 1)
        play.give(.acknowledged(play.publish().0, reason: 0))
        #expect(play.session.readingRoom == 19)
    }

    @Test(arguments: rejected)
    func `a message that the broker will never take is told, and holds nothing up`(reason: UInt8) {
        var play = Play()
        play.connect()
        let tags = (0..<3).map { _ in play.publish().0 }
        let actions = play.give(.acknowledged(tags[1], reason: reason))
        #expect(actions.events == [.rejected(tags[1], reason: reason)])
        #expect(actions.says("for good") && actions.says(reasonText(reason)))
        #expect(!play.session.isHolding && play.session.readingRoom == 17)
        #expect(play.give(.acknowledged(tags[2], reason: 0)) == [.event(.settled(tags[2], unrouted: false))])
        #expect(play.session.counters.rejected == 1 && play.session.counters.held == 0)
    }

    @Test(arguments: rejected)
    func `a message of which there is no copy holds when the broker will never take it`(reason: UInt8) {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish(kind: .loss)
        #expect(play.give(.acknowledged(tag, reason: reason)).events == [.held(tag, reason: reason)])
        #expect(play.session.counters.rejected == 0)
    }

    @Test(arguments: later + rejected)
    func `the tenth refusal in a row holds, whatever its reason, and so does each after it`(reason: UInt8) {
        var play = Play()
        play.connect()
        let tags = (0..<12).map { _ in play.publish().0 }
        for tag in tags.prefix(9) {
            #expect(play.give(.acknowledged(tag, reason: reason)).events != [.held(tag, reason: reason)])
        }
        let actions = play.give(.acknowledged(tags[9], reason: reason))
        #expect(actions.events == [.held(tags[9], reason: reason)])
        #expect(actions.says("everything is kept"))
        // What else was in flight is taken for not sent.
        #expect(play.give(.acknowledged(tags[10], reason: reason)) == [])
        play.giveTimer()
        let (eleventh, _) = play.publish()
        #expect(play.give(.acknowledged(eleventh, reason: reason)).events == [.held(eleventh, reason: reason)])
        play.giveTimer()
        // One that is taken, and all begins anew.
        play.give(.acknowledged(play.publish().0, reason: 0))
        let (after, _) = play.publish()
        #expect(play.give(.acknowledged(after, reason: reason)).events != [.held(after, reason: reason)])
    }

    @Test func `losses and status that are taken do not make refusals of readings fewer`() {
        var play = Play()
        play.connect()
        for index in 1...12 {
            let (reading, _) = play.publish()
            let event = play.give(.acknowledged(reading, reason: 0x99)).events.first
            #expect(event == (index < 10 ? .rejected(reading, reason: 0x99) : .held(reading, reason: 0x99)))
            while play.session.isHolding { play.giveTimer() }
            play.give(.acknowledged(play.publish(kind: .loss).0, reason: 0))
            play.give(.acknowledged(play.publish(kind: .status).0, reason: 0))
        }
    }

    @Test func `refusals with a success between are not in a row`() {
        var play = Play()
        play.connect()
        for _ in 0..<100 {
            let (good, _) = play.publish()
            let (bad, _) = play.publish()
            play.give(.acknowledged(good, reason: 0x10))
            #expect(play.give(.acknowledged(bad, reason: 0x99)).events == [.rejected(bad, reason: 0x99)])
        }
        #expect(play.session.counters.rejected == 100)
    }

    @Test(arguments: holding)
    func `any other reason from 0x80 on holds: nothing is settled, no reading has room, all comes again`(reason: UInt8) {
        var play = Play()
        play.connect()
        let tags = (0..<3).map { _ in play.publish().0 }
        let actions = play.give(.acknowledged(tags[1], reason: reason))
        #expect(actions.events == [.held(tags[1], reason: reason)])
        #expect(actions.says("holding") && actions.says(reasonText(reason)))
        #expect(play.session.readingRoom == 0 && play.session.isHolding && play.session.isOnline)
        // What else was in flight is taken for not sent: its acknowledgement is not told.
        #expect(play.give(.acknowledged(tags[0], reason: 0)) == [])
        #expect(play.give(.acknowledged(tags[2], reason: reason)) == [])
        #expect(play.session.counters.held == 1 && play.session.counters.acknowledged == 0)
    }

    @Test(arguments: 0x80...0xFF as ClosedRange<UInt8>)
    func `an expendable message that is refused holds nothing`(reason: UInt8) {
        var play = Play()
        play.connect()
        let reading = play.publish().0
        let answer = play.publish(kind: .expendable).0
        #expect(play.give(.acknowledged(answer, reason: reason)) == [.event(.refused(answer, reason: reason))])
        #expect(!play.session.isHolding && play.session.counters.held == 0)
        #expect(play.session.readingRoom == 18)
        #expect(play.give(.acknowledged(reading, reason: 0)) == [.event(.settled(reading, unrouted: false))])
    }

    @Test func `an expendable message that is too large, or that the library refuses, holds nothing`() {
        var play = Play()
        play.connect(.init(reason: 0, maximumPacketSize: 100))
        let (large, actions) = play.publish(payload: 200, kind: .expendable)
        #expect(actions == [.event(.refused(large, reason: 0x95))])
        let answer = play.publish(kind: .expendable).0
        #expect(play.give(.publishRefused(answer, "bad topic")) == [.event(.refused(answer, reason: 0x83))])
        #expect(!play.session.isHolding && play.session.readingRoom == 19)
    }

    @Test func `the success of an expendable message opens no window after a hold`() {
        var play = Play()
        play.connect()
        play.give(.acknowledged(play.publish().0, reason: 0x97))
        play.giveTimer()
        play.give(.acknowledged(play.publish(kind: .expendable).0, reason: 0))
        #expect(play.session.readingRoom == 1)
    }

    @Test func `what was forgotten keeps its place in the window until the broker answers`() {
        var play = Play { $0.inFlight = 5 }
        play.connect()
        let tags = (0..<4).map { _ in play.publish().0 }
        play.give(.acknowledged(tags[0], reason: 0x87))
        #expect(play.session.otherRoom == 2)
        play.give(.acknowledged(tags[1], reason: 0))
        #expect(play.session.otherRoom == 3)
    }

    @Test func `a hold ends, one message is tried, and its success opens the window again`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        play.give(.acknowledged(tag, reason: 0x87))
        let wait = play.now.duration(to: play.session.deadline!)
        #expect(wait >= .seconds(1) && wait <= .seconds(3))
        #expect(play.giveTimer().events == [.resumed])
        #expect(play.session.readingRoom == 1)
        let (second, _) = play.publish()
        #expect(play.session.readingRoom == 0)
        play.give(.acknowledged(second, reason: 0))
        #expect(play.session.readingRoom == 19)
    }

    @Test func `holds in a row grow up to the longest delay between attempts to connect`() {
        var play = Play { $0.reconnectMaximum = .seconds(30) }
        play.connect()
        var longest = Duration.zero
        for _ in 0..<100 {
            let (tag, _) = play.publish()
            play.give(.acknowledged(tag, reason: 0x87))
            let until = play.now
            while play.session.isHolding {
                play.give(.bytesReceived)
                play.giveTimer()
            }
            longest = max(longest, until.duration(to: play.now))
            #expect(until.duration(to: play.now) <= .seconds(30))
        }
        #expect(longest > .seconds(20))
        #expect(play.session.counters.held == 100)
    }

    @Test func `after a stop a hold is waited for no more`() {
        var play = Play()
        play.connect()
        play.give(.acknowledged(play.publish().0, reason: 0x87))
        play.give(.stop)
        while play.session.deadline != nil, !play.actions.events.contains(.finished) { play.giveTimer() }
        #expect(play.actions.events.contains(.finished) && play.session.deadline == nil)
    }

    @Test func `a hold lasts over a loss and ends also while offline`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        play.give(.acknowledged(tag, reason: 0x87))
        play.give(.connectionLost(.closed("")))
        #expect(play.session.isHolding)
        #expect(play.wait(.seconds(10)).events.contains(.resumed))
        #expect(!play.session.isHolding)
    }

    @Test func `a message that is larger than the broker takes is rejected and not sent`() {
        var play = Play()
        play.connect(.init(reason: 0, maximumPacketSize: 100))
        let (tag, actions) = play.publish(payload: 100)
        #expect(actions.events == [.rejected(tag, reason: 0x95)])
        let (loss, held) = play.publish(payload: 100, kind: .loss)
        #expect(held.events == [.held(loss, reason: 0x95)])
        #expect(!(actions + held).contains { if case .publish = $0 { true } else { false } })
        #expect(play.session.otherRoom == 20)
    }

    @Test func `a message that the library refuses is held`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        let actions = play.give(.publishRefused(tag, "Malformed UTF-8"))
        #expect(actions.events == [.held(tag, reason: 0x83)])
        #expect(actions.says("Malformed UTF-8"))
        #expect(play.session.otherRoom == 20)
    }

    // MARK: The stop

    @Test func `a stop disconnects as soon as all is acknowledged`() {
        var play = Play()
        play.connect()
        let (reading, _) = play.publish()
        let (offline, _) = play.publish(retain: true)
        #expect(play.give(.stop) == [])
        #expect(!play.session.isOnline)
        #expect(play.give(.acknowledged(offline, reason: 0)) == [.event(.settled(offline, unrouted: false))])
        let actions = play.give(.acknowledged(reading, reason: 0))
        #expect(actions == [.event(.settled(reading, unrouted: false)), .disconnect(withWill: false)])
        #expect(play.give(.connectionLost(.closed(""))) == [.event(.finished)])
        #expect(play.give(.start) == [])
        #expect(play.session.deadline == nil)
    }

    @Test func `without an acknowledgement of offline the Will Message says it`() {
        var play = Play()
        play.connect()
        _ = play.publish(retain: true)
        play.give(.stop)
        #expect(play.give(.timer, after: .milliseconds(699)) == [])
        #expect(play.give(.timer, after: .milliseconds(1)).disconnects == [true])
        let actions = play.giveTimer()
        #expect(actions.closes.count == 1 && actions.events == [.finished])
    }

    @Test func `an offline that had no room is said by the Will Message, too`() {
        var play = Play { $0.inFlight = 1 }
        play.connect()
        let (reading, _) = play.publish()
        play.give(.stop)
        #expect(play.give(.acknowledged(reading, reason: 0)).disconnects == [true])
    }

    @Test func `an offline that is acknowledged makes a clean end, though readings are not`() {
        var play = Play()
        play.connect()
        _ = play.publish()
        let (offline, _) = play.publish(retain: true)
        play.give(.stop)
        #expect(play.give(.acknowledged(offline, reason: 0)).disconnects == [])
        #expect(play.giveTimer().disconnects == [false])
    }

    @Test func `a stop is over within a second in every state`() {
        let paths: [[SessionInput]] = [
            [], [.start], [.start, .transportReady], [.start, .transportFailed(.closed(""))],
            [.start, .transportReady, .connectionAcknowledged(.init(reason: 0))],
        ]
        for path in paths {
            var play = Play()
            for input in path { play.give(input) }
            if play.session.isOnline { _ = play.publish() }
            var actions = play.give(.stop)
            actions += play.wait(.seconds(1))
            #expect(actions.events == [.finished], "\(path)")
            #expect(play.session.deadline == nil)
        }
    }

    @Test func `a stop while a hold lasts does not wait for what is held`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        play.give(.acknowledged(tag, reason: 0x87))
        #expect(play.give(.stop).disconnects == [true])
    }

    /// The short way and the long way.
    @Test(arguments: [0, 0x10, 0x87] as [UInt8], [0, 1])
    func `the acknowledgement of the oldest message is settled the same without an action`(reason: UInt8, position: Int) {
        var play = Play()
        play.connect()
        let tags = (0..<2).map { _ in play.publish().0 }
        var short = play
        short.now = short.now.advanced(by: .seconds(1))
        play.now = short.now
        let before = short.session
        let isSettled = short.session.settleOldest(tags[position], reason: reason, at: short.now)
        #expect(isSettled == (reason < 0x80 && position == 0))
        guard isSettled else { return #expect(short.session == before) }
        #expect(play.give(.acknowledged(tags[position], reason: reason)) == [.event(.settled(tags[0], unrouted: reason == 0x10))])
        #expect(short.session == play.session)
    }

    @Test func `without a connection no acknowledgement settles anything on the short way`() {
        var play = Play()
        let isSettled = play.session.settleOldest(MessageTag(1), reason: 0, at: play.now)
        #expect(!isSettled)
    }
}
