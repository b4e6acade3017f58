internal import CLinux
internal import Telemetry

/// The name of the daemon's socket in its runtime folder, else in its state folder.
package let controlSocketName = "godwit.sock"

package enum ControlSocketError: Error, Hashable, Sendable {
    /// Another daemon answers at this path.
    case inUse
    /// A file of another kind stands at the path; it is left alone.
    case notASocket
    case system(SystemError)
}

/// The daemon's side of the control socket: a listening AF_UNIX stream socket and its clients, one line each way.
///
/// Nothing here blocks. The caller waits for what `takeWatches` names and calls `handle`; lines come out, and the answers go
/// back by `respond`. Bounds: 8 clients (the ninth waits in the kernel's queue), 64 KiB a line, 1 MiB of answers that a
/// client does not read; a client that oversteps is closed.
package final class ControlServer {
    package static let clientLimit = 8
    package static let lineLimit = 64 << 10
    package static let answerLimit = 1 << 20

    /// What the caller's epoll is to wait for, of one slot: 0 is the listener, 1 to 8 are clients.
    package struct Watch: Hashable, Sendable {
        package var slot: Int
        package var descriptor: Int32
        /// Another number means that the descriptor is another one, though it may look the same.
        package var generation: UInt64
        package var isReading: Bool
        package var isWriting: Bool
    }

    /// One line of a client, without its line end.
    package struct Line: Hashable, Sendable {
        /// Of this connection; never used again.
        package var client: Int
        package var bytes: [UInt8]
    }

    private struct Client {
        var number: Int
        var descriptor: Int32
        var received: [UInt8] = []
        var unsent: [UInt8] = []
        /// It has closed its side; what is unsent still goes out.
        var isEnding = false
        /// How many of its lines wait for their answer.
        var unanswered = 0
    }

    private let path: String
    private let listener: Int32
    private var clients: [Client?] = Array(repeating: nil, count: clientLimit)
    private var accepted = 0
    /// `takeWatches` may give something else than when it was asked for last.
    package private(set) var hasChanged = true

    /// Makes the socket with the mode 0660. One that a dead daemon left behind is replaced.
    package init(path: String) throws(ControlSocketError) {
        self.path = path
        try Self.clear(path)
        let descriptor = clinux_unix_socket(1)
        if descriptor < 0 { throw .system(.last) }
        if unsafe clinux_unix_bind(descriptor, path) != 0 || listen(descriptor, Int32(Self.clientLimit)) != 0 {
            let error = SystemError.last
            close(descriptor)
            throw .system(error)
        }
        listener = descriptor
    }

    deinit {
        for client in clients { if let client { close(client.descriptor) } }
        close(listener)
    }

    /// Takes the name away, at a stop.
    package func remove() { _ = unsafe unlink(path) }

    /// Removes a socket at which nobody listens.
    private static func clear(_ path: String) throws(ControlSocketError) {
        var status = stat()
        if unsafe lstat(path, &status) != 0 {
            let error = SystemError.last
            if error.isNotFound { return }
            throw .system(error)
        }
        if status.st_mode & UInt32(S_IFMT) != UInt32(S_IFSOCK) { throw .notASocket }
        // Not blocking: a daemon whose queue is full is alive.
        let probe = clinux_unix_socket(1)
        if probe < 0 { throw .system(.last) }
        defer { close(probe) }
        if unsafe clinux_unix_connect(probe, path) == 0 { throw .inUse }
        let error = SystemError.last
        if error.number != ECONNREFUSED { throw error.number == EAGAIN ? .inUse : .system(error) }
        if unsafe unlink(path) != 0 { throw .system(.last) }
    }

    package func takeWatches() -> [Watch] {
        hasChanged = false
        let isFull = clients.allSatisfy { $0 != nil }
        var watches = [Watch(slot: 0, descriptor: listener, generation: 0, isReading: !isFull, isWriting: false)]
        for (index, client) in clients.enumerated() {
            guard let client else { continue }
            watches.append(
                Watch(
                    slot: index + 1, descriptor: client.descriptor, generation: UInt64(client.number),
                    isReading: !client.isEnding, isWriting: !client.unsent.isEmpty))
        }
        return watches
    }

    /// To be called when a watched slot is ready; a slot that is gone by now is passed over.
    package func handle(slot: Int, isReadable: Bool, isWritable: Bool) -> [Line] {
        hasChanged = true
        if slot == 0 {
            acceptClients()
            return []
        }
        guard clients.indices.contains(slot - 1) else { return [] }
        if isWritable { send(slot - 1) }
        return isReadable ? receive(slot - 1) : []
    }

    /// Gives a client one line; a client that is gone is passed over.
    /// - Parameter bytes: without a line end.
    package func respond(_ client: Int, _ bytes: [UInt8]) {
        guard let index = clients.firstIndex(where: { $0?.number == client }) else { return }
        hasChanged = true
        if clients[index]!.unanswered > 0 { clients[index]!.unanswered -= 1 }
        clients[index]!.unsent.append(contentsOf: bytes)
        clients[index]!.unsent.append(0x0A)
        if clients[index]!.unsent.count > Self.answerLimit { return end(index) }
        send(index)
    }

    private func acceptClients() {
        while let index = clients.firstIndex(where: { $0 == nil }) {
            let descriptor = clinux_accept(listener)
            // What a client spoils is the client's matter (accept(2)); anything else comes again with the next event.
            if descriptor < 0 { return }
            accepted += 1
            clients[index] = Client(number: accepted, descriptor: descriptor)
        }
    }

    private func end(_ index: Int) {
        if let client = clients[index] { close(client.descriptor) }
        clients[index] = nil
    }

    private func send(_ index: Int) {
        guard var client = clients[index] else { return }
        while !client.unsent.isEmpty {
            let count = unsafe client.unsent.withUnsafeBytes {
                unsafe clinux_send(client.descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                let error = clinux_errno()
                if error == EINTR { continue }
                if error != EAGAIN { return end(index) }
                break
            }
            client.unsent.removeFirst(count)
        }
        clients[index] = client
        endIfDone(index)
    }

    /// A client that has closed its side is let go when nothing more is for it.
    private func endIfDone(_ index: Int) {
        if let client = clients[index], client.isEnding, client.unsent.isEmpty, client.unanswered == 0 { end(index) }
    }

    private func receive(_ index: Int) -> [Line] {
        guard var client = clients[index], !client.isEnding else {
            // Readable again after its end: the other side is gone altogether.
            end(index)
            return []
        }
        var lines: [Line] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        // At most one line's bound a turn: a client that never pauses cannot hold the loop.
        var budget = Self.lineLimit
        while budget > 0 {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(client.descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                let error = clinux_errno()
                if error == EINTR { continue }
                if error == EAGAIN { break }
                end(index)
                return lines
            }
            if count == 0 {
                client.isEnding = true
                break
            }
            budget -= count
            for byte in chunk[..<count] {
                if byte == 0x0A {
                    lines.append(Line(client: client.number, bytes: client.received))
                    client.received.removeAll(keepingCapacity: true)
                } else if client.received.count == Self.lineLimit {
                    end(index)
                    return []
                } else {
                    client.received.append(byte)
                }
            }
        }
        client.unanswered += lines.count
        clients[index] = client
        endIfDone(index)
        return lines
    }
}

/// The command line's side: one connection, one line there, one line back, blocking with a time limit.
package final class ControlClient {
    private let descriptor: Int32
    package let path: String

    /// Connects to the first path at which a daemon answers.
    ///
    /// - Throws: of the paths, the failure that says most: not permitted before refused before not there.
    package init(paths: [String], timeoutSeconds: Int) throws(ControlClientError) {
        var best = ControlClientError.noDaemon
        for path in paths {
            let descriptor = clinux_unix_socket(0)
            if descriptor < 0 { throw .system(path: path, .last) }
            clinux_set_timeouts(descriptor, Int32(clamping: timeoutSeconds))
            if unsafe clinux_unix_connect(descriptor, path) == 0 {
                self.descriptor = descriptor
                self.path = path
                return
            }
            let error = SystemError.last
            close(descriptor)
            if !error.isNotFound, error.number != ECONNREFUSED, best == .noDaemon {
                best = .system(path: path, error)
            }
        }
        throw best
    }

    deinit { close(descriptor) }

    /// Sends one line and waits for the line that answers it.
    package func ask(_ line: [UInt8]) throws(ControlClientError) -> [UInt8] {
        var rest = (line + [0x0A])[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe clinux_send(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if clinux_errno() == EINTR { continue }
                throw failure()
            }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if clinux_errno() == EINTR { continue }
                throw failure()
            }
            if count == 0 { throw .closed(path: path) }
            if let end = chunk[..<count].firstIndex(of: 0x0A) { return answer + chunk[..<end] }
            answer.append(contentsOf: chunk[..<count])
            if answer.count > ControlServer.answerLimit { throw .closed(path: path) }
        }
    }

    private func failure() -> ControlClientError {
        let error = SystemError.last
        return error.number == EAGAIN ? .timeout(path: path) : .system(path: path, error)
    }
}

package enum ControlClientError: Error, Hashable, Sendable {
    /// Nowhere is a socket, or nobody listens at it.
    case noDaemon
    case timeout(path: String)
    case closed(path: String)
    case system(path: String, SystemError)
}

/// Where the daemon's socket may be, in the order of the contract, section 7.
///
/// - Parameter stateDirectory: of `--state-directory`. Nil: not given.
package func controlSocketPaths(stateDirectory: String?) -> [String] {
    // systemd may name several folders, with colons between.
    let folders = [
        stateDirectory, environment("RUNTIME_DIRECTORY").map(firstOfList), "/run/godwit",
        environment("STATE_DIRECTORY").map(firstOfList), "/var/lib/godwit",
    ]
    return folders.compactMap { $0 }.filter { !$0.isEmpty }.map { "\($0)/\(controlSocketName)" }
}

private func firstOfList(_ list: String) -> String {
    String(decoding: list.bytes.prefix { $0 != 0x3A }, as: UTF8.self)
}
