import Foundation

/// A TCP proxy between a client and a broker that does to each connection what a test asks for: late, slow, in single bytes, cut
/// in the middle of a packet, half closed, or swallowed.
///
/// ```swift
/// let proxy = try FaultProxy(to: broker.port) { number in
///     var faults = Faults()
///     if number == 0 { faults.fromClient = .after(100, .reset) }
///     return faults
/// }
/// ```
package final class FaultProxy: @unchecked Sendable {
    package struct Faults: Sendable {
        package var fromClient = Direction()
        package var fromBroker = Direction()
        package init() {}
    }

    /// What happens to the bytes that go one way.
    package struct Direction: Sendable {
        package enum End: Sendable {
            /// Both ways are closed, in order.
            case cut
            /// The client gets a reset: what was on its way is gone.
            case reset
            /// This way alone is closed; the other goes on.
            case halfClose
            /// What comes is taken and goes nowhere; the other way goes on.
            case blackHole
            /// Nothing more is taken: the sender's socket fills up.
            case stall
        }
        /// Of bytes that pass before `end`; nil: all of them.
        package var limit: Int?
        package var end = End.cut
        /// The most that is passed on at once, in bytes.
        package var chunk = 16_384
        /// Before each chunk, in seconds.
        package var delay = 0.0
        package init() {}

        package static func after(_ bytes: Int, _ end: End) -> Direction {
            var direction = Direction()
            direction.limit = bytes
            direction.end = end
            return direction
        }

        package static func inChunks(of bytes: Int, delay: Double = 0) -> Direction {
            var direction = Direction()
            direction.chunk = bytes
            direction.delay = delay
            return direction
        }
    }

    package let port: UInt16
    private struct State {
        var descriptors: Set<Int32> = []
        var connectionCount = 0
        var isStopped = false
    }
    private let state = Shared(State())

    /// - Parameter faults: of a connection, by its number from 0 on.
    package init(to target: UInt16, faults: @escaping @Sendable (Int) -> Faults) throws {
        let listener: Int32
        (listener, port) = try Loopback.listen(port: 0)
        let state = state
        Thread {
            while !state.current.isStopped {
                guard Loopback.wait(listener, seconds: 0.05) else { continue }
                let client = accept(listener, nil, nil)
                guard client >= 0 else { continue }
                guard let broker = try? Loopback.connect(port: target) else {
                    close(client)
                    continue
                }
                let number = state.with { state in
                    state.descriptors.formUnion([client, broker])
                    state.connectionCount += 1
                    return state.connectionCount - 1
                }
                Self.serve(client, broker, faults(number), state)
            }
            close(listener)
        }.start()
    }

    deinit { stop() }

    package var connectionCount: Int { state.current.connectionCount }

    package func stop() {
        state.with { state in
            state.isStopped = true
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private static func serve(_ client: Int32, _ broker: Int32, _ faults: Faults, _ state: Shared<State>) {
        // So that a single byte is a segment.
        for descriptor in [client, broker] {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), 1 /* TCP_NODELAY */, &on, 4)
        }
        let shared = Shared((open: 2, isReset: false))
        for (source, sink, direction) in [(client, broker, faults.fromClient), (broker, client, faults.fromBroker)] {
            Thread {
                let end = move(from: source, to: sink, direction, state)
                shared.with { shared in
                    if end == .reset { shared.isReset = true }
                    shutdown(broker, Int32(SHUT_RDWR))
                    // An orderly end first would take the reset's place.
                    if !shared.isReset { shutdown(client, Int32(SHUT_RDWR)) }
                    shared.open -= 1
                    guard shared.open == 0 else { return }
                    state.with { $0.descriptors.subtract([client, broker]) }
                    if shared.isReset {
                        var linger = linger(l_onoff: 1, l_linger: 0)
                        setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                    }
                    close(client)
                    close(broker)
                }
            }.start()
        }
    }

    /// Returns when both ways are to be closed: how.
    private static func move(
        from source: Int32, to sink: Int32, _ direction: Direction, _ state: Shared<State>
    ) -> Direction.End {
        var left = direction.limit ?? .max
        var buffer = [UInt8](repeating: 0, count: min(16_384, max(1, direction.chunk)))
        while !state.current.isStopped {
            if left == 0 {
                switch direction.end {
                case .cut, .reset: return direction.end
                case .halfClose:
                    shutdown(sink, Int32(SHUT_WR))
                    left = -1
                case .blackHole, .stall: left = -1
                }
            }
            if left < 0, case .stall = direction.end {
                usleep(20_000)
                continue
            }
            guard Loopback.wait(source, seconds: 0.05) else { continue }
            let count = recv(source, &buffer, left < 0 ? buffer.count : min(buffer.count, left), 0)
            guard count > 0 else { return .cut }
            if left < 0 { continue }
            if direction.delay > 0 { usleep(UInt32(direction.delay * 1e6)) }
            guard (try? Loopback.sendAll(Array(buffer[..<count]), to: sink)) != nil else { return .cut }
            if left != .max { left -= count }
        }
        return .cut
    }
}
