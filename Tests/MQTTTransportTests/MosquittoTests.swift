import Foundation
import MQTTSession
import MQTTTransport
import Telemetry
import Testing
import TestSupport

/// Against a real mosquitto.
@Suite(.serialized) struct MosquittoTests {
    @Test func `a reading is published with MQTT 5 and settled by its acknowledgement`() throws {
        let broker = try MosquittoBroker()
        let subscriber = try Subscriber(broker, ["t"])
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.onlineEvents.first?.0 == .v5)
        let tag = driver.publish(#"{"seq":1}"#)
        #expect(driver.run { $0.isSettled(tag) })
        #expect(subscriber.wait { $0.map(\.payload) == [#"{"seq":1}"#] })
    }

    @Test func `a broker that is started again is found again and what was not settled goes out as new`() throws {
        let broker = try MosquittoBroker()
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        broker.kill()
        #expect(driver.run { !$0.session.isOnline })
        try broker.start()
        #expect(driver.run { $0.session.isOnline })
        #expect(driver.session.counters.reconnects == 1)
        let tag = driver.publish("again")
        #expect(driver.run { $0.isSettled(tag) })
    }

    @Test func `the messages of one turn go out in few segments, and none waits for another turn`() throws {
        let broker = try MosquittoBroker()
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let socket = try #require(driver.transport.descriptors.socket).descriptor
        // Of the kernel's tcp_info; that of the C library ends before them.
        func counts() -> (segmentsOut: UInt32, bytesNotSent: UInt32) {
            var info = [UInt32](repeating: 0, count: 58)
            var size = socklen_t(info.count * 4)
            return getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 ? (info[34], info[36]) : (0, 0)
        }
        let before = counts()
        let tags = (0..<20).map { driver.publish("\($0)") }
        driver.transport.flush()
        #expect(counts().bytesNotSent == 0)
        #expect(driver.run { driver in tags.allSatisfy { driver.isSettled($0) } })
        // The first, the others, and acknowledgements of TCP.
        #expect((2...8).contains(counts().segmentsOut - before.segmentsOut), "\(counts().segmentsOut - before.segmentsOut)")
    }

    @Test func `bytes that no other input is made of are told, those of an acknowledgement only by it`() throws {
        let broker = try MosquittoBroker()
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let before = driver.heard.count
        let tag = driver.publish("x")
        #expect(driver.run { $0.isSettled(tag) })
        #expect(driver.heard[before...].elementsEqual([.acknowledged(tag, reason: 0x10)]))
        driver.transport.perform(.subscribe(["g/command"]), at: Driver.now())
        #expect(driver.run { $0.heard.last == .subscriptionAnswered(filter: "g/command", reason: 0) }, "\(driver.heard[before...])")
        try broker.publish("on", to: "g/command")
        #expect(driver.run { $0.messages.count == 1 })
        #expect(driver.heard.last == .bytesReceived)
    }

    @Test func `a thousand messages go through a window of twenty`() throws {
        let broker = try MosquittoBroker()
        let subscriber = try Subscriber(broker, ["t"])
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        var sent = 0
        let isDone = driver.run(within: 30) { driver in
            while sent < 1000, driver.session.readingRoom > 0 {
                _ = driver.publish("\(sent)")
                sent += 1
            }
            return driver.session.counters.acknowledged == 1000
        }
        #expect(isDone)
        #expect(subscriber.wait { $0.count == 1000 })
        #expect(subscriber.lines.map(\.payload) == (0..<1000).map(String.init))
    }

    @Test func `user name and password let in and a wrong password is told`() throws {
        var options = MosquittoBroker.Options()
        options.username = "greenhouse"
        options.password = "secret"
        let broker = try MosquittoBroker(options)
        let driver = Driver(port: broker.port) {
            $0.username = "greenhouse"
            $0.password = Array("secret".utf8)
        }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let stranger = Driver(port: broker.port) {
            $0.username = "greenhouse"
            $0.password = Array("guess".utf8)
        }
        stranger.start()
        #expect(stranger.run { !$0.notices.isEmpty })
        let text = try #require(stranger.notices.first?.text)
        #expect(text.contains("not authorized") || text.contains("bad user name or password"), "\(text)")
        #expect(!stranger.session.isOnline)
    }

    @Test func `the Will Message is published when the connection ends without DISCONNECT`() throws {
        let broker = try MosquittoBroker()
        let subscriber = try Subscriber(broker, ["g/status"])
        let driver = Driver(port: broker.port) {
            $0.will = Message(topic: "g/status", payload: Array("offline".utf8), qos: 1, retain: true)
        }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        driver.transport.shutdownNow()
        #expect(subscriber.wait { $0.map(\.payload) == ["offline"] })
    }

