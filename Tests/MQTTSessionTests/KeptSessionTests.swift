import MQTTSession
import Telemetry
import Testing

@Suite struct KeptSessionTests {
    private func play(_ change: (inout SessionConfiguration) -> Void = { _ in }) -> Play {
        Play {
            $0.qos = 2
            change(&$0)
        }
    }

    private func online(_ change: (inout SessionConfiguration) -> Void = { _ in }) -> Play {
        var play = play(change)
        play.connectWithQoS2()
        return play
    }

    private let gone = ConnectionFailure.closed("gone")

    @Test func `at the start what the broker kept is ended first, then a session begins that is kept`() {
        var play = play()
        #expect(play.give(.start) == [.connect(.v5, broker: 0, handle: .cleaning)])
        let left = play.accept()
        #expect(left.disconnects == [false] && left.events == [])
        #expect(!play.session.isOnline && play.session.readingRoom == 0)
        #expect(play.give(.connectionLost(.closed("as asked"))) == [.connect(.v5, broker: 0, handle: .beginning)])
        let actions = play.accept()
        #expect(actions.events.count == 1 && actions.says("qos=2"))
        #expect(play.session.isOnline && play.session.readingQoS == 2)
        #expect(play.session.counters.reconnects == 0 && play.session.lastDisconnect == nil)
    }

    @Test func `a DISCONNECT that cannot be written is not waited for`() {
        var play = play()
        play.give(.start)
        play.accept()
        let actions = play.wait(.milliseconds(200))
        #expect(actions.closes.count == 1 && actions.handles == [.beginning])
        #expect(play.give(.connectionLost(gone)) == [], "what comes of it is of no interest")
    }

    @Test func `with QoS 1 each connection has a handle of its own, as ever`() {
        var play = Play()
        play.connect()
        play.give(.connectionLost(gone))
        play.connect()
        #expect(play.actions.handles == [.fresh, .fresh] && play.session.readingQoS == 1)
        #expect(!play.actions.says("qos="))
    }

    @Test func `what is in flight stays so over a loss, and is settled by the next connection`() {
        var play = online()
        let (first, _) = play.publish(qos: 2)
        let (second, _) = play.publish(qos: 1, kind: .status)
        #expect(play.give(.connectionLost(gone)).events == [.offline(gone, keepsInFlight: true)])
        #expect(!play.session.isAwaitingNone && play.session.readingRoom == 0)
        #expect(play.giveTimer().handles == [.again(needsSession: true)])
        play.accept(.init(reason: 0, sessionPresent: true))
        #expect(play.session.otherRoom == 18)
        #expect(play.give(.acknowledged(second, reason: 0)) == [.event(.settled(second, unrouted: false))])
        #expect(play.give(.acknowledged(first, reason: 0)) == [.event(.settled(first, unrouted: false))])
        #expect(play.session.counters.duplicatesPossible == 0 && play.session.isAwaitingNone)
    }

    @Test func `an acknowledgement that comes behind the end of its connection settles all the same`() {
        var play = online()
        let (tag, _) = play.publish(qos: 2)
        let (refused, _) = play.publish(qos: 2)
        let (lost, _) = play.publish(qos: 2)
        play.give(.connectionLost(gone))
        #expect(play.give(.acknowledged(tag, reason: 0)).events == [.settled(tag, unrouted: false)])
        #expect(play.give(.acknowledged(refused, reason: 0x97)).events == [.postponed(refused, reason: 0x97)])
        #expect(play.give(.acknowledged(lost, reason: 0x92)).events == [.postponed(lost, reason: 0x92)])
        #expect(play.give(.acknowledged(tag, reason: 0)) == [])
    }

    @Test func `a message that was handed over behind the end of its connection comes again, and is no duplicate`() {
        var play = online()
        let (tag, _) = play.publish(qos: 2)
        play.give(.connectionLost(gone))
        #expect(play.give(.publishRefused(tag, "the connection is lost")).events == [.postponed(tag, reason: 0x83)])
        #expect(play.giveTimer().handles == [.again(needsSession: false)])
        #expect(play.session.counters.duplicatesPossible == 0 && !play.session.isHolding)
    }

