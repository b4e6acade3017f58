// What the tests run inside the virtual machine of scripts/gpio-vm, as root:
//   gpio-probe lines              LineBoard on real character devices
//   gpio-probe first-interface    the same with the requests of libgpiod 1.6 alone
//   gpio-probe toggle OFFSET COUNT MICROSECONDS    drives a line up and down from outside
import Glibc

func complain(_ text: String) { _ = write(2, text, text.utf8.count) }

let arguments = CommandLine.arguments.dropFirst()
let report = Report()
do {
    switch arguments.first {
    case "lines":
        try LineChecks(report: report).run()
        exit(report.finish())
    case "first-interface":
        try LineChecks(report: report).firstInterface()
        exit(report.finish())
    case "toggle" where arguments.count == 4:
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        let far = try SimulatedChip.standard.line(numbers[0])
        var isHigh = far.isHigh
        for _ in 0..<numbers[1] {
            isHigh.toggle()
            far.drive(high: isHigh)
            usleep(UInt32(numbers[2]))
        }
        exit(0)
    default:
        complain("usage: gpio-probe lines | first-interface | toggle OFFSET COUNT MICROSECONDS\n")
        exit(64)
    }
} catch {
    complain("gpio-probe: \(error)\n")
    exit(70)
}
