package import Telemetry

/// JSON that comes in (RFC 8259): a command, an answer of the daemon.
///
/// Numbers keep their text, so that no integer is rounded. It is read by the project's own code and not by libcjson, since what comes
/// in comes from others: here a bad byte is a thrown error by the language's rules, and nothing is unsafe.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case logical(Bool)
    /// As written; it has JSON's grammar.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order written; no name comes twice.
    case object([Member])

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONValue
        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The value of a member of an object.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var logical: Bool? { if case .logical(let value) = self { value } else { nil } }
    package var members: [Member] { if case .object(let members) = self { members } else { [] } }
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    package var isNull: Bool { self == .null }
    /// A number without an exponent and of at most 18 digits.
    package var decimal: Decimal? { if case .number(let text) = self { Decimal(parsing: text.bytes) } else { nil } }
    package var unsigned: UInt64? { if case .number(let text) = self { UInt64(text) } else { nil } }

    /// Reads one value, with nothing but white space around it.
    package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        var reader = JSONReader(bytes: Array(bytes))
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        if let byte = reader.next { throw .unexpected(byte, offset: reader.offset) }
        self = value
    }
}

/// Why bytes are not JSON, and where: offsets count bytes from 0.
package enum JSONError: Error, Hashable, Sendable {
    case unexpected(UInt8, offset: Int)
    case endOfInput
    case tooDeep(offset: Int)
    /// An escape that names no character: `\x`, half of a surrogate pair.
    case badEscape(offset: Int)
    case invalidUTF8(offset: Int)
    case duplicate(name: String)

    package var text: String {
        switch self {
        case .unexpected(let byte, let offset):
            byte > 32 && byte < 127
                ? "unexpected '\(String(decoding: [byte], as: UTF8.self))' at byte \(offset)"
                : "unexpected byte \(byte) at byte \(offset)"
        case .endOfInput: "it ends in the middle"
        case .tooDeep(let offset): "nested deeper than \(JSONReader.maximumDepth) at byte \(offset)"
        case .badEscape(let offset): "an escape that names no character at byte \(offset)"
        case .invalidUTF8(let offset): "not UTF-8 in the text at byte \(offset)"
        case .duplicate(let name): "'\(name)' comes twice"
        }
    }
}

extension JSONWriter {
    /// A value as it was read: numbers keep their text, members their order.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .logical(let value): logical(value)
        case .number(let text): raw(text.bytes)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }
}

/// A recursive descent over the bytes, bounded in depth.
private struct JSONReader {
    static let maximumDepth = 16

    let bytes: [UInt8]
    var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
    }

    /// The next byte that is not white space; it is not taken.
    mutating func peek() throws(JSONError) -> UInt8 {
        skipSpace()
        guard let byte = next else { throw .endOfInput }
        return byte
    }

    mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        let byte = try peek()
        switch byte {
        case 0x7B:
            if depth == Self.maximumDepth { throw .tooDeep(offset: offset) }
            return .object(try members(depth: depth + 1))
        case 0x5B:
            if depth == Self.maximumDepth { throw .tooDeep(offset: offset) }
            return .array(try elements(depth: depth + 1))
        case 0x22: return .string(try string())
        case 0x74: return try word("true", .logical(true))
        case 0x66: return try word("false", .logical(false))
        case 0x6E: return try word("null", .null)
        case 0x2D, 0x30...0x39: return .number(try number())
        default: throw .unexpected(byte, offset: offset)
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.bytes {
            guard let found = next else { throw .endOfInput }
            if found != byte { throw .unexpected(found, offset: offset) }
            offset += 1
        }
        return value
    }

    private mutating func members(depth: Int) throws(JSONError) -> [JSONValue.Member] {
        offset += 1
        var members: [JSONValue.Member] = []
        if try peek() == 0x7D {
            offset += 1
            return members
        }
        while true {
            let quote = try peek()
            if quote != 0x22 { throw .unexpected(quote, offset: offset) }
            let name = try string()
            let colon = try peek()
            if colon != 0x3A { throw .unexpected(colon, offset: offset) }
            offset += 1
            let value = try value(depth: depth)
            // Which of two was meant cannot be known. Objects are small here: no index.
            if members.contains(where: { $0.name == name }) { throw .duplicate(name: name) }
            members.append(.init(name: name, value: value))
            if try ends(with: 0x7D) { return members }
        }
    }

    private mutating func elements(depth: Int) throws(JSONError) -> [JSONValue] {
        offset += 1
        var elements: [JSONValue] = []
        if try peek() == 0x5D {
            offset += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth))
            if try ends(with: 0x5D) { return elements }
        }
    }

    /// Takes the comma or the closing bracket after a value.
    private mutating func ends(with bracket: UInt8) throws(JSONError) -> Bool {
        let byte = try peek()
        if byte != bracket, byte != 0x2C { throw .unexpected(byte, offset: offset) }
        offset += 1
        return byte == bracket
    }

    /// `-? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() throws(JSONError) -> String {
        let start = offset
        if next == 0x2D { offset += 1 }
        if next == 0x30 { offset += 1 } else { try digits() }
        if next == 0x2E {
            offset += 1
            try digits()
        }
        if let e = next, e == 0x65 || e == 0x45 {
            offset += 1
            if let sign = next, sign == 0x2B || sign == 0x2D { offset += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = next, byte >= 0x30, byte <= 0x39 { offset += 1 }
        if offset > start { return }
        guard let byte = next else { throw .endOfInput }
        throw .unexpected(byte, offset: offset)
    }

    private mutating func string() throws(JSONError) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        while true {
            guard let byte = next else { throw .endOfInput }
            if byte < 0x20 { throw .unexpected(byte, offset: offset) }
            offset += 1
            if byte == 0x22 { break }
            if byte == 0x5C { try escape(into: &text) } else { text.append(byte) }
        }
        guard let string = String(validating: text, as: UTF8.self) else { throw .invalidUTF8(offset: start) }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw .endOfInput }
        let start = offset - 1
        offset += 1
        switch byte {
        case 0x22, 0x2F, 0x5C: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75:
            var code = try hexadecimal4()
            if code & 0xFC00 == 0xD800 {
                // The other half must follow at once.
                guard next == 0x5C, offset + 1 < bytes.count, bytes[offset + 1] == 0x75 else {
                    throw .badEscape(offset: start)
                }
                offset += 2
                let low = try hexadecimal4()
                if low & 0xFC00 != 0xDC00 { throw .badEscape(offset: start) }
                code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else { throw .badEscape(offset: start) }
            text.append(contentsOf: String(Character(scalar)).bytes)
        default: throw .badEscape(offset: start)
        }
    }

    private mutating func hexadecimal4() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next else { throw .endOfInput }
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x57)
            default: throw .unexpected(byte, offset: offset)
            }
            offset += 1
        }
        return code
    }
}
