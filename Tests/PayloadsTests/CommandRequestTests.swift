import Payloads
import Testing

@Suite struct CommandRequestTests {
    @Test func `a command is read with its id and what it needs`() throws {
        let request = try CommandRequest(parsing: Array(#"{"id":"a1","command":"read","sensor":"air"}"#.utf8))
        #expect(request.id == "a1")
        #expect(request.command == "read")
        #expect(request.text("sensor") == "air")
        #expect(request.text("count") == nil)
    }

    @Test func `an id is optional, and may be a number`() throws {
        #expect(try CommandRequest(parsing: Array(#"{"command":"status"}"#.utf8)).id == nil)
        #expect(try CommandRequest(parsing: Array(#"{"id":null,"command":"status"}"#.utf8)).id == nil)
        #expect(try CommandRequest(parsing: Array(#"{"id":17,"command":"status"}"#.utf8)).id == "17")
    }

    @Test(arguments: [
        ("", nil, "not JSON: it ends in the middle"),
        ("status", nil, "not JSON: unexpected 's' at byte 0"),
        ("[]", nil, "not a JSON object"),
        (#"{"id":[],"command":"status"}"#, nil, "'id' is neither a text nor a number"),
        (#"{"id":"x"}"#, "x", "no 'command', or it is not a text"),
        (#"{"id":"x","command":1}"#, "x", "no 'command', or it is not a text"),
    ] as [(String, String?, String)])
    func `what is no command says why`(line: String, id: String?, text: String) {
        #expect(throws: CommandRequestError(id: id, text: text)) { try CommandRequest(parsing: Array(line.utf8)) }
    }
}
