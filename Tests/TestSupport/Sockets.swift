import Foundation

/// What a test's peer found wrong, with the evidence.
package enum PeerError: Error, CustomStringConvertible {
    case system(String, Int32)
    case closed
    case timeout(String)
    case malformed([UInt8])
    case unexpected(String)

    package var description: String {
        switch self {
        case .system(let call, let number): "\(call): \(String(cString: strerror(number)))"
        case .closed: "the peer closed the connection"
        case .timeout(let what): "timeout: \(what)"
        case .malformed(let bytes): "malformed packet: \(bytes.map { String($0, radix: 16) }.joined(separator: " "))"
        case .unexpected(let what): "unexpected: \(what)"
        }
    }
}

/// A TCP socket on the loopback interface.
enum Loopback {
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Port 0: a free one. Gives the descriptor and the port.
    static func listen(port: UInt16) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw PeerError.system("socket", errno) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = Self.address(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard bound == 0, Foundation.listen(descriptor, 16) == 0 else {
            let number = errno
            close(descriptor)
            throw PeerError.system("bind to port \(port)", number)
        }
        var length = size
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func connect(port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw PeerError.system("socket", errno) }
        var address = Self.address(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let number = errno
            close(descriptor)
            throw PeerError.system("connect to port \(port)", number)
        }
        return descriptor
    }

    /// True when there is something to read, or the end of the connection.
    static func wait(_ descriptor: Int32, events: Int32 = Int32(POLLIN), seconds: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&entry, 1, Int32(seconds * 1000)) > 0
    }

    static func sendAll(_ bytes: [UInt8], to descriptor: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw PeerError.closed
            }
            sent += count
        }
    }
}

/// A port of the loopback interface that was free a moment ago; not one that the kernel gives to clients and to others
/// that ask for any port, so that nobody else takes it by chance before it is used.
package func freePort() throws -> UInt16 {
    for _ in 0..<100 {
        guard let (descriptor, port) = try? Loopback.listen(port: UInt16.random(in: 10_240..<32_000)) else { continue }
        close(descriptor)
        return port
    }
    throw PeerError.unexpected("no port is free")
}

/// Waits until `condition` holds; false after `seconds`.
package func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
        if try condition() { return true }
        usleep(10_000)
    }
    return try condition()
}

/// A value that several threads share.
package final class Shared<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value
    package init(_ value: Value) { self.value = value }
    package func with<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
    package var current: Value { with { $0 } }
}

/// A folder that is removed at the end.
package final class TemporaryFolder: Sendable {
    package let url: URL
    package var path: String { url.path }
    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: url) }

    package func file(_ name: String) -> String { url.appendingPathComponent(name).path }
    @discardableResult package func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
        return file(name)
    }
}
