internal import Telemetry

/// What the YAML parser says, in order; libyaml's `yaml_event_type_t` without stream and document marks.
package enum YAMLEvent: Hashable, Sendable {
    case documentStart
    case scalar(text: String, style: Scalar.Style, tag: String?, anchor: String?)
    case sequenceStart(tag: String?, anchor: String?)
    case sequenceEnd
    case mappingStart(tag: String?, anchor: String?)
    case mappingEnd
    case alias(String)
}

/// Makes the tree of one file from the parser's events: expands aliases and merge keys, refuses what has no bound.
package struct TreeBuilder: Sendable {
    package static let maximumDepth = 64
    /// Values after the expansion of all aliases.
    package static let maximumNodes = 65_536

    /// Problems that do not end the reading, such as a key given twice.
    package private(set) var problems: [PlacedProblem] = []
    /// The root; nil before the end and for a file without a document.
    package private(set) var root: Node?

    /// `godwit.d` for `godwit.yaml`: where the text about `!include` points to.
    private let folderName: String
    private var stack: [Frame] = []
    private var anchors = NameTable<Anchor>()
    private var documents = 0
    private var nodes = 0

    private enum Anchor: Sendable {
        case complete(Node, nodes: Int)
        /// The alias stands inside what it names.
        case unfinished
    }

    private struct Frame: Sendable {
        var place: Place
        var isMapping: Bool
        var anchor: String?
        /// `nodes` when it began, to know how many it holds.
        var nodesBefore: Int
        var elements: [Node] = []
        var entries: [Entry] = []
        var keys = NameTable<Place>()
        var key: (text: String, place: Place, isMergeKey: Bool)?
    }

    package init(folderName: String) { self.folderName = folderName }

    /// - Throws: what ends the reading of this file.
    package mutating func add(_ event: YAMLEvent, at place: Place) throws(PlacedProblem) {
        switch event {
        case .documentStart:
            documents += 1
            if documents > 1 {
                throw PlacedProblem(
                    place, "a second document; put it into a file of its own in the folder '\(folderName)'")
            }
        case .scalar(let text, let style, let tag, let anchor):
            try count(1, at: place)
            let style = check(tag, at: place) ? .quoted : style
            let node = Node(place: place, content: .scalar(Scalar(text: text, style: style)))
            if let anchor { anchors.set(.complete(node, nodes: 1), for: anchor) }
            try put(node)
        case .sequenceStart(let tag, let anchor):
            try open(place, isMapping: false, tag: tag, anchor: anchor)
        case .mappingStart(let tag, let anchor):
            try open(place, isMapping: true, tag: tag, anchor: anchor)
        case .sequenceEnd, .mappingEnd:
            guard let frame = stack.popLast() else { preconditionFailure("an end without a start") }
            let content: Node.Content =
                frame.isMapping ? .mapping(MergeKeys.expand(frame.entries, problems: &problems)) : .sequence(frame.elements)
            let node = Node(place: frame.place, content: content)
            if let anchor = frame.anchor { anchors.set(.complete(node, nodes: nodes - frame.nodesBefore), for: anchor) }
            try put(node)
        case .alias(let name):
            try expand(name, at: place)
        }
    }

    private mutating func open(_ place: Place, isMapping: Bool, tag: String?, anchor: String?) throws(PlacedProblem) {
        _ = check(tag, at: place)
        guard stack.count < Self.maximumDepth else {
            throw PlacedProblem(
                place, "nested deeper than \(Self.maximumDepth) levels; is a bracket or a brace not closed?")
        }
        if let top = stack.last, top.isMapping, top.key == nil {
            throw PlacedProblem(place, "a key must be a text; put a text with braces or brackets into quotes")
        }
        let before = nodes
        try count(1, at: place)
        if let anchor { anchors.set(.unfinished, for: anchor) }
        stack.append(Frame(place: place, isMapping: isMapping, anchor: anchor, nodesBefore: before))
    }

    private mutating func expand(_ name: String, at place: Place) throws(PlacedProblem) {
        switch anchors[name] {
        case .complete(let node, let size):
            try count(size, at: place)
            try put(node, keyPlace: place)
        case .unfinished:
            throw PlacedProblem(place, "alias '*\(shown(name))' stands inside its own anchor; move it out of it")
        case nil:
            throw PlacedProblem(
                place,
                "unknown alias '*\(shown(name))'"
                    + (Suggestion.nearest(to: name, among: anchors.names.sorted()).map { "; did you mean '*\($0)'?" }
                        ?? "; put '&\(shown(name))' in front of the value that it stands for, above this line"))
        }
    }

    private mutating func count(_ more: Int, at place: Place) throws(PlacedProblem) {
        nodes += more
        if nodes > Self.maximumNodes {
            throw PlacedProblem(
                place, "more than \(Self.maximumNodes) values, aliases expanded; use fewer, a configuration needs a few hundred")
        }
    }

    /// Puts a complete value into what is open.
    private mutating func put(_ node: Node, keyPlace: Place? = nil) throws(PlacedProblem) {
        guard !stack.isEmpty else {
            root = node
            return
        }
        let top = stack.count - 1
        guard stack[top].isMapping else {
            stack[top].elements.append(node)
            return
        }
        guard let key = stack[top].key else {
            guard let scalar = node.scalar else {
                throw PlacedProblem(keyPlace ?? node.place, "a key must be a text; this alias is a list or a mapping")
            }
            let isMergeKey = scalar.style == .plain && scalar.text == "<<"
            stack[top].key = (scalar.text, keyPlace ?? node.place, isMergeKey)
            return
        }
        stack[top].key = nil
        if let first = stack[top].keys[key.text] {
            problems.append(
                PlacedProblem(
                    key.place,
                    "key '\(shown(key.text))' stands twice in this mapping; remove one, the first is at \(first.line):\(first.column)"))
            return
        }
        stack[top].keys.set(key.place, for: key.text)
        stack[top].entries.append(
            Entry(key: key.text, keyPlace: key.place, value: node, isMergeKey: key.isMergeKey))
    }

    /// Whether the tag makes a text of the scalar; a tag that is not known is a problem.
    private mutating func check(_ tag: String?, at place: Place) -> Bool {
        guard let tag else { return false }
        if tag == "!" || tag == "tag:yaml.org,2002:str" { return true }
        for known in ["int", "float", "bool", "null", "map", "seq"] where tag == "tag:yaml.org,2002:\(known)" {
            return false
        }
        let text: String
        switch tag {
        case "!include", "!include_dir_list", "!include_dir_merge_list", "!include_dir_named", "!include_dir_merge_named":
            text =
                "'\(tag)' is not known: the *.yaml files of the folder '\(folderName)' beside this file "
                + "(godwit.d for godwit.yaml) are merged into it; put the other file there"
        case "!secret":
            text = "'!secret' is not known; use {credential: NAME} or {file: PATH}"
        case "!env_var", "!env", "!ENV":
            text = "'\(tag)' is not known; use {environment: NAME}"
        default:
            text = "tag '\(shown(tag))' is not known; remove it, or put the text into quotes"
        }
        problems.append(PlacedProblem(place, text))
        return false
    }
}
