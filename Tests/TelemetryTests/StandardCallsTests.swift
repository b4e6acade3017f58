import Telemetry
import Testing

/// That they give what the standard library's own give, also where texts are equal without the same bytes; but for `hasPrefix` and
/// `hasSuffix`, which go by bytes.
@Suite struct StandardCallsTests {
    private static let texts = ["", "a", "abc", "é", "e\u{301}", "a text that is too long to be a small one", "\u{1F426}"]

    private func standard<Value: Equatable>(_ one: Value, _ other: Value) -> Bool { one == other }

    @Test func `texts are equal where those of the standard library are`() {
        for one in Self.texts {
            for other in Self.texts {
                #expect((one == other) == standard(one, other))
                #expect((one != other) == !standard(one, other))
                #expect((one ~= other) == standard(one, other))
            }
        }
        #expect("é" == "e\u{301}")
    }

    @Test func `a text is put behind another`() {
        for one in Self.texts {
            for other in Self.texts {
                var appended = one, added = one
                appended.append(other)
                added += other
                #expect(Array(appended.utf8) == Array(one.utf8) + Array(other.utf8))
                #expect(Array(added.utf8) == Array(appended.utf8))
            }
        }
    }

    @Test func `bytes become a text, and what is no UTF-8 is repaired`() {
        for bytes: [UInt8] in [[], [0x61], Array("é".utf8), [0x61, 0xFF, 0x62], [0xC3]] {
            let text = String(decoding: ContiguousArray(bytes), as: UTF8.self)
            #expect(String(decoding: bytes, as: UTF8.self) == text)
            #expect(String(decoding: ([0] + bytes)[1...], as: UTF8.self) == text)
        }
    }

    @Test func `texts are joined`() {
        #expect([String]().joined(separator: ", ") == "" && ["a"].joined(separator: ", ") == "a")
        #expect(["a", "", "é"].joined(separator: ", ") == "a, , é" && ["a", "b", "c"][1...].joined() == "bc")
    }

    @Test(arguments: ["", "0", "-0", "+7", "-12", "9223372036854775807", "9223372036854775808", " 1", "1 ", "0x1", "1_0", "é"])
    func `a text is a number where it is one for the standard library`(text: String) {
        // By the protocol, so that it is the standard library's own.
        func standard<Number: LosslessStringConvertible>() -> Number? { Number(text) }
        #expect(Int(text) == standard())
    }

    @Test func `bytes of a text are counted and copied`() {
        for text in Self.texts {
            #expect(text.bytes == Array(text.utf8) && text.utf8.count == text.bytes.count)
        }
    }

    @Test func `how a text begins and ends is told by its bytes`() {
        let parts = Self.texts + ["ab", "bc", "b", "\u{301}", "abcd", "a text", "small one"]
        for text in Self.texts {
            for part in parts {
                #expect(text.hasPrefix(part) == text.utf8.starts(with: part.utf8), "\(text) \(part)")
                #expect(text.hasSuffix(part) == text.utf8.reversed().starts(with: part.utf8.reversed()), "\(text) \(part)")
            }
        }
    }
}
