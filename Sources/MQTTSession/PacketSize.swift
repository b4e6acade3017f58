internal import Telemetry

// The size of a PUBLISH on the wire, exactly: what MQTT calls the packet size counts the whole packet, from its first
// byte on (MQTT 5 §2.1.4, §3.1.2.11.4).

extension Message {
    /// Payload Format Indicator 1 (MQTT 5 §3.3.2.3.2): the payload is UTF-8. Said of JSON and of text.
    package var isText: Bool {
        guard let contentType else { return false }
        // As that of nearly every message is.
        if contentType == "application/json" { return true }
        return contentType.hasSuffix("json") || contentType.hasPrefix("text/")
    }

    /// The bytes of the properties, without the length in front of them.
    package var propertyLength: Int {
        var length = 0
        if isText { length += 2 }
        if expirySeconds != nil { length += 5 }
        if let contentType { length += 3 + contentType.utf8.count }
        if let correlationData { length += 3 + correlationData.count }
        // Each pair has a byte of its own, and two lengths of two bytes: stream with 8 digits, seq with as many as it has.
        if let reading { length += 5 + 6 + 8 + 5 + 3 + decimalLength(reading.sequence.rawValue) }
        return length
    }

    /// The size of the whole PUBLISH packet in bytes.
    package func packetSize(_ version: ProtocolVersion) -> Int {
        var remaining = 2 + topic.utf8.count + payload.count
        if qos > 0 { remaining += 2 }
        if version == .v5 {
            let properties = propertyLength
            remaining += variableByteIntegerSize(properties) + properties
        }
        return 1 + variableByteIntegerSize(remaining) + remaining
    }
}

/// How many bytes a Variable Byte Integer takes (MQTT 5 §1.5.5): 1 to 4; 5 stands for a number that has no encoding.
package func variableByteIntegerSize(_ value: Int) -> Int {
    switch value {
    case ..<128: 1
    case ..<16_384: 2
    case ..<2_097_152: 3
    case ..<268_435_456: 4
    default: 5
    }
}

/// The largest packet that MQTT can encode: 1 + 4 + 268,435,455 bytes.
package let packetSizeLimit = 268_435_460
