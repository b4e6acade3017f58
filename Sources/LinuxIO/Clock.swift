internal import CLinux
package import Telemetry

/// The system's clocks.
package struct Clock: Sendable {
    /// What counts as a known wall time (`publish.clock` in the contract).
    package enum Source: Hashable, Sendable {
        /// The kernel says that it is synchronised (`adjtimex`, no `STA_UNSYNC`).
        case kernel
        /// A real-time clock keeps it: there is one, and both its time and the system's are later than this program's release.
        /// What only a file or a guess brought forward is not known. The agent asks the ring as well: never earlier than there.
        case rtc
        /// Always.
        case trust
    }
    package var source: Source
    /// Once known in a boot, it stays known.
    private var isKeptByRTC = false
    private var askAgainAt = Instant.zero
    private let rtcFolder: String
    /// The chip answers over a slow bus: while it does not know the time it is asked once a minute.
    private static let rtcInterval = Duration.seconds(60)

    /// - Parameter rtcFolder: of the real-time clock in sysfs.
    package init(source: Source, rtcFolder: String = "/sys/class/rtc/rtc0") {
        self.source = source
        self.rtcFolder = rtcFolder
    }

    /// Both clocks, read one after the other. `CLOCK_BOOTTIME` counts through suspend.
    package mutating func read() -> ClockReading {
        let instant = Self.now
        let wallTime = WallTime(nanoseconds: Self.nanoseconds(of: CLOCK_REALTIME))
        return ClockReading(instant: instant, wallTime: wallTime, isKnown: isKnown(wallTime, at: instant))
    }

    private mutating func isKnown(_ wallTime: WallTime, at now: Instant) -> Bool {
        switch source {
        case .trust: return true
        case .rtc:
            guard wallTime > godwitReleaseTime else { return false }
            if !isKeptByRTC, askAgainAt <= now {
                askAgainAt = now.advanced(by: Self.rtcInterval)
                isKeptByRTC = rtcTime.map { $0 > godwitReleaseTime } ?? false
            }
            return isKeptByRTC
        case .kernel:
            var state = timex()
            let result = unsafe adjtimex(&state)
            return result >= 0 && result != TIME_ERROR && state.status & STA_UNSYNC == 0
        }
    }

    /// What the real-time clock says; nil: there is none, or it does not answer. Whole seconds; it may hold local time.
    private var rtcTime: WallTime? {
        guard let bytes = try? readFile(rtcFolder + "/since_epoch", limit: 64) else { return nil }
        let digits = bytes.prefix { $0 >= 48 && $0 <= 57 }
        guard !digits.isEmpty, digits.count <= 10, let seconds = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        return WallTime(nanoseconds: seconds * 1_000_000_000)
    }

    package static var now: Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_BOOTTIME)) }

    private static func nanoseconds(of clock: Int32) -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The first 8 hexadecimal digits of the kernel's boot id; 0 where there is no /proc.
    package static var bootID: BootID {
        guard let bytes = try? readFile("/proc/sys/kernel/random/boot_id", limit: 4096) else { return BootID(0) }
        var value: UInt32 = 0
        for byte in bytes.prefix(8) {
            let digit: UInt8 = byte >= 97 ? byte - 87 : byte >= 48 ? byte - 48 : 0
            value = value << 4 | UInt32(digit & 15)
        }
        return BootID(value)
    }
}

/// 64 bits from the kernel, for seeds.
package func kernelRandom() -> UInt64 {
    var value: UInt64 = 0
    _ = unsafe withUnsafeMutableBytes(of: &value) { unsafe getrandom($0.baseAddress, $0.count, 0) }
    return value
}
