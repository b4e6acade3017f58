internal import Telemetry

/// Where the broker is: `mqtt://HOST[:PORT]` or `mqtts://HOST[:PORT]`, an IPv6 address in brackets.
package struct BrokerURL: Hashable, Sendable {
    package enum Scheme: Hashable, Sendable {
        /// `mqtt://`, port 1883 unless given.
        case plain
        /// `mqtts://`, port 8883 unless given.
        case tls
    }

    package var scheme: Scheme
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    package var host: String
    package var port: UInt16
    /// As written.
    package var text: String

    package init(scheme: Scheme, host: String, port: UInt16, text: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.text = text
    }

    /// The host is this machine: `localhost`, 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}

/// Why a text is no broker's URL: a sentence that names the next step.
package struct BrokerURLError: Error, Hashable, Sendable {
    package var text: String
    package init(_ text: String) { self.text = text }
}

extension BrokerURL {
    package init(parsing text: String) throws(BrokerURLError) {
        let bytes = text.bytes
        guard let colon = bytes.firstIndex(of: 58), bytes[colon...].starts(with: "://".bytes) else {
            throw BrokerURLError("'\(shown(text))' has no scheme; did you mean 'mqtt://\(shown(text))'?")
        }
        let schemeText = String(decoding: bytes[..<colon], as: UTF8.self)
        let scheme: Scheme
        switch schemeText {
        case "mqtt": scheme = .plain
        case "mqtts": scheme = .tls
        case "tcp", "MQTT": throw BrokerURLError("unknown scheme '\(schemeText)'; did you mean 'mqtt'?")
        case "ssl", "tls", "MQTTS": throw BrokerURLError("unknown scheme '\(schemeText)'; did you mean 'mqtts'?")
        default:
            throw BrokerURLError(
                "unknown scheme '\(shown(schemeText))'; known are mqtt (port 1883) and mqtts (port 8883)")
        }
        var rest = bytes[(colon + 3)...]
        if rest.last == 47 { rest.removeLast() }
        if let at = rest.lastIndex(of: 64) {
            // The text may hold a password: only what is behind it is shown.
            let behind = shown(String(decoding: rest[(at + 1)...], as: UTF8.self))
            throw BrokerURLError(
                "holds a user name; write '\(schemeText)://\(behind)', and broker.username and broker.password")
        }
        if rest.contains(where: { $0 == 47 || $0 == 63 || $0 == 35 }) {
            throw BrokerURLError("has a path; a broker is HOST or HOST:PORT, with nothing behind it")
        }
        let (host, portText) = try Self.split(rest, scheme: schemeText)
        var port: UInt16 = scheme == .plain ? 1883 : 8883
        if let portText {
            let number = portText.allSatisfy(isDigit) ? UInt16(String(decoding: portText, as: UTF8.self)) : nil
            guard let number, number > 0 else {
                throw BrokerURLError(
                    "port '\(shown(String(decoding: portText, as: UTF8.self)))' is outside 1 ... 65535")
            }
            port = number
        }
        self.init(scheme: scheme, host: String(decoding: host, as: UTF8.self), port: port, text: text)
    }

    /// Host, without brackets, and port of what stands behind the scheme.
    private static func split(
        _ rest: ArraySlice<UInt8>, scheme: String
    ) throws(BrokerURLError) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?) {
        if rest.first == 91 {
            guard let close = rest.firstIndex(of: 93) else {
                throw BrokerURLError("the bracket of the IPv6 address is not closed; write [ADDRESS] or [ADDRESS]:PORT")
            }
            let host = rest[(rest.startIndex + 1)..<close]
            guard isIPv6(host) else {
                throw BrokerURLError("'\(shown(String(decoding: host, as: UTF8.self)))' is no IPv6 address")
            }
            let behind = rest[(close + 1)...]
            if behind.isEmpty { return (host, nil) }
            guard behind.first == 58 else {
                throw BrokerURLError(
                    "'\(shown(String(decoding: behind, as: UTF8.self)))' behind the bracket; write [ADDRESS]:PORT")
            }
            return (host, behind.dropFirst())
        }
        let colons = rest.reduce(0) { $1 == 58 ? $0 + 1 : $0 }
        guard colons <= 1 else {
            throw BrokerURLError("an IPv6 address is written in brackets, as in '\(scheme)://[2001:db8::1]:1883'")
        }
        let host = rest.prefix { $0 != 58 }
        guard !host.isEmpty else {
            throw BrokerURLError("has no host; write \(scheme)://HOST or \(scheme)://HOST:PORT")
        }
        guard isHostName(host) else {
            throw BrokerURLError(
                "'\(shown(String(decoding: host, as: UTF8.self)))' is no host name; "
                    + "it has letters, digits, '-', '_' and single dots, at most 253")
        }
        return (host, colons == 0 ? nil : rest[host.endIndex...].dropFirst())
    }

    private static func isHostName(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.count <= 253, text.first != 46, text.first != 45 else { return false }
        var previous: UInt8 = 0
        for byte in text {
            if byte == 46, previous == 46 { return false }
            guard isLetter(byte) || isDigit(byte) || byte == 45 || byte == 46 || byte == 95 else { return false }
            previous = byte
        }
        return true
    }

    /// Hexadecimal groups of up to four digits with one `::` at most, the last two as dotted IPv4 if so written, and a
    /// zone behind `%`.
    private static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        let address = text.prefix { $0 != 37 }
        if address.count + 1 == text.count { return false }
        guard address.count >= 2, address.count <= 45 else { return false }
        let parts = address.split(separator: 58, omittingEmptySubsequences: false)
        var groups = 0
        var gaps = 0
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                if index == 0 || index == parts.count - 1 {
                    // A colon at an end is one of two.
                    guard parts.count > 2, parts[index == 0 ? 1 : index - 1].isEmpty else { return false }
                } else {
                    gaps += 1
                }
            } else if part.contains(46) {
                guard index == parts.count - 1, isIPv4(part) else { return false }
                groups += 2
            } else {
                guard part.count <= 4, part.allSatisfy(isHexadecimalDigit) else { return false }
                groups += 1
            }
        }
        return gaps == 0 ? groups == 8 : gaps == 1 && groups < 8
    }

    private static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: 46, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.count >= 1 && part.count <= 3 && part.allSatisfy(isDigit)
                    && (Int(String(decoding: part, as: UTF8.self)) ?? 256) <= 255
            }
    }
}
