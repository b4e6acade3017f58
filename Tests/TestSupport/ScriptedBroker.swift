import Foundation

/// A broker that does what a test says, on a real socket and byte by byte: right, late, wrong, or not at all.
///
/// ```swift
/// let broker = try ScriptedBroker { connection in
///     let connect = try connection.acceptConnect()
///     let publish = try connection.readPublish()
///     if connection.number > 0 { try connection.acknowledge(publish) }
///     // The connection is closed at the end.
/// }
/// ```
/// Each connection runs in a thread of its own. What a behaviour throws is kept in `errors`, but for the client's going.
package final class ScriptedBroker: @unchecked Sendable {
    package typealias Behaviour = @Sendable (Connection) throws -> Void

    /// What came over which connection, in order.
    package struct Received: Sendable {
        package var connection: Int
        package var packet: ClientPacket
        package var at: Date
    }

    package let port: UInt16
    fileprivate struct State {
        var received: [Received] = []
        var errors: [String] = []
        var connectionCount = 0
        var descriptors: Set<Int32> = []
        var isStopped = false
    }
    private let state = Shared(State())

    /// - Parameter port: 0 for a free one.
    package init(port: UInt16 = 0, behaviour: @escaping Behaviour) throws {
        let listener: Int32
        (listener, self.port) = try Loopback.listen(port: port)
        let state = state
        Thread {
            while !state.current.isStopped {
                guard Loopback.wait(listener, seconds: 0.05) else { continue }
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { continue }
                let number = state.with { state in
                    state.descriptors.insert(descriptor)
                    state.connectionCount += 1
                    return state.connectionCount - 1
                }
                let connection = Connection(number: number, descriptor: descriptor, state: state)
                Thread {
                    do { try behaviour(connection) } catch PeerError.closed {} catch {
                        state.with { $0.errors.append("connection \(number): \(error)") }
                    }
                    connection.close()
                }.start()
            }
            close(listener)
        }.start()
    }

    deinit { stop() }

    /// Ends all connections and listens no more.
    package func stop() {
        state.with { state in
            state.isStopped = true
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Ends the connections that stand; new ones are accepted.
    package func closeAll() {
        state.with { state in for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    package var received: [Received] { state.current.received }
    package var errors: [String] { state.current.errors }
    package var connectionCount: Int { state.current.connectionCount }
    /// All PUBLISH packets, in the order of arrival.
    package var publishes: [ClientPacket.Publish] {
        received.compactMap { if case .publish(let publish) = $0.packet { publish } else { nil } }
    }
    package func publishes(of connection: Int) -> [ClientPacket.Publish] {
        received.compactMap {
            if $0.connection == connection, case .publish(let publish) = $0.packet { publish } else { nil }
        }
    }
    package var connects: [ClientPacket.Connect] {
        received.compactMap { if case .connect(let connect) = $0.packet { connect } else { nil } }
    }

    package final class Connection: @unchecked Sendable {
        /// 0 for the first.
        package let number: Int
        /// Of its CONNECT: 4 or 5.
        package private(set) var level: UInt8 = 4
        private let descriptor: Int32
        private let state: Shared<State>
        private var isClosed = false

        fileprivate init(number: Int, descriptor: Int32, state: Shared<State>) {
            self.number = number
            self.descriptor = descriptor
            self.state = state
        }

        package func send(_ bytes: [UInt8]) throws { try Loopback.sendAll(bytes, to: descriptor) }

        private func bytes(_ count: Int, _ end: Date) throws -> [UInt8] {
            var bytes: [UInt8] = []
            while bytes.count < count {
                guard Loopback.wait(descriptor, seconds: max(0, end.timeIntervalSinceNow)) else {
                    throw PeerError.timeout("the client sent nothing")
                }
                var buffer = [UInt8](repeating: 0, count: count - bytes.count)
                let got = recv(descriptor, &buffer, buffer.count, 0)
                guard got > 0 else { throw PeerError.closed }
                bytes += buffer[..<got]
            }
            return bytes
        }

        /// Whether the client has sent something that is not read yet, or sends it within `seconds`.
        package func hasMore(within seconds: Double) -> Bool { Loopback.wait(descriptor, seconds: seconds) }

        /// The next packet. Throws `.closed` when the client has gone.
        package func read(within seconds: Double = 30) throws -> ClientPacket {
            let end = Date().addingTimeInterval(seconds)
            let first = try bytes(1, end)[0]
            var length = 0
            var header = 1
            for shift in stride(from: 0, through: 21, by: 7) {
                let next = try bytes(1, end)[0]
                header += 1
                length |= Int(next & 127) << shift
                if next < 128 { break }
            }
            let packet = try ClientPacket.parse(
                first, try bytes(length, end), level: level, size: header + length)
            if case .connect(let connect) = packet { level = connect.level }
            state.with { $0.received.append(Received(connection: number, packet: packet, at: Date())) }
            return packet
        }

        package func readConnect(within seconds: Double = 30) throws -> ClientPacket.Connect {
            guard case .connect(let connect) = try read(within: seconds) else {
                throw PeerError.unexpected("not a CONNECT")
            }
            return connect
        }

        /// Reads CONNECT and answers CONNACK 0.
        @discardableResult
        package func acceptConnect(
            _ properties: ConnectProperties = .init(), sessionPresent: Bool = false
        ) throws -> ClientPacket.Connect {
            let connect = try readConnect()
            let isPresent = sessionPresent && !connect.isCleanStart
            try send(
                ServerPacket.connectionAcknowledgement(level: level, reason: 0, sessionPresent: isPresent, properties))
            return connect
        }

        /// The next PUBLISH; SUBSCRIBE, PINGREQ and PUBREL on the way are answered.
        package func readPublish(within seconds: Double = 30) throws -> ClientPacket.Publish {
            let end = Date().addingTimeInterval(seconds)
            while true {
                let packet = try read(within: max(0, end.timeIntervalSinceNow))
                if case .publish(let publish) = packet { return publish }
                try answer(packet)
            }
        }

        /// Answers SUBSCRIBE, PINGREQ and PUBREL as a broker does; ends at DISCONNECT.
        package func answer(_ packet: ClientPacket) throws {
            switch packet {
            case .subscribe(let identifier, let filters):
                try send(
                    ServerPacket.subscribeAcknowledgement(
                        level: level, identifier, reasons: filters.map { _ in 0 }))
            case .pingRequest: try send(ServerPacket.pingResponse)
            case .release(let identifier): try send(ServerPacket.publishComplete(level: level, identifier))
            case .disconnect: throw PeerError.closed
            default: break
            }
        }

        package func acknowledge(_ publish: ClientPacket.Publish, reason: UInt8 = 0) throws {
            switch publish.qos {
            case 1: try send(ServerPacket.publishAcknowledgement(level: level, publish.packetIdentifier, reason: reason))
            case 2: try send(ServerPacket.publishReceived(level: level, publish.packetIdentifier, reason: reason))
            default: break
            }
        }

        /// Serves until the client goes. `answer`: the reason of PUBACK or PUBREC for each PUBLISH with QoS 1 or 2; nil: none.
        package func serve(
            within seconds: Double = 3600, _ answer: (ClientPacket.Publish) throws -> UInt8? = { _ in 0 }
        ) throws {
            let end = Date().addingTimeInterval(seconds)
            while true {
                let publish = try readPublish(within: max(0, end.timeIntervalSinceNow))
                if let reason = try answer(publish) { try acknowledge(publish, reason: reason) }
            }
        }

        /// Takes what comes and answers nothing, until the client goes or `seconds` have passed.
        package func staySilent(for seconds: Double = 3600) throws {
            let end = Date().addingTimeInterval(seconds)
            while end.timeIntervalSinceNow > 0 {
                do { _ = try read(within: end.timeIntervalSinceNow) } catch PeerError.timeout { return }
            }
        }

        /// Reads bytes, whatever they are, until the client goes.
        package func staySilentRaw() throws {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
        }

        package func close() {
            guard !isClosed else { return }
            isClosed = true
            _ = state.with { $0.descriptors.remove(descriptor) }
            shutdown(descriptor, Int32(SHUT_RDWR))
            Foundation.close(descriptor)
        }
    }
}
