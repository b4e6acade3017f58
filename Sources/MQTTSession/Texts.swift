internal import Telemetry

extension ProtocolVersion {
    /// As the configuration writes it.
    package var text: String {
        switch self {
        case .v5: "5"
        case .v311: "3.1.1"
        }
    }
}

extension ConnectionFailure {
    /// Use another server, server moved: not a broker to come back to first.
    var sendsElsewhere: Bool {
        switch self {
        case .disconnectedByBroker(reason: 0x9C), .disconnectedByBroker(reason: 0x9D): true
        default: false
        }
    }

    /// One line for the log, `P/metrics` and `godwit status`.
    package var text: String {
        switch self {
        case .nameNotFound(let what): "name not found: \(what)"
        case .unreachable(let what): "unreachable: \(what)"
        case .tls(let what): "TLS: \(what)"
        case .closed(let what), .protocolError(let what): what
        case .disconnectedByBroker(let reason): "the broker said DISCONNECT: \(reasonText(reason))"
        case .silent(let what): what
        }
    }
}

/// The name of a Reason Code (MQTT 5 §2.4) with its number.
package func reasonText(_ reason: UInt8) -> String {
    let name =
        switch reason {
        case 0x00: "success"
        case 0x04: "disconnect with Will Message"
        case 0x10: "no matching subscribers"
        case 0x80: "unspecified error"
        case 0x81: "malformed packet"
        case 0x82: "protocol error"
        case 0x83: "implementation specific error"
        case 0x84: "unsupported protocol version"
        case 0x85: "client identifier not valid"
        case 0x86: "bad user name or password"
        case 0x87: "not authorized"
        case 0x88: "server unavailable"
        case 0x89: "server busy"
        case 0x8A: "banned"
        case 0x8B: "server shutting down"
        case 0x8C: "bad authentication method"
        case 0x8D: "keep alive timeout"
        case 0x8E: "session taken over"
        case 0x90: "topic name invalid"
        case 0x91: "packet identifier in use"
        case 0x92: "packet identifier not found"
        case 0x93: "receive maximum exceeded"
        case 0x94: "topic alias invalid"
        case 0x95: "packet too large"
        case 0x96: "message rate too high"
        case 0x97: "quota exceeded"
        case 0x98: "administrative action"
        case 0x99: "payload format invalid"
        case 0x9A: "retain not supported"
        case 0x9B: "QoS not supported"
        case 0x9C: "use another server"
        case 0x9D: "server moved"
        case 0x9F: "connection rate exceeded"
        case 0xA0: "maximum connect time"
        default: "reason"
        }
    return "\(name) (0x\(hexadecimal2(reason)))"
}

/// Why a CONNACK did not let us in: Connect Return Codes of MQTT 3.1.1 (§3.2.2.3) lie below 0x80, reasons of MQTT 5 above.
package func refusalText(_ reason: UInt8) -> String {
    switch reason {
    case 1: "unacceptable protocol version (1)"
    case 2: "client identifier rejected (2)"
    case 3: "server unavailable (3)"
    case 4: "bad user name or password (4)"
    case 5: "not authorized (5)"
    default: reasonText(reason)
    }
}

private func hexadecimal2(_ value: UInt8) -> String {
    let digits = "0123456789ABCDEF".bytes
    return String(decoding: [digits[Int(value >> 4)], digits[Int(value & 15)]], as: UTF8.self)
}
