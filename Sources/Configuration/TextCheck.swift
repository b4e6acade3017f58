internal import Telemetry

/// The bytes of a file before YAML sees them: UTF-8 without control characters, with the place of the first that is not.
package enum TextCheck {
    /// Configurations are written by people: what is larger is something else.
    package static let maximumBytes = 1 << 20

    /// The first problem of the text, or nil.
    package static func problem(in bytes: [UInt8], file: Int) -> PlacedProblem? {
        if bytes.count > maximumBytes {
            return PlacedProblem(
                Place(file: file, line: 1, column: 1),
                "the file has more than 1 MiB; is it a configuration? Split it into files of the .d folder")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return PlacedProblem(
                Place(file: file, line: 1, column: 1), "the file is UTF-16; save it as UTF-8")
        }
        var place = Place(file: file, line: 1, column: 1)
        var index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while index < bytes.count {
            let byte = bytes[index]
            let length = scalarLength(bytes, index)
            if length == 0 {
                return PlacedProblem(
                    place, "byte 0x\(hexadecimal(byte)) is not UTF-8; save the file as UTF-8")
            }
            if byte == 10 {
                place.line += 1
                place.column = 1
            } else if byte == 13 {
                // The line feed behind it counts.
                if index + 1 < bytes.count, bytes[index + 1] != 10 {
                    place.line += 1
                    place.column = 1
                }
            } else if byte == 0 {
                return PlacedProblem(place, "a NUL byte; remove it, the file is text")
            } else if byte < 32, byte != 9 {
                return PlacedProblem(place, "control character 0x\(hexadecimal(byte)); remove it, or write it as \"\\x\(hexadecimal(byte))\" in quotes")
            } else if byte == 127 {
                return PlacedProblem(place, "control character 0x7F; remove it, or write it as \"\\x7F\" in quotes")
            } else {
                place.column += 1
            }
            index += length
        }
        return nil
    }

    /// How many bytes the scalar at `index` has; 0 where it is not well-formed (Unicode, table 3-7).
    static func scalarLength(_ bytes: [UInt8], _ index: Int) -> Int {
        let first = bytes[index]
        if first < 0x80 { return 1 }
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            second = 0xA0...0xBF
        case 0xED:
            length = 3
            second = 0x80...0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            second = 0x90...0xBF
        case 0xF4:
            length = 4
            second = 0x80...0x8F
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return 0 }
        for offset in stride(from: 2, to: length, by: 1) where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }

    static func hexadecimal(_ byte: UInt8) -> String {
        let digits = "0123456789ABCDEF".bytes
        return String(decoding: [digits[Int(byte >> 4)], digits[Int(byte & 15)]], as: UTF8.self)
    }
}
