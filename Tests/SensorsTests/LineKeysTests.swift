import Telemetry
import Testing

@testable import Sensors

struct LineKeysTests {
    @Test(arguments: [
        ("pull-up", .pullUp), ("pull-down", .pullDown), ("none", .disabled), (nil, .pullUp),
    ] as [(String?, LineSettings.Bias)])
    func `bias is the resistor inside the chip`(_ text: String?, _ bias: LineSettings.Bias) {
        var values: SettingValues = [:]
        values["bias"] = text.map { .text($0) }
        #expect(LineKeys.bias(of: settings("contact", values)) == bias)
    }

    @Test func `each key has its default within its own words or bounds`() {
        for key in [LineKeys.bias("pull-up"), LineKeys.active("low", summary: ""), LineKeys.debounce(.milliseconds(20))] {
            switch (key.kind, key.standard) {
            case (.enumeration(let words), .text(let word)?): #expect(words.contains(word))
            case (.duration(let low, let high), .duration(let value)?): #expect(low <= value && value <= high)
            default: Issue.record("\(key.name)")
            }
        }
    }
}
