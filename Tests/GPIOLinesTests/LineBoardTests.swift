import Foundation
import GPIOLines
import Sensors
import Telemetry
import Testing

/// What needs no character device. The rest is proved in a virtual machine, by `scripts/gpio-vm-tests`.
@Suite struct LineBoardTests {
    func problem(_ board: LineBoard, _ reference: LineReference) -> LineProblem? {
        do {
            _ = try board.configure(
                slot: 0, reference: reference, settings: LineSettings(), consumer: "godwit:test", at: .zero)
            return nil
        } catch { return error }
    }

    @Test func `without chips a line is missing, and the text says why`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("no-chips-\(UUID())").path
        let board = LineBoard(chips: [], origin: .zero, deviceFolder: folder)
        let found = try #require(problem(board, .name("GPIO4")))
        #expect(found == .noChips(.name("GPIO4")))
        #expect(found.noReading.code == .missing)
        #expect(found.noReading.detail == "line 'GPIO4': no GPIO chip is here (no /dev/gpiochip*)")
        #expect(board.descriptor(slot: 0) == nil)
        #expect(board.deadline == nil)
    }

    @Test func `files that are no chips are not taken for one`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("false-chips-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("not a chip".utf8).write(to: folder.appendingPathComponent("gpiochip0"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent("gpiochip1").path, withDestinationPath: "/dev/null")
        let board = LineBoard(chips: [], origin: .zero, deviceFolder: folder.path)
        #expect(problem(board, .name("GPIO4")) == .noChips(.name("GPIO4")))
    }

    @Test func `an empty slot is let go without harm`() throws {
        let board = LineBoard(chips: [], origin: .zero)
        board.release(slot: 7)
        #expect(try board.readEdgeEvents(slot: 7, at: .zero) == [])
        #expect(throws: LineProblem.notHeld) { try board.level(slot: 7, at: .zero) }
    }

    // MARK: Replayed chips

    /// A contact that bounces at 10 ms and opens at 60 ms, and an am2302 without its start pulse at 20 ms.
    func bench(loop: Bool = false, speed: Telemetry.Decimal = .one) throws -> ChipDeclaration {
        var rows = "time_ns,line,level\n0,data,1\n0,door,0\n10000000,door,1\n10100000,door,0\n10200000,door,1\n"
        var time = 20_000_000
        func data(_ level: Int, _ microseconds: Int) {
            rows += "\(time),data,\(level)\n"
            time += microseconds * 1000
        }
        data(0, 80)
        data(1, 80)
        for bit in 0..<40 {
            data(0, 50)
            data(1, bit % 3 == 0 ? 70 : 26)
        }
        data(0, 50)
        data(1, 0)
        rows += "60000000,door,0\n"
        return ChipDeclaration(
            name: "bench", replay: try Recording(parsing: Array(rows.utf8)), loop: loop, speed: speed)
    }

    func at(_ milliseconds: Int) -> Instant { .zero.advanced(by: .milliseconds(milliseconds)) }

    /// Every batch that comes until then, at the deadlines that the board names.
    func run(_ board: LineBoard, until end: Instant) -> [(slot: Int, batch: EdgeBatch)] {
        var found: [(slot: Int, batch: EdgeBatch)] = []
        for _ in 0..<1000 {
            guard let deadline = board.deadline, deadline <= end else { break }
            found += board.advance(to: deadline)
        }
        return found
    }

    @Test func `lines of a replayed chip are found like any other, and a missing one names the near ones`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("none-\(UUID())").path
        for reference in [
            LineReference.name("door"), .offset(chip: "bench", offset: 1), .nameOnChip(chip: "bench", name: "door"),
        ] {
            let board = LineBoard(chips: [try bench()], origin: .zero, deviceFolder: folder)
            let level = try board.configure(
                slot: 3, reference: reference, settings: LineSettings(), consumer: "godwit:door", at: at(30))
            #expect(level)
            #expect(board.descriptor(slot: 3) == nil)
        }
        let board = LineBoard(chips: [try bench()], origin: .zero, deviceFolder: folder)
        #expect(
            problem(board, .name("door1"))?.text == "line 'door1' not found; near: door; searched bench, 2 lines")
        #expect(problem(board, .offset(chip: "bnch", offset: 0))?.text
            == "line offset 0 of chip 'bnch': no chip 'bnch'; there is bench, 2 lines")
    }

    @Test func `edges of a replayed line come at their own time, numbered, at the deadlines that the board names`() throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        _ = try board.configure(
            slot: 1, reference: .name("door"), settings: LineSettings(edge: .both), consumer: "godwit:door", at: .zero)
        let found = run(board, until: at(100))
        #expect(found.map(\.slot) == [1, 1, 1, 1])
        let events = found.flatMap(\.batch.events)
        #expect(events.map(\.instant.nanoseconds) == [10_000_000, 10_100_000, 10_200_000, 60_000_000])
        #expect(events.map(\.lineSequence) == [1, 2, 3, 4])
        #expect(events.map(\.kind) == [.rising, .falling, .rising, .falling])
        #expect(found.allSatisfy { $0.batch.lostBefore == 0 })
        #expect(board.deadline == nil)
    }

    @Test func `a line that is held twice is busy, and free after its release`() throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        _ = try board.configure(
            slot: 1, reference: .name("door"), settings: LineSettings(), consumer: "godwit:door", at: .zero)
        #expect(
            problem(board, .offset(chip: "bench", offset: 1))
                == .busy(.offset(chip: "bench", offset: 1), consumer: "godwit:door"))
        board.release(slot: 1)
        #expect(problem(board, .name("door")) == nil)
    }

    @Test func `a start pulse plays the recorded answer, and edges before it are not called lost`() throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        let listen = LineSettings(edge: .both, bias: .pullUp, eventBufferSize: 128)
        let pulse = LineSettings(direction: .output(active: false), bias: .pullUp, eventBufferSize: 128)
        func configure(_ settings: LineSettings, _ now: Instant) throws -> Bool {
            try board.configure(
                slot: 0, reference: .name("data"), settings: settings, consumer: "godwit:air", at: now)
        }
        // It listens while the recording plays by itself, and nobody asks for the edges.
        #expect(try configure(listen, .zero))
        #expect(try !configure(pulse, at(30)))
        #expect(try configure(listen, at(31)))
        let batches = run(board, until: at(50)).map(\.batch)
        #expect(batches.reduce(0) { $0 + $1.events.count } == 84)
        #expect(batches.allSatisfy { $0.lostBefore == 0 })
        #expect(batches.first?.events.first?.kind == .falling)
    }

    @Test func `a reader that comes late gets the newest edges and the number of the lost`() throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        _ = try board.configure(
            slot: 0, reference: .name("data"), settings: LineSettings(edge: .both, eventBufferSize: 16),
            consumer: "godwit:air", at: .zero)
        let batches = board.advance(to: at(50)).map(\.batch)
        #expect(batches.map(\.lostBefore) == [68])
        #expect(batches.first?.events.count == 16)
        #expect(batches.first?.lostIsExact == true)
        #expect(try board.level(slot: 0, at: at(50)))
    }

    @Test(arguments: [
        LineReference.nameOnChip(chip: "bench", name: "siren"), .offset(chip: "bench", offset: 27), .offset(chip: "bench", offset: 4000),
    ])
    func `an output on a replayed chip may be any line, and is remembered`(reference: LineReference) throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        func set(_ slot: Int, _ isActive: Bool, isActiveLow: Bool = false) throws -> Bool {
            try board.configure(
                slot: slot, reference: reference,
                settings: LineSettings(direction: .output(active: isActive), isActiveLow: isActiveLow),
                consumer: "godwit:siren", at: .zero)
        }
        #expect(try set(1 << 20, true) == true)
        #expect(try board.level(slot: 1 << 20, at: .zero) == true)
        #expect(try set(1 << 20, false) == false)
        #expect(try board.level(slot: 1 << 20, at: .zero) == false)
        #expect(board.descriptor(slot: 1 << 20) == nil && board.deadline == nil)
        #expect(try board.readEdgeEvents(slot: 1 << 20, at: .zero) == [])
        #expect(throws: LineProblem.busy(reference, consumer: "godwit:siren")) { try set(3, true) }
        board.release(slot: 1 << 20)
        #expect(try set(3, true, isActiveLow: true) == true)
        #expect(throws: LineProblem.self, "never an input") {
            try board.configure(slot: 3, reference: reference, settings: LineSettings(), consumer: "godwit:siren", at: .zero)
        }
    }

    @Test func `a bare name that no chip has is missing for an output, too`() throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        for reference in [LineReference.name("siren"), .nameOnChip(chip: "other", name: "siren")] {
            do throws(LineProblem) {
                _ = try board.configure(
                    slot: 0, reference: reference, settings: LineSettings(direction: .output(active: true)),
                    consumer: "godwit:siren", at: .zero)
                Issue.record("\(reference) was had")
            } catch { #expect(error.code == .missing) }
        }
    }

    @Test func `an output on a replayed chip is accepted and remembered`() throws {
        let board = LineBoard(chips: [try bench()], origin: .zero)
        for active in [true, false] {
            let settings = LineSettings(direction: .output(active: active))
            #expect(
                try board.configure(
                    slot: 0, reference: .name("door"), settings: settings, consumer: "godwit:siren", at: at(1)) == active)
            #expect(try board.level(slot: 0, at: at(70)) == active)
        }
    }

    @Test func `a chip that a reload changes lets go of nothing by itself, and its lines are found anew`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("no-chips-\(UUID())").path
        let board = LineBoard(chips: [try bench()], origin: .zero, deviceFolder: folder)
        let door = LineSettings(edge: .both)
        _ = try board.configure(slot: 0, reference: .name("door"), settings: door, consumer: "godwit:a", at: .zero)
        #expect(board.replayedChip(slot: 0) == "bench")
        #expect(board.replayedChip(slot: 1) == nil)
        board.change(chips: ["bench", "other"], to: [], at: .zero)
        // Held, and gone for everybody else.
        #expect(board.replayedChip(slot: 0) == nil)
        #expect(try board.level(slot: 0, at: .zero) == false)
        #expect(throws: LineProblem.self) {
            _ = try board.configure(slot: 1, reference: .name("door"), settings: door, consumer: "godwit:b", at: .zero)
        }
        board.release(slot: 0)
        // However often, it does not grow: the place of the one that is gone is taken.
        for _ in 0..<100 {
            board.change(chips: ["bench"], to: [try bench()], at: .zero)
            _ = try board.configure(slot: 2, reference: .name("door"), settings: door, consumer: "godwit:c", at: .zero)
            #expect(board.replayedChip(slot: 2) == "bench")
            board.release(slot: 2)
        }
    }

    @Test func `a recording that a reload brings begins at the reload`() throws {
        let board = LineBoard(chips: [], origin: .zero)
        let now = Instant(nanoseconds: 5_000_000_000)
        board.change(chips: ["bench"], to: [try bench()], at: now)
        _ = try board.configure(slot: 0, reference: .name("door"), settings: LineSettings(edge: .both), consumer: "godwit:a", at: now)
        let first = board.advance(to: now.advanced(by: .milliseconds(10))).flatMap { $0.batch.events }
        #expect(first.first?.instant == now.advanced(by: .milliseconds(10)))
    }
}
