import Outputs
import Payloads
import Telemetry
import Testing

@testable import Agent

@Suite struct CommandTests {
    private func command(_ json: String) throws -> Command { try Command(CommandRequest(parsing: Array(json.utf8))) }

    @Test(arguments: [
        (#"{"command":"ping"}"#, .ping), (#"{"command":"status","id":"1"}"#, .status), (#"{"command":"metrics"}"#, .metrics),
        (#"{"command":"losses"}"#, .losses), (#"{"command":"logs"}"#, .logs), (#"{"command":"reload"}"#, .reload),
        (#"{"command":"read","sensor":"air"}"#, .read(sensor: "air")),
        (#"{"command":"acknowledge","alert":"frost"}"#, .acknowledge(alert: "frost")),
        (#"{"command":"mute","alert":"frost","for":"8 h"}"#, .mute(alert: "frost", lasting: .seconds(8 * 3600))),
        (#"{"command":"mute","alert":"frost","for":"0 s"}"#, .mute(alert: "frost", lasting: .zero)),
        (#"{"command":"mute","alert":"frost","for":"31 d"}"#, .mute(alert: "frost", lasting: .seconds(31 * 86_400))),
        (#"{"command":"output","output":"siren","state":"on"}"#, .output(id: "siren", .on(lasting: nil), expires: nil)),
        (
            #"{"id":"7","command":"output","output":"siren","state":"ON","for":"5 s"}"#,
            .output(id: "siren", .on(lasting: .seconds(5)), expires: nil)
        ),
        (#"{"id":"siren","command":"output","state":false}"#, .output(id: "siren", .off, expires: nil)),
        (
            #"{"command":"output","output":"siren","state":"toggle","expires":"1970-01-01T00:00:01Z"}"#,
            .output(id: "siren", .toggle, expires: WallTime(nanoseconds: 1_000_000_000))
        ),
    ] as [(String, Command)])
    func `a request becomes a command`(json: String, expected: Command) throws {
        #expect(try command(json) == expected)
        #expect(try CommandRequest(parsing: Array(json.utf8)).command == expected.name)
    }

    @Test(arguments: [
        (#"{"command":"pnig"}"#, "unknown command 'pnig'; did you mean 'ping'?"),
        (
            #"{"command":"dance"}"#,
            "unknown command 'dance'; known commands: ping, status, metrics, losses, logs, reload, read, acknowledge, mute, output"
        ),
        (#"{"command":"read"}"#, #"'sensor' is missing; write it as in "sensor":"air""#),
        (#"{"command":"read","sensor":null}"#, #"'sensor' is missing; write it as in "sensor":"air""#),
        (#"{"command":"read","sensor":5}"#, #"'sensor' is no text; write it as in "sensor":"air""#),
        (#"{"command":"read","sensor":["air"]}"#, #"'sensor' is no text; write it as in "sensor":"air""#),
        (#"{"command":"read","senser":"air"}"#, "unknown 'senser' in command 'read'; did you mean 'sensor'?"),
        (#"{"command":"ping","sensor":"air"}"#, "unknown 'sensor' in command 'ping'; known members: command, id"),
        (#"{"command":"acknowledge"}"#, #"'alert' is missing; write it as in "alert":"frost""#),
        (#"{"command":"mute","alert":"frost"}"#, #"'for' is missing; write how long it is to be muted, as in "for":"8 h""#),
        (#"{"command":"mute","alert":"frost","for":8}"#, #"'for' is no text; write it as in "for":"5 min""#),
        (#"{"command":"mute","alert":"frost","for":"8"}"#, "'for': '8' has no unit; did you mean '8 s'?"),
        (#"{"command":"mute","alert":"frost","for":"-1 h"}"#, "'for': -1 h is outside 0 s ... 31 d"),
        (#"{"command":"mute","alert":"frost","for":"32 d"}"#, "'for': 32 d is outside 0 s ... 31 d"),
        (#"{"command":"output","output":"siren","state":"on","for":"0 s"}"#, "'for': 0 s is outside 0 s (not included) ... 366 d"),
        (#"{"command":"output","output":"siren","state":"on","for":"367 d"}"#, "'for': 367 d is outside 0 s (not included) ... 366 d"),
        (#"{"command":"output","state":"on"}"#, #"'output' is missing; write it as in "output":"siren""#),
        (#"{"command":"output","output":"siren"}"#, #"'state' is missing; write "state":"on", "off" or "toggle""#),
        (#"{"command":"output","output":"siren","state":[]}"#, #"'state' is no state; write "state":"on", "off" or "toggle""#),
        (#"{"command":"output","output":1,"state":"on"}"#, #"'output' is no text; write it as in "output":"siren""#),
    ])
    func `what is wrong with a request is said with the next step`(json: String, text: String) {
        #expect(throws: CommandRefusal(text)) { try command(json) }
    }

    @Test func `every command is in the list of those that are known`() {
        let all: [Command] = [
            .ping, .status, .metrics, .losses, .logs, .reload, .read(sensor: ""), .acknowledge(alert: ""),
            .mute(alert: "", lasting: .zero), .output(id: "", .off, expires: nil),
        ]
        #expect(all.map(\.name) == Command.members.map(\.name))
    }
}
