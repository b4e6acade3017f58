import MQTTSession
import Telemetry
import Testing

@Suite struct BrokerListTests {
    private let names = ["mqtt://a", "mqtts://b", "mqtt://c"]
    private let refused = SessionInput.transportFailed(.unreachable("refused"))

    private func play() -> Play { Play { $0.brokers = names } }

    private func asked(_ actions: [SessionAction]) -> [Int] {
        actions.compactMap { if case .connect(_, let broker, _) = $0 { broker } else { nil } }
    }

    @Test func `all are tried in their order and at once, then the back-off is waited for`() {
        var play = play()
        #expect(asked(play.give(.start)) == [0])
        for _ in 0..<5 {
            #expect(asked(play.give(refused)) == [1])
            let second = play.give(refused)
            #expect(asked(second) == [2] && second.says("next try with the next broker broker=mqtts://b"))
            #expect(asked(play.give(refused)) == [])
            #expect(play.session.retryAt.map { play.now.duration(to: $0) >= .seconds(1) } == true)
            #expect(asked(play.giveTimer()) == [0])
        }
    }

    @Test func `one broker is never tried without a delay`() {
        var play = Play()
        play.give(.start)
        let actions = play.give(refused)
        #expect(asked(actions) == [] && !actions.says("broker="))
    }

    @Test func `after a connection that stood for a minute the first is tried again`() {
        var play = play()
        play.give(.start)
        play.give(refused)
        play.give(.transportReady)
        #expect(play.give(.connectionAcknowledged(.init(reason: 0))).says("broker=mqtts://b"))
        play.wait(.seconds(30))
        play.give(.bytesReceived)
        play.wait(.seconds(30))
        #expect(asked(play.give(.connectionLost(.closed("gone")))) == [])
        #expect(asked(play.giveTimer()) == [0])
    }

    @Test func `a broker that closes soon is followed by the next one, after a delay`() {
        var play = play()
        play.give(.start)
        for expected in [1, 2, 0, 1] {
            play.give(.transportReady)
            play.give(.connectionAcknowledged(.init(reason: 0)))
            #expect(asked(play.give(.connectionLost(.closed("gone")), after: .seconds(1))) == [])
            #expect(asked(play.giveTimer()) == [expected])
        }
    }

    @Test(arguments: [0x9C, 0x9D] as [UInt8])
    func `a broker that sends us elsewhere is not the next one, however long it stood`(reason: UInt8) {
        var play = play()
        play.connect()
        play.wait(.seconds(50))
        play.give(.bytesReceived)
        play.wait(.seconds(50))
        play.give(.connectionLost(.disconnectedByBroker(reason: reason)))
        #expect(asked(play.giveTimer()) == [1])
    }

    @Test func `each broker keeps its own protocol`() {
        var play = play()
        play.give(.start)
        play.give(.transportReady)
        // The first knows only 3.1.1 and is asked with it at once; the second is asked with 5.
        #expect(play.give(.connectionAcknowledged(.init(reason: 0x84))).contains(.connect(.v311, broker: 0)))
        play.give(.transportReady)
        play.give(.connectionAcknowledged(.init(reason: 0)))
        play.give(.connectionLost(.closed("gone")))
        #expect(play.giveTimer().contains(.connect(.v5, broker: 1)))
        play.give(refused)
        play.give(refused)
        #expect(play.giveTimer().contains(.connect(.v311, broker: 0)))
    }

    @Test func `the failure of each is a warning once`() {
        var play = play()
        play.give(.start)
        var warnings = 0
        for number in 0..<30 {
            let failure = ConnectionFailure.unreachable("port \(number % 3)")
            for notice in play.give(.transportFailed(failure)).notices where notice.level == .warning { warnings += 1 }
            if play.session.retryAt != nil { play.giveTimer() }
        }
        #expect(warnings == 3)
    }

    @Test func `a TLS failure after CONNECT says nothing of the protocol`() {
        var play = Play()
        play.give(.start)
        for _ in 0..<6 {
            play.give(.transportReady)
            play.give(.connectionLost(.tls(what: "certificate required")))
            #expect(play.giveTimer().connects == [.v5])
        }
    }
}