    @Test func `without Session Present all in flight comes again as new, and is counted`() {
        var play = online()
        _ = play.publish(qos: 2)
        _ = play.publish(qos: 2)
        play.give(.connectionLost(gone))
        let actions = play.connectAgain(sessionPresent: false)
        #expect(actions.events == [.forgotten] && actions.closes.count == 1 && actions.handles == [.cleaning])
        #expect(actions.says("the broker has not kept the session: 2 messages come again"))
        #expect(play.session.counters.duplicatesPossible == 2)
        play.give(.connectionLost(.closed("no session")))
        play.connectWithQoS2()
        #expect(play.session.isOnline && play.session.readingQoS == 2 && play.session.readingRoom == 19)
    }

    @Test func `without Session Present and with nothing in flight the handle goes on`() {
        var play = online()
        play.give(.connectionLost(gone))
        #expect(play.giveTimer().handles == [.again(needsSession: false)])
        play.accept()
        #expect(play.session.isOnline && play.session.readingQoS == 2)
        #expect(play.session.counters.duplicatesPossible == 0)
    }

    @Test func `PUBCOMP 0x92 says that the broker has lost what it had taken: all in flight comes again`() {
        var play = online()
        let (first, _) = play.publish(qos: 2)
        _ = play.publish(qos: 2)
        let actions = play.give(.acknowledged(first, reason: 0x92))
        #expect(actions.closes.count == 1)
        guard case .offline(_, keepsInFlight: false)? = actions.events.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(play.session.counters.duplicatesPossible == 2)
        #expect(play.giveTimer().handles == [.cleaning])
    }

    @Test func `a session that was ended and is there all the same is not used`() {
        var play = play()
        play.give(.start)
        play.accept()
        play.give(.connectionLost(gone))
        let actions = play.accept(.init(reason: 0, sessionPresent: true))
        #expect(actions.closes.count == 1 && actions.events == [] && !play.session.isOnline)
        #expect(play.giveTimer().handles == [.cleaning])
    }

    @Test(arguments: [
        // how the attempt to begin ends, and after how many times readings go with QoS 1
        (SessionInput.connectionAcknowledged(.init(reason: 0x85)), 2), (.connectionLost(.closed("x")), 5),
    ])
    func `a broker that does not accept a session to keep gets QoS 1`(end: SessionInput, times: Int) {
        var play = play()
        play.give(.start)
        for _ in 1...times {
            #expect(play.actions.handles.last == .cleaning)
            play.accept()
            play.give(.connectionLost(gone))
            play.give(.transportReady)
            play.give(end)
            play.giveTimer()
        }
        #expect(play.actions.handles.last == .fresh)
        #expect(play.actions.says("does not accept a session that is kept: going on with QoS 1"))
        play.accept()
        #expect(play.session.isOnline && play.session.readingQoS == 1)
    }

    @Test func `a broker that answers PUBACK gets QoS 1 after the second time, and all in flight comes again`() {
        let failure = ConnectionFailure.protocolError("a network protocol error")
        var play = online()
        _ = play.publish(qos: 2)
        #expect(play.give(.connectionLost(failure)).events == [.offline(failure, keepsInFlight: true)])
        play.connectAgain()
        let actions = play.give(.connectionLost(failure))
        #expect(actions.events == [.offline(failure, keepsInFlight: false)])
        #expect(actions.says("the broker does not take QoS 2: going on with QoS 1"))
        #expect(play.session.counters.duplicatesPossible == 1)
        #expect(play.giveTimer().handles == [.fresh])
        play.accept()
        #expect(play.session.readingQoS == 1)
    }

    @Test func `one message that comes through between says that QoS 2 is taken`() {
        var play = online()
        for _ in 0..<5 {
            let (tag, _) = play.publish(qos: 2)
            _ = play.publish(qos: 2)
            play.give(.acknowledged(tag, reason: 0))
            play.give(.connectionLost(.protocolError("nonsense")))
            play.connectAgain()
        }
        #expect(play.session.readingQoS == 2)
    }

    @Test func `DISCONNECT 0x9B is enough`() {
        var play = online()
        _ = play.publish(qos: 2)
        play.give(.connectionLost(.disconnectedByBroker(reason: 0x9B)))
        #expect(play.giveTimer().handles == [.fresh])
    }

