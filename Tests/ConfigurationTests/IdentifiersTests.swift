import Configuration
import Testing

@Suite struct IdentifiersTests {
    @Test func `an id is 1 to 64 small letters, digits, underscores and hyphens`() {
        for good in ["a", "greenhouse-1", "_", "0", String(repeating: "x", count: 64)] { #expect(Identifiers.isValid(good)) }
        for bad in ["", "A", "a b", "a.b", "ä", "a/b", "a\n", String(repeating: "x", count: 65)] { #expect(!Identifiers.isValid(bad)) }
    }

    @Test(arguments: [
        ("raspberrypi", "raspberrypi"), ("Board-7.example.org", "board-7"), ("my board", "my-board"), ("Gewächshaus", "gew-chshaus"),
        ("--x--", "--x"), ("!!!", "godwit"), ("", "godwit"), ("...", "godwit"), (String(repeating: "q", count: 80), String(repeating: "q", count: 64)),
    ])
    func `a host name is made a valid id`(host: String, id: String) {
        #expect(Identifiers.device(hostName: host) == id)
        #expect(Identifiers.isValid(Identifiers.device(hostName: host)))
    }

    @Test func `a prefix has levels without wildcards`() {
        for good in ["godwit", "a/b/c", "Ä"] { #expect(Identifiers.problem(inPrefix: good) == nil) }
        for bad in ["", "/", "a/", "/a", "a//b", "a+", "#", "a.b", "*", "$SYS", "a b", "a\u{7f}"] {
            #expect(Identifiers.problem(inPrefix: bad) != nil, "\(bad)")
        }
    }
}
