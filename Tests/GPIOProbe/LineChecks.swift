import GPIOLines
import Glibc
import Telemetry

/// What `LineBoard` promises, on real character devices.
struct LineChecks {
    let report: Report
    let chip = SimulatedChip.standard

    static let input = LineSettings(edge: .both)

    func now() -> Instant { Instant(nanoseconds: bootNanoseconds()) }

    func board(_ interface: LineBoard.Interface = .best, chips: [ChipDeclaration] = []) -> LineBoard {
        LineBoard(chips: chips, origin: now(), interface: interface)
    }

    @discardableResult
    func configure(
        _ board: LineBoard, _ slot: Int, _ reference: LineReference, _ settings: LineSettings = LineSettings(),
        consumer: String = "godwit:probe"
    ) throws -> Bool {
        try board.configure(slot: slot, reference: reference, settings: settings, consumer: consumer, at: now())
    }

    func problem(_ body: () throws -> Void) -> LineProblem? {
        do {
            try body()
            return nil
        } catch { return error as? LineProblem }
    }

    /// Waits for edge events as the daemon does, by poll(2), and reads until none came for 100 ms.
    func read(_ board: LineBoard, _ slot: Int) throws -> [EdgeBatch] {
        var batches: [EdgeBatch] = []
        for _ in 0..<1000 {
            guard let descriptor = board.descriptor(slot: slot) else { return batches }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 100) <= 0 { break }
            batches += try board.readEdgeEvents(slot: slot, at: now())
        }
        return batches
    }

    func run() throws {
        try finding()
        try raspberryPi()
        try failing()
        try levels()
        try edges()
        try switching()
        try goingAway()
        try permissions()
    }

    // MARK: Finding

    func finding() throws {
        let kernelName = try chip.kernelName()
        let far = try chip.line(5)
        let references: [(String, LineReference)] = [
            ("by its kernel name over all chips", .name("GPIO5")),
            ("by chip label and offset", .offset(chip: "gpio-vm", offset: 5)),
            ("by the chip's kernel name and offset", .offset(chip: kernelName, offset: 5)),
            ("by the chip's path and offset", .offset(chip: "/dev/\(kernelName)", offset: 5)),
            ("by chip label and name", .nameOnChip(chip: "gpio-vm", name: "GPIO5")),
            ("by a name from chips", .nameOnChip(chip: "header", name: "GPIO5")),
        ]
        for (how, reference) in references {
            report.check("a line is found \(how)") {
                let board = board(chips: [ChipDeclaration(name: "header", chip: "gpio-vm")])
                far.drive(high: true)
                report.equal(try configure(board, 0, reference), true, "level")
                far.drive(high: false)
                report.equal(try board.level(slot: 0, at: now()), false, "level")
            }
        }
        report.check("a chip found by a link to its device") {
            symlink(kernelName, "/dev/gpiochip77")
            defer { unlink("/dev/gpiochip77") }
            far.drive(high: true)
            report.equal(try configure(board(), 0, .offset(chip: "/dev/gpiochip77", offset: 5)), true, "level")
            // Were the link taken for a second chip, the name would be ambiguous.
            try configure(board(), 0, .name("GPIO6"))
        }
    }

    /// gpio-sim in the place of a Raspberry Pi's chip: its label, and names as no kernel gives them.
    func raspberryPi() throws {
        report.check("a Raspberry Pi's names mean the line itself, whatever the kernel calls it, and problems name the pin") {
            var names = [String](repeating: "", count: 28)
            names[4] = "ID_SDA"
            names[22] = "BCM17"
            let label = "pinctrl-bcm2711"
            let pi = try SimulatedChip("pi", label: label, lines: names)
            defer { try? pi.plugOut() }
            let references: [(LineReference, Int)] = [
                (.name("BCM17"), 17), (.header(11), 17), (.nameOnChip(chip: label, name: "GPIO17"), 17), (.header(7), 4),
                (.nameOnChip(chip: label, name: "ID_SDA"), 4), (.header(15), 22), (.offset(chip: label, offset: 22), 22), (.name("BCM27"), 27),
            ]
            for (reference, offset) in references {
                let far = try pi.line(offset)
                let board = board()
                far.drive(high: true)
                report.equal(try configure(board, 0, reference), true, "level of \(reference.text)")
                far.drive(high: false)
                report.equal(try board.level(slot: 0, at: now()), false, "level of \(reference.text)")
                report.equal(
                    problem { try configure(self.board(), 0, .offset(chip: label, offset: UInt32(offset))) }?.text.contains("(header pin "),
                    true, "the pin in the problem")
            }
            let holder = board()
            try configure(holder, 0, .name("BCM17"), consumer: "godwit:other")
            report.equal(
                problem { try configure(board(), 0, .header(11)) }?.text,
                "line GPIO17 (header pin 11) is in use by 'godwit:other'", "problem")
            // The other chip's kernel name is the same.
            report.equal(problem { try configure(board(), 0, .name("GPIO17")) }?.code, .ambiguous, "code")
        }
        report.check("a pin of the header without a Raspberry Pi's chip says what is there") {
            let found = problem { try configure(board(), 0, .header(11)) }
            report.expect(found?.text.contains("GPIO17 (header pin 11): no chip 'pinctrl-bcm*'; there is gpiochip") ?? false, "\(found?.text ?? "nothing")")
        }
    }

    // MARK: Failing

    func failing() throws {
        report.check("a missing line names the near ones and the chips searched") {
            let found = problem { try configure(board(), 0, .name("GPI17")) }
            report.equal(found?.code, .missing, "code")
            report.expect(found?.text.contains("near: GPIO7, GPIO17;") ?? false, "\(found?.text ?? "nothing")")
            report.expect(found?.text.contains("[gpio-vm], 32 lines") ?? false, "\(found?.text ?? "nothing")")
        }
        report.check("an offset beyond the chip is missing") {
            report.equal(problem { try configure(board(), 0, .offset(chip: "gpio-vm", offset: 32)) }?.code, .missing, "code")
        }
        report.check("a missing chip lists those that are here") {
            let found = problem { try configure(board(), 0, .offset(chip: "pinctrl-rp1", offset: 0)) }
            report.expect(found?.text.contains("no chip 'pinctrl-rp1'; there is") ?? false, "\(found?.text ?? "nothing")")
        }
        report.check("a busy line names its consumer, and is had when it is free again") {
            let other = board()
            let board = board()
            try configure(other, 0, .name("GPIO8"), consumer: "godwit:other")
            report.equal(
                problem { try configure(board, 0, .name("GPIO8")) },
                .busy(.name("GPIO8"), consumer: "godwit:other"), "problem")
            other.release(slot: 0)
            try configure(board, 0, .name("GPIO8"))
        }
        report.check("a line that the kernel itself holds names that consumer; a name on two chips is ambiguous") {
            let second = try SimulatedChip(
                "second", label: "second-chip", lines: ["led", "GPIO9", ""], hogs: [0: "heartbeat"])
            defer { try? second.plugOut() }
            report.equal(
                problem { try configure(board(), 0, .name("led")) }, .busy(.name("led"), consumer: "heartbeat"), "problem")
            let found = problem { try configure(board(), 0, .name("GPIO9")) }
            report.equal(found?.code, .ambiguous, "code")
            report.expect(
                found?.text.contains("offset 9 of \(try chip.kernelName()) [gpio-vm], offset 1 of") ?? false,
                "\(found?.text ?? "nothing")")
            try configure(board(), 0, .nameOnChip(chip: "second-chip", name: "GPIO9"))
        }
    }

    // MARK: Levels

    func levels() throws {
        report.check("bias pulls the line") {
            let board = board()
            report.equal(try configure(board, 0, .name("GPIO10"), LineSettings(bias: .pullUp)), true, "pull-up")
            report.equal(try configure(board, 0, .name("GPIO10"), LineSettings(bias: .pullDown)), false, "pull-down")
        }
        report.check("an active-low line is active when it is low, and its falling edge rises") {
            let board = board()
            let far = try chip.line(11)
            far.drive(high: true)
            let settings = LineSettings(edge: .both, isActiveLow: true)
            report.equal(try configure(board, 0, .name("GPIO11"), settings), false, "level when high")
            far.drive(high: false)
            report.equal(try board.level(slot: 0, at: now()), true, "level when low")
            report.equal(try read(board, 0).flatMap(\.events).map(\.kind), [.rising], "edges")
        }
        report.check("an output drives the line, by its logical value") {
            let board = board()
            let far = try chip.line(12)
            try configure(board, 0, .name("GPIO12"), LineSettings(direction: .output(active: true)))
            report.equal(far.isHigh, true, "active")
            try configure(board, 0, .name("GPIO12"), LineSettings(direction: .output(active: false)))
            report.equal(far.isHigh, false, "inactive")
            try configure(board, 0, .name("GPIO12"), LineSettings(direction: .output(active: true), isActiveLow: true))
            report.equal(far.isHigh, false, "active, active-low")
        }
    }

    // MARK: Edges

    func edges() throws {
        report.check("edges come numbered from 1, in order, stamped on the boot clock") {
            let board = board()
            let far = try chip.line(13)
            far.drive(high: false)
            try configure(board, 0, .name("GPIO13"), Self.input)
            let before = now()
            for i in 0..<10 { far.drive(high: i % 2 == 0) }
            let after = now()
            let batches = try read(board, 0)
            report.equal(batches.map(\.lostBefore), Array(repeating: 0, count: batches.count), "lost")
            let events = batches.flatMap(\.events)
            report.equal(events.map(\.lineSequence), Array(1...10), "numbers")
            report.equal(events.map(\.kind), (0..<10).map { $0 % 2 == 0 ? .rising : .falling }, "kinds")
            report.equal(events.map(\.instant), events.map(\.instant).sorted(), "order of time")
            report.expect(events.allSatisfy { before <= $0.instant && $0.instant <= after }, "stamps outside the time of the edges")
        }
        report.check("only the edges asked for are reported") {
            let board = board()
            let far = try chip.line(13)
            for (edge, kind) in [(LineSettings.Edge.rising, EdgeEvent.Kind.rising), (.falling, .falling)] {
                far.drive(high: false)
                try configure(board, 0, .name("GPIO13"), LineSettings(edge: edge))
                for i in 0..<6 { far.drive(high: i % 2 == 0) }
                report.equal(try read(board, 0).flatMap(\.events).map(\.kind), [kind, kind, kind], "edges")
                board.release(slot: 0)
            }
        }
        report.check("a full buffer drops the oldest, and the gap says exactly how many") {
            let board = board()
            let far = try chip.line(14)
            far.drive(high: false)
            try configure(board, 0, .name("GPIO14"), LineSettings(edge: .both, eventBufferSize: 16))
            for i in 0..<101 { far.drive(high: i % 2 == 0) }
            sleep(milliseconds: 50)
            let batches = try read(board, 0)
            let count = batches.reduce(0) { $0 + $1.events.count }
            let lost = batches.reduce(0) { $0 + Int($1.lostBefore) }
            report.expect(lost > 0, "nothing lost")
            report.equal(count + lost, 101, "read and lost")
            report.expect(batches.allSatisfy(\.lostIsExact), "not exact")
            report.equal(batches.last?.events.last?.lineSequence, 101, "last number")
            report.equal(try board.level(slot: 0, at: now()), true, "level after the gap")
        }
        report.check("1,000 edges arrive without a gap in a large buffer") {
            let board = board()
            let far = try chip.line(14)
            far.drive(high: false)
            try configure(board, 1, .name("GPIO14"), LineSettings(edge: .both, eventBufferSize: 1024))
            for i in 0..<1000 {
                far.drive(high: i % 2 == 0)
                usleep(50)
            }
            let batches = try read(board, 1)
            report.equal(batches.reduce(0) { $0 + $1.events.count }, 1000, "events")
            report.equal(batches.reduce(0) { $0 + Int($1.lostBefore) }, 0, "lost")
        }
        debounce("the kernel's debounce", .best)
        debounce("a debounce shorter than a tick of the kernel", .best, period: .milliseconds(5))
        report.check("pulses longer than a short debounce all pass") {
            let board = board()
            let far = try chip.line(15)
            far.drive(high: false)
            let settings = LineSettings(edge: .falling, debouncePeriod: .milliseconds(2), eventBufferSize: 256)
            try configure(board, 0, .name("GPIO15"), settings)
            var events: [EdgeEvent] = []
            for i in 0..<100 {
                far.drive(high: i % 2 == 0)
                usleep(3000)
                events += try board.readEdgeEvents(slot: 0, at: now()).flatMap(\.events)
                events += board.advance(to: now()).flatMap(\.batch.events)
            }
            report.equal(events.count, 50, "falling edges")
        }
    }

    func debounce(_ who: String, _ interface: LineBoard.Interface, period: Duration = .milliseconds(30)) {
        report.check("\(who) lets no bounce through, and no short pulse") {
            let board = board(interface)
            let far = try chip.line(15)
            far.drive(high: false)
            let settings = LineSettings(edge: .both, debouncePeriod: period, eventBufferSize: 256)
            report.equal(try configure(board, 0, .name("GPIO15"), settings), false, "level")
            for i in 0..<21 { far.drive(high: i % 2 == 0) }
            report.equal(try settled(board, 0).map(\.kind), [.rising], "edges of a bouncing press")
            report.equal(try board.level(slot: 0, at: now()), true, "level after the press")
            far.drive(high: false)
            far.drive(high: true)
            report.equal(try settled(board, 0).map(\.kind), [], "edges of a short pulse")
            far.drive(high: false)
            report.equal(try settled(board, 0).map(\.kind), [.falling], "edges of the release")
        }
    }

    /// The edges of at least 150 ms, whoever debounces.
    func settled(_ board: LineBoard, _ slot: Int) throws -> [EdgeEvent] {
        var events: [EdgeEvent] = []
        let end = now().advanced(by: .milliseconds(150))
        while now() < end {
            let batches = try read(board, slot)
            events += batches.flatMap(\.events)
            // After a loss the level is read again, as the daemon does.
            if batches.contains(where: { $0.lostBefore > 0 }) { _ = try board.level(slot: slot, at: now()) }
            if let deadline = board.deadline, deadline <= now() {
                events += board.advance(to: now()).filter { $0.slot == slot }.flatMap(\.batch.events)
            }
            sleep(milliseconds: 5)
        }
        return events
    }

    // MARK: Direction

    func switching() throws {
        report.check("the direction is switched for a start pulse, and the answer read, in one request") {
            let board = board()
            let far = try chip.line(16)
            far.drive(high: true)
            let listen = LineSettings(edge: .both, bias: .pullUp, eventBufferSize: 128)
            let pulse = LineSettings(direction: .output(active: false), bias: .pullUp, eventBufferSize: 128)
            for round in 0..<3 {
                try configure(board, 0, .name("GPIO16"), pulse)
                report.equal(far.isHigh, false, "round \(round): start pulse")
                sleep(milliseconds: 2)
                report.equal(try configure(board, 0, .name("GPIO16"), listen), true, "round \(round): released")
                for i in 0..<84 { far.drive(high: i % 2 == 1) }
                let batches = try read(board, 0)
                report.equal(batches.map(\.lostBefore), Array(repeating: 0, count: batches.count), "round \(round): lost")
                report.equal(batches.reduce(0) { $0 + $1.events.count }, 84, "round \(round): edges")
                report.equal(batches.first?.events.first?.kind, .falling, "round \(round): first edge")
                // Edges that nobody read before the next start pulse are dropped, and not called lost.
                for i in 0..<5 { far.drive(high: i % 2 == 1) }
            }
        }
    }

    // MARK: Going away

    func goingAway() throws {
        report.check("a chip that goes away is said to be gone, and its line is had again when it comes back") {
            let plug = try SimulatedChip("plug", label: "usb-chip", lines: ["PLUG0", "PLUG1"])
            let board = board()
            try configure(board, 0, .name("PLUG1"), Self.input)
            try plug.plugOut()
            let found = problem { _ = try board.level(slot: 0, at: now()) }
            report.equal(found?.isGone, true, "gone (\(found?.text ?? "no problem"))")
            report.equal(problem { try configure(board, 0, .name("PLUG1"), LineSettings(edge: .rising)) }?.code, .missing, "code")
            report.equal(problem { try configure(board, 0, .name("PLUG1")) }?.code, .missing, "code of the next request")
            try plug.plugIn()
            try configure(board, 0, .name("PLUG1"), Self.input)
            try plug.line(1).drive(high: true)
            report.equal(try read(board, 0).flatMap(\.events).count, 1, "edges of the new request")
            board.release(slot: 0)
            try plug.plugOut()
        }
        report.check("with a line missing and one busy the others go on") {
            let other = board()
            let board = board()
            try configure(other, 0, .name("GPIO17"), consumer: "godwit:other")
            let far = try chip.line(18)
            far.drive(high: false)
            try configure(board, 0, .name("GPIO18"), Self.input)
            for _ in 0..<3 {
                report.equal(problem { try configure(board, 1, .name("GPIO99")) }?.code, .missing, "missing")
                report.equal(problem { try configure(board, 2, .name("GPIO17")) }?.code, .busy, "busy")
            }
            far.drive(high: true)
            report.equal(try read(board, 0).flatMap(\.events).count, 1, "edges of the line that is held")
        }
    }

    func permissions() throws {
        report.check("a chip that may not be opened is said to be not permitted") {
            chmod("/dev/\(try chip.kernelName())", 0o600)
            seteuid(65534)
            defer { seteuid(0) }
            let found = problem { try configure(board(), 0, .name("GPIO19")) }
            report.equal(found?.code, .notPermitted, "code")
            report.expect(found?.text.contains("/dev/gpiochip") ?? false, "\(found?.text ?? "nothing")")
        }
    }

    // MARK: libgpiod 1.6's own requests

    func firstInterface() throws {
        let far = try chip.line(20)
        report.check("libgpiod 1.6's requests: levels, bias, outputs and busy lines as well") {
            let board = board(.first)
            report.equal(try configure(board, 0, .name("GPIO20"), LineSettings(bias: .pullUp)), true, "pull-up")
            report.equal(problem { try configure(self.board(.first), 0, .name("GPIO20")) }?.code, .busy, "code")
            try configure(board, 0, .name("GPIO20"), LineSettings(direction: .output(active: true), isActiveLow: true))
            report.equal(far.isHigh, false, "active, active-low")
            try configure(board, 0, .name("GPIO20"), LineSettings(edge: .both, bias: .pullUp))
            for i in 0..<8 { far.drive(high: i % 2 == 1) }
            let batches = try read(board, 0)
            report.equal(batches.flatMap(\.events).map(\.kind), (0..<8).map { $0 % 2 == 1 ? .rising : .falling }, "edges")
            report.equal(batches.flatMap(\.events).map(\.lineSequence), Array(repeating: 0, count: 8), "numbers")
            report.equal(batches.reduce(0) { $0 + $1.lostBefore }, 0, "lost")
        }
        report.check("libgpiod 1.6's requests: a full buffer is a loss of at least one, and not exact") {
            let board = board(.first)
            far.drive(high: false)
            try configure(board, 0, .name("GPIO20"), Self.input)
            for i in 0..<101 { far.drive(high: i % 2 == 0) }
            sleep(milliseconds: 50)
            let batches = try read(board, 0)
            report.equal(batches.reduce(0) { $0 + $1.events.count }, 16, "events")
            report.expect(batches.contains { $0.lostBefore > 0 && !$0.lostIsExact }, "no loss reported")
            report.equal(try board.level(slot: 0, at: now()), true, "level read again")
        }
        debounce("libgpiod 1.6's requests: the debounce filter", .first)
    }
}
