internal import Configuration
internal import Outputs
internal import Payloads
internal import Telemetry

/// What an output is to be: the payload of `P/outputs/<id>/set`, or the members of the command `output` (docs/outputs.md).
struct OutputRequest: Hashable, Sendable {
    var command: OutputCommand
    /// Of the request: one that was among the last is not done again.
    var id: String?
    /// Past it nothing is done.
    var expires: WallTime?

    /// `on off toggle 1 0 true false` in any case, or a JSON object.
    /// - Throws: what is wrong with it, and what to write.
    init(parsing payload: [UInt8]) throws(CommandRefusal) {
        let bytes = payload.trimmed
        guard bytes.first == 0x7B else {
            command = try Self.command(bytes, lasting: nil)
            return
        }
        let body: JSONValue
        do throws(JSONError) {
            body = try JSONValue(parsing: bytes)
        } catch {
            throw CommandRefusal("not JSON: \(error.text)")
        }
        try body.checkMembers(["state", "for", "id", "expires"], of: "the payload")
        switch body["id"] {
        case nil, .null?: id = nil
        case .number(let text)?, .string(let text)?: id = text
        default: throw CommandRefusal("'id' is neither a text nor a number")
        }
        let (command, expires) = try Self.members(of: body)
        self.command = command
        self.expires = expires
    }

    /// `state`, `for` and `expires` of an object; its `id` belongs to the command.
    init(_ body: JSONValue) throws(CommandRefusal) { (command, expires) = try Self.members(of: body) }

    private static func members(of body: JSONValue) throws(CommandRefusal) -> (OutputCommand, WallTime?) {
        // Of nothing a pulse is none; a year is as good as for ever.
        let lasting = try body.duration("for", .nanoseconds(1)...(.seconds(366 * 86_400)), range: "0 s (not included) ... 366 d")
        let word: String
        switch body["state"] {
        case .string(let text)?, .number(let text)?: word = text
        case .logical(let isOn)?: word = isOn ? "on" : "off"
        case nil, .null?: throw CommandRefusal(#"'state' is missing; write "state":"on", "off" or "toggle""#)
        default: throw CommandRefusal(#"'state' is no state; write "state":"on", "off" or "toggle""#)
        }
        let command = try command(word.bytes, lasting: lasting)
        guard let text = try body.optionalText("expires", example: "2026-11-24T08:00:00Z") else { return (command, nil) }
        guard let expires = WallTime(parsing: text.bytes) else {
            throw CommandRefusal("'expires': '\(shown(text))' is no time of RFC 3339; write it as in '2026-11-24T08:00:00Z'")
        }
        return (command, expires)
    }

    private static func command(_ bytes: [UInt8], lasting: Duration?) throws(CommandRefusal) -> OutputCommand {
        // Bytes: mapping the case of text needs the tables of Unicode, and these words need none.
        let small = bytes.prefix(8).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        func matches(_ words: [String]) -> Bool { words.contains { small.elementsEqual($0.bytes) } }
        if matches(["on", "1", "true"]) { return .on(lasting: lasting) }
        let isOff = matches(["off", "0", "false"])
        guard isOff || matches(["toggle"]) else {
            let text = bytes.isEmpty ? "empty" : "'\(shown(String(decoding: bytes, as: UTF8.self)))' is no state"
            throw CommandRefusal("\(text); write on, off or toggle")
        }
        if lasting != nil { throw CommandRefusal("'for' goes with the state on only: after it the output is off again") }
        return isOff ? .off : .toggle
    }
}

extension [UInt8] {
    /// Without white space around it: a payload typed by hand often ends with a line feed.
    fileprivate var trimmed: [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else { return [] }
        return Array(self[first...last])
    }
}

/// The names of the requests that were done last, so that a repeated one does nothing.
struct RecentRequests: Hashable, Sendable {
    static let limit = 64
    private struct Name: Hashable {
        var output: String
        var id: String
    }
    private var names: [Name] = []

    func contains(_ id: String, for output: String) -> Bool { names.contains(Name(output: output, id: id)) }

    mutating func add(_ id: String, for output: String) {
        if names.count == Self.limit { names.removeFirst() }
        names.append(Name(output: output, id: id))
    }
}
