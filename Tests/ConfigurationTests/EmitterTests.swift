import Configuration
import Testing

@Suite struct EmitterTests {
    private func printed(_ text: String) -> String { String(decoding: Emitter.yaml(tree(text)), as: UTF8.self) }

    @Test func `secrets are stars or their reference`() {
        let text = printed("broker: {password: tiger, tls: {psk: 'c0ffee'}}\nother: {password: {credential: broker-password}}")
        #expect(!text.contains("tiger"))
        #expect(!text.contains("c0ffee"))
        #expect(text.contains("password: \"********\""))
        #expect(text.contains("password: {credential: \"broker-password\"}"))
    }

    @Test func `a secret that an alias brings elsewhere is stars there too`() {
        let text = printed("broker: {password: &p hunter2}\ndevice: {name: *p}")
        #expect(!text.contains("hunter2"))
        #expect(text.contains("name: \"********\""))
    }

    @Test(arguments: [
        "a: 1\nb: [1, [2, 3], {x: y, z: [q]}]\n", "a: \"quote \\\" and \\\\ and \\n\"\n", "a: 'null'\nb: ''\nc:\n", "'key: odd': {}\nb: []\n",
        "- - 1\n  - 2\n- a: b\n", "a: |\n  two\n  lines\n", "a: {file: /etc/x}\nb: \"- x\"\n", "a: \"# no comment\"\n", "a: \"\\x01\\t\"\n",
    ])
    func `what is printed reads as the same`(text: String) {
        func bare(_ node: Node) -> Node {
            var node = node
            node.place = Place(line: 0, column: 0)
            switch node.content {
            case .scalar(let scalar): node.content = .scalar(Scalar(text: scalar.text, style: node.isNull ? .plain : .quoted))
            case .sequence(let elements): node.content = .sequence(elements.map(bare))
            case .mapping(let entries):
                node.content = .mapping(entries.map { Entry(key: $0.key, keyPlace: node.place, value: bare($0.value)) })
            }
            return node
        }
        #expect(bare(tree(printed(text))) == bare(tree(text)), "\(printed(text))")
    }
}
