import MQTTSession
import Telemetry
import Testing

@Suite struct SubscribingTests {
    private let filters = ["g/command", "g/outputs/siren/set"]

    private func subscribe(_ play: inout Play) -> [SessionAction] { play.session.subscribe(filters, at: play.now) }

    @Test func `a subscription that is refused is said once per connection, and the connection stays`() {
        var play = Play()
        play.connect()
        #expect(subscribe(&play) == [.subscribe(filters)])
        let first = play.give(.subscriptionAnswered(filter: "g/command", reason: 0x87))
        #expect(first.says("refuses the subscription to g/command: not authorized (0x87)"))
        #expect(play.give(.subscriptionAnswered(filter: "g/outputs/siren/set", reason: 0x80)) == [])
        #expect(play.session.isOnline && play.session.readingRoom > 0)
        play.give(.connectionLost(.closed("test")))
        #expect(subscribe(&play) == [])
        play.connect()
        #expect(subscribe(&play) == [.subscribe(filters)])
        #expect(play.give(.subscriptionAnswered(filter: "g/command", reason: 0x87)).says("g/command"))
    }

    @Test func `a subscription that is granted is said nothing of`() {
        var play = Play()
        play.connect()
        _ = subscribe(&play)
        #expect(play.give(.subscriptionAnswered(filter: "g/command", reason: 0)) == [])
        #expect(play.give(.subscriptionAnswered(filter: "g/outputs/siren/set", reason: 2)) == [])
    }

    @Test(arguments: [ConnectionFailure.closed("closed"), .disconnectedByBroker(reason: 0x87)])
    func `a broker that closes at SUBSCRIBE, twice, is gone on with without it, and asked again after an hour`(
        failure: ConnectionFailure
    ) {
        var play = Play { $0.keepAlive = .seconds(7200) }
        for _ in 0..<2 {
            play.connect()
            #expect(subscribe(&play) == [.subscribe(filters)])
            play.give(.connectionLost(failure), after: .seconds(1))
        }
        play.connect()
        let actions = subscribe(&play)
        #expect(actions.says("going on without them") && !actions.contains(.subscribe(filters)))
        // Filters that change meanwhile are those that are asked for then.
        #expect(play.session.subscribe(["other"], at: play.now) == [])
        #expect(play.wait(.seconds(3599)) == [])
        #expect(play.wait(.seconds(2)) == [.subscribe(["other"])])
        // Closed again: without, at once.
        play.give(.connectionLost(failure), after: .seconds(1))
        play.connect()
        #expect(subscribe(&play).says("going on without them"))
        _ = play.wait(.seconds(3601))
        play.give(.subscriptionAnswered(filter: "g/command", reason: 0))
        // Allowed now: from here on at each connect.
        play.give(.connectionLost(failure))
        play.connect()
        #expect(subscribe(&play) == [.subscribe(filters)])
    }

    @Test func `other filters of a connection are asked for by what is new and what is gone, and while it is done without by the next attempt`() {
        var play = Play { $0.keepAlive = .seconds(7200) }
        play.connect()
        #expect(subscribe(&play) == [.subscribe(filters)])
        let kept = Array(filters.prefix(1))
        #expect(play.session.changeSubscriptions(to: kept + ["other"]) == [.unsubscribe(Array(filters.dropFirst())), .subscribe(["other"])])
        #expect(play.session.changeSubscriptions(to: kept + ["other"]) == [])
        for _ in 0..<2 {
            play.give(.connectionLost(.closed("no")), after: .seconds(1))
            play.connect()
            _ = subscribe(&play)
        }
        #expect(play.session.changeSubscriptions(to: ["third"]) == [])
        #expect(play.wait(.seconds(3601)) == [.subscribe(["third"])])
    }

    @Test func `a loss that says nothing of the subscription does not count`() {
        var play = Play()
        for (failure, after) in [
            (ConnectionFailure.closed("late"), Duration.seconds(6)), (.silent("no byte"), .seconds(1)), (.closed("late"), .seconds(6)),
            (.unreachable("no route"), .seconds(1)),
        ] {
            play.connect()
            #expect(subscribe(&play) == [.subscribe(filters)])
            play.give(.connectionLost(failure), after: after)
        }
        // Answered, then closed: no answer to the subscription either.
        for _ in 0..<3 {
            play.connect()
            #expect(subscribe(&play) == [.subscribe(filters)])
            play.give(.subscriptionAnswered(filter: "g/command", reason: 0))
            play.give(.connectionLost(.closed("flap")))
        }
    }
}
