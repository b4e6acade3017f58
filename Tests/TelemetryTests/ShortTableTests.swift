import Telemetry
import Testing

@Suite struct ShortTableTests {
    @Test func `a value is found by its key until it is gone`() {
        var table = ShortTable<String, Int>()
        #expect(table.isEmpty && table["a"] == nil && table.removeValue(forKey: "a") == nil)
        for (number, key) in ["c", "a", "b", "a"].enumerated() { table[key] = number }
        #expect(table.count == 3 && table.keys == ["c", "a", "b"] && table.entries.map { $0.value } == [0, 3, 2])
        table["c"] = nil
        let gone = table.removeValue(forKey: "b")
        #expect(gone == 2 && table.keys == ["a"] && table["c"] == nil && table["a"] == 3)
    }

    @Test func `a value is changed in its place, and one that is not there stays away`() {
        var table = ShortTable<Int, [Int]>()
        table[7] = [1]
        table[7]?.append(2)
        table[8]?.append(3)
        #expect(table[7] == [1, 2] && table[8] == nil && table.count == 1)
        var copy = table
        copy[7]?.append(3)
        #expect(table[7] == [1, 2] && copy[7] == [1, 2, 3])
    }

    @Test func `an element is there once`() {
        var set: ShortSet = [3, 1, 3]
        #expect(set.elements == [3, 1] && set.contains(1) && !set.contains(2))
        set.insert(2)
        set.insert(1)
        let (was, wasNot) = (set.remove(3), set.remove(3))
        #expect(was && !wasNot && set.elements == [1, 2] && !set.isEmpty)
        set.clear()
        #expect(set.isEmpty && ShortSet<Int>([]).isEmpty)
    }
}
