internal import Telemetry

/// What a person can do about a sentence of libyaml's.
package enum SyntaxHint {
    /// - Parameters:
    ///   - problem: libyaml's text
    ///   - byte: what stands at its place; nil at the end of the file.
    package static func text(for problem: String, at byte: UInt8?) -> String {
        if byte == 9 { return "a tab; YAML indents with spaces: replace it by spaces" }
        for (part, hint) in hints where contains(problem, part) { return "\(problem); \(hint)" }
        return "\(problem); check indentation, quotes and brackets here and in the line above"
    }

    private static let hints: [(part: String, hint: String)] = [
        ("mapping values are not allowed", "is a line above indented wrongly, or a ': ' in a text without quotes?"),
        ("cannot start any token", "put a text that begins with this character into quotes"),
        ("could not find expected ':'", "write 'key: value', with a space behind the colon"),
        ("did not find expected ',' or '}'", "close the brace, or put a comma between entries"),
        ("did not find expected ',' or ']'", "close the bracket, or put a comma between entries"),
        ("did not find expected key", "give all keys of a section the same indentation"),
        ("did not find expected '-' indicator", "give all '-' of a list the same indentation"),
        ("block sequence entries are not allowed", "begin the list on a line of its own"),
        ("unexpected end of stream", "is a quote not closed?"),
        ("unknown escape character", "write a backslash in double quotes as '\\\\', or use single quotes"),
        ("did not find expected node content", "a value is missing here, or a comma too many"),
        ("document start", "is this line indented less than the one above?"),
        ("tag handle", "remove the '!' or put the text into quotes"),
        ("indentation", "indent with spaces, the same for all keys of a section"),
    ]

    private static func contains(_ text: String, _ part: String) -> Bool {
        let bytes = text.bytes
        let wanted = part.bytes
        guard bytes.count >= wanted.count else { return false }
        for start in 0...(bytes.count - wanted.count) where bytes[start...].starts(with: wanted) { return true }
        return false
    }
}
