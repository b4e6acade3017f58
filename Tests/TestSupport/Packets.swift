import Foundation

/// An MQTT packet from a client, both protocols, parsed as far as tests need it.
package enum ClientPacket: Sendable, Equatable {
    case connect(Connect)
    case publish(Publish)
    case subscribe(packetIdentifier: UInt16, filters: [String])
    case pingRequest
    /// PUBREL.
    case release(packetIdentifier: UInt16)
    /// MQTT 3.1.1: reason 0.
    case disconnect(reason: UInt8)
    case other(firstByte: UInt8, body: [UInt8])

    package struct Connect: Sendable, Equatable {
        /// 4: MQTT 3.1.1; 5
        package var level: UInt8
        package var isCleanStart: Bool
        package var keepAlive: UInt16
        package var clientIdentifier: String
        package var will: Publish?
        package var username: String?
        package var password: String?
        /// MQTT 5: of what the client takes; nil: it does not say.
        package var maximumPacketSize: UInt32?
    }

    package struct Publish: Sendable, Equatable {
        package var topic: String
        package var payload: [UInt8]
        package var qos: UInt8
        package var isRetained: Bool
        package var isDuplicate: Bool
        /// 0 with QoS 0.
        package var packetIdentifier: UInt16
        package var contentType: String?
        package var payloadFormat: UInt8?
        package var userProperties: [UserProperty] = []
        package var correlationData: [UInt8]?
        package var expirySeconds: UInt32?
        /// Of the whole packet in bytes, as the client sent it.
        package var packetSize = 0

        package var text: String { String(decoding: payload, as: UTF8.self) }
    }

    package struct UserProperty: Sendable, Equatable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// Properties of a CONNACK (MQTT 5 §3.2.2.3).
package struct ConnectProperties: Sendable {
    package var receiveMaximum: UInt16?
    package var maximumQoS: UInt8?
    package var retainAvailable: UInt8?
    package var maximumPacketSize: UInt32?
    package var serverKeepAlive: UInt16?
    package var topicAliasMaximum: UInt16?
    package init(
        receiveMaximum: UInt16? = nil, maximumQoS: UInt8? = nil, retainAvailable: UInt8? = nil,
        maximumPacketSize: UInt32? = nil, serverKeepAlive: UInt16? = nil, topicAliasMaximum: UInt16? = nil
    ) {
        self.receiveMaximum = receiveMaximum
        self.maximumQoS = maximumQoS
        self.retainAvailable = retainAvailable
        self.maximumPacketSize = maximumPacketSize
        self.serverKeepAlive = serverKeepAlive
        self.topicAliasMaximum = topicAliasMaximum
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if let receiveMaximum { bytes += [0x21] + big(receiveMaximum) }
        if let maximumQoS { bytes += [0x24, maximumQoS] }
        if let retainAvailable { bytes += [0x25, retainAvailable] }
        if let maximumPacketSize { bytes += [0x27] + big(maximumPacketSize) }
        if let serverKeepAlive { bytes += [0x13] + big(serverKeepAlive) }
        if let topicAliasMaximum { bytes += [0x22] + big(topicAliasMaximum) }
        return bytes
    }
}

/// The bytes of packets to a client.
package enum ServerPacket {
    package static func packet(_ firstByte: UInt8, _ body: [UInt8]) -> [UInt8] {
        [firstByte] + variableByteInteger(body.count) + body
    }

    package static func connectionAcknowledgement(
        level: UInt8, reason: UInt8, sessionPresent: Bool = false, _ properties: ConnectProperties = .init()
    ) -> [UInt8] {
        var body: [UInt8] = [sessionPresent ? 1 : 0, reason]
        if level == 5 { body += variableByteInteger(properties.bytes.count) + properties.bytes }
        return packet(0x20, body)
    }

    package static func publishAcknowledgement(
        level: UInt8, _ packetIdentifier: UInt16, reason: UInt8 = 0
    ) -> [UInt8] {
        packet(0x40, big(packetIdentifier) + (level == 5 && reason != 0 ? [reason, 0] : []))
    }

    /// PUBREC.
    package static func publishReceived(level: UInt8, _ packetIdentifier: UInt16, reason: UInt8 = 0) -> [UInt8] {
        packet(0x50, big(packetIdentifier) + (level == 5 && reason != 0 ? [reason, 0] : []))
    }

    /// PUBCOMP.
    package static func publishComplete(level: UInt8, _ packetIdentifier: UInt16, reason: UInt8 = 0) -> [UInt8] {
        packet(0x70, big(packetIdentifier) + (level == 5 && reason != 0 ? [reason, 0] : []))
    }

    package static func subscribeAcknowledgement(
        level: UInt8, _ packetIdentifier: UInt16, reasons: [UInt8]
    ) -> [UInt8] {
        packet(0x90, big(packetIdentifier) + (level == 5 ? [0] : []) + reasons)
    }

    /// The properties of a request (MQTT 5 §4.10): Response Topic and Correlation Data.
    package static func requestProperties(responseTopic: String?, correlationData: [UInt8]?) -> [UInt8] {
        var bytes: [UInt8] = []
        if let responseTopic { bytes += [0x08] + big(UInt16(responseTopic.utf8.count)) + Array(responseTopic.utf8) }
        if let correlationData { bytes += [0x09] + big(UInt16(correlationData.count)) + correlationData }
        return bytes
    }

    package static let pingResponse: [UInt8] = [0xD0, 0]

    /// MQTT 5 only.
    package static func disconnect(reason: UInt8) -> [UInt8] { packet(0xE0, [reason, 0]) }

    /// QoS 0.
    package static func publish(
        level: UInt8, topic: String, payload: [UInt8], retain: Bool = false, properties: [UInt8] = []
    ) -> [UInt8] {
        var body = big(UInt16(topic.utf8.count)) + Array(topic.utf8)
        if level == 5 { body += variableByteInteger(properties.count) + properties }
        return packet(0x30 | (retain ? 1 : 0), body + payload)
    }
}

func big<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}

