import CLinux
import Glibc

/// Sets the kernel's wall clock, and whether the kernel says that it is synchronised.
enum ClockSetter {
    /// As `date -s` does it: the kernel then says that it is not synchronised.
    static func set(by seconds: Int) throws(Refused) {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { throw Refused() }
        time.tv_sec += seconds
        guard clock_settime(CLOCK_REALTIME, &time) == 0 else { throw Refused() }
    }

    /// As a time service does it: in one call, and synchronised.
    static func step(by seconds: Int) throws(Refused) {
        try adjust(modes: ADJ_SETOFFSET, seconds: seconds, isSynchronised: true)
    }

    static func say(isSynchronised: Bool) throws(Refused) {
        try adjust(modes: 0, seconds: 0, isSynchronised: isSynchronised)
    }

    private static func adjust(modes: Int32, seconds: Int, isSynchronised: Bool) throws(Refused) {
        var state = timex()
        state.modes = UInt32(modes | ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR)
        state.time.tv_sec = seconds
        state.status = isSynchronised ? STA_PLL : STA_UNSYNC
        // The kernel counts it up and takes the clock for lost at 16 s.
        state.maxerror = isSynchronised ? 1_000 : 16_000_000
        guard adjtimex(&state) >= 0 else { throw Refused() }
    }

    struct Refused: Error, CustomStringConvertible {
        let description = "the clock cannot be set: errno \(errno)"
    }
}
