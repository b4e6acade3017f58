internal import CLinux
package import Telemetry

/// What systemd is told: `sd_notify`'s datagrams, without its library (they are plain text, sd_notify(3)).
package struct ServiceManager {
    private let descriptor: Int32
    private let path: [UInt8]
    /// Half a watchdog period is the most that may pass; a healthy loop feeds it on any turn later than this after the last.
    private let watchdogAfter: Duration?
    private var lastFed: Instant

    /// - Parameter socketPath: `$NOTIFY_SOCKET`; nil: there is no service manager and nothing is sent.
    /// - Parameter watchdogMicroseconds: `$WATCHDOG_USEC`.
    package init(socketPath: String?, watchdogMicroseconds: String?, at now: Instant) {
        var bytes = socketPath.map { $0.bytes } ?? []
        // '@' stands for the NUL of an abstract socket.
        if bytes.first == 64 { bytes[0] = 0 }
        path = bytes.count <= 107 ? bytes : []
        descriptor = path.isEmpty ? -1 : socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        lastFed = now
        if descriptor >= 0, let text = watchdogMicroseconds, let period = Decimal(parsing: text.bytes)?.scaled(to: 0), period > 0 {
            watchdogAfter = min(.seconds(60), .microseconds(period / 3))
        } else {
            watchdogAfter = nil
        }
    }

    package func ready() { send("READY=1") }
    /// The configuration is read anew; `ready` says that it is done. Times are those of CLOCK_MONOTONIC (sd_notify(3)).
    package func reloading() {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
    }
    package func status(_ text: String) { send("STATUS=\(text)") }
    package func stopping() { send("STOPPING=1") }

    /// When the watchdog must be fed though nothing else happens; nil without a watchdog.
    package var deadline: Instant? {
        // Twice the time after which any turn feeds it: a sensor that is read more often costs no wake-up.
        watchdogAfter.map { lastFed.advanced(by: $0 * 2) }
    }

    package mutating func turn(at now: Instant) {
        guard let watchdogAfter, lastFed.advanced(by: watchdogAfter) <= now else { return }
        lastFed = now
        send("WATCHDOG=1")
    }

    private func send(_ text: String) {
        guard descriptor >= 0 else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            for index in path.indices { unsafe bytes[index] = path[index] }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let payload = text.bytes
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe payload.withUnsafeBytes {
                    unsafe sendto(
                        descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
                        address, length)
                }
            }
        }
    }
}
