import GPIOLines
import Glibc
import Telemetry

/// Outputs of `LineBoard` on real character devices. What reaches the line between two looks at it is told by the kernel's
/// own trace of its drivers (`events/gpio` of tracefs): every value that is driven, in order.
struct OutputChecks {
    let report: Report
    let interface: LineBoard.Interface
    let chip = SimulatedChip.standard
    var who: String { interface == .first ? "libgpiod 1.6's requests: " : "" }

    private func now() -> Instant { Instant(nanoseconds: bootNanoseconds()) }

    private func newBoard() -> LineBoard { LineBoard(chips: [], origin: now(), interface: interface) }

    @discardableResult
    private func set(
        _ board: LineBoard, _ line: Int, _ isOn: Bool, activeLow: Bool = false, consumer: String = "godwit:siren"
    ) throws -> Bool {
        try board.configure(
            slot: 1 << 20, reference: .name("GPIO\(line)"),
            settings: LineSettings(direction: .output(active: isOn), isActiveLow: activeLow), consumer: consumer, at: now())
    }

    func run() throws {
        let trace = try GPIOTrace()
        for isPulledUp in [false, true] {
            for isOn in [false, true] {
                for isActiveLow in [false, true] {
                    let isHigh = isOn != isActiveLow
                    report.check(
                        "\(who)an output is \(isHigh ? "high" : "low") from its request on\(isActiveLow ? ", active-low" : "")\(isPulledUp ? ", pulled up before" : "")"
                    ) {
                        let far = try chip.line(21)
                        far.drive(high: isPulledUp)
                        let board = newBoard()
                        try trace.begin()
                        report.equal(try set(board, 21, isOn, activeLow: isActiveLow), isOn, "logical level")
                        report.equal(try trace.driven(), [isHigh], "values driven")
                        report.equal(far.isHigh, isHigh, "level")
                    }
                }
            }
        }
        report.check("\(who)an output is switched in its request, without letting go") {
            let board = newBoard()
            let far = try chip.line(22)
            far.drive(high: true)
            try set(board, 22, true, activeLow: true)
            try trace.begin()
            for isOn in [false, true, true, false, true] {
                report.equal(try set(board, 22, isOn, activeLow: true), isOn, "logical level")
                report.equal(far.isHigh, !isOn, "level")
            }
            // The same again is not driven anew; a release would show its pull, or a request as an input.
            report.equal(try trace.driven(), [true, false, true, false], "values driven")
            report.equal(try trace.inputs(), 0, "times that it became an input")
            let other = newBoard()
            report.equal(problem { try set(other, 22, true) }, .busy(.name("GPIO22"), consumer: "godwit:siren"), "another request")
        }
        report.check("\(who)after its release the line of gpio-sim goes back to its pull, whatever was driven") {
            for isPulledUp in [false, true] {
                for isHigh in [false, true] {
                    let board = newBoard()
                    let far = try chip.line(23)
                    far.drive(high: isPulledUp)
                    try set(board, 23, isHigh)
                    report.equal(far.isHigh, isHigh, "driven")
                    board.release(slot: 1 << 20)
                    report.equal(far.isHigh, isPulledUp, "released")
                }
            }
        }
        report.check("\(who)so it does when the process is killed") {
            let far = try chip.line(24)
            far.drive(high: false)
            let child = fork_holding(24)
            defer { kill(child, SIGKILL) }
            report.expect(eventually { far.isHigh }, "the process does not drive the line")
            kill(child, SIGKILL)
            var status: Int32 = 0
            waitpid(child, &status, 0)
            report.expect(eventually { !far.isHigh }, "the line is held after the death of the process")
            try set(newBoard(), 24, true)
        }
        report.check("\(who)an output whose chip goes away is said to be gone at the next switch, and is had again") {
            let plug = try SimulatedChip("relay", label: "usb-relay", lines: ["RELAY0"])
            let board = newBoard()
            func relay(_ isOn: Bool) throws {
                _ = try board.configure(
                    slot: 1 << 20, reference: .name("RELAY0"), settings: LineSettings(direction: .output(active: isOn)),
                    consumer: "godwit:relay", at: now())
            }
            try relay(true)
            try plug.plugOut()
            report.equal(problem { try relay(false) }?.code, .missing, "code of the switch")
            report.equal(problem { try relay(false) }?.code, .missing, "code of the next request")
            try plug.plugIn()
            try trace.begin()
            try relay(true)
            report.equal(try trace.driven(), [true], "values driven")
            report.equal(try plug.line(0).isHigh, true, "level")
            board.release(slot: 1 << 20)
            try plug.plugOut()
        }
    }

    private func problem(_ body: () throws -> Void) -> LineProblem? {
        do {
            try body()
            return nil
        } catch { return error as? LineProblem }
    }

    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            sleep(milliseconds: 20)
        }
        return false
    }

    /// Another process of this program, which drives the line high until it is ended.
    private func fork_holding(_ line: Int) -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = [
            strdup(CommandLine.arguments[0]), strdup(interface == .first ? "drive-first" : "drive"), strdup("\(line)"), nil,
        ]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        precondition(posix_spawn(&child, "/proc/self/exe", nil, nil, &arguments, environ) == 0, "it starts itself")
        return child
    }
}

/// The kernel's trace of what GPIO drivers are asked to do.
struct GPIOTrace {
    private static let root = "/sys/kernel/debug/tracing"

    init() throws {
        for event in ["gpio_value", "gpio_direction"] { try writeFile("\(Self.root)/events/gpio/\(event)/enable", "1") }
        try writeFile("\(Self.root)/tracing_on", "1")
    }

    /// Forgets what was traced so far.
    func begin() throws {
        let descriptor = open("\(Self.root)/trace", O_WRONLY | O_TRUNC)
        if descriptor < 0 { throw Unusable(text: "the trace is not emptied: \(String(cString: strerror(errno)))") }
        close(descriptor)
    }

    /// The values that drivers were asked to drive, in order.
    func driven() throws -> [Bool] {
        try lines().filter { $0.contains("gpio_value:") && $0.contains(" set ") }.map { $0.hasSuffix(" 1") }
    }

    /// How often a line was made an input.
    func inputs() throws -> Int { try lines().filter { $0.contains("gpio_direction:") && $0.contains(" in ") }.count }

    private func lines() throws -> [Substring] {
        let descriptor = open("\(Self.root)/trace", O_RDONLY)
        if descriptor < 0 { throw Unusable(text: "no trace: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count <= 0 { break }
            text += bytes.prefix(count)
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
    }
}
