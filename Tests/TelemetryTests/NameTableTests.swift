import Telemetry
import Testing

@Suite struct NameTableTests {
    @Test func `what is set last under a name counts, in the place of the first`() {
        var table = NameTable<Int>()
        #expect(table["a"] == nil && table.names.isEmpty && table.values.isEmpty)
        for (value, name) in ["c", "a", "b", "a"].enumerated() { table.set(value, for: name) }
        #expect(table["a"] == 3 && table["b"] == 2 && table["c"] == 0 && table["d"] == nil)
        #expect(table.names == ["c", "a", "b"] && table.values == [0, 3, 2])
    }
}
