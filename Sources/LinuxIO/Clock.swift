internal import CLinux
package import Telemetry

/// The system's clocks.
package struct Clock: Sendable {
    /// What counts as a known wall time (`publish.clock` in the contract).
    package enum Source: Hashable, Sendable {
        /// The kernel says that it is synchronised (`adjtimex`, no `STA_UNSYNC`).
        case kernel
        /// Always.
        case trust
    }
    package var source: Source

    package init(source: Source) { self.source = source }

    /// Both clocks, read one after the other. `CLOCK_BOOTTIME` counts through suspend.
    package func read() -> ClockReading {
        ClockReading(
            instant: Self.now, wallTime: WallTime(nanoseconds: Self.nanoseconds(of: CLOCK_REALTIME)), isKnown: isKnown)
    }

    private var isKnown: Bool {
        switch source {
        case .trust: return true
        case .kernel:
            var state = timex()
            let result = unsafe adjtimex(&state)
            return result >= 0 && result != TIME_ERROR && state.status & STA_UNSYNC == 0
        }
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
