import MQTTSession
import Telemetry
import Testing

@Suite struct ProtocolMemoryTests {
    @Test(arguments: [0x84, 0x01] as [UInt8])
    func `a refusal that names the protocol is followed at once by MQTT 3_1_1`(reason: UInt8) {
        var play = Play()
        play.give(.start)
        play.give(.transportReady)
        let actions = play.give(.connectionAcknowledged(.init(reason: reason)))
        #expect(actions.connects == [.v311])
        #expect(play.give(.connectionLost(.closed("refused"))) == [])
        play.give(.transportReady)
        #expect(play.give(.connectionAcknowledged(.init(reason: 0))).events.first == .online(.v311, .init(reason: 0)))
        play.give(.connectionLost(.closed("")))
        #expect(play.giveTimer().connects == [.v311])
    }

    @Test(arguments: [0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x97] as [UInt8])
    func `another refusal stays with MQTT 5`(reason: UInt8) {
        var play = Play()
        play.give(.start)
        for _ in 0..<5 {
            play.give(.transportReady)
            #expect(play.give(.connectionAcknowledged(.init(reason: reason))).connects == [])
            #expect(play.giveTimer().connects == [.v5])
        }
    }

    @Test func `two hang-ups in a row without a CONNACK are followed by MQTT 3_1_1`() {
        var play = Play()
        play.give(.start)
        var tried: [ProtocolVersion] = []
        for _ in 0..<2 {
            play.give(.transportReady)
            play.give(.connectionLost(.closed("hung up")), after: .milliseconds(100))
            tried += play.giveTimer().connects
        }
        #expect(tried == [.v5, .v311])
        play.give(.transportReady)
        play.give(.connectionAcknowledged(.init(reason: 0)))
        play.give(.connectionLost(.closed("")))
        #expect(play.giveTimer().connects == [.v311])
    }

    @Test func `MQTT 3_1_1 that is not accepted either goes back to MQTT 5`() {
        for ending in [.connectionAcknowledged(.init(reason: 5)), .connectionLost(.closed(""))] as [SessionInput] {
            var play = Play()
            play.give(.start)
            for _ in 0..<2 {
                play.give(.transportReady)
                play.give(.connectionLost(.closed("")))
                play.giveTimer()
            }
            play.give(.transportReady)
            play.give(ending)
            #expect(play.giveTimer().connects == [.v5])
        }
    }

    @Test func `a hang-up after five seconds, or with another failure between, does not count`() {
        var memory = ProtocolMemory(choice: .auto)
        for _ in 0..<10 { memory.hungUp(.v5, after: .seconds(5)) }
        #expect(memory.next == .v5)
        memory.hungUp(.v5, after: .seconds(1))
        let other = memory.refused(.v5, reason: 0x88)
        #expect(!other)
        memory.hungUp(.v5, after: .seconds(1))
        #expect(memory.next == .v5)
        memory.hungUp(.v5, after: .seconds(1))
        #expect(memory.next == .v311)
    }

    @Test func `a broker that once accepted MQTT 5 falls back on an explicit refusal only`() {
        var memory = ProtocolMemory(choice: .auto)
        memory.accepted(.v5)
        for _ in 0..<10 { memory.hungUp(.v5, after: .zero) }
        #expect(memory.next == .v5)
        let isFollowed = memory.refused(.v5, reason: 0x84)
        #expect(isFollowed && memory.next == .v311)
    }

    @Test func `MQTT 3_1_1 that was accepted is kept over hang-ups and refusals, but for its own refusal`() {
        var memory = ProtocolMemory(choice: .auto)
        _ = memory.refused(.v5, reason: 1)
        memory.accepted(.v311)
        memory.hungUp(.v311, after: .zero)
        let isPasswordFollowed = memory.refused(.v311, reason: 5)
        #expect(!isPasswordFollowed && memory.next == .v311)
        let isProtocolFollowed = memory.refused(.v311, reason: 1)
        #expect(!isProtocolFollowed && memory.next == .v5)
    }

    @Test(arguments: [(.v5, .v5), (.v311, .v311)] as [(SessionConfiguration.ProtocolChoice, ProtocolVersion)])
    func `a protocol that is chosen is never left`(choice: SessionConfiguration.ProtocolChoice, version: ProtocolVersion)
    {
        var memory = ProtocolMemory(choice: choice)
        for _ in 0..<5 {
            #expect(memory.next == version)
            let followed = [0x84, 1].map { memory.refused(version, reason: $0) }
            #expect(followed == [false, false])
            memory.hungUp(version, after: .zero)
        }
        #expect(memory.next == version)
    }
}
