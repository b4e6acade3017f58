import Foundation
import Telemetry
import Testing

@testable import LinuxIO

struct ServiceManagerTests {
    /// The service manager's end: a datagram socket at a path.
    private final class Receiver {
        let path: String
        let descriptor: Int32

        init() throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString.prefix(8))").path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { bytes in
                for (index, byte) in path.utf8.enumerated() { bytes[index] = byte }
            }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
        }

        /// All that has come.
        var messages: [String] {
            var all: [String] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count <= 0 { return all }
                all.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }

        deinit {
            close(descriptor)
            unlink(path)
        }
    }

    private func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func `systemd is told that the configuration is read anew, and when, by the clock that it compares with`() throws {
        let receiver = try Receiver()
        let manager = ServiceManager(socketPath: receiver.path, watchdogMicroseconds: nil, at: .zero)
        func monotonic() -> Int64 {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        }
        let before = monotonic()
        manager.reloading()
        let lines = try #require(receiver.messages.first).split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == "RELOADING=1" && lines[1].hasPrefix("MONOTONIC_USEC="))
        let told = try #require(Int64(lines[1].dropFirst("MONOTONIC_USEC=".count)))
        #expect(told >= before && told <= monotonic())
    }

    @Test func `systemd is told that it is ready, how it is, and that it stops`() throws {
        let receiver = try Receiver()
        let manager = ServiceManager(socketPath: receiver.path, watchdogMicroseconds: nil, at: .zero)
        manager.ready()
        manager.status("Connected to the broker")
        manager.stopping()
        #expect(receiver.messages == ["READY=1", "STATUS=Connected to the broker", "STOPPING=1"])
        #expect(manager.deadline == nil, "without a watchdog nothing wakes it")
    }

    @Test func `the watchdog is fed by a turn that is late enough, and asks for a wake-up only when none comes`() throws {
        let receiver = try Receiver()
        var manager = ServiceManager(socketPath: receiver.path, watchdogMicroseconds: "180000000", at: instant(0))
        #expect(manager.deadline == instant(120))
        for second in stride(from: Int64(10), through: 300, by: 10) { manager.turn(at: instant(second)) }
        #expect(receiver.messages == Array(repeating: "WATCHDOG=1", count: 5))
        #expect(manager.deadline == instant(420))
    }

    @Test(arguments: [nil, "", "/no/such/socket", String(repeating: "x", count: 200)])
    func `without a service manager nothing is sent and nothing breaks`(path: String?) {
        var manager = ServiceManager(socketPath: path, watchdogMicroseconds: "1000000", at: .zero)
        manager.ready()
        manager.turn(at: instant(10))
    }
}
