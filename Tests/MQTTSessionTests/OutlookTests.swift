import MQTTSession
import Telemetry
import Testing

/// What the session keeps for the agent is what an input has just made of it.
@Suite struct OutlookTests {
    @Test func `the deadline of a connection moves with each byte of the broker, and with the oldest message`() {
        var play = Play { $0.keepAlive = .seconds(60) }
        play.connect()
        #expect(play.session.deadline == play.now.advanced(by: .seconds(90)))
        let (tag, _) = play.publish()
        let sentAt = play.now
        play.give(.bytesReceived, after: .seconds(50))
        #expect(play.session.deadline == sentAt.advanced(by: .seconds(120)))
        play.give(.acknowledged(tag, reason: 0))
        #expect(play.session.deadline == play.now.advanced(by: .seconds(90)))
    }

    /// The transport does not tell these bytes again.
    @Test(arguments: [0, 0x10, 0x90] as [UInt8], [true, false])
    func `what is made of bytes of the broker moves the deadline as they do`(reason: UInt8, isShort: Bool) {
        var play = Play { $0.keepAlive = .seconds(60) }
        play.connect()
        let (tag, _) = play.publish()
        if isShort, reason < 0x80 {
            play.now = play.now.advanced(by: .seconds(50))
            let isSettled = play.session.settleOldest(tag, reason: reason, at: play.now)
            #expect(isSettled)
        } else {
            play.give(.acknowledged(tag, reason: reason), after: .seconds(50))
        }
        #expect(play.session.deadline == play.now.advanced(by: .seconds(90)))
        play.give(.subscriptionAnswered(filter: "f", reason: 0), after: .seconds(50))
        #expect(play.session.deadline == play.now.advanced(by: .seconds(90)))
    }

    @Test func `the rooms shrink with each message and are back with its acknowledgement; without a connection there is none`() {
        var play = Play { $0.inFlight = 3 }
        #expect(play.session.readingRoom == 0 && play.session.otherRoom == 0 && play.session.alertRoom == 0)
        play.connect()
        #expect(play.session.isOnline)
        #expect(play.session.readingRoom == 2 && play.session.otherRoom == 3 && play.session.alertRoom == 3)
        let (tag, _) = play.publish()
        #expect(play.session.readingRoom == 1 && play.session.otherRoom == 2 && play.session.alertRoom == 2)
        play.give(.acknowledged(tag, reason: 0))
        #expect(play.session.readingRoom == 2 && play.session.otherRoom == 3)
        play.give(.connectionLost(.closed("gone")))
        #expect(!play.session.isOnline && play.session.readingRoom == 0 && play.session.otherRoom == 0 && play.session.alertRoom == 0)
    }

    @Test func `what fits is what this broker takes, and after the connection whatever MQTT can encode`() {
        var play = Play()
        play.connect(.init(reason: 0, maximumPacketSize: 100))
        let message = Message(topic: "t", payload: Array(repeating: 0, count: 200), qos: 1, retain: false)
        #expect(!play.session.fits(message))
        play.give(.connectionLost(.closed("gone")))
        #expect(play.session.fits(message))
    }
}