    @Test func `a clean stop sends no Will Message`() throws {
        let broker = try MosquittoBroker()
        let subscriber = try Subscriber(broker, ["#"])
        let driver = Driver(port: broker.port) {
            $0.will = Message(topic: "g/status", payload: Array("will".utf8), qos: 1, retain: true)
        }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let tag = driver.publish("offline", to: "g/status", retain: true)
        driver.handle(.stop)
        #expect(driver.run { $0.events.contains(.finished) })
        #expect(driver.isSettled(tag))
        #expect(subscriber.wait { $0.count == 1 })
        usleep(200_000)
        #expect(subscriber.lines.map(\.payload) == ["offline"])
    }

    @Test func `an idle connection is kept by pings`() throws {
        let broker = try MosquittoBroker()
        var configuration = SessionConfiguration.quick
        configuration.keepAlive = .seconds(5)
        let driver = Driver(port: broker.port, configuration: configuration)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let turnsOver = Date().addingTimeInterval(13)
        #expect(!driver.run(within: 14) { !$0.session.isOnline || Date() > turnsOver } || driver.session.isOnline)
        #expect(broker.log.components(separatedBy: "PINGREQ").count - 1 == 2)
    }

    @Test func `a broker that hangs is noticed after one and a half keep-alives`() throws {
        let broker = try MosquittoBroker()
        var configuration = SessionConfiguration.quick
        configuration.keepAlive = .seconds(5)
        let driver = Driver(port: broker.port, configuration: configuration)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        broker.pause()
        defer { broker.resume() }
        let began = Date()
        #expect(driver.run(within: 15) { !$0.session.isOnline })
        let seconds = Date().timeIntervalSince(began)
        #expect(seconds > 7 && seconds < 8.2, "\(seconds) s")
        guard case .silent = driver.session.lastFailure else {
            Issue.record("\(String(describing: driver.session.lastFailure))")
            return
        }
    }

    @Test func `messages of a subscription arrive and a retained one says so`() throws {
        let broker = try MosquittoBroker()
        try broker.publish("old", to: "g/outputs/siren/set", retain: true)
        let driver = Driver(port: broker.port)
        driver.whenOnline = { $0.transport.perform(.subscribe(["g/outputs/+/set"]), at: Driver.now()) }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.run { $0.messages.count == 1 })
        try broker.publish("on", to: "g/outputs/siren/set")
        #expect(driver.run { $0.messages.count == 2 })
        #expect(driver.messages.map(\.isRetained) == [true, false])
        #expect(driver.messages.map { String(decoding: $0.payload, as: UTF8.self) } == ["old", "on"])
    }

    @Test(arguments: [ProtocolVersion.v5, .v311])
    func `what is published with retain while connected says so under MQTT 5, which 3_1_1 cannot`(version: ProtocolVersion) throws {
        let broker = try MosquittoBroker()
        var configuration = SessionConfiguration.quick
        configuration.protocolChoice = version == .v5 ? .v5 : .v311
        let driver = Driver(port: broker.port, configuration: configuration)
        driver.whenOnline = { $0.transport.perform(.subscribe(["g/command"]), at: Driver.now()) }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        // The first comes by the subscription, which stands then.
        let deadline = Date() + 20
        while driver.messages.isEmpty, Date() < deadline {
            try broker.publish("first", to: "g/command")
            _ = driver.run(within: 0.2) { !$0.messages.isEmpty }
        }
        try broker.publish("kept", to: "g/command", retain: true)
        #expect(driver.run { $0.messages.contains { $0.payload == Array("kept".utf8) } })
        #expect(driver.messages.last?.isRetained == (version == .v5))
    }

    @Test func `bytes are counted in both directions`() throws {
        let broker = try MosquittoBroker()
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let before = (driver.transport.bytesSent, driver.transport.bytesReceived)
        let tag = driver.publish(String(repeating: "x", count: 1000))
        #expect(driver.run { $0.isSettled(tag) })
        let message = Message(topic: "t", payload: Array(repeating: 120, count: 1000), qos: 1, retain: false)
        #expect(driver.transport.bytesSent - before.0 == UInt64(message.packetSize(.v5)))
        // PUBACK without a reason is 4 bytes; mosquitto says 0x10 where nobody subscribes.
        #expect((4...6).contains(driver.transport.bytesReceived - before.1))
    }

    @Test func `an address that refuses and a name that is not known are told apart`() throws {
        let refused = Driver(port: try freePort())
        refused.start()
        #expect(refused.run { $0.session.lastFailure != nil })
        guard case .unreachable(let text) = refused.session.lastFailure else {
            Issue.record("\(String(describing: refused.session.lastFailure))")
            return
        }
        #expect(text.contains("refused"))
        let unknown = Driver(port: 1883, host: "broker.invalid")
        unknown.start()
        #expect(unknown.run(within: 30) { $0.session.lastFailure != nil })
        guard case .nameNotFound = unknown.session.lastFailure else {
            Issue.record("\(String(describing: unknown.session.lastFailure))")
            return
        }
    }
}
