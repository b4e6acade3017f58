import MQTTSession
import Telemetry
import Testing

@Suite struct SessionTests {
    @Test func `start connects with MQTT 5 and CONNACK 0 is online`() {
        var play = Play()
        #expect(play.give(.start) == [.connect(.v5)])
        #expect(play.give(.transportReady) == [])
        #expect(!play.session.isOnline)
        let said = ConnectionAcknowledgement(reason: 0, receiveMaximum: 10)
        #expect(play.give(.connectionAcknowledged(said)).events == [.online(.v5, said)])
        #expect(play.session.isOnline)
        #expect(play.session.protocolVersion == .v5)
        #expect(play.session.counters.reconnects == 0)
    }

    @Test func `a message that is acknowledged is settled, once`() {
        var play = Play()
        play.connect()
        let (tag, actions) = play.publish()
        guard case .publish(tag, _) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(play.give(.acknowledged(tag, reason: 0)) == [.event(.settled(tag, unrouted: false))])
        #expect(play.give(.acknowledged(tag, reason: 0)) == [])
        #expect(play.session.counters.published == 1)
        #expect(play.session.counters.acknowledged == 1)
    }

    @Test func `nothing is published before CONNACK 0, and nothing has room`() {
        var play = Play()
        let states: [SessionInput] = [.start, .transportReady, .connectionAcknowledged(.init(reason: 0x87))]
        #expect(play.session.readingRoom == 0)
        for input in states {
            play.give(input)
            #expect(play.session.readingRoom == 0 && play.session.otherRoom == 0)
            #expect(play.publish(qos: 0).1 == [])
        }
    }

    @Test func `a failure to connect waits and tries again, without end`() {
        var play = Play { $0.reconnectMaximum = .seconds(10) }
        play.give(.start)
        for number in 1...50 {
            let actions = play.give(.transportFailed(.unreachable("refused")))
            #expect(actions.connects == [] && actions.events == [])
            let wait = play.now.duration(to: play.session.deadline!)
            #expect(wait >= .seconds(1) && wait <= .seconds(10))
            #expect(play.giveTimer().connects == [.v5])
            #expect(play.session.counters.connectFailures == UInt64(number))
        }
    }

