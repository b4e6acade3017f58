import Configuration
import Testing

@Suite struct TreeBuilderTests {
    private let here = Place(line: 1, column: 1)

    private func scalar(_ text: String, anchor: String? = nil, tag: String? = nil) -> YAMLEvent {
        .scalar(text: text, style: .plain, tag: tag, anchor: anchor)
    }

    private func build(_ events: [YAMLEvent]) throws(PlacedProblem) -> TreeBuilder {
        var builder = TreeBuilder(folderName: "godwit.d")
        for (index, event) in events.enumerated() { try builder.add(event, at: Place(line: 1, column: index + 1)) }
        return builder
    }

    private func problem(_ events: [YAMLEvent]) -> PlacedProblem? {
        do throws(PlacedProblem) {
            _ = try build(events)
            return nil
        } catch {
            return error
        }
    }

    @Test func `events make a tree, and an alias is a copy`() throws {
        let builder = try build([
            .documentStart, .mappingStart(tag: nil, anchor: nil), scalar("a"), scalar("1", anchor: "x"), scalar("b"),
            .sequenceStart(tag: nil, anchor: nil), .alias("x"), .sequenceEnd, .mappingEnd,
        ])
        #expect(builder.root?["b"]?.value.elements?.first?.scalar?.text == "1")
        #expect(builder.root?["b"]?.value.elements?.first?.place.column == 4)
        #expect(builder.problems.isEmpty)
    }

    @Test func `sixty-four levels are read and one more is not`() {
        let start = YAMLEvent.sequenceStart(tag: nil, anchor: nil)
        #expect(problem(Array(repeating: start, count: TreeBuilder.maximumDepth)) == nil)
        #expect(problem(Array(repeating: start, count: TreeBuilder.maximumDepth + 1))?.place.column == 65)
    }

    @Test func `what aliases expand to is counted before it is made`() {
        var events: [YAMLEvent] = [.sequenceStart(tag: nil, anchor: nil)]
        events += [.sequenceStart(tag: nil, anchor: "a0"), scalar("x"), .sequenceEnd]
        for level in 1...40 {
            events.append(.sequenceStart(tag: nil, anchor: "a\(level)"))
            events += [.alias("a\(level - 1)"), .alias("a\(level - 1)"), .sequenceEnd]
        }
        #expect(problem(events)?.text.contains("use fewer") == true)
    }

    @Test func `an alias inside its own anchor has no end`() {
        #expect(problem([.sequenceStart(tag: nil, anchor: "a"), .alias("a")])?.text.contains("inside its own anchor") == true)
    }

    @Test func `an unknown alias gets the nearest anchor`() {
        let events: [YAMLEvent] = [.sequenceStart(tag: nil, anchor: nil), scalar("1", anchor: "defaults"), .alias("defualts")]
        #expect(problem(events)?.text == "unknown alias '*defualts'; did you mean '*defaults'?")
    }

    @Test func `a key that stands twice is a problem at the second, and the first stays`() throws {
        let builder = try build([
            .mappingStart(tag: nil, anchor: nil), scalar("a"), scalar("1"), scalar("a"), scalar("2"), .mappingEnd,
        ])
        #expect(builder.problems.map { $0.place.column } == [4])
        #expect(builder.root?["a"]?.value.scalar?.text == "1")
    }

    @Test(arguments: [
        ("!include", "godwit.d"), ("!include_dir_list", "godwit.d"), ("!secret", "{credential: NAME}"), ("!env_var", "{environment: NAME}"),
        ("!mine", "remove it"), ("tag:yaml.org,2002:binary", "remove it"),
    ])
    func `an unknown tag names what does it here`(tag: String, part: String) throws {
        let builder = try build([scalar("x", tag: tag)])
        #expect(builder.problems.count == 1)
        #expect(builder.problems.first?.text.contains(part) == true)
    }

    @Test func `the tag of a text makes a text of null`() throws {
        #expect(try build([scalar("null", tag: "tag:yaml.org,2002:str")]).root?.isNull == false)
        #expect(try build([scalar("null")]).root?.isNull == true)
    }
}
