import Foundation
import TestSupport
import Testing

/// `publish.qos: 2`: every way in which a broker can misbehave with it. See ExchangeTests for the rows with QoS 1.
struct QoS2Tests {
    @Test(arguments: Build.built, Exchange.received + Exchange.sessions + Exchange.withoutQoS2)
    func `whatever the broker does with QoS 2, all is delivered or said`(build: Build, exchange: Exchange) async throws {
        try await Stages.play(exchange, build)
    }
}

extension Stage {
    var readings: [ClientPacket.Publish] { broker.publishes.filter { $0.topic == Stage.topic } }

    /// -1: the daemon does not say.
    var duplicatesPossible: Int { (try? daemon.status())?["duplicates_possible"] as? Int ?? -1 }
}

extension Exchange {
    private static let reasons: [UInt8] = [0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]

    static let received = reasons.map { reason in
        Exchange.answersTwice("PUBREC", reason, qos: 2) { stage in
            #expect(stage.broker.connects.map(\.isCleanStart) == [true, false])
            #expect(stage.readings.allSatisfy { $0.qos == 2 && !$0.isDuplicate })
            #expect(stage.duplicatesPossible == 0)
        }
    }

    static let sessions = [
        Exchange(
            name: "drops before PUBREC, and keeps the session: the same message, with DUP and its Packet Identifier",
            qos: 2,
            behaviour: { stage in
                { connection in
                    guard connection.number == 1 else {
                        try connection.acceptConnect(sessionPresent: true)
                        return try stage.serveOn(connection)
                    }
                    try connection.acceptConnect()
                    while try Stage.number(connection.readPublish()) != 3 {}
                }
            },
            check: { stage in
                #expect(stage.takesMore())
                let third = stage.readings.filter { Stage.number($0) == 3 }
                #expect(third.map(\.isDuplicate) == [false, true], "\(third)")
                #expect(Set(third.map(\.packetIdentifier)).count == 1)
                #expect(stage.duplicatesPossible == 0)
            }),
        Exchange(
            name: "drops before PUBCOMP, and keeps the session: PUBREL again, and no PUBLISH",
            qos: 2,
            behaviour: { stage in
                { connection in
                    guard connection.number == 1 else {
                        try connection.acceptConnect(sessionPresent: true)
                        return try stage.serveOn(connection)
                    }
                    try connection.acceptConnect()
                    while true {
                        let packet = try connection.read()
                        // The first PUBREL is of a reading: nothing else has QoS 2.
                        if case .release = packet { return }
                        if case .publish(let publish) = packet { try stage.acknowledge(publish, on: connection) } else { try connection.answer(packet) }
                    }
                }
            },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.numbers.filter { $0 == 1 }.count == 1, "\(stage.numbers.prefix(9))")
                #expect(stage.duplicatesPossible == 0)
            }),
        Exchange(
            name: "does not keep the session: what was in flight comes again as new, and is counted",
            qos: 2,
            behaviour: { stage in
                { connection in
                    guard connection.number == 1 else { return try stage.serve(connection) }
                    try connection.acceptConnect()
                    while try Stage.number(connection.readPublish()) != 3 {}
                }
            },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.says("the broker has not kept the session"))
                // Ended, kept, lost, refused as not kept, ended, kept.
                #expect(stage.broker.connects.map(\.isCleanStart) == [true, false, false, true, false])
                #expect(stage.broker.publishes(of: 2).isEmpty, "nothing of the old session goes into the new one")
                #expect(stage.readings.allSatisfy { !$0.isDuplicate && $0.qos == 2 })
                #expect(stage.duplicatesPossible >= 1)
            }),
        Exchange(
            name: "answers PUBREL with PUBCOMP 0x92: what is in flight comes again as new, and is counted",
            qos: 2,
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    while true {
                        let packet = try connection.read()
                        if case .release(let identifier) = packet, stage.count.with({ $0 += 1; return $0 == 3 }) {
                            try connection.send(ServerPacket.publishComplete(level: 5, identifier, reason: 0x92))
                        } else if case .publish(let publish) = packet {
                            try stage.acknowledge(publish, on: connection)
                        } else {
                            try connection.answer(packet)
                        }
                    }
                }
            },
            check: { stage in
                #expect(stage.says("the broker knows nothing of a message that it had taken (0x92)"))
                #expect(stage.takesMore())
                #expect(stage.numbers.filter { $0 == 3 }.count == 2, "\(stage.numbers.prefix(9))")
                #expect(stage.duplicatesPossible >= 1)
            }),
    ]

    static let withoutQoS2 = [
        Exchange(
            name: "answers a QoS 2 PUBLISH with PUBACK, as RabbitMQ 3.10 does: QoS 1 after the second time, and it is said",
            qos: 2,
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect(sessionPresent: connection.number > 1)
                    while true {
                        let publish = try connection.readPublish()
                        guard publish.qos == 2 else {
                            try stage.acknowledge(publish, on: connection)
                            continue
                        }
                        try connection.send(ServerPacket.publishAcknowledgement(level: 5, publish.packetIdentifier))
                    }
                }
            },
            check: { stage in
                #expect(stage.says("the broker does not take QoS 2: going on with QoS 1"))
                #expect(stage.takesMore())
                #expect(stage.broker.connects.map(\.isCleanStart) == [true, false, false, true])
                #expect(stage.broker.publishes(of: 3).allSatisfy { $0.qos < 2 })
            }),
        Exchange(
            name: "says DISCONNECT 0x9B to QoS 2, as RabbitMQ 4 does: QoS 1, and it is said",
            qos: 2,
            behaviour: { stage in
                { connection in
                    try connection.acceptConnect()
                    while true {
                        let publish = try connection.readPublish()
                        if publish.qos == 2 {
                            try connection.send(ServerPacket.disconnect(reason: 0x9B))
                            return try connection.staySilent(for: 5)
                        }
                        try stage.acknowledge(publish, on: connection)
                    }
                }
            },
            check: { stage in
                #expect(stage.says("the broker does not take QoS 2: going on with QoS 1"))
                #expect(stage.takesMore())
                #expect(stage.broker.connects.map(\.isCleanStart) == [true, false, true])
            }),
        Exchange(
            name: "has Maximum QoS 1: readings go with QoS 1, and it is said",
            qos: 2,
            behaviour: { stage in { try stage.serve($0, .init(maximumQoS: 1)) } },
            check: { stage in
                #expect(stage.takesMore())
                #expect(stage.says("the broker takes QoS 1 at most"))
                #expect(stage.readings.allSatisfy { $0.qos == 1 })
                #expect(stage.broker.connectionCount == 2)
            }),
        Exchange(
            name: "has Maximum QoS 0: no reading is sent, it is said, and readings stay until that changes",
            qos: 2,
            behaviour: { stage in
                { connection in
                    guard connection.number < 2 else { return try stage.serve(connection) }
                    try connection.acceptConnect(.init(maximumQoS: 0))
                    try stage.serveOn(connection)
                }
            },
            check: { stage in
                #expect(stage.says("the broker takes QoS 0 only"))
                Thread.sleep(forTimeInterval: 2)
                #expect(stage.broker.publishes.allSatisfy { $0.qos == 0 })
                stage.broker.closeAll()
            }),
    ]
}
