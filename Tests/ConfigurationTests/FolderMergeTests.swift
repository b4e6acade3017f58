import Configuration
import Testing

@Suite struct FolderMergeTests {
    private func merge(_ texts: String...) -> (node: Node, problems: [String]) {
        var problems: [PlacedProblem] = []
        let roots = texts.enumerated().map { tree($0.element, file: $0.offset) }
        let node = FolderMerge.merge(roots, files: ["a.yaml", "b.yaml", "c.yaml"], problems: &problems)
        return (node, problems.map { $0.text })
    }

    @Test func `mappings merge, of scalars the later wins, lists append`() {
        let (node, problems) = merge("m: {a: 1, b: 2}\nl: [1]\n", "m: {b: 3, c: 4}\nl: [2]\n", "l: [3]")
        #expect(problems == [])
        #expect(String(decoding: Emitter.yaml(node), as: UTF8.self) == "m:\n  a: 1\n  b: 3\n  c: 4\nl:\n  - 1\n  - 2\n  - 3\n")
        #expect(node["m"]?.value["b"]?.value.place.file == 1)
    }

    @Test func `a reference is a scalar, also in place of another`() {
        let (node, problems) = merge("p: {credential: a}\nq: x\nr: {file: f}\n", "p: {file: b}\nq: {environment: E}\nr: y\n")
        #expect(problems == [])
        #expect(Reference(node["p"]!.value) == Reference(kind: .file, name: "b"))
        #expect(Reference(node["q"]!.value) == Reference(kind: .environment, name: "E"))
        #expect(node["r"]?.value.scalar?.text == "y")
    }

    @Test func `a section that looks like a reference is still a section`() {
        let (node, _) = merge("buffer: {file: a.ring}", "buffer: {size: 1 MiB}")
        #expect(node["buffer"]?.value.entries?.map { $0.key } == ["file", "size"])
    }

    @Test func `an empty section takes nothing away`() {
        #expect(merge("l: [1]", "l:").node["l"]?.value.elements?.count == 1)
        #expect(merge("l:", "l: [1]").node["l"]?.value.elements?.count == 1)
        #expect(merge("", "l: [1]").node["l"]?.value.elements?.count == 1)
    }

    @Test func `a list and a mapping do not merge, and both places are named`() {
        #expect(merge("l: [1]", "l: {a: 1}").problems == ["l: is a mapping here, but a list at a.yaml:1:4; write both the same way"])
    }

    @Test func `a value of two shapes may change its shape`() {
        let (node, problems) = merge("url: a", "url: [b, c]")
        #expect(problems == [])
        #expect(node["url"]?.value.elements?.count == 2)
    }
}
