import Configuration
import Testing
import YAMLReader

@Suite struct YAMLReaderTests {
    private func read(_ text: String) -> YAMLResult { readYAML(Array(text.utf8), file: 2, folderName: "godwit.d") }

    @Test func `places count lines and characters from 1`() {
        let node = read("# ä\nü: ö\nlist:\n  - x\n  - {k: 'v'}\n").root
        #expect(node?["ü"]?.keyPlace == Place(file: 2, line: 2, column: 1))
        #expect(node?["ü"]?.value.place == Place(file: 2, line: 2, column: 4))
        let element = node?["list"]?.value.elements?.last
        #expect(element?.place == Place(file: 2, line: 5, column: 5))
        #expect(element?["k"]?.value.scalar == Scalar(text: "v", style: .quoted))
    }

    @Test(arguments: ["a: |\n  x\n", "a: >\n  x\n", "a: \"x\"", "a: 'x'"])
    func `quotes and blocks make a text`(text: String) {
        #expect(read(text).root?["a"]?.value.scalar?.style == .quoted)
    }

    @Test func `a byte order mark is not part of the first key`() {
        #expect(read("\u{FEFF}a: 1").root?.entries?.map { $0.key } == ["a"])
    }

    @Test func `a file without a value has no root and no problem`() {
        for text in ["", "\n", "# only words\n", "\u{FEFF}"] {
            #expect(read(text).root == nil)
            #expect(read(text).problems.isEmpty)
        }
    }

    @Test func `anchors, aliases and merge keys are expanded`() {
        let node = read("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\n").root
        #expect(node?["b"]?.value["k"]?.value.scalar?.text == "1")
        #expect(node?["c"]?.value["k"]?.value.place == Place(file: 2, line: 1, column: 11))
    }

    @Test func `a text that ends anywhere ends the reading, never the program`() {
        let text = Array("a: &x [\"ä\", 'b', {c: *x}]\nd: |\n  e\n<<: *x\n? f\n: !t g\n...\n---\n%Y\n".utf8)
        for count in 0...text.count { _ = readYAML(Array(text[..<count]), file: 0, folderName: "") }
    }
}
