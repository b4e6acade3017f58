import Foundation
import MQTTSession
import MQTTTransport
import Telemetry
import Testing
import TestSupport

/// Against a broker that does what the test says, byte by byte.
@Suite(.serialized) struct ScriptedTests {
    @Test func `CONNECT and PUBLISH carry what was asked, in MQTT 5`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            try connection.serve()
        }
        let driver = Driver(port: broker.port) {
            $0.clientIdentifier = "godwit-g1"
            $0.username = "user"
            $0.password = Array("pass".utf8)
            $0.keepAliveSeconds = 30
            $0.will = Message(
                topic: "g/status", payload: Array("offline".utf8), qos: 1, retain: true, contentType: "text/plain")
        }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let message = Message(
            topic: "g/sensors/air", payload: Array(#"{"seq":1}"#.utf8), qos: 1, retain: false,
            contentType: "application/json",
            reading: .init(stream: StreamID(0x0f3a9c12), sequence: SequenceNumber(18_446_744_073_709_551_615)))
        let tag = driver.publish(message)
        #expect(driver.run { $0.isSettled(tag) })

        let connect = try #require(broker.connects.first)
        #expect(connect.level == 5 && connect.isCleanStart && connect.keepAlive == 30)
        #expect(connect.clientIdentifier == "godwit-g1")
        #expect(connect.username == "user" && connect.password == "pass")
        #expect(connect.maximumPacketSize == 262_144)
        let will = try #require(connect.will)
        #expect(will.topic == "g/status" && will.text == "offline" && will.qos == 1 && will.isRetained)
        #expect(will.contentType == "text/plain" && will.payloadFormat == 1)
        let publish = try #require(broker.publishes.first)
        #expect(publish.topic == "g/sensors/air" && publish.text == #"{"seq":1}"#)
        #expect(publish.qos == 1 && !publish.isRetained && !publish.isDuplicate)
        #expect(publish.contentType == "application/json" && publish.payloadFormat == 1)
        #expect(publish.userProperties == [.init(name: "stream", value: "0f3a9c12"), .init(name: "seq", value: "18446744073709551615")])
        #expect(publish.packetSize == message.packetSize(.v5))
    }

    @Test(arguments: [[], [0], [0, 1, 255], Array(repeating: 7, count: 65_535)] as [[UInt8]])
    func `correlation data comes in, goes out, and counts in the size of the packet`(data: [UInt8]) throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            let properties = ServerPacket.requestProperties(responseTopic: "r", correlationData: data)
            try connection.send(
                ServerPacket.publish(level: 5, topic: "c", payload: Array("{}".utf8), properties: properties))
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.run { !$0.messages.isEmpty })
        let request = try #require(driver.messages.first)
        #expect(request.responseTopic == "r" && request.correlationData == data)
        var answer = Message(topic: "r", payload: [1], qos: 1, retain: false)
        answer.correlationData = request.correlationData
        let tag = driver.publish(answer)
        #expect(driver.run { $0.isSettled(tag) })
        #expect(broker.publishes.first?.correlationData == data)
        #expect(broker.publishes.first?.packetSize == answer.packetSize(.v5))
    }

    @Test(arguments: [ProtocolVersion.v5, .v311])
    func `a subscription that is refused is told with its filter`(version: ProtocolVersion) throws {
        let broker = try ScriptedBroker { connection in
            let connect = try connection.acceptConnect()
            while true {
                let packet = try connection.read()
                guard case .subscribe(let identifier, let filters) = packet else { continue }
                let reason: UInt8 = filters == ["bad"] ? (connect.level == 5 ? 0x87 : 0x80) : 0
                try connection.send(
                    ServerPacket.subscribeAcknowledgement(level: connect.level, identifier, reasons: [reason]))
            }
        }
        var configuration = SessionConfiguration.quick
        configuration.protocolChoice = version == .v5 ? .v5 : .v311
        let driver = Driver(port: broker.port, configuration: configuration)
        driver.whenOnline = { $0.transport.perform(.subscribe(["good", "bad"]), at: Driver.now()) }
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.run { $0.notices.contains { $0.text.contains("refuses the subscription to bad") } })
        #expect(!driver.notices.contains { $0.text.contains("to good") })
        #expect(driver.session.isOnline)
    }

    @Test func `of a message that is too long only the beginning is kept`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            for count in [65_536, 65_537, 1 << 20] {
                try connection.send(
                    ServerPacket.publish(level: 5, topic: "c", payload: Array(repeating: 65, count: count)))
            }
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.run { $0.messages.count == 3 })
        #expect(driver.messages.map(\.payload.count) == [65_536, 65_537, 65_537])
    }

    @Test func `sizes of packets on the wire are those that were computed`() throws {
        for level in [ProtocolVersion.v5, .v311] {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.serve()
            }
            var configuration = SessionConfiguration.quick
            configuration.protocolChoice = level == .v5 ? .v5 : .v311
            let driver = Driver(port: broker.port, configuration: configuration)
            try #require(driver.startAndConnect(), "\(driver.notices)")
            var sizes: [Int] = []
            for length in [0, 1, 50, 100, 110, 120, 121, 122, 123, 124, 125, 126, 127, 128, 1000, 16_360, 16_390, 70_000] {
                for sequence in [nil, 0, 9, 10, 12_345] as [UInt64?] {
                    let message = Message(
                        topic: "t/\(length)", payload: Array(repeating: 65, count: length), qos: 1, retain: false,
                        contentType: sequence == nil ? nil : "application/json",
                        reading: sequence.map { .init(stream: StreamID(1), sequence: SequenceNumber($0)) })
                    sizes.append(message.packetSize(level))
                    let tag = driver.publish(message)
                    #expect(driver.run { $0.isSettled(tag) })
                }
            }
            #expect(broker.publishes.map(\.packetSize) == sizes)
            #expect(broker.errors == [])
        }
    }

    @Test(arguments: [0x84, 0x01] as [UInt8])
    func `an explicit refusal of MQTT 5 falls back at once, with a CONNACK of either protocol`(reason: UInt8) throws {
        let broker = try ScriptedBroker { connection in
            let connect = try connection.readConnect()
            if connect.level == 5 {
                // 0x84 comes as MQTT 5 says it, 1 as a broker that knows only 3.1.1 says it.
                try connection.send(
                    ServerPacket.connectionAcknowledgement(level: reason == 1 ? 4 : 5, reason: reason))
            } else {
                try connection.send(ServerPacket.connectionAcknowledgement(level: 4, reason: 0))
                try connection.serve()
            }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.connects == [.v5, .v311])
        #expect(driver.onlineEvents.map(\.0) == [.v311])
        let tag = driver.publish("x")
        #expect(driver.run { $0.isSettled(tag) })
    }

    @Test func `two hang-ups without a CONNACK fall back, as RabbitMQ 3_10 wants it`() throws {
        let broker = try ScriptedBroker { connection in
            let connect = try connection.readConnect()
            if connect.level == 5 { return }
            try connection.send(ServerPacket.connectionAcknowledgement(level: 4, reason: 0))
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(broker.connects.map(\.level) == [5, 5, 4])
    }

    @Test func `a broker that accepted MQTT 5 and then hangs up is asked with MQTT 5 again`() throws {
        let broker = try ScriptedBroker { connection in
            if connection.number == 0 {
                try connection.acceptConnect()
            } else if connection.number < 6 {
                _ = try connection.readConnect()
            } else {
                try connection.acceptConnect()
                try connection.serve()
            }
        }
        let driver = Driver(port: broker.port)
        driver.start()
        #expect(driver.run(within: 20) { $0.onlineEvents.count == 2 })
        #expect(broker.connects.map(\.level) == Array(repeating: 5, count: 7))
    }

    @Test(arguments: [0x80, 0x83, 0x87, 0x90, 0x95, 0x97, 0x99] as [UInt8])
    func `a PUBACK with a reason from 0x80 on is told by what it asks for, and the next try settles`(reason: UInt8) throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            let answers = Shared(0)
            try connection.serve { _ in
                answers.with { answers in
                    answers += 1
                    return answers == 1 ? reason : 0
                }
            }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let tag = driver.publish("x")
        let isRejected = [0x90, 0x95, 0x99].contains(reason)
        let event: SessionEvent =
            isRejected ? .rejected(tag, reason: reason) : reason == 0x87 ? .held(tag, reason: reason) : .postponed(tag, reason: reason)
        #expect(driver.run { $0.events.contains(event) })
        #expect(isRejected || driver.run { $0.events.contains(.resumed) })
        #expect(!driver.isSettled(tag))
        let second = driver.publish("x")
        #expect(driver.run { $0.isSettled(second) })
        #expect(driver.session.isOnline && broker.connectionCount == 1)
    }

    @Test func `the PUBACK's 0x10 is settled and counted`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            try connection.serve { _ in 0x10 }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let tag = driver.publish("x")
        #expect(driver.run { $0.isSettled(tag) })
        #expect(driver.session.counters.unrouted == 1)
    }

    @Test func `Receive Maximum 1 lets one message through at a time`() throws {
        let waiting = Shared(0)
        let most = Shared(0)
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect(.init(receiveMaximum: 1))
            try connection.serve { _ in
                let now = waiting.with { $0 += 1; return $0 }
                most.with { $0 = max($0, now) }
                usleep(2000)
                waiting.with { $0 -= 1 }
                return 0
            }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        #expect(driver.session.readingRoom == 1)
        var sent = 0
        let isDone = driver.run { driver in
            #expect(driver.session.readingRoom <= 1)
            if sent < 30, driver.session.readingRoom > 0 {
                _ = driver.publish("\(sent)")
                sent += 1
            }
            return driver.session.counters.acknowledged == 30
        }
        #expect(isDone)
        #expect(broker.publishes.map(\.text) == (0..<30).map(String.init))
    }

    @Test func `what is not acknowledged before a loss is sent by nobody but the caller`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            if connection.number == 0 {
                for _ in 0..<3 { _ = try connection.readPublish() }
            } else {
                try connection.serve()
            }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        for number in 0..<3 { _ = driver.publish("\(number)") }
        #expect(driver.run { $0.onlineEvents.count == 2 })
        let tag = driver.publish("new")
        #expect(driver.run { $0.isSettled(tag) })
        // The library had a fresh handle: it repeats nothing by itself.
        #expect(broker.publishes(of: 1).map(\.text) == ["new"])
        #expect(broker.publishes(of: 1).allSatisfy { !$0.isDuplicate })
        #expect(driver.session.counters.duplicatesPossible == 3)
    }

    @Test(arguments: [0x8B, 0x8E, 0x98] as [UInt8])
    func `the reason of the broker's DISCONNECT is told`(reason: UInt8) throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            if connection.number == 0 { try connection.send(ServerPacket.disconnect(reason: reason)) }
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        driver.start()
        #expect(driver.run { $0.onlineEvents.count == 2 })
        #expect(driver.events.contains(.offline(.disconnectedByBroker(reason: reason))))
        #expect(driver.notices.contains { $0.text.contains("another client") } == (reason == 0x8E))
    }

    @Test func `the reason of DISCONNECT is told while messages are in flight, too`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            guard connection.number == 0 else { return try connection.serve() }
            for _ in 0..<3 { _ = try connection.readPublish() }
            try connection.send(ServerPacket.disconnect(reason: 0x97))
            try connection.staySilent(for: 5)
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        for number in 0..<5 { _ = driver.publish("\(number)") }
        #expect(driver.run { $0.onlineEvents.count == 2 })
        #expect(driver.events.contains(.offline(.disconnectedByBroker(reason: 0x97))), "\(driver.events)")
    }

    @Test func `bytes that are no packet close the connection, and the next one works`() throws {
        let nonsense: [[UInt8]] = [
            [0x00, 0x00], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x20, 0x02, 0x00], [0x40, 0x01, 0x00],
            [0x40, 0x02, 0x00, 0x00], [0x30, 0x00], [0xF0, 0x00], [0x90, 0x00], [0x20, 0x03, 0x00, 0x00, 0x00],
        ]
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            if connection.number < nonsense.count { try connection.send(nonsense[connection.number]) }
            if connection.number < nonsense.count { usleep(50_000) } else { try connection.serve() }
        }
        let driver = Driver(port: broker.port)
        driver.start()
        #expect(driver.run(within: 30) { $0.onlineEvents.count == nonsense.count + 1 })
        let tag = driver.publish("x")
        #expect(driver.run { $0.isSettled(tag) })
    }

    @Test func `acknowledgements that nobody waits for are ignored`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            try connection.send(ServerPacket.publishAcknowledgement(level: 5, 77))
            try connection.serve { publish in
                try connection.acknowledge(publish)
                return 0
            }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let tags = (0..<3).map { driver.publish("\($0)") }
        #expect(driver.run { driver in tags.allSatisfy(driver.isSettled) })
        #expect(driver.session.counters.acknowledged == 3 && driver.session.isOnline)
    }

    @Test func `many acknowledgements in one segment are all taken`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            var answers: [UInt8] = []
            for _ in 0..<19 {
                let publish = try connection.readPublish()
                answers += ServerPacket.publishAcknowledgement(level: 5, publish.packetIdentifier)
            }
            try connection.send(answers)
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let tags = (0..<19).map { driver.publish("\($0)") }
        #expect(driver.run { driver in tags.allSatisfy(driver.isSettled) })
    }

    @Test func `QoS 0 waits while the socket is full, the newest of each topic only`() throws {
        let gate = Shared(false)
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            while !gate.current { usleep(10_000) }
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        // 8 MB in QoS 1 fill the socket of a broker that does not read.
        for _ in 0..<8 {
            _ = driver.publish(Message(topic: "big", payload: Array(repeating: 0, count: 1 << 20), qos: 1, retain: false))
        }
        #expect(driver.transport.descriptors.socket?.wantsWrite == true)
        for number in 0..<100 { _ = driver.publish("\(number)", to: "live/\(number % 2)", qos: 0) }
        gate.with { $0 = true }
        #expect(driver.run { _ in broker.publishes.count == 10 })
        #expect(broker.publishes.suffix(2).map(\.text) == ["98", "99"])
        #expect(broker.publishes.suffix(2).map(\.topic) == ["live/0", "live/1"])
    }

    @Test func `a stop without PUBACK disconnects with Will Message in MQTT 5 and without DISCONNECT in 3_1_1`() throws {
        for (choice, packet) in [
            (SessionConfiguration.ProtocolChoice.v5, ClientPacket.disconnect(reason: 4)), (.v311, nil),
        ] {
            let broker = try ScriptedBroker { connection in
                try connection.acceptConnect()
                try connection.staySilent()
            }
            var configuration = SessionConfiguration.quick
            configuration.protocolChoice = choice
            let driver = Driver(port: broker.port, configuration: configuration)
            try #require(driver.startAndConnect(), "\(driver.notices)")
            _ = driver.publish("offline", to: "g/status", retain: true)
            driver.handle(.stop)
            #expect(driver.run(within: 2) { $0.events.contains(.finished) })
            #expect(eventually { broker.received.count == (packet == nil ? 2 : 3) })
            usleep(50_000)
            let last = broker.received.last?.packet
            if let packet { #expect(last == packet) } else { #expect(broker.received.count == 2) }
        }
    }

    @Test func `a stop that is acknowledged ends with DISCONNECT 0`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        _ = driver.publish("offline", to: "g/status", retain: true)
        driver.handle(.stop)
        #expect(driver.run(within: 2) { $0.events.contains(.finished) })
        #expect(eventually { broker.received.last?.packet == .disconnect(reason: 0) })
    }

    @Test func `a stop while the helper connects is over at once`() throws {
        // A listener that never accepts: the handshake of TLS gets no answer.
        let broker = try ScriptedBroker { try $0.staySilent() }
        let driver = Driver(port: broker.port) { $0.tls = .init(caFile: nil) }
        driver.start()
        driver.turn()
        let began = Date()
        driver.handle(.stop)
        driver.transport.shutdownNow()
        #expect(driver.run(within: 1) { $0.events.contains(.finished) })
        #expect(Date().timeIntervalSince(began) < 0.5)
    }

    @Test func `Server Keep Alive is what pings are timed by`() throws {
        let pings = Shared<[Date]>([])
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect(.init(serverKeepAlive: 2))
            while true {
                let packet = try connection.read()
                if packet == .pingRequest { pings.with { $0.append(Date()) } }
                try connection.answer(packet)
            }
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let began = Date()
        _ = driver.run(within: 7) { _ in pings.current.count == 3 }
        let times = pings.current.map { $0.timeIntervalSince(began) }
        #expect(times.count == 3 && times[0] > 1.5 && times[2] < 6.5, "\(times)")
        #expect(driver.session.isOnline)
    }

    @Test func `publishing keeps pings away as long as acknowledgements come`() throws {
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect(.init(serverKeepAlive: 2))
            try connection.serve()
        }
        let driver = Driver(port: broker.port)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        for number in 0..<8 {
            let tag = driver.publish("\(number)")
            #expect(driver.run { $0.isSettled(tag) })
            let until = Date().addingTimeInterval(0.5)
            _ = driver.run(within: 1) { _ in Date() > until }
        }
        #expect(!broker.received.contains { $0.packet == .pingRequest })
    }

    @Test func `random bytes from a broker end no process, and a sane broker is found again`() throws {
        let seeds = 60
        let broker = try ScriptedBroker { connection in
            try connection.acceptConnect()
            guard connection.number < seeds else { return try connection.serve() }
            var random = RandomSource(seed: UInt64(connection.number))
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // The first byte is a packet type more often than not, the length fits more often than not.
                let body = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let first = UInt8.random(in: 0...255, using: &random)
                bytes += [first, Bool.random(using: &random) ? UInt8(body.count) : UInt8.random(in: 0...127, using: &random)]
                bytes += body
            }
            try connection.send(bytes)
            usleep(20_000)
        }
        // MQTT 3.1.1: for an unknown property of MQTT 5 libmosquitto 2.0.11 itself aborts the process; see docs/mqtt.md.
        var configuration = SessionConfiguration.quick
        configuration.protocolChoice = .v311
        let driver = Driver(port: broker.port, configuration: configuration)
        driver.whenOnline = { driver in
            for number in 0..<3 where driver.session.readingRoom > 0 { _ = driver.publish("\(number)") }
        }
        driver.start()
        #expect(driver.run(within: 60) { _ in broker.connectionCount > seeds }, "seeds 0..<\(seeds)")
        #expect(driver.run { $0.session.isOnline })
        let tag = driver.publish("x")
        #expect(driver.run { $0.isSettled(tag) })
    }
}
