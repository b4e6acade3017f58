import GPIOLines
import Telemetry
import Testing

@Suite struct LineProblemTests {
    static let line = LineReference.name("GPIO4")

    @Test(arguments: [
        (LineProblem.busy(line, consumer: "led0"), NoReading.Code.busy, "line 'GPIO4' is in use by 'led0'"),
        (.busy(line, consumer: ""), .busy, "line 'GPIO4' is in use by an unnamed consumer"),
        (.notPermitted(line, what: "/dev/gpiochip0"), .notPermitted, "line 'GPIO4': no permission to open /dev/gpiochip0"),
        (.gone(line), .missing, "line 'GPIO4': its chip went away"),
        (.notSupported(line, what: "no edges"), .wrongDevice, "line 'GPIO4': no edges"),
        (.system(line, what: "get value", number: 5, text: "Input/output error"), .bus, "line 'GPIO4': get value: Input/output error"),
        (
            .lineMissing(line, near: [], searched: ["gpiochip0 [a], 2 lines"]), .missing,
            "line 'GPIO4' not found; searched gpiochip0 [a], 2 lines"
        ),
    ])
    func `each problem has its code, and a text with the fact found`(
        problem: LineProblem, code: NoReading.Code, text: String
    ) {
        #expect(problem.noReading == NoReading(code, detail: text))
        #expect(problem.text == text)
    }

    @Test func `a long list ends with how many more there are`() {
        let searched = (0..<9).map { "gpiochip\($0)" }
        let text = LineProblem.lineMissing(Self.line, near: [], searched: searched).text
        #expect(text.hasSuffix("gpiochip5 and 3 more"))
    }
}
