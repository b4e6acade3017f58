import Configuration
import Telemetry
import Testing

@Suite struct ValuesTests {
    @Test(arguments: [
        ("true", true), ("yes", true), ("on", true), ("\"on\"", true), ("false", false), ("no", false), ("off", false),
        ("True", nil), ("1", nil), ("y", nil), ("", nil), ("[true]", nil),
    ] as [(String, Bool?)])
    func `six words are logical values`(text: String, value: Bool?) {
        #expect(check("\(broker)publish:\n  identify: \(text)\n").settings?.publish.identify == value)
    }

    @Test(arguments: [
        ("1", 1), ("1000", 1000), ("0x14", 20), ("+5", 5), ("'5'", 5), ("0", nil), ("1001", nil), ("5.0", nil), ("1e2", nil), ("5 ", 5),
        ("99999999999999999999", nil), ("0x", nil), ("five", nil), ("-5", nil), ("5.", nil),
    ] as [(String, Int?)])
    func `a whole number is decimal or hexadecimal, within its range`(text: String, value: Int?) {
        #expect(check("broker:\n  url: mqtt://b\n  in_flight: \(text)\n").settings?.broker.inFlight == value)
    }

    @Test(arguments: [
        (Decimal(10, decimals: 1), Decimal(1, decimals: 0), true), (Decimal(1, decimals: 0), Decimal(10, decimals: 1), true),
        (Decimal(-2, decimals: 0), Decimal(-1, decimals: 0), true), (Decimal(-1, decimals: 0), Decimal(-2, decimals: 0), false),
        (Decimal(-1, decimals: 0), Decimal(1, decimals: 9), true), (Decimal(999_999_999_999_999_999, decimals: 0), Decimal(1, decimals: 18), false),
        (Decimal(0, decimals: 3), Decimal(0, decimals: 0), true), (Decimal(1, decimals: 18), Decimal(0, decimals: 0), false),
    ])
    func `numbers compare whatever their decimals`(a: Decimal, b: Decimal, isAtMost: Bool) {
        #expect(a.isAtMost(b) == isAtMost)
    }

    @Test(arguments: [("/etc", "a", "/etc/a"), ("/", "a", "/a"), ("", "a", "a"), ("x", "/a", "/a"), ("x", "../a", "x/../a")])
    func `a relative path starts at the folder of its file`(folder: String, name: String, path: String) {
        #expect(joined(folder, name) == path)
    }

    @Test func `a text is one line with an end`() {
        #expect(check("\(broker)device: {name: \"a\\nb\"}").lines == ["godwit.yaml:2:16: error: name: 'a?b' has a control character; write one line of text"])
        #expect(check("\(broker)device: {name: \(String(repeating: "n", count: 256))}").lines == ["godwit.yaml:2:16: error: name: has 256 bytes; write at most 255"])
        #expect(check("\(broker)device: {name: \"\"}").hasErrors)
        #expect(check("\(broker)device: {name: 5}").settings?.device.name == "5")
        #expect(check("\(broker)device: {name: yes}").settings?.device.name == "yes")
    }
}
