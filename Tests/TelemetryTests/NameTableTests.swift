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

    @Test(arguments: 1...20) func `each of many names is found, and no other`(seed: UInt64) {
        var random = RandomSource(seed: seed)
        var table = NameTable<Int>()
        var expected: [String: Int] = [:]
        for value in 0..<Int(seed * 10) {
            let name = String(random.next() % 150, radix: 3)
            table.set(value, for: name)
            expected[name] = value
        }
        #expect(table.names.count == expected.count)
        for number in 0..<160 {
            let name = String(number, radix: 3)
            #expect(table[name] == expected[name], "seed \(seed): \(name)")
        }
        for (name, value) in zip(table.names, table.values) { #expect(expected[name] == value, "seed \(seed): \(name)") }
    }
}
