internal import Telemetry

/// Names that the configuration gives, and the topics made from them.
package enum Identifiers {
    package static let maximumTopicBytes = 255

    /// `[a-z0-9_-]{1,64}`.
    package static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.bytes.allSatisfy(isIDByte)
    }

    /// A valid id that is near `text`: small letters, `-` for what is not allowed, at most 64 bytes; nil when nothing is left.
    package static func made(from text: String) -> String? {
        var bytes: [UInt8] = []
        for byte in lowercased(text) {
            if isIDByte(byte) {
                bytes.append(byte)
            } else if bytes.last != 45, !bytes.isEmpty {
                bytes.append(45)
            }
        }
        bytes = Array(bytes.prefix(64))
        while bytes.last == 45 { bytes.removeLast() }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// The device's id where none is configured: the first label of the host name, made valid.
    package static func device(hostName: String) -> String {
        let label = hostName.bytes.prefix { $0 != 46 }
        return made(from: String(decoding: label, as: UTF8.self)) ?? "godwit"
    }

    /// What is wrong with a topic prefix, and what to do; nil for a good one. The prefix itself is not in the text.
    package static func problem(inPrefix prefix: String) -> String? {
        if prefix.isEmpty { return "is empty; write a level, as in 'godwit'" }
        var previous: UInt8 = 47
        for byte in prefix.bytes {
            switch byte {
            case 43, 35, 46, 42, 36, 32:
                let character = String(decoding: [byte], as: UTF8.self)
                return "has '\(character)'; a level has no '+', '#', '.', '*', '$' or space"
            case 0...31, 127:
                return "has a control character; remove it"
            case 47 where previous == 47:
                return "has an empty level; remove the '/' at an end or of two in a row"
            default: break
            }
            previous = byte
        }
        return previous == 47 ? "has an empty level; remove the '/' at the end" : nil
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        isLowerCase(byte) || isDigit(byte) || byte == 95 || byte == 45
    }
}