    @Test(arguments: [0, 1] as [UInt8])
    func `Maximum QoS lowers it before anything is published, and until it is lifted`(maximum: UInt8) {
        var play = play()
        play.give(.start)
        let limited = ConnectionAcknowledgement(reason: 0, maximumQoS: maximum)
        #expect(play.accept(limited).says("takes QoS \(maximum) at most"))
        #expect(play.give(.connectionLost(gone)).handles == [.fresh])
        play.accept(limited)
        #expect(play.session.isOnline && play.session.readingQoS == 1)
        play.give(.connectionLost(gone))
        play.giveTimer()
        play.accept()
        #expect(play.session.readingQoS == 1, "of this connection still")
        play.give(.connectionLost(gone))
        #expect(play.giveTimer().handles == [.cleaning])
    }

    @Test func `Maximum QoS 1 that comes later makes what is in flight come again`() {
        var play = online()
        _ = play.publish(qos: 2)
        play.give(.connectionLost(gone))
        play.giveTimer()
        let actions = play.accept(.init(reason: 0, sessionPresent: true, maximumQoS: 1))
        #expect(actions.closes.count == 1 && actions.events == [.forgotten] && actions.handles == [.fresh])
    }

    @Test(arguments: [
        (0x10, .settled(MessageTag(1), unrouted: true)), (0x80, .postponed(MessageTag(1), reason: 0x80)),
        (0x83, .postponed(MessageTag(1), reason: 0x83)), (0x97, .postponed(MessageTag(1), reason: 0x97)),
        (0x87, .postponed(MessageTag(1), reason: 0x87)), (0x91, .postponed(MessageTag(1), reason: 0x91)),
        (0x90, .rejected(MessageTag(1), reason: 0x90)), (0x95, .rejected(MessageTag(1), reason: 0x95)),
        (0x99, .rejected(MessageTag(1), reason: 0x99)),
    ] as [(UInt8, SessionEvent)])
    func `PUBREC is taken as PUBACK is, and what else is in flight stays where it is`(reason: UInt8, event: SessionEvent) {
        var play = online()
        _ = play.publish(qos: 2)
        let (other, _) = play.publish(qos: 2)
        let actions = play.give(.acknowledged(MessageTag(1), reason: reason))
        #expect(actions.events == [event])
        #expect(actions.says("holding") == [0x87, 0x91].contains(reason))
        #expect(play.session.isHolding == (reason >= 0x80 && ![0x90, 0x95, 0x99].contains(reason)))
        #expect(play.give(.acknowledged(other, reason: 0)).events == [.settled(other, unrouted: false)])
        #expect(play.session.counters.duplicatesPossible == 0)
    }

    @Test func `another broker, or another protocol, begins anew with what was in flight`() {
        var play = online { $0.brokers = ["mqtt://a", "mqtt://b"] }
        _ = play.publish(qos: 2)
        play.give(.connectionLost(gone))
        let actions = play.giveTimer()
        #expect(actions == [.event(.forgotten), .connect(.v5, broker: 1, handle: .cleaning)])
        #expect(play.session.counters.duplicatesPossible == 1)

        var other = online()
        _ = other.publish(qos: 2)
        other.give(.connectionLost(gone))
        other.giveTimer()
        let refused = other.accept(.init(reason: 0x84))
        #expect(refused.connects == [.v311] && refused.handles == [.cleaning] && refused.events == [.forgotten])
    }

    @Test func `under 3_1_1 it is the same`() {
        var play = online { $0.protocolChoice = .v311 }
        _ = play.publish(qos: 2)
        play.give(.connectionLost(gone))
        #expect(play.giveTimer() == [.connect(.v311, broker: 0, handle: .again(needsSession: true))])
        play.accept(.init(reason: 0, sessionPresent: true))
        #expect(play.session.counters.duplicatesPossible == 0 && play.session.readingQoS == 2)
    }

