import Configuration
import Telemetry
import Testing

@Suite struct GeneralSectionsTests {
    @Test func `the device is called after its host, and its name after its id`() {
        #expect(check(broker).settings?.device == DeviceSettings(id: "board-7", name: "board-7", location: ""))
        #expect(
            check("\(broker)device: {id: a, name: A 1, location: Shed}").settings?.device == DeviceSettings(id: "a", name: "A 1", location: "Shed"))
    }

    @Test func `what is not given has its default`() {
        let settings = check(broker).settings
        #expect(settings?.publish == PublishSettings())
        #expect(settings?.buffer == BufferSettings())
        #expect(settings?.logLevel == .info)
        #expect(settings?.topicPrefix == "godwit/board-7")
    }

    @Test func `values that are built are taken, also when they are the default`() {
        let result = check(
            """
            \(broker)publish:
              {prefix: a/b, qos: 1, encoding: json, batch: off, identify: true, live: off, metrics_every: 0 s, clock: trust, wait_for_clock: 0 s}
            buffer: {file: x/y.ring, size: 1 MiB, sync: 0 s, when_full: drop-newest, memory: 64 KiB, state_every: 1 min}
            log: {level: debug, publish: off}
            home_assistant: {discovery: false, prefix: homeassistant}
            alerts: []
            outputs:
            """)
        #expect(result.lines == [])
        #expect(
            result.settings?.publish
                == PublishSettings(prefix: "a/b", identify: true, metricsEvery: .zero, clock: .trust, waitForClock: .zero))
        #expect(
            result.settings?.buffer
                == BufferSettings(file: "x/y.ring", size: 1 << 20, sync: .zero, memory: 65_536, whenFull: .dropNewest, stateEvery: .seconds(60)))
        #expect(result.settings?.logLevel == .debug)
    }

    @Test(arguments: [
        ("publish: {qos: 3}", "outside 1 ... 2"), ("publish: {qos: 0}", "outside 1 ... 2"),
        ("publish: {encoding: senml-cbor}", "encoding: not supported yet"), ("publish: {encoding: senml}", "known values"),
        ("publish: {batch: {readings: 50, age: 5 s}}", "is not below buffer.sync (5 s)"), ("publish: {batch: {readings: 1, age: 1 s}}", "outside 2 ... 1000"),
        ("publish: {batch: {readings: 50}}", "'age' is missing"), ("publish: {batch: {readings: 50, every: 2 s, age: 1 s}}", "unknown key 'every'"),
        ("publish: {batch: on}", "write off"), ("publish: {live: always}", "known values: auto"), ("publish: {clock: ntp}", "known values: kernel, rtc, trust"),
        ("publish: {metrics_every: 10 ms}", "and is not 0 s"), ("publish: {wait_for_clock: 2}", "did you mean '2 s'?"),
        ("home_assistant: {discovery: true}", "discovery: not supported yet"), ("home_assistant: {prefix: ha}", "prefix: not supported yet"),
        ("buffer: {when_full: thin-oldest}", "when_full: not supported yet"),
        ("buffer: {when_full: drop}", "known values: drop-oldest"), ("buffer: {sync: 2 h}", "outside 0 s ... 1 h"), ("buffer: {memory: 128 MiB}", "outside 64 KiB ... 64 MiB"),
        ("buffer: {file: /var/lib/}", "is a folder"), ("log: {publish: warn}", "known values: off, debug"), ("log: info", "known keys: level, publish"),
        ("device: {id: \"\"}", "is no id"), ("publish: {prefix: \"\"}", "is empty"),
    ])
    func `what is not right, or not built, is said once`(section: String, part: String) {
        let result = check("\(broker)\(section)")
        #expect(result.problems.count == 1, "\(result.lines)")
        #expect(result.problems.first?.text.contains(part) == true, "\(result.lines)")
    }

    @Test(arguments: [("", 1), ("publish: {qos: 1}", 1), ("publish: {qos: 2}", 2)] as [(String, UInt8)])
    func `qos is 1 unless it is 2`(section: String, qos: UInt8) {
        let result = check("\(broker)\(section)")
        #expect(result.lines == [])
        #expect(result.settings?.publish.qos == qos)
    }

    @Test(arguments: [("kernel", PublishSettings.Clock.kernel), ("rtc", .rtc), ("trust", .trust)])
    func `what counts as a known time has three ways`(word: String, clock: PublishSettings.Clock) {
        #expect(check("\(broker)publish: {clock: \(word)}").settings?.publish.clock == clock)
        #expect(clock.text == word)
    }

    @Test func `log lines are published from a level on, or not`() {
        #expect(check("\(broker)log: {publish: off}").settings?.logPublish == nil)
        for (word, level) in [("debug", Notice.Level.debug), ("info", .info), ("warning", .warning), ("error", .error)] {
            let settings = check("\(broker)log: {publish: \(word)}").settings
            #expect(settings?.logPublish == level)
            #expect(settings?.logLevel == .info)
        }
    }

    @Test func `a batch has its readings and its age, or is off`() {
        let result = check("\(broker)publish: {batch: {readings: 50, age: 2 s}}")
        #expect(result.lines == [])
        #expect(result.settings?.publish.batch == BatchLimits(readings: 50, age: .seconds(2)))
        #expect(check("\(broker)publish: {batch: off}").settings?.publish.batch == nil)
    }

    @Test(arguments: [("auto", LiveMode.off), ("on", .on), ("off", .off), ("retained", .retained)])
    func `live readings are off unless they are asked for`(word: String, live: LiveMode) {
        let result = check("\(broker)publish: {live: \(word)}")
        #expect(result.lines == [])
        #expect(result.settings?.publish.live == live)
    }

    @Test func `retained live readings and discovery contradict each other`() {
        let result = check("\(broker)home_assistant: {discovery: true}\npublish: {live: retained}")
        #expect(result.problems.contains { $0.text.contains("goes without home_assistant.discovery") })
    }
}
