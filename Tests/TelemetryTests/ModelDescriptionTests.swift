import Testing

@testable import Telemetry

struct ModelDescriptionTests {
    @Test func `a setting is given back under its own type only`() {
        let settings = SensorSettings(
            id: "a", name: "A", model: "m",
            values: [
                "debounce": .duration(.milliseconds(20)), "per_pulse": .decimal(Decimal(2794, decimals: 4)),
                "count": .integer(3), "fast": .logical(true), "class": .text("door"),
            ])
        #expect(settings.duration("debounce") == .milliseconds(20))
        #expect(settings.decimal("per_pulse") == Decimal(2794, decimals: 4))
        #expect(settings.integer("count") == 3)
        #expect(settings.logical("fast") == true)
        #expect(settings.text("class") == "door")
        #expect(settings.text("debounce") == nil)
        #expect(settings.duration("missing") == nil)
    }

    @Test func `values under the same keys are equal, in whatever order they came`() {
        var values: SettingValues = ["b": .integer(2), "a": .integer(1), "b": .integer(3)]
        #expect(values["a"] == .integer(1) && values["b"] == .integer(3) && values["c"] == nil)
        #expect(values == ["a": .integer(1), "b": .integer(3)])
        #expect(values.hashValue == (["a": .integer(1), "b": .integer(3)] as SettingValues).hashValue)
        values["a"] = nil
        values["c"] = nil
        #expect(values == ["b": .integer(3)])
        values["b"] = nil
        #expect(values == [:])
    }
}