func variableByteInteger(_ value: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    repeat {
        bytes.append(UInt8(rest & 127) | (rest > 127 ? 128 : 0))
        rest >>= 7
    } while rest > 0
    return bytes
}

/// Takes the parts of a packet one after the other.
struct PacketReader {
    let bytes: [UInt8]
    var position = 0
    var maximumPacketSize: UInt32?
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw PeerError.malformed(bytes) }
        position += 1
        return bytes[position - 1]
    }
    mutating func word() throws -> UInt16 { UInt16(try byte()) << 8 | UInt16(try byte()) }
    mutating func data() throws -> [UInt8] {
        let count = Int(try word())
        guard position + count <= bytes.count else { throw PeerError.malformed(bytes) }
        position += count
        return Array(bytes[position - count..<position])
    }
    mutating func text() throws -> String { String(decoding: try data(), as: UTF8.self) }
    mutating func variable() throws -> Int {
        var value = 0
        for shift in stride(from: 0, through: 21, by: 7) {
            let next = try byte()
            value |= Int(next & 127) << shift
            if next < 128 { return value }
        }
        throw PeerError.malformed(bytes)
    }
    mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return Array(bytes[position...])
    }

    /// The properties that tests look at go into `publish`; the others are skipped by their type.
    mutating func properties(into publish: inout ClientPacket.Publish) throws {
        let end = try variable() + position
        while position < end {
            let identifier = try byte()
            switch identifier {
            case 0x01: publish.payloadFormat = try byte()
            case 0x03: publish.contentType = try text()
            case 0x09: publish.correlationData = try data()
            case 0x26: publish.userProperties.append(.init(name: try text(), value: try text()))
            case 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A: _ = try byte()
            case 0x13, 0x21, 0x22, 0x23: _ = try word()
            case 0x27: maximumPacketSize = UInt32(try word()) << 16 | UInt32(try word())
            case 0x02: publish.expirySeconds = UInt32(try word()) << 16 | UInt32(try word())
            case 0x11, 0x18: _ = (try word(), try word())
            case 0x0B: _ = try variable()
            case 0x08, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F: _ = try data()
            default: throw PeerError.malformed(bytes)
            }
        }
    }
}

extension ClientPacket {
    /// - Parameter level: of the CONNECT that came before; ignored for CONNECT.
    static func parse(_ firstByte: UInt8, _ body: [UInt8], level: UInt8, size: Int) throws -> ClientPacket {
        var reader = PacketReader(body)
        switch firstByte >> 4 {
        case 1: return .connect(try connect(&reader))
        case 3:
            var publish = Publish(
                topic: try reader.text(), payload: [], qos: firstByte >> 1 & 3, isRetained: firstByte & 1 == 1,
                isDuplicate: firstByte & 8 != 0, packetIdentifier: 0)
            if publish.qos > 0 { publish.packetIdentifier = try reader.word() }
            if level == 5 { try reader.properties(into: &publish) }
            publish.payload = reader.rest()
            publish.packetSize = size
            return .publish(publish)
        case 8:
            let identifier = try reader.word()
            var ignored = Publish(
                topic: "", payload: [], qos: 0, isRetained: false, isDuplicate: false, packetIdentifier: 0)
            if level == 5 { try reader.properties(into: &ignored) }
            var filters: [String] = []
            while !reader.isAtEnd {
                filters.append(try reader.text())
                _ = try reader.byte()
            }
            return .subscribe(packetIdentifier: identifier, filters: filters)
        case 6: return .release(packetIdentifier: try reader.word())
        case 12: return .pingRequest
        case 14: return .disconnect(reason: reader.isAtEnd ? 0 : try reader.byte())
        default: return .other(firstByte: firstByte, body: body)
        }
    }

    private static func connect(_ reader: inout PacketReader) throws -> Connect {
        guard try reader.text() == "MQTT" else { throw PeerError.malformed(reader.bytes) }
        let level = try reader.byte()
        let flags = try reader.byte()
        let keepAlive = try reader.word()
        var ignored = Publish(
            topic: "", payload: [], qos: 0, isRetained: false, isDuplicate: false, packetIdentifier: 0)
        if level == 5 { try reader.properties(into: &ignored) }
        var connect = Connect(
            level: level, isCleanStart: flags & 2 != 0, keepAlive: keepAlive, clientIdentifier: try reader.text())
        connect.maximumPacketSize = reader.maximumPacketSize
        if flags & 4 != 0 {
            var will = ignored
            will.qos = flags >> 3 & 3
            will.isRetained = flags & 32 != 0
            if level == 5 { try reader.properties(into: &will) }
            will.topic = try reader.text()
            will.payload = try reader.data()
            connect.will = will
        }
        if flags & 128 != 0 { connect.username = try reader.text() }
        if flags & 64 != 0 { connect.password = try reader.text() }
        return connect
    }
}
