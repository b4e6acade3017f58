import Foundation
import Glibc
import LinuxIO
import Testing

/// A server driven as the reactor drives it, by poll(2), in a thread of its own; it answers each line by `answer`.
private final class ServedSocket: @unchecked Sendable {
    let folder: URL
    let path: String
    private let stopped = DispatchSemaphore(value: 0)
    private let wantsStop = Flag()

    init(answer: @escaping @Sendable (String) -> [UInt8]) throws {
        folder = try temporaryFolder()
        path = folder.appendingPathComponent(controlSocketName).path
        let box = UncheckedBox(try ControlServer(path: path))
        Thread.detachNewThread { [self] in
            let server = box.value
            while !wantsStop.value {
                let watches = server.takeWatches()
                var entries = watches.map {
                    pollfd(
                        fd: $0.descriptor, events: Int16(($0.isReading ? POLLIN : 0) | ($0.isWriting ? POLLOUT : 0)),
                        revents: 0)
                }
                guard poll(&entries, nfds_t(entries.count), 20) > 0 else { continue }
                for (watch, entry) in zip(watches, entries) where entry.revents != 0 {
                    let lines = server.handle(
                        slot: watch.slot, isReadable: entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0,
                        isWritable: entry.revents & Int16(POLLOUT) != 0)
                    for line in lines {
                        server.respond(line.client, answer(String(decoding: line.bytes, as: UTF8.self)))
                    }
                }
            }
            server.remove()
            stopped.signal()
        }
    }

    func stop() {
        wantsStop.set()
        stopped.wait()
        try? FileManager.default.removeItem(at: folder)
    }
}

private struct UncheckedBox<T>: @unchecked Sendable {
    let value: T
    init(_ value: T) { self.value = value }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var stored = false
    var value: Bool { lock.withLock { stored } }
    func set() { lock.withLock { stored = true } }
}

private func rawSocket(_ path: String) -> Int32 {
    // A child of a test beside this one must not keep it open.
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
        for (index, byte) in path.utf8.enumerated() { bytes[index] = byte }
    }
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    return result == 0 ? descriptor : -1
}

private func sendText(_ descriptor: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
}

private func readAll(_ descriptor: Int32) -> String {
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count <= 0 { return String(decoding: text, as: UTF8.self) }
        text.append(contentsOf: chunk[..<count])
    }
}

private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gw-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

@Suite struct ControlSocketTests {
    @Test func `a line goes there and its answer comes back, several times on one connection`() throws {
        let socket = try ServedSocket { Array("<\($0)>".utf8) }
        defer { socket.stop() }
        let client = try ControlClient(paths: [socket.path], timeoutSeconds: 5)
        #expect(client.path == socket.path)
        #expect(try client.ask(Array("one".utf8)) == Array("<one>".utf8))
        #expect(try client.ask([]) == Array("<>".utf8))
        #expect(try client.ask(Array("two".utf8)) == Array("<two>".utf8))
    }

    @Test func `an answer larger than the socket's buffer arrives whole`() throws {
        let large = [UInt8](repeating: 0x78, count: 1_000_000)
        let socket = try ServedSocket { _ in large }
        defer { socket.stop() }
        let client = try ControlClient(paths: [socket.path], timeoutSeconds: 10)
        #expect(try client.ask(Array("x".utf8)) == large)
    }

    @Test func `lines sent at once, and one in two pieces, are answered in order`() throws {
        let socket = try ServedSocket { Array($0.utf8) }
        defer { socket.stop() }
        let descriptor = rawSocket(socket.path)
        defer { close(descriptor) }
        sendText(descriptor, "a\nb\nc")
        usleep(50_000)
        sendText(descriptor, "d\n")
        // Its side closed, a client still gets what it asked for.
        shutdown(descriptor, Int32(SHUT_WR))
        #expect(readAll(descriptor) == "a\nb\ncd\n")
    }

    @Test func `a line beyond the bound ends the client and nobody else`() throws {
        let socket = try ServedSocket { Array($0.utf8) }
        defer { socket.stop() }
        let good = try ControlClient(paths: [socket.path], timeoutSeconds: 5)
        let bad = rawSocket(socket.path)
        defer { close(bad) }
        let endless = String(repeating: "a", count: ControlServer.lineLimit + 1)
        sendText(bad, endless)
        #expect(readAll(bad) == "")
        let longest = Array(endless.utf8.dropLast())
        #expect(try good.ask(longest) == longest)
    }

    @Test func `a ninth client waits until one of the eight has gone`() throws {
        let socket = try ServedSocket { Array($0.utf8) }
        defer { socket.stop() }
        let eight = (0..<ControlServer.clientLimit).map { _ in rawSocket(socket.path) }
        usleep(100_000)
        let ninth = try ControlClient(paths: [socket.path], timeoutSeconds: 1)
        #expect(throws: ControlClientError.timeout(path: socket.path)) { try ninth.ask(Array("x".utf8)) }
        for descriptor in eight { close(descriptor) }
        let tenth = try ControlClient(paths: [socket.path], timeoutSeconds: 5)
        #expect(try tenth.ask(Array("y".utf8)) == Array("y".utf8))
    }

    @Test func `the socket may be used by its owner and group only, and is taken away at a stop`() throws {
        let socket = try ServedSocket { Array($0.utf8) }
        var status = stat()
        #expect(lstat(socket.path, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFSOCK)
        #expect(status.st_mode & 0o777 == 0o660)
        socket.stop()
        #expect(!FileManager.default.fileExists(atPath: socket.path))
    }

    @Test func `a socket that a dead daemon left behind is replaced, a live one is not`() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent(controlSocketName).path
        do { _ = try ControlServer(path: path) }
        #expect(FileManager.default.fileExists(atPath: path))
        let second = try ControlServer(path: path)
        #expect(throws: ControlSocketError.inUse) { try ControlServer(path: path) }
        #expect(second.takeWatches().count == 1)
    }

    @Test func `a file that is no socket is left alone`() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent(controlSocketName).path
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: ControlSocketError.notASocket) { try ControlServer(path: path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func `a path that is too long is an error, never a shorter path`() throws {
        let path = String(repeating: "x", count: 200)
        #expect(throws: ControlSocketError.system(SystemError(number: ENAMETOOLONG))) { try ControlServer(path: path) }
    }

    @Test func `without a daemon the client says so, and passes over what a dead one left`() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let stale = folder.appendingPathComponent("stale.sock").path
        do { _ = try ControlServer(path: stale) }
        let missing = folder.appendingPathComponent("missing.sock").path
        #expect(throws: ControlClientError.noDaemon) {
            _ = try ControlClient(paths: [missing, stale], timeoutSeconds: 1)
        }
        let socket = try ServedSocket { Array($0.utf8) }
        defer { socket.stop() }
        let client = try ControlClient(paths: [missing, stale, socket.path], timeoutSeconds: 5)
        #expect(try client.ask([0x61]) == [0x61])
    }

    @Test func `the socket is looked for in the contract's order`() {
        let paths = controlSocketPaths(stateDirectory: "/srv/state")
        #expect(paths.first == "/srv/state/godwit.sock")
        #expect(paths.last == "/var/lib/godwit/godwit.sock")
        #expect(paths.contains("/run/godwit/godwit.sock"))
        #expect(controlSocketPaths(stateDirectory: nil).first != "/srv/state/godwit.sock")
    }
}
