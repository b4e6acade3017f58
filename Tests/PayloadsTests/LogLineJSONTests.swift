import Payloads
import Telemetry
import Testing

@Suite struct LogLineJSONTests {
    private let instant = Instant(nanoseconds: 12_345_678_901)

    @Test func `a line has its time, or the uptime while the time is not known`() {
        #expect(
            text(logLineJSON(time: exampleTime, instant: instant, level: "info", text: "started"))
                == #"{"time":"\#(exampleTime.rfc3339)","level":"info","text":"started"}"#)
        #expect(
            text(logLineJSON(time: nil, instant: instant, level: "error", text: #"a "b""#))
                == #"{"uptime":12.345,"level":"error","text":"a \"b\""}"#)
    }

    @Test func `dropped lines are said where there are any`() {
        #expect(
            text(logLineJSON(time: nil, instant: instant, level: "info", text: "x", dropped: 7))
                == #"{"uptime":12.345,"level":"info","text":"x","dropped":7}"#)
    }
}
