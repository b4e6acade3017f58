/// A configuration that is refused, with the place and the next step that every program must name.
package struct BrokenConfiguration: Sendable, CustomStringConvertible {
    package var name: String
    package var bytes: [UInt8]
    /// From 1.
    package var line: Int
    package var column: Int
    /// Part of the text, of which the next step is one.
    package var part: String

    package var description: String { name }

    init(_ name: String, _ bytes: [UInt8], _ line: Int, _ column: Int, _ part: String) {
        self.name = name
        self.bytes = bytes
        self.line = line
        self.column = column
        self.part = part
    }

    init(_ name: String, _ text: String, _ line: Int, _ column: Int, _ part: String) {
        self.init(name, Array(text.utf8), line, column, part)
    }

    /// With a broker in line 1, so that only what follows is broken.
    static func rest(_ name: String, _ text: String, _ line: Int, _ column: Int, _ part: String) -> BrokenConfiguration {
        BrokenConfiguration(name, "broker: {url: \"mqtt://localhost\"}\n" + text, line, column, part)
    }

    package static let all: [BrokenConfiguration] = types + keys + units + ranges + references + lines + alerts + outputs + later + yaml + huge

    static let types: [BrokenConfiguration] = [
        .init("no broker", "device: {id: x}\n", 1, 1, "write 'broker: {url: \"mqtt://HOST\"}'"),
        .init("empty file", "", 1, 1, "'broker' is missing"),
        .init("a list", "- broker\n", 1, 1, "begin with 'broker:'"),
        .init("a text", "hello\n", 1, 1, "begin with 'broker:'"),
        .init("no url", "broker: {protocol: auto}\n", 1, 9, "write 'url: mqtt://HOST'"),
        .init("broker is a text", "broker: mqtt://localhost\n", 1, 9, "known keys: url"),
        .init("url without scheme", "broker:\n  url: localhost\n", 2, 8, "did you mean 'mqtt://localhost'?"),
        .init("url of another protocol", "broker:\n  url: https://localhost\n", 2, 8, "known are mqtt"),
        .init("url with a password", "broker:\n  url: mqtt://u:p@localhost\n", 2, 8, "broker.username"),
        .init("IPv6 without brackets", "broker:\n  url: mqtt://2001:db8::1\n", 2, 8, "in brackets"),
        .init("a broker twice", "broker: {url: [\"mqtt://a\", \"mqtt://a:1883\"]}\n", 1, 28, "remove one"),
        .init("a psk that is a word", "broker: {url: \"mqtts://b\", tls: {psk_identity: x, psk: tiger}}\n", 1, 56, "openssl rand -hex 32"),
        .init("empty list of urls", "broker:\n  url: []\n", 2, 8, "write at least one"),
        .rest("sensors is a mapping", "sensors: {id: air}\n", 2, 10, "write '- {id: air"),
        .rest("a sensor is a text", "sensors:\n  - air\n", 3, 5, "not a mapping; write"),
        .rest("a number is a text", "publish:\n  qos: best\n", 3, 8, "allowed are 1 ... 2"),
        .rest("a logical is a text", "publish: {identify: maybe}\n", 2, 21, "known values: true, false"),
        .rest("a logical with a capital", "publish: {identify: True}\n", 2, 21, "did you mean 'true'?"),
        .rest("a scalar is a list", "device: {id: [a]}\n", 2, 14, "is a list; write an id"),
        .rest("a scalar is a mapping", "device: {id: {a: b, c: d}}\n", 2, 14, "{credential: NAME}"),
        .rest("no value", "device:\n  id:\n", 3, 6, "leave the key out"),
    ]
    static let keys: [BrokenConfiguration] = [
        .rest("unknown section", "sensor: []\n", 2, 1, "did you mean 'sensors'?"),
        .rest("unknown key", "publish: {prefx: a}\n", 2, 11, "did you mean 'prefix'?"),
        .rest("letters changed places", "buffer: {szie: 1 MiB}\n", 2, 10, "did you mean 'size'?"),
        .rest("a key of another section", "keep_alive: 5 s\n", 2, 1, "belongs into 'broker'"),
        .rest("a key like no other", "log: {rotation: daily}\n", 2, 7, "known keys: level, publish"),
        .rest(
            "unknown key of a sensor", "sensors:\n  - {id: door, model: contact, line: GPIO17, debounse: 5 ms}\n", 3, 46,
            "unknown key 'debounse' in sensor 'door'; did you mean 'debounce'?"),
        .init("verification off", "broker: {url: \"mqtts://b\", tls: {insecure: true}}\n", 1, 34, "name the certificate authority"),
        .rest("a key twice", "log: {level: info}\nlog: {level: debug}\n", 3, 1, "remove one, the first is at 2:1"),
        .rest("unknown model", "sensors:\n  - {id: air, model: dht21, line: GPIO4}\n", 3, 22, "did you mean 'dht"),
        .rest("no model", "sensors:\n  - {id: air, line: GPIO4}\n", 3, 5, "write 'model: dht22'"),
        .rest("no id", "sensors:\n  - {model: dht22, line: GPIO4}\n", 3, 5, "write 'id: air'"),
        .rest("no line", "sensors:\n  - {id: air, model: dht22}\n", 3, 5, "write 'line: GPIO4'"),
        .rest("unknown word", "publish: {clock: ntp}\n", 2, 18, "known values: kernel, rtc, trust"),
        .rest("unknown level", "log: {level: warn}\n", 2, 14, "known values: debug, info, warning, error"),
    ]
    static let units: [BrokenConfiguration] = [
        .rest("unit missing", "publish: {metrics_every: 300}\n", 2, 26, "did you mean '300 s'?"),
        .rest("unit missing at zero", "buffer: {sync: 0}\n", 2, 16, "did you mean '0 s'?"),
        .rest("minutes as m", "publish: {metrics_every: 5m}\n", 2, 26, "did you mean '5 min'?"),
        .rest("size as MB", "buffer: {size: 64 MB}\n", 2, 16, "did you mean '64 MiB'?"),
        .rest("size without unit", "buffer: {size: 64}\n", 2, 16, "did you mean '64 MiB'?"),
        .rest("a duration for a size", "buffer: {size: 5 s}\n", 2, 16, "is a duration; a size has B, KiB"),
        .rest("no number", "buffer: {sync: soon}\n", 2, 16, "as in '60 s'"),
        .rest("unknown unit", "buffer: {sync: 1 fortnight}\n", 2, 16, "known units: us, ms, s, min, h, d"),
    ]
    static let ranges: [BrokenConfiguration] = [
        .init("keep_alive too short", "broker:\n  url: mqtt://b\n  keep_alive: 0.5 s\n", 3, 15, "0.5 s is outside 5 s ... 18 h"),
        .init("in_flight too many", "broker: {url: \"mqtt://b\", in_flight: 1001}\n", 1, 38, "outside 1 ... 1000"),
        .init("a negative number", "broker: {url: \"mqtt://b\", in_flight: -1}\n", 1, 38, "outside 1 ... 1000"),
        .init("back-off backwards", "broker: {url: \"mqtt://b\", reconnect: {minimum: 1 h}}\n", 1, 48, "above maximum (2 min)"),
        .init("port too high", "broker: {url: \"mqtt://b:70000\"}\n", 1, 15, "outside 1 ... 65535"),
        .rest("ring too small", "buffer: {size: 1 KiB}\n", 2, 16, "outside 256 KiB ... 1 TiB"),
        .rest("a sensor too often", "sensors:\n  - {id: a, model: dht22, line: L, every: 1 s}\n", 3, 43, "outside 2 s ... "),
        .rest("id with capitals", "device: {id: Green House}\n", 2, 14, "as in 'green-house'"),
        .rest("id too long", "device: {id: \(String(repeating: "x", count: 65))}\n", 2, 14, "1 ... 64 small letters"),
        .rest("prefix with a wildcard", "publish: {prefix: a/+}\n", 2, 19, "a level has no '+'"),
        .rest("prefix with an empty level", "publish: {prefix: a//b}\n", 2, 19, "remove the '/'"),
        .rest(
            "topic too long",
            "publish: {prefix: \(String(repeating: "p", count: 250))}\nsensors: [{id: a, model: dht22, line: L}]\n", 2, 19,
            "shorten the prefix by"),
    ]
    static let references: [BrokenConfiguration] = [
        .rest(
            "duplicate id", "sensors:\n  - {id: air, model: dht22, line: L1}\n  - {id: air, model: dht22, line: L2}\n", 4, 10,
            ":3:10, choose another"),
        .rest(
            "duplicate chip", "chips:\n  - {name: c, replay: a.csv}\n  - {name: c, replay: b.csv}\n", 4, 12, ":3:12, choose another"),
        .rest("a chip of nothing", "chips:\n  - {name: c}\n", 3, 5, "write 'label: LABEL'"),
        .rest("misspelt reference", "device: {id: {credentials: x}}\n", 2, 15, "did you mean 'credential'"),
        .rest("unknown anchor", "device: {id: *name}\n", 2, 14, "put '&name' in front"),
        .rest("include", "device: !include device.yaml\n", 2, 9, "godwit.d"),
        .rest("secret tag", "device: {name: !secret name}\n", 2, 16, "use {credential: NAME}"),
    ]
    static let lines: [BrokenConfiguration] = [
        .rest(
            "two sensors on one line", "sensors:\n  - {id: a, model: dht22, line: GPIO4}\n  - {id: b, model: contact, line: GPIO4}\n",
            4, 35, "taken by sensor 'a'"),
        .rest(
            "two sensors on one offset",
            "sensors:\n  - {id: a, model: dht22, line: {chip: c, offset: 4}}\n  - {id: b, model: dht22, line: {chip: c, offset: 4}}\n",
            4, 33, "choose another line"),
        .rest(
            "an output on a sensor's line", "sensors: [{id: a, model: dht22, line: GPIO4}]\noutputs: [{id: o, line: GPIO4}]\n", 3, 25,
            "taken by sensor 'a'"),
        .rest("a line by number", "sensors: [{id: a, model: dht22, line: 17}]\n", 2, 39, "did you mean 'GPIO17'"),
        .rest("offset without chip", "sensors: [{id: a, model: dht22, line: {offset: 17}}]\n", 2, 39, "'chip' is missing"),
        .rest("a pin without line", "sensors: [{id: a, model: dht22, line: {header: 1}}]\n", 2, 48, "header: pin 1 is 3.3 V; lines are at 3, 5"),
    ]
    private static let air = "sensors: [{id: air, model: dht22, line: L}]\nalerts:\n"
    static let alerts: [BrokenConfiguration] = [
        .rest("alert on an unknown sensor", air + "  - {id: x, series: airr.temperature, below: 1}\n", 4, 21, "did you mean 'air'?"),
        .rest("alert on an unknown quantity", air + "  - {id: x, series: air.temprature, below: 1}\n", 4, 21, "did you mean 'temperature'?"),
        .rest("alert on an unknown output", air + "  - {id: x, series: air.humidity, below: 1, outputs: [bell]}\n", 4, 55, "there are no outputs"),
        .rest("alert without condition", air + "  - {id: x, series: air.humidity}\n", 4, 5, "write one of above"),
        .rest("alert with two conditions", air + "  - {id: x, series: air.humidity, below: 1, above: 2}\n", 4, 45, "write a second rule"),
        .rest("alert that never clears", air + "  - {id: x, series: air.humidity, below: 5, clear_above: 2}\n", 4, 58, "write at least 5"),
        .rest("duplicate alert", air + "  - {id: x, series: air, silent_for: 5 s}\n  - {id: x, series: air, silent_for: 9 s}\n", 5, 10, ":4:10, choose another"),
        .rest("for beside silence", air + "  - {id: x, series: air, silent_for: 5 min, for: 5 s}\n", 4, 45, "for: goes without 'silent_for'"),
        .rest("an output twice in a rule", "outputs: [{id: o, line: M}]\n" + air + "  - {id: x, series: air.humidity, below: 1, outputs: [o, o]}\n", 5, 58, "remove one"),
        .rest("a change of a contact", "sensors: [{id: d, model: contact, line: L}]\nalerts: [{id: x, series: d.state, changes_by: 1, within: 5 s}]\n", 3, 35, "write 'equals: open'"),
        .rest("a contact that equals 2", "sensors: [{id: d, model: contact, line: L}]\nalerts: [{id: x, series: d.state, equals: 2}]\n", 3, 43, "write open, closed, 1 or 0"),
        .rest("a clear threshold of the other kind", air + "  - {id: x, series: air.humidity, below: 5, clear_below: 4}\n", 4, 45, "did you mean 'clear_above'?"),
        .rest("unknown placeholder", air + "  - {id: x, series: air.humidity, below: 5, message: \"{valeu}\"}\n", 4, 54, "did you mean 'value'?"),
    ]
    static let outputs: [BrokenConfiguration] = [
        .rest("an output in two groups", "outputs:\n  - {id: o, line: L, group: [a, b]}\n", 3, 29, "write one name"),
        .rest(
            "an output twice, in two groups", "outputs:\n  - {id: o, line: L, group: a}\n  - {id: o, line: M, group: b}\n", 4, 10,
            "an output is in one group, so remove one"),
        .rest("two outputs on one line", "outputs:\n  - {id: o, line: L}\n  - {id: p, line: L}\n", 4, 19, "taken by output 'o' at"),
        .rest("an output that is on for less than it must be", "outputs: [{id: o, line: L, minimum_on: 5 s, maximum_on: 1 s}]\n", 2, 57, "write at least 5 s"),
        .rest(
            "two of a group on at the start", "outputs:\n  - {id: o, line: L, group: g, initial: on}\n  - {id: p, line: M, group: g, initial: on}\n",
            4, 41, "write off"),
        .rest("an output without a line", "outputs: [{id: o}]\n", 2, 11, "write 'line: GPIO27'"),
    ]
    static let later: [BrokenConfiguration] = [
        .rest("not built: an encoding", "publish: {encoding: senml-cbor}\n", 2, 21, "encoding: not supported yet"),
        .rest("not built: a model", "sensors: [{id: a, model: bme280, bus: i2c-1}]\n", 2, 26, "model: not supported yet"),
    ]
    static let yaml: [BrokenConfiguration] = [
        .rest("tab", "log:\n\tlevel: info\n", 3, 1, "replace it by spaces"),
        .init("NUL", "broker:\n  url: mqtt://b\0\n", 2, 16, "remove it"),
        .init("control character", "broker: \u{1}\n", 1, 9, "remove it"),
        .init("invalid UTF-8", Array("# caf".utf8) + [0xE9, 10] + Array("broker: {}\n".utf8), 1, 6, "save the file as UTF-8"),
        .init("UTF-16", [0xFF, 0xFE, 0x62, 0x00], 1, 1, "save it as UTF-8"),
        .init("quote not closed", "broker: {url: \"mqtt://b}\n", 2, 1, "is a quote not closed?"),
        .init("brace not closed", "broker: {url: mqtt://b\nlog: {}\n", 2, 4, "close the brace"),
        .rest("wrong indentation", "log:\n  level: info\n   publish: off\n", 4, 11, "indented wrongly"),
        .rest("colon in a text", "device: {name: a}\nlog: level: info\n", 3, 11, "indented wrongly"),
        .rest("second document", "---\nlog: {level: info}\n", 2, 1, "a file of its own"),
        .rest("key is a list", "? [a]\n: b\n", 2, 3, "a key must be a text"),
        .rest("alias in itself", "log: &a {level: *a}\n", 2, 17, "move it out of it"),
    ]
    static let huge: [BrokenConfiguration] = [
        .init("10 MB", [UInt8](repeating: 35, count: 10_000_000), 1, 1, "more than 1 MiB"),
        .init("deep nesting", "a: " + String(repeating: "[", count: 100_000), 1, 67, "nested deeper than 64"),
        .init("deep nesting by dashes", String(repeating: "- ", count: 100_000), 1, 129, "nested deeper than 64"),
        .init("alias bomb", aliasBomb, 5, 20, "use fewer"),
        .init("too many values", "broker: [" + String(repeating: "1,", count: 70_000) + "]\n", 1, 10 + 2 * 65_533, "use fewer"),
    ]

    /// Each line has ten times the values of the one above.
    private static var aliasBomb: String {
        var text = "a: &a [" + Array(repeating: "1", count: 10).joined(separator: ",") + "]\n"
        for (name, before) in zip("bcdefghij", "abcdefghi") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 10).joined(separator: ",") + "]\n"
        }
        return text
    }
}
