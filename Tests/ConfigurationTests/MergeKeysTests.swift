import Configuration
import Telemetry
import Testing

@Suite struct MergeKeysTests {
    @Test func `a merge key gives what is not given`() {
        let node = tree("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {y: 5, <<: [*a, *b]}\nd: {<<: *a}")
        let c = node["c"]!.value
        #expect(c.entries?.map { $0.key } == ["y", "x", "z"])
        #expect(c["y"]?.value.scalar?.text == "5")
        #expect(node["d"]?.value["y"]?.value.scalar?.text == "2")
    }

    @Test func `of several mappings the first counts`() {
        let node = tree("a: &a {x: 1}\nb: &b {x: 2}\nc: {<<: [*a, *b]}")
        #expect(node["c"]?.value["x"]?.value.scalar?.text == "1")
    }

    @Test func `a merge key in quotes is a key`() {
        #expect(tree("a: {\"<<\": 1}")["a"]?.value["<<"]?.value.scalar?.text == "1")
    }

    @Test func `what is merged must be a mapping`() {
        var problems: [PlacedProblem] = []
        let place = Place(line: 1, column: 1)
        let value = Node(place: place, content: .scalar(Scalar(text: "x")))
        let rest = MergeKeys.expand([Entry(key: "<<", keyPlace: place, value: value, isMergeKey: true)], problems: &problems)
        #expect(rest.isEmpty)
        #expect(problems.map { $0.text } == ["'<<' needs a mapping or a list of them, as in '<<: *defaults'"])
    }

    @Test func `sensors may share keys by an anchor`() {
        let result = check(
            broker + "sensors:\n  - &air {id: air, model: dht22, line: L1, every: 10 s}\n  - {<<: *air, id: attic, line: L2}\n")
        #expect(result.lines == [])
        #expect(result.settings?.sensors.map { $0.id } == ["air", "attic"])
        #expect(result.settings?.sensors[1].every == .seconds(10))
    }
}
