import Outputs
import Telemetry
import Testing

@testable import Agent

@Suite struct OutputRequestTests {
    private func request(_ payload: String) throws -> OutputRequest { try OutputRequest(parsing: Array(payload.utf8)) }

    @Test(arguments: [
        ("on", .on(lasting: nil)), ("ON", .on(lasting: nil)), ("oN", .on(lasting: nil)), ("1", .on(lasting: nil)),
        ("true", .on(lasting: nil)), ("True", .on(lasting: nil)), ("off", .off), ("Off", .off), ("0", .off), ("FALSE", .off),
        ("toggle", .toggle), ("TOGGLE", .toggle), (" on\r\n", .on(lasting: nil)), ("\toff\n", .off),
        (#"{"state":"on"}"#, .on(lasting: nil)), (#"{"state":"OFF"}"#, .off), (#"{"state":1}"#, .on(lasting: nil)),
        (#"{"state":0}"#, .off), (#"{"state":true}"#, .on(lasting: nil)), (#"{"state":false,"for":null}"#, .off),
        (#" {"state":"on","for":"1.5 min"} "#, .on(lasting: .seconds(90))), (#"{"state":"on","for":"5s"}"#, .on(lasting: .seconds(5))),
    ] as [(String, OutputCommand)])
    func `words in any case and objects are taken`(payload: String, command: OutputCommand) throws {
        #expect(try request(payload).command == command)
    }

    @Test func `an object has its id and the time it expires`() throws {
        let request = try request(#"{"state":"on","for":"5 s","id":17,"expires":"1970-01-01T01:00:00+01:00"}"#)
        #expect(request.id == "17")
        #expect(request.expires == WallTime(nanoseconds: 0))
        #expect(try self.request(#"{"state":"on","id":null,"expires":null}"#).id == nil)
    }

    @Test(arguments: [
        ("", "empty; write on, off or toggle"), (" \n", "empty; write on, off or toggle"),
        ("onn", "'onn' is no state; write on, off or toggle"), ("ONLINE!!!", "'ONLINE!!!' is no state; write on, off or toggle"),
        ("toggle it", "'toggle it' is no state; write on, off or toggle"),
        ("K\u{212A}", "'K\u{212A}' is no state; write on, off or toggle"),
        ("2", "'2' is no state; write on, off or toggle"), ("[1]", "'[1]' is no state; write on, off or toggle"),
        ("{", "not JSON: it ends in the middle"), ("{}", #"'state' is missing; write "state":"on", "off" or "toggle""#),
        (#"{"state":"on","state":"off"}"#, "not JSON: 'state' comes twice"),
        (#"{"state":"on","fro":"5 s"}"#, "unknown 'fro' in the payload; did you mean 'for'?"),
        (#"{"state":2}"#, "'2' is no state; write on, off or toggle"),
        (#"{"state":"off","for":"5 s"}"#, "'for' goes with the state on only: after it the output is off again"),
        (#"{"state":"toggle","for":"5 s"}"#, "'for' goes with the state on only: after it the output is off again"),
        (#"{"state":"on","for":5}"#, #"'for' is no text; write it as in "for":"5 min""#),
        (#"{"state":"on","for":"5"}"#, "'for': '5' has no unit; did you mean '5 s'?"),
        (#"{"state":"on","id":[]}"#, "'id' is neither a text nor a number"),
        (
            #"{"state":"on","expires":"tomorrow"}"#,
            "'expires': 'tomorrow' is no time of RFC 3339; write it as in '2026-11-24T08:00:00Z'"
        ),
        (#"{"state":"on","expires":1795507933}"#, #"'expires' is no text; write it as in "expires":"2026-11-24T08:00:00Z""#),
    ])
    func `what is none of these says why`(payload: String, text: String) {
        #expect(throws: CommandRefusal(text)) { try request(payload) }
    }

    @Test func `bytes that are no text are no state`() {
        #expect(throws: CommandRefusal.self) { try OutputRequest(parsing: [0xFF, 0x00, 0xC3]) }
    }

    @Test func `the last 64 requests are remembered, each for its output`() {
        var recent = RecentRequests()
        recent.add("0", for: "siren")
        #expect(recent.contains("0", for: "siren"))
        #expect(!recent.contains("0", for: "pump"))
        for number in 1...63 { recent.add("\(number)", for: "siren") }
        #expect(recent.contains("0", for: "siren"))
        recent.add("64", for: "siren")
        #expect(!recent.contains("0", for: "siren"))
        #expect(recent.contains("1", for: "siren"))
    }
}
