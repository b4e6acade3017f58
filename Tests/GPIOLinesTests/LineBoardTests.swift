import Foundation
import GPIOLines
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
}
