// What the tests run inside the virtual machine of scripts/gpio-vm, as root:
//   gpio-probe lines              LineBoard on real character devices
//   gpio-probe first-interface    the same with the requests of libgpiod 1.6 alone
//   gpio-probe toggle OFFSET COUNT MICROSECONDS     drives a line up and down from outside
//   gpio-probe am2302 OFFSET HUMIDITY TEMPERATURE   answers start pulses, in tenths, until it is ended
//   gpio-probe drive OFFSET       drives the line high until it is ended (drive-first: by libgpiod 1.6's requests)
//   gpio-probe clock set SECONDS   sets the wall clock by so many, as date -s does (clock step: as a time service does)
//   gpio-probe clock synced        the kernel says from now on that it is synchronised (clock unsynced: that it is not)
//   gpio-probe hold OFFSET        holds the line as consumer "other-program" until it is ended
import GPIOLines
import Glibc
import Telemetry

func complain(_ text: String) { _ = write(2, text, text.utf8.count) }

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst().compactMap { Int($0) }
let report = Report()
do {
    switch (arguments.first, numbers.count) {
    case ("lines", 0):
        try LineChecks(report: report).run()
        try OutputChecks(report: report, interface: .best).run()
        exit(report.finish())
    case ("first-interface", 0):
        try LineChecks(report: report).firstInterface()
        try OutputChecks(report: report, interface: .first).run()
        exit(report.finish())
    case ("toggle", 3):
        let far = try SimulatedChip.standard.line(numbers[0])
        var isHigh = far.isHigh
        for _ in 0..<numbers[1] {
            isHigh.toggle()
            far.drive(high: isHigh)
            usleep(UInt32(numbers[2]))
        }
    case ("am2302", 3):
        SingleWirePlayer(
            line: try SimulatedChip.standard.line(numbers[0]), humidity: numbers[1], temperature: numbers[2]
        ).run()
    case ("drive", 1), ("drive-first", 1):
        let board = LineBoard(chips: [], origin: .zero, interface: arguments.first == "drive" ? .best : .first)
        _ = try board.configure(
            slot: 0, reference: .offset(chip: "gpio-vm", offset: UInt32(numbers[0])),
            settings: LineSettings(direction: .output(active: true)), consumer: "godwit:siren", at: .zero)
        while true { pause() }
    case ("clock", 0) where arguments.count == 2 && ["synced", "unsynced"].contains(arguments.last):
        try ClockSetter.say(isSynchronised: arguments.last == "synced")
    case ("clock", 1) where arguments.count == 3 && arguments.contains("set"):
        try ClockSetter.set(by: numbers[0])
    case ("clock", 1) where arguments.count == 3 && arguments.contains("step"):
        try ClockSetter.step(by: numbers[0])
    case ("hold", 1):
        let board = LineBoard(chips: [], origin: .zero)
        _ = try board.configure(
            slot: 0, reference: .offset(chip: "gpio-vm", offset: UInt32(numbers[0])), settings: LineSettings(),
            consumer: "other-program", at: .zero)
        print("held")
        fflush(nil)
        while true { pause() }
    default:
        complain("usage: see Tests/GPIOProbe/main.swift\n")
        exit(64)
    }
} catch {
    complain("gpio-probe: \(error)\n")
    exit(70)
}
