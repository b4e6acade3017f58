import Foundation
import Glibc

/// A TCP relay on loopback between the daemon and a broker, to be cut, frozen or shut by a test.
///
/// It stands in for the cable: the broker and its other clients stay as they are.
final class Relay: @unchecked Sendable {
    enum Mode { case open, refusing, frozen }

    let port: Int
    private let target: Int
    private let listener: Int32
    private let lock = NSLock()
    private var mode = Mode.open
    private var pairs: [(Int32, Int32)] = []
    private var isClosed = false
    private var acceptedCount = 0

    init(to target: Int) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = Relay.loopback(port: 0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, 16) }
        }
        guard bound == 0, listen(listener, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
        var length = socklen_t(16)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &length) }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { self.loop() }
    }

    /// Connections that were accepted so far.
    var connections: Int { lock.withLock { acceptedCount } }

    func open() { lock.withLock { mode = .open } }

    /// Cuts what is connected, and closes each new connection at once.
    func refuse() {
        lock.withLock {
            mode = .refusing
            closeAll()
        }
    }

    /// Sockets stay open, nothing moves. What is frozen is cut by `open`'s caller with `cut`, or goes on.
    func freeze() { lock.withLock { mode = .frozen } }

    func cut() { lock.withLock { closeAll() } }

    func close() {
        lock.withLock {
            isClosed = true
            closeAll()
        }
    }

    private func closeAll() {
        for (a, b) in pairs {
            Glibc.close(a)
            Glibc.close(b)
        }
        pairs.removeAll()
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private func loop() {
        while true {
            let state = lock.withLock { (isClosed, mode, pairs) }
            if state.0 {
                Glibc.close(listener)
                return
            }
            var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            if state.1 == .open {
                for (a, b) in state.2 {
                    polled.append(pollfd(fd: a, events: Int16(POLLIN), revents: 0))
                    polled.append(pollfd(fd: b, events: Int16(POLLIN), revents: 0))
                }
            }
            // Short, so that a change of mode is seen.
            guard poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            lock.withLock {
                if polled[0].revents != 0 { acceptOne() }
                guard mode == .open else { return }
                for entry in polled.dropFirst() where entry.revents != 0 { move(from: entry.fd) }
            }
        }
    }

    private func acceptOne() {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        acceptedCount += 1
        if mode == .refusing {
            Glibc.close(client)
            return
        }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Relay.loopback(port: target)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, 16) }
        }
        if connected != 0 {
            Glibc.close(client)
            Glibc.close(server)
            return
        }
        var one: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        setsockopt(server, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        pairs.append((client, server))
    }

    private func move(from source: Int32) {
        guard let index = pairs.firstIndex(where: { $0.0 == source || $0.1 == source }) else { return }
        let (a, b) = pairs[index]
        let target = source == a ? b : a
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(source, &buffer, buffer.count)
        var rest = buffer[..<max(count, 0)]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if written <= 0 { break }
            rest = rest.dropFirst(written)
        }
        if count <= 0 || !rest.isEmpty {
            Glibc.close(a)
            Glibc.close(b)
            pairs.remove(at: index)
        }
    }
}
