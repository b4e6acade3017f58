import Foundation
import Payloads
import Telemetry
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("null", .null), (" true\n", .logical(true)), ("false", .logical(false)), ("\"\"", .string("")),
        ("0", .number("0")), ("-0.5e+10", .number("-0.5e+10")), ("18446744073709551615", .number("18446744073709551615")),
        ("[]", .array([])), ("[ 1 , [2] ]", .array([.number("1"), .array([.number("2")])])), ("{}", .object([])),
        (
            #"{"a" : "x", "b":{"c":null}}"#,
            .object([.init(name: "a", value: .string("x")), .init(name: "b", value: .object([.init(name: "c", value: .null)]))])
        ),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")), (#""\u00e9\u00E9""#, .string("éé")),
        (#""\ud83e\udd86""#, .string("🦆")), ("\"°\"", .string("°")), (#""\u0000""#, .string("\0")),
    ] as [(String, JSONValue)])
    func `valid text is read`(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        ("", .endOfInput), ("  ", .endOfInput), ("{", .endOfInput), ("[1", .endOfInput), ("\"a", .endOfInput), ("tru", .endOfInput),
        ("-", .endOfInput), ("1.", .endOfInput), ("1e", .endOfInput), (#""\"#, .endOfInput), (#""\u12"#, .endOfInput),
        ("nulL", .unexpected(0x4C, offset: 3)), ("01", .unexpected(0x31, offset: 1)), ("+1", .unexpected(0x2B, offset: 0)),
        (".5", .unexpected(0x2E, offset: 0)), ("1 2", .unexpected(0x32, offset: 2)), ("[1,]", .unexpected(0x5D, offset: 3)),
        ("{\"a\":1,}", .unexpected(0x7D, offset: 7)), ("{a:1}", .unexpected(0x61, offset: 1)),
        ("{\"a\" 1}", .unexpected(0x31, offset: 5)), ("[1;2]", .unexpected(0x3B, offset: 2)), ("'a'", .unexpected(0x27, offset: 0)),
        ("\"a\nb\"", .unexpected(0x0A, offset: 2)), ("NaN", .unexpected(0x4E, offset: 0)), ("\u{FEFF}1", .unexpected(0xEF, offset: 0)),
        (#""\x41""#, .badEscape(offset: 1)), (#""\ud83e""#, .badEscape(offset: 1)), (#""\ud83ex""#, .badEscape(offset: 1)),
        (#""\ud83e\u0041""#, .badEscape(offset: 1)), (#""\udd86""#, .badEscape(offset: 1)), (#""\u00g0""#, .unexpected(0x67, offset: 5)),
        (#"{"a":1,"a":2}"#, .duplicate(name: "a")), (#"{"a":1,"\u0061":2}"#, .duplicate(name: "a")),
    ] as [(String, JSONError)])
    func `what is not JSON is refused at its place`(text: String, expected: JSONError) {
        #expect(throws: expected) { try JSONValue(parsing: Array(text.utf8)) }
        #expect(!expected.text.isEmpty)
    }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22]] as [[UInt8]])
    func `a text that is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.invalidUTF8(offset: 0)) { try JSONValue(parsing: bytes) }
    }

    @Test func `sixteen levels are read, seventeen are not`() throws {
        func nested(_ depth: Int) -> [UInt8] { Array(repeating: 0x5B, count: depth) + Array(repeating: 0x5D, count: depth) }
        _ = try JSONValue(parsing: nested(16))
        #expect(throws: JSONError.tooDeep(offset: 16)) { try JSONValue(parsing: nested(17)) }
        // No recursion without end, whatever comes.
        #expect(throws: JSONError.tooDeep(offset: 16)) { try JSONValue(parsing: nested(60_000)) }
    }

    @Test func `it agrees with another parser on mutations of a command, and never traps`() {
        let seed: UInt64 = 0x10ad
        var random = RandomSource(seed: seed)
        let source = Array(#"{"id":"7","command":"read","n":-12.5e3,"a":[true,null,"\u00e9\n"],"b":{"c":{}}}"#.utf8)
        for round in 0..<20_000 {
            var bytes = source
            for _ in 0...Int(random.next() % 3) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next()) & 0x7F
                case 1: bytes.remove(at: place)
                default: bytes.insert(source[Int(random.next() % UInt64(source.count))], at: place)
                }
            }
            let ours = (try? JSONValue(parsing: bytes)) != nil
            let theirs = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            // Ours is stricter, never laxer: it refuses a name that comes twice.
            if ours { #expect(theirs, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))") }
        }
    }

    @Test func `what the writer writes is read back`() throws {
        var json = JSONWriter()
        json.beginObject()
        json.member("a\"\u{1}", "x\\\n°🦆")
        json.key("d")
        json.decimal(-215, decimals: 1)
        json.member("n", UInt64.max)
        json.endObject()
        let value = try JSONValue(parsing: json.bytes)
        #expect(value["a\"\u{1}"]?.text == "x\\\n°🦆")
        #expect(value["d"]?.decimal == Decimal(-215, decimals: 1))
        #expect(value["n"]?.unsigned == .max)
        #expect(value["missing"] == nil)
        #expect(value.members.count == 3)
    }

    @Test func `a value is written as it was read`() throws {
        let text = #"{"a":[1.50,-0,1e5,"\"\n",true,false,null,[],{}],"b":{"z":1,"y":18446744073709551616}}"#
        var json = JSONWriter()
        json.value(try JSONValue(parsing: Array(text.utf8)))
        #expect(String(decoding: json.bytes, as: UTF8.self) == text)
    }

    @Test func `a value of another kind is nil`() {
        #expect(JSONValue.number("1e3").decimal == nil)
        #expect(JSONValue.number("-1").unsigned == nil)
        #expect(JSONValue.string("1").unsigned == nil)
        #expect(JSONValue.null.text == nil)
        #expect(JSONValue.null.isNull)
        #expect(JSONValue.logical(true).logical == true)
        #expect(JSONValue.array([]).members.isEmpty)
        #expect(JSONValue.array([])["a"] == nil)
    }
}
