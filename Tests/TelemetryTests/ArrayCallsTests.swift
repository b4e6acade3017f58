import Telemetry
import Testing

/// That they give what the standard library's own give.
@Suite struct ArrayCallsTests {
    @Test func `a byte is put behind others, also where they are shared`() {
        var bytes: [UInt8] = []
        let before = (0..<100).map { number in
            bytes.append(UInt8(number))
            return bytes
        }
        for (index, kept) in before.enumerated() { #expect(kept.elementsEqual(0...UInt8(index))) }
    }

    @Test(arguments: [0, 1, 3, 100]) func `an array is emptied and keeps its memory`(count: Int) {
        var texts = Array(repeating: "a text that is too long to be a small one", count: count)
        let capacity = texts.capacity
        texts.clear()
        #expect(texts.isEmpty && texts.capacity == capacity)
    }

    @Test func `elements come and go in the middle, also where they are shared`() {
        var numbers = [1, 2, 3]
        let shared = numbers
        numbers.insert(9, at: 0)
        numbers.insert(8, at: 4)
        numbers.insert(7, at: 2)
        #expect(numbers == [9, 1, 7, 2, 3, 8])
        let gone = [numbers.remove(at: 2), numbers.removeFirst(), numbers.removeLast()]
        #expect(gone == [7, 9, 8] && numbers == [1, 2, 3] && shared == [1, 2, 3])
    }

    @Test func `what is not wanted is left out`() {
        let numbers = Array(0..<10)
        #expect(numbers.filter { $0 % 3 == 0 } == [0, 3, 6, 9])
        var rest = numbers
        rest.removeAll { $0 % 3 == 0 }
        #expect(rest == [1, 2, 4, 5, 7, 8] && numbers.count == 10)
        #expect(numbers.compactMap { $0 % 3 == 0 ? "\($0)" : nil } == ["0", "3", "6", "9"])
        #expect(numbers.map { $0 * 2 } == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    }

    @Test func `a failure ends a map`() {
        struct Odd: Error, Equatable { var number: Int }
        var seen = 0
        let odd = #expect(throws: Odd.self) {
            _ = try [2, 4, 5, 6].map { number throws(Odd) in
                seen += 1
                if number % 2 == 1 { throw Odd(number: number) }
                return number
            }
        }
        #expect(odd == Odd(number: 5) && seen == 3)
    }

    @Test func `of what is equal the first stays first`() {
        var random = RandomSource(seed: 1)
        for count in Array(0...40) + [1000] {
            let pairs = (0..<count).map { (key: Int.random(in: 0..<8, using: &random), place: $0) }
            let sorted = pairs.sorted { $0.key < $1.key }
            #expect(sorted.map { $0.place }.sorted() == Array(0..<count))
            for (one, next) in zip(sorted, sorted.dropFirst()) {
                #expect(one.key < next.key || one.key == next.key && one.place < next.place)
            }
        }
        #expect(["b", "", "é", "a"].sorted() == ["", "a", "b", "é"])
    }
}
