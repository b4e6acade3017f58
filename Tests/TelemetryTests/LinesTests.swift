import Testing

@testable import Telemetry

struct LinesTests {
    @Test(arguments: [
        (LineReference.name("GPIO4"), "'GPIO4'"),
        (.offset(chip: "pinctrl-rp1", offset: 4), "offset 4 of chip 'pinctrl-rp1'"),
        (.nameOnChip(chip: "bench", name: "data"), "'data' of chip 'bench'"),
        (.header(7), "GPIO4 (header pin 7)"),
    ]) func `a line is named as a person would write it`(reference: LineReference, text: String) {
        #expect(reference.text == text)
    }

    @Test func `a line is an input without edges unless it is said otherwise`() {
        let settings = LineSettings()
        #expect(settings.direction == .input)
        #expect(settings.edge == .none)
        #expect(settings.debouncePeriod == .zero)
    }
}