    @Test func `a loss is told once, forgets what was in flight and connects again`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        let failure = ConnectionFailure.closed("gone")
        #expect(play.give(.connectionLost(failure)).events == [.offline(failure)])
        #expect(play.give(.connectionLost(failure)) == [])
        #expect(play.give(.acknowledged(tag, reason: 0)) == [])
        #expect(play.session.counters.duplicatesPossible == 1)
        #expect(play.session.lastDisconnect == Session.Disconnect(failure: failure, at: play.now))
        play.connect()
        #expect(play.session.counters.reconnects == 1)
        #expect(play.session.readingRoom == 19)
    }

    @Test func `no CONNACK in twenty seconds closes`() {
        var play = Play()
        play.give(.start)
        play.give(.transportReady)
        #expect(play.wait(.milliseconds(19_999)) == [])
        let actions = play.wait(.milliseconds(1))
        #expect(actions.closes == [.silent("no CONNACK in 20.0 s")])
        #expect(play.give(.connectionLost(.silent("no CONNACK in 20.0 s"))) == [])
        #expect(play.giveTimer().connects == [.v5])
    }

    @Test(arguments: [
        // keep-alive of ours, Server Keep Alive, seconds until the close
        (60, nil, 90.0), (5, nil, 7.5), (60, 10, 15.0), (10, 60, 90.0),
    ] as [(Int, UInt16?, Double)])
    func `no byte for one and a half keep-alives closes`(ours: Int, theirs: UInt16?, seconds: Double) {
        var play = Play { $0.keepAlive = .seconds(ours) }
        play.connect(.init(reason: 0, serverKeepAlive: theirs))
        play.give(.bytesReceived, after: .seconds(3))
        #expect(play.wait(.seconds(seconds) - .milliseconds(1)) == [])
        let actions = play.wait(.milliseconds(1))
        #expect(actions.closes.count == 1)
        #expect(actions.events.count == 1)
        #expect(!play.session.isOnline)
    }

    @Test func `Server Keep Alive 0 turns the check off`() {
        var play = Play()
        play.connect(.init(reason: 0, serverKeepAlive: 0))
        #expect(play.session.deadline == nil)
        #expect(play.give(.suspended(.seconds(100_000))) == [])
    }

    @Test(arguments: [(5, 60), (60, 120), (300, 600)])
    func `a message that is not acknowledged in time closes, though bytes come`(keepAlive: Int, seconds: Int) {
        var play = Play { $0.keepAlive = .seconds(keepAlive) }
        play.connect()
        _ = play.publish()
        for _ in 1..<seconds {
            #expect(play.wait(.seconds(1)) == [])
            play.give(.bytesReceived)
        }
        #expect(play.wait(.seconds(1)).closes == [.silent("a message was not acknowledged in time")])
    }

    @Test func `a suspend longer than the keep-alive is a loss at once, a shorter one is none`() {
        var play = Play()
        play.connect()
        #expect(play.give(.suspended(.seconds(60))) == [])
        #expect(play.give(.suspended(.seconds(61))).closes.count == 1)
        #expect(play.session.retryAt != nil)
    }

    @Test func `the back-off grows while connections break at once, and begins anew after a stable minute`() {
        var play = Play { $0.reconnectMaximum = .seconds(600) }
        play.connect()
        var longest = Duration.zero
        for _ in 0..<30 {
            play.give(.connectionLost(.closed("")))
            longest = max(longest, play.now.duration(to: play.session.retryAt!))
            play.connect()
        }
        #expect(longest > .seconds(60))
        for _ in 0..<60 {
            play.wait(.seconds(1))
            play.give(.bytesReceived)
        }
        play.give(.connectionLost(.closed("")))
        #expect(play.now.duration(to: play.session.retryAt!) <= .seconds(3))
    }

    @Test func `two devices with other seeds do not try at the same moments`() {
        let retries = (0..<20 as Range<UInt64>).map { seed in
            var play = Play(seed: seed)
            play.connect()
            play.give(.connectionLost(.closed("")))
            return play.session.retryAt!
        }
        #expect(Set(retries).count == 20)
    }

    @Test func `QoS 0 needs no room and is dropped while offline`() {
        var play = Play { $0.inFlight = 1 }
        #expect(play.publish(qos: 0).1 == [])
        play.connect()
        for _ in 0..<100 { #expect(play.publish(qos: 0).1.count == 1) }
        #expect(play.session.otherRoom == 1)
    }

    @Test func `0x8E says that another client uses the name, and so do five closes within a minute`() {
        var play = Play()
        play.connect()
        #expect(play.give(.connectionLost(.disconnectedByBroker(reason: 0x8E))).says("another client"))

        play = Play { $0.reconnectMaximum = .seconds(5) }
        for number in 1...5 {
            play.connect()
            #expect(play.give(.connectionLost(.closed("gone"))).says("another client") == (number == 5))
        }
    }

    @Test func `five closes in ten minutes say nothing`() {
        var play = Play()
        for _ in 1...10 {
            play.connect()
            for _ in 0..<120 {
                play.wait(.seconds(1))
                play.give(.bytesReceived)
            }
            #expect(!play.give(.connectionLost(.closed("gone"))).says("another client"))
        }
    }

    @Test func `a broker that takes QoS 0 only is told of`() {
        var play = Play()
        play.connect(.init(reason: 0, maximumQoS: 0))
        #expect(play.actions.says("QoS 0 only"))
    }

    @Test func `inputs that do not belong to the state change nothing`() {
        let inputs: [SessionInput] = [
            .transportReady, .connectionAcknowledged(.init(reason: 0)), .connectionLost(.closed("")),
            .acknowledged(MessageTag(9), reason: 0), .acknowledged(MessageTag(9), reason: 0x87),
            .publishRefused(MessageTag(9), ""), .bytesReceived, .suspended(.seconds(1000)), .timer,
        ]
        let idle = Play()
        for input in inputs {
            var copy = idle
            #expect(copy.give(input) == [] && copy.session == idle.session)
        }
        var online = Play()
        online.connect()
        for input in [.start, .transportReady, .transportFailed(.closed("")), .timer] as [SessionInput] {
            var copy = online
            #expect(copy.give(input) == [] && copy.session == online.session)
        }
    }

    @Test func `the same inputs give the same actions`() {
        // A core is a value: any run can be played again.
        func run() -> [SessionAction] {
            var play = Play(seed: 42)
            for _ in 0..<10 {
                play.connect()
                for _ in 0..<5 { _ = play.publish() }
                play.give(.acknowledged(MessageTag(1), reason: 0x97))
                play.wait(.seconds(200))
            }
            return play.actions
        }
        #expect(run() == run())
    }

    @Test func `under random inputs the window stays within its limit and every offline follows an online`() {
        for seed in 0..<200 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var play = Play({ $0.inFlight = 5 }, seed: seed)
            play.give(.start)
            var tags: [MessageTag] = []
            var isOnline = false
            for _ in 0..<300 {
                let before = play.actions.count
                switch Int.random(in: 0..<12, using: &random) {
                case 0: play.give(.transportReady)
                case 1: play.give(.transportFailed(.unreachable("x")))
                case 2:
                    let reason: UInt8 = Bool.random(using: &random) ? 0 : 0x87
                    play.give(.connectionAcknowledged(.init(reason: reason, receiveMaximum: 3)))
                case 3: play.give(.connectionLost(.closed("x")))
                case 4, 5: play.wait(.seconds(Int.random(in: 0..<40, using: &random)))
                case 6, 7, 8:
                    if play.session.otherRoom > 0 { tags.append(play.publish().0) }
                case 9:
                    if let tag = tags.randomElement(using: &random) { play.give(.acknowledged(tag, reason: 0)) }
                case 10:
                    if let tag = tags.randomElement(using: &random) { play.give(.acknowledged(tag, reason: 0x97)) }
                default: play.give(.bytesReceived)
                }
                for event in play.actions[before...].map({ $0 }).events {
                    if case .online = event {
                        #expect(!isOnline, "seed \(seed)")
                        isOnline = true
                    }
                    if case .offline = event {
                        #expect(isOnline, "seed \(seed)")
                        isOnline = false
                    }
                }
                #expect(play.session.isOnline == isOnline, "seed \(seed)")
                #expect(play.session.otherRoom <= 3 && play.session.readingRoom <= 2, "seed \(seed)")
            }
        }
    }

    @Test func `a session after another connects at once, and what was counted goes on`() {
        var play = Play()
        play.connect()
        let (tag, _) = play.publish()
        play.give(.acknowledged(tag, reason: 0))
        play.give(.connectionLost(.closed("test")))
        play.connect()
        let before = play.session.counters
        #expect(before.reconnects == 1 && before.acknowledged == 1)
        var configuration = SessionConfiguration()
        configuration.inFlight = 5
        play.session = Session(after: play.session, configuration: configuration)
        #expect(play.session.counters == before && play.session.lastDisconnect != nil)
        #expect(play.give(.start).connects == [.v5])
        play.give(.transportReady)
        play.give(.connectionAcknowledged(.init(reason: 0)))
        #expect(play.session.counters.reconnects == 2)
        #expect(play.session.configuration.inFlight == 5)
    }
}
