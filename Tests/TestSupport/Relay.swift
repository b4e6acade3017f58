import Foundation

/// A TCP relay between a client and a broker, which a test can cut, or make silent.
package final class Relay: @unchecked Sendable {
    package enum Mode: Sendable {
        case open
        /// Connections that stand stay open, and new ones are accepted, but no byte moves; what comes waits.
        case silent
        /// Connections that stand are cut; new ones are cut at once.
        case refusing
    }

    package let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private struct State {
        var mode: Mode
        var descriptors: [Int32] = []
        var isStopped = false
    }
    private let state: Shared<State>

    package init(to target: UInt16, mode: Mode = .open) throws {
        (listener, port) = try Loopback.listen(port: 0)
        self.target = target
        state = Shared(State(mode: mode))
        let (state, listener) = (state, listener)
        Thread {
            while !state.current.isStopped {
                guard Loopback.wait(listener, seconds: 0.05) else { continue }
                let client = accept(listener, nil, nil)
                guard client >= 0 else { continue }
                Self.serve(client, target: target, state)
            }
            close(listener)
        }.start()
    }

    deinit { stop() }

    package func set(_ mode: Mode) {
        state.with { state in
            state.mode = mode
            if mode == .refusing { for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) } }
        }
    }

    package func stop() {
        state.with { state in
            state.isStopped = true
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private static func serve(_ client: Int32, target: UInt16, _ state: Shared<State>) {
        guard state.current.mode != .refusing, let server = try? Loopback.connect(port: target) else {
            close(client)
            return
        }
        state.with { $0.descriptors += [client, server] }
        let open = Shared(2)
        for (source, sink) in [(client, server), (server, client)] {
            Thread {
                move(from: source, to: sink, state)
                shutdown(source, Int32(SHUT_RDWR))
                shutdown(sink, Int32(SHUT_RDWR))
                open.with { open in
                    open -= 1
                    guard open == 0 else { return }
                    state.with { state in state.descriptors.removeAll { $0 == client || $0 == server } }
                    close(client)
                    close(server)
                }
            }.start()
        }
    }

    private static func move(from source: Int32, to sink: Int32, _ state: Shared<State>) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while !state.current.isStopped {
            if state.current.mode == .silent {
                usleep(10_000)
                continue
            }
            guard Loopback.wait(source, seconds: 0.05) else { continue }
            if state.current.mode == .silent { continue }
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0, (try? Loopback.sendAll(Array(buffer[..<count]), to: sink)) != nil else { return }
        }
    }
}
