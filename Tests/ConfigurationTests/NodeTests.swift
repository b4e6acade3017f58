import Configuration
import Testing

@Suite struct NodeTests {
    @Test func `places are ordered by file, then line, then column`() {
        let places = [Place(file: 1, line: 1, column: 1), Place(line: 2, column: 1), Place(line: 1, column: 9), Place(line: 1, column: 2)]
        #expect(places.sorted() == places.reversed())
    }

    @Test(arguments: [("a:", true), ("a: ~", true), ("a: null", true), ("a: \"\"", false), ("a: 'null'", false), ("a: 0", false)])
    func `only an empty plain value is none`(text: String, isNull: Bool) {
        #expect(tree(text)["a"]?.value.isNull == isNull)
    }

    @Test func `a reference is a mapping of one key that is known`() {
        let node = tree("a: {credential: c}\nb: {file: f, size: 1}\nc: {other: x}\nd: {environment: }\ne: {file: [x]}\nf: {environment: E}")
        #expect(Reference(node["a"]!.value) == Reference(kind: .credential, name: "c"))
        #expect(Reference(node["f"]!.value)?.text == "{environment: E}")
        for key in ["b", "c", "d", "e"] { #expect(Reference(node[key]!.value) == nil, "\(key)") }
    }
}
