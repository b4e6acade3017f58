import Foundation
import TestSupport
import Testing

/// The table of exchanges: every way in which a broker can misbehave, what the agent must do, and that it does.
struct ExchangeTests {
    @Test(arguments: Build.built, Exchange.acknowledgements + Exchange.connections + Exchange.limits + Exchange.nonsense)
    func `whatever the broker does, all is delivered or said`(build: Build, exchange: Exchange) async throws {
        try await Stages.play(exchange, build)
    }
}

extension Exchange {
    static let acknowledgements = [
        Exchange(
            name: "drops before PUBACK: all come again as new, in order",
            behaviour: { stage in
                { connection in
                    guard connection.number < 3 else { return try stage.serve(connection) }
                    try connection.acceptConnect()
                    var readings = 0
                    while readings < 4 {
                        let publish = try connection.readPublish()
                        if Stage.number(publish) == nil { try connection.acknowledge(publish) } else { readings += 1 }
                    }
                }
            },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.broker.connectionCount == 4)
                for connection in 0..<4 { #expect(stage.broker.publishes(of: connection).compactMap(Stage.number).first == 1) }
                #expect(stage.broker.publishes.allSatisfy { !$0.isDuplicate })
            }),
        Exchange(
            name: "sends each PUBACK twice: the second is ignored",
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    while true {
                        let publish = try connection.readPublish()
                        try stage.acknowledge(publish, on: connection)
                        try connection.acknowledge(publish)
                    }
                }
            },
            check: { stage in
                #expect(stage.takesMore(50))
                #expect(stage.broker.connectionCount == 1)
                #expect(stage.numbers == Array(1...stage.numbers.count), "none comes twice")
            }),
        Exchange(
            name: "acknowledges what was never sent: ignored",
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    try connection.send(ServerPacket.publishAcknowledgement(level: 5, 0x7777))
                    try stage.serveOn(connection)
                }
            },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.broker.connectionCount == 1)
            }),
        Exchange(
            name: "acknowledges the last first: each is settled for itself",
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    while true {
                        var publishes: [ClientPacket.Publish] = []
                        repeat {
                            let publish = try connection.readPublish()
                            if publish.qos > 0 { publishes.append(publish) }
                        } while connection.hasMore(within: 0.1)
                        for publish in publishes.reversed() { try stage.acknowledge(publish, on: connection) }
                    }
                }
            },
            check: { stage in
                #expect(stage.takesMore(50))
                #expect(stage.broker.connectionCount == 1)
                #expect(stage.numbers == Array(1...stage.numbers.count), "none comes twice")
            }),
    ]

    /// Of PUBACK: those of the specification, some that are not for it, and one that does not exist.
    private static let reasons: [UInt8] = [0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x92, 0x95, 0x97, 0x99, 0x9B, 0xFF]

    static let connections =
        reasons.map { Exchange.answersTwice("PUBACK", $0) } + [
            Exchange(
                name: "says DISCONNECT with every reason: said by its name, and connected again",
                behaviour: { stage in
                    { connection in
                        guard connection.number < disconnectReasons.count else { return try stage.serve(connection) }
                        try connection.acceptConnect()
                        let publish = try connection.readPublish()
                        try stage.acknowledge(publish, on: connection)
                        try connection.send(ServerPacket.disconnect(reason: disconnectReasons[connection.number]))
                        try connection.staySilent(for: 5)
                    }
                },
                check: { stage in
                    #expect(stage.takesMore(20, within: 40), "\(stage.daemon.log)")
                    for reason in disconnectReasons {
                        #expect(stage.daemon.log.contains("(0x\(String(reason, radix: 16, uppercase: true)))"))
                    }
                    #expect(stage.daemon.log.contains("another client seems to use this client identifier"))
                }),
            Exchange(
                name: "refuses CONNECT with every reason of MQTT 5: nothing is published, each is said, and it tries again",
                broker: "protocol: 5",
                behaviour: { stage in
                    { connection in
                        guard connection.number < refusalReasons.count else { return try stage.serve(connection) }
                        _ = try connection.readConnect()
                        try connection.send(
                            ServerPacket.connectionAcknowledgement(level: 5, reason: refusalReasons[connection.number]))
                        try connection.staySilent(for: 5)
                    }
                },
                check: { stage in
                    #expect(stage.takesMore(20, within: 40), "\(stage.daemon.log)")
                    for number in refusalReasons.indices { #expect(stage.broker.publishes(of: number).isEmpty) }
                    for reason in refusalReasons {
                        #expect(stage.daemon.log.contains("(0x\(String(reason, radix: 16, uppercase: true)))"))
                    }
                }),
            Exchange(
                name: "refuses CONNECT with every return code of MQTT 3.1.1: nothing is published, each is said, and it tries again",
                broker: "protocol: 3.1.1",
                behaviour: { stage in
                    { connection in
                        guard connection.number < 5 else { return try stage.serve(connection) }
                        _ = try connection.readConnect()
                        try connection.send(
                            ServerPacket.connectionAcknowledgement(level: 4, reason: UInt8(connection.number) + 1))
                        try connection.staySilent(for: 5)
                    }
                },
                check: { stage in
                    #expect(stage.takesMore(20, within: 40), "\(stage.daemon.log)")
                    for number in 0..<5 { #expect(stage.broker.publishes(of: number).isEmpty) }
                    for code in 1...5 { #expect(stage.daemon.log.contains("(\(code))"), "\(code): \(stage.daemon.log)") }
                }),
            Exchange(
                name: "hangs up on an MQTT 5 CONNECT without a CONNACK: 3.1.1 after the second time",
                behaviour: { stage in
                    { connection in
                        if try connection.readConnect().level == 5 { return }
                        try connection.send(ServerPacket.connectionAcknowledgement(level: 4, reason: 0))
                        try stage.serveOn(connection)
                    }
                },
                check: { stage in
                    #expect(stage.takesMore())
                    #expect(stage.broker.connects.map(\.level) == [5, 5, 4])
                }),
            Exchange(
                name: "takes the session over by another client, again and again: said",
                behaviour: { stage in
                    { connection in
                        try connection.acceptConnect()
                        guard connection.number < 6 else { return try stage.serveOn(connection) }
                        _ = try connection.readPublish()
                    }
                },
                check: { stage in
                    #expect(stage.says("another client seems to use this client identifier"))
                }),
            Exchange(
                name: "accepts TCP and says nothing: given up after 20 s, sensors go on",
                behaviour: { stage in
                    { connection in
                        guard connection.number == 0 else { return try stage.serve(connection) }
                        try connection.staySilent(for: 40)
                    }
                },
                check: { stage in
                    #expect(stage.says("no CONNACK in 20.0 s", within: 30))
                    #expect(stage.takesMore(900), "what was read in the 20 s")
                }),
        ]

    private static let disconnectReasons: [UInt8] = [
        0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9B, 0x9C, 0x9D, 0x9F, 0xA0,
    ]
    private static let refusalReasons: [UInt8] = [
        0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
    ]

    static let limits = [
        Exchange(
            name: "has Receive Maximum 1: one message waits at a time",
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect(.init(receiveMaximum: 1))
                    while true {
                        let publish = try connection.readPublish()
                        if publish.qos > 0, connection.hasMore(within: 0.01) { stage.flag.with { $0 = true } }
                        try stage.acknowledge(publish, on: connection)
                    }
                }
            },
            check: { stage in
                #expect(stage.takesMore(50))
                #expect(!stage.flag.current)
            }),
        Exchange(
            name: "has Maximum QoS 0: nothing with QoS 1 is sent, it is said, and readings stay until that changes",
            behaviour: { stage in
                { connection in
                    guard connection.number == 0 else { return try stage.serve(connection) }
                    try connection.acceptConnect(.init(maximumQoS: 0))
                    try stage.serveOn(connection)
                }
            },
            check: { stage in
                #expect(stage.says("the broker takes QoS 0 only"))
                Thread.sleep(forTimeInterval: 2)
                #expect(stage.broker.publishes.allSatisfy { $0.qos == 0 })
                #expect(stage.broker.connectionCount == 1)
                stage.broker.closeAll()
            }),
        Exchange(
            name: "has Maximum QoS 1: nothing is different",
            behaviour: { stage in { try stage.serve($0, .init(maximumQoS: 1)) } },
            check: { stage in #expect(stage.takesMore()) }),
        Exchange(
            name: "has Topic Alias Maximum 0: topics are whole",
            behaviour: { stage in { try stage.serve($0, .init(topicAliasMaximum: 0)) } },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.broker.publishes.allSatisfy { $0.topic.hasPrefix("godwit/x/") })
            }),
        Exchange(
            name: "has Topic Alias Maximum 10: topics are whole all the same",
            behaviour: { stage in { try stage.serve($0, .init(topicAliasMaximum: 10)) } },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.broker.publishes.allSatisfy { $0.topic.hasPrefix("godwit/x/") })
            }),
        Exchange(
            name: "has Server Keep Alive 3 and never answers: a loss after 4.5 s, not after 90 s",
            behaviour: { stage in
                { connection in
                    guard connection.number == 0 else { return try stage.serve(connection) }
                    try connection.acceptConnect(.init(serverKeepAlive: 3))
                    try connection.staySilent(for: 60)
                }
            },
            check: { stage in
                #expect(stage.says("no byte from the broker for 4.", within: 10))
                #expect(stage.broker.received.contains { $0.packet == .pingRequest }, "it asks before it gives up")
            }),
    ]

    static let nonsense = [
        Exchange(
            name: "sends what is no packet: the connection ends and the next one works",
            behaviour: { stage in
                { connection in
                    guard connection.number < noPackets.count else { return try stage.serve(connection) }
                    try connection.acceptConnect()
                    try connection.send(noPackets[connection.number])
                    try connection.staySilent(for: 0.3)
                }
            },
            check: { stage in
                #expect(stage.takesMore(20, within: 40), "\(stage.daemon.log)")
                #expect(stage.broker.connectionCount == noPackets.count + 1)
            }),
        Exchange(
            name: "sends a packet that is cut off in its middle, at each byte: nothing is taken for what it is not",
            behaviour: { stage in
                { connection in
                    let acknowledgement = ServerPacket.connectionAcknowledgement(
                        level: 5, reason: 0, .init(receiveMaximum: 10, maximumPacketSize: 100_000))
                    guard connection.number < acknowledgement.count else { return try stage.serve(connection) }
                    _ = try connection.readConnect()
                    try connection.send(Array(acknowledgement[..<connection.number]))
                }
            },
            check: { stage in
                #expect(stage.takesMore(20, within: 40), "\(stage.daemon.log)")
                // MQTT 5 is left after two of them for one attempt with 3.1.1 each; the broker has the last word.
                #expect(stage.broker.publishes(of: 0).isEmpty)
            }),
        Exchange(
            name: "sends a megabyte that nobody subscribed to: ignored, and said",
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    try connection.send(
                        ServerPacket.publish(level: 5, topic: "other", payload: Array(repeating: 65, count: 1 << 20)))
                    try stage.serveOn(connection)
                }
            },
            check: { stage in
                #expect(stage.says("a message that nothing here waits for topic=other"))
                #expect(stage.broker.connectionCount == 1)
            }),
        Exchange(
            name: "announces 256 MiB and sends none of it: a loss after 1.5 keep-alives, and no memory is used for it",
            broker: "keep_alive: 5 s",
            behaviour: { stage in
                { connection in
                    guard connection.number == 0 else { return try stage.serve(connection) }
                    try connection.acceptConnect()
                    try connection.send([0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0x00])
                    try connection.staySilent(for: 60)
                }
            },
            check: { stage in
                #expect(stage.says("no byte from the broker for", within: 15))
                let resident = try stage.daemon.status()["rss_bytes"] as? Int ?? .max
                #expect(resident < 64 << 20, "\(resident) bytes")
            }),
    ]

    private static let noPackets: [[UInt8]] = [
        [0x00, 0x00], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x20, 0x02, 0x00, 0x00], [0x40, 0x01, 0x00], [0x40, 0x02, 0x00, 0x00],
        [0x30, 0x00], [0xF0, 0x00], [0x90, 0x00], [0x10, 0x00], [0x82, 0x02, 0x00, 0x01], [0x62, 0x02, 0x00, 0x01],
        [0x50, 0x02, 0x00, 0x01], [0x70, 0x02, 0x00, 0x01], [0x36, 0x03, 0x00, 0x01, 0x41], [0x32, 0x05, 0x00, 0x01, 0x41, 0x00, 0x00],
    ]
}
