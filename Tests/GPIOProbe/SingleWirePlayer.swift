import Glibc

/// The far end of an am2302: waits for start pulses on a simulated line and answers each, with the widths of the data
/// sheet (Aosong, AM2302 product manual, section 7).
struct SingleWirePlayer {
    let line: SimulatedLine
    /// Humidity and temperature in tenths, and their sum.
    let bytes: [UInt8]

    /// - Parameter temperature: in tenths of a degree; below zero it goes as a magnitude with bit 15 set.
    init(line: SimulatedLine, humidity: Int, temperature: Int) {
        self.line = line
        let word = temperature < 0 ? 0x8000 | -temperature : temperature
        var bytes = [humidity >> 8, humidity & 255, word >> 8, word & 255].map { UInt8($0) }
        bytes.append(bytes.reduce(0, &+))
        self.bytes = bytes
    }

    /// How long the line is released before the sensor answers: 20 to 200 µs, by the data sheet. The guest has one
    /// processor, and until then it must be free for who released the line: the kernel begins a thread for the interrupt.
    static let release: Int64 = 150_000

    func run() -> Never {
        // The kernel may end a sleep 50 µs late otherwise.
        try? writeFile("/proc/self/timerslack_ns", "1")
        // Once ahead of time, so that no page of this program is read from the host in the middle of an answer.
        answer()
        mlockall(3)
        while true {
            // A start pulse is at least 0.8 ms long.
            while line.isHigh { usleep(300) }
            let began = nanoseconds()
            while !line.isHigh, nanoseconds() - began < 100_000_000 { usleep(10) }
            if line.isHigh { answer() }
        }
    }

    private func answer() {
        var next = nanoseconds() + Self.release
        // A sensor is never late: whoever released the line has the processor while this sleeps, and no longer. While it plays
        // nobody else runs, but for interrupts: the edges wait in the kernel's buffer.
        schedule(SCHED_FIFO, priority: 10)
        defer { schedule(SCHED_OTHER, priority: 0) }
        usleep(UInt32(Self.release / 1000 - 20))
        func hold(high: Bool, microseconds: Int64) {
            while nanoseconds() < next {}
            line.drive(high: high)
            next += microseconds * 1000
        }
        hold(high: false, microseconds: 80)
        hold(high: true, microseconds: 80)
        for bit in 0..<40 {
            hold(high: false, microseconds: 50)
            hold(high: true, microseconds: bytes[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1 ? 70 : 26)
        }
        hold(high: false, microseconds: 50)
        hold(high: true, microseconds: 0)
    }

    private func schedule(_ policy: Int32, priority: Int32) {
        var parameters = sched_param()
        parameters.sched_priority = priority
        sched_setscheduler(0, policy, &parameters)
    }

    private func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