    @Test func `a message that is never acknowledged ends the connection, and the second time the session`() {
        var play = online { $0.keepAlive = .seconds(60) }
        _ = play.publish(qos: 2)
        for isLast in [false, true] {
            var actions: [SessionAction] = []
            for _ in 0..<120 {
                actions += play.wait(.seconds(1))
                play.give(.bytesReceived)
                if !play.session.isOnline { break }
            }
            #expect(actions.closes == [.silent("a message was not acknowledged in time")])
            #expect(play.giveTimer().handles == [isLast ? .cleaning : .again(needsSession: true)])
            if !isLast { play.accept(.init(reason: 0, sessionPresent: true)) }
        }
        #expect(play.session.counters.duplicatesPossible == 1)
    }

    @Test func `a Receive Maximum below what is in flight leaves no room and counts what the library forgets`() {
        var play = online()
        let tags = (0..<5).map { _ in play.publish(qos: 2).0 }
        play.give(.connectionLost(gone))
        play.giveTimer()
        play.accept(.init(reason: 0, sessionPresent: true, receiveMaximum: 2))
        #expect(play.session.otherRoom == 0 && play.session.readingRoom == 0)
        #expect(play.session.counters.duplicatesPossible == 3)
        for tag in tags { play.give(.acknowledged(tag, reason: 0)) }
        #expect(play.session.otherRoom == 2)
    }

    @Test func `asleep what is in flight stays, and a stop ends the session`() {
        var play = online()
        _ = play.publish(qos: 2)
        let due = play.now.advanced(by: .seconds(900))
        play.give(.sleep(until: due))
        #expect(play.wait(.seconds(1)).events == [.asleep(keepsInFlight: true)])
        #expect(play.giveTimer().handles == [.again(needsSession: true)] && play.now == due)
        play.accept(.init(reason: 0, sessionPresent: true))
        play.give(.stop)
        #expect(play.wait(.seconds(1)).events == [.finished])
    }

    @Test func `it stops and falls asleep while it leaves, too`() {
        for isStop in [true, false] {
            var play = play()
            play.give(.start)
            play.accept()
            let actions = play.give(isStop ? .stop : .sleep(until: play.now.advanced(by: .seconds(9))))
            #expect(actions.closes.count == 1 && actions.events == [isStop ? .finished : .asleep()])
        }
    }

    @Test func `under random inputs each message is settled once or comes again, and none is settled after it came again`() {
        for seed in 0..<300 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var play = Play({ $0.inFlight = 5; $0.qos = 2 }, seed: seed)
            play.give(.start)
            var waiting: Set<MessageTag> = []
            for _ in 0..<400 {
                let before = play.actions.count
                switch Int.random(in: 0..<13, using: &random) {
                case 0, 1: play.give(.transportReady)
                case 2: play.give(.transportFailed(.unreachable("x")))
                case 3, 4:
                    let reason: UInt8 = Int.random(in: 0..<9, using: &random) == 0 ? 0x87 : 0
                    play.give(.connectionAcknowledged(.init(reason: reason, sessionPresent: Bool.random(using: &random))))
                case 5: play.give(.connectionLost(Bool.random(using: &random) ? .closed("x") : .protocolError("x")))
                case 6: play.wait(.seconds(Int.random(in: 0..<40, using: &random)))
                case 7, 8, 9:
                    guard play.session.readingRoom > 0 else { break }
                    let (tag, actions) = play.publish(qos: play.session.readingQoS)
                    if actions.events.isEmpty { waiting.insert(tag) }
                case 10, 11:
                    let reasons: [UInt8] = [0, 0, 0, 0x10, 0x80, 0x87, 0x92, 0x99]
                    guard let tag = waiting.sorted(by: { $0.rawValue < $1.rawValue }).randomElement(using: &random) else { break }
                    play.give(.acknowledged(tag, reason: reasons.randomElement(using: &random)!))
                default: play.give(.bytesReceived)
                }
                for event in play.actions[before...].map({ $0 }).events {
                    switch event {
                    case .settled(let tag, _), .postponed(let tag, _), .rejected(let tag, _):
                        #expect(waiting.remove(tag) != nil, "seed \(seed)")
                    case .offline(_, keepsInFlight: false), .forgotten, .held: waiting = []
                    default: break
                    }
                }
                if play.session.isOnline { #expect(play.session.isAwaitingNone == waiting.isEmpty, "seed \(seed)") }
            }
        }
    }
}
