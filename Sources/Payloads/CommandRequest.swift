internal import Telemetry

/// One command as it comes in, by the control socket or by `P/command` (contract, section 2):
/// `{"id":"…","command":"read","sensor":"air"}`.
package struct CommandRequest: Hashable, Sendable {
    /// What ties the answer to the request; nil where none was given.
    package var id: String?
    package var command: String
    /// The whole object; what the command needs beside its name is in it.
    package var body: JSONValue

    /// - Throws: why it is no command, for a person.
    package init(parsing line: some Collection<UInt8>) throws(CommandRequestError) {
        let body: JSONValue
        do throws(JSONError) {
            body = try JSONValue(parsing: line)
        } catch {
            throw CommandRequestError(id: nil, text: "not JSON: \(error.text)")
        }
        guard case .object = body else { throw CommandRequestError(id: nil, text: "not a JSON object") }
        switch body["id"] {
        case nil, .null?: id = nil
        // A number is taken as its text: programs count.
        case .number(let text)?, .string(let text)?: id = text
        default: throw CommandRequestError(id: nil, text: "'id' is neither a text nor a number")
        }
        guard let command = body["command"]?.text else {
            throw CommandRequestError(id: id, text: "no 'command', or it is not a text")
        }
        self.command = command
        self.body = body
    }

    /// A text that the command needs: `sensor`.
    package func text(_ name: String) -> String? { body[name]?.text }
}

package struct CommandRequestError: Error, Hashable, Sendable {
    /// Of the request, where it could be read.
    package var id: String?
    package var text: String
    package init(id: String?, text: String) {
        self.id = id
        self.text = text
    }
}
