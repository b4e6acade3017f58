internal import CLinux
internal import CMosquitto
internal import COpenSSL
internal import MQTTSession
internal import Telemetry

// Values of ours to values of the library, and back.

/// Calls `body` with the text as a C string, or with NULL.
private func withOptionalCString<Result>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let text else { return body(nil) }
    return unsafe text.withCString { unsafe body($0) }
}

/// C strings for one call of a library.
@safe private final class CTexts {
    private var texts = unsafe [UnsafeMutablePointer<CChar>]()

    /// NULL for nil.
    func text(_ text: String?) -> UnsafePointer<CChar>? {
        guard let text else { return nil }
        guard let copy = unsafe strdup(text) else { preconditionFailure("no memory for an option of libmosquitto") }
        unsafe texts.append(copy)
        return unsafe UnsafePointer(copy)
    }

    deinit { for unsafe text in unsafe texts { unsafe free(text) } }
}

private func options(of tls: BrokerAddress.TLSSettings, _ texts: CTexts) -> copenssl_options {
    var options = unsafe copenssl_options()
    unsafe options.ca_file = texts.text(tls.caFile)
    unsafe options.certificate_file = texts.text(tls.certificateFile)
    unsafe options.private_key_file = texts.text(tls.privateKeyFile)
    unsafe options.psk_identity = texts.text(tls.psk?.identity)
    let key = tls.psk?.key ?? []
    precondition(key.count <= COPENSSL_PSK_LIMIT, "a PSK has at most 64 bytes")
    unsafe options.psk_length = key.count
    unsafe withUnsafeMutableBytes(of: &options.psk) { unsafe $0.copyBytes(from: key) }
    return unsafe options
}

func startConnection(
    _ address: BrokerAddress, _ version: ProtocolVersion, _ handle: ConnectionHandle, _ sendMaximum: Int,
    _ eventDescriptor: Int32
) -> OpaquePointer? {
    let texts = CTexts()
    var options = unsafe cmosquitto_options()
    unsafe options.host = texts.text(address.host)
    unsafe options.port = Int32(address.port)
    unsafe options.client_identifier = texts.text(address.clientIdentifier)
    unsafe options.username = texts.text(address.username)
    unsafe options.password = texts.text(address.password.map { String(decoding: $0, as: UTF8.self) })
    unsafe options.is_tls = address.tls != nil
    if let tls = address.tls { unsafe options.tls = MQTTTransport.options(of: tls, texts) }
    unsafe options.version = version == .v5 ? Int32(MQTT_PROTOCOL_V5) : Int32(MQTT_PROTOCOL_V311)
    unsafe options.keep_alive_seconds = Int32(address.keepAliveSeconds)
    let session = address.session(of: handle, version)
    unsafe options.is_clean = session.isClean
    unsafe options.session_expiry_seconds = session.expirySeconds
    unsafe options.will_delay_seconds = address.sessionExpirySeconds
    unsafe options.send_maximum = Int32(sendMaximum)
    let will = handle == .cleaning ? nil : address.will
    if let will {
        unsafe options.will_topic = texts.text(will.topic)
        unsafe options.will_length = Int32(will.payload.count)
        unsafe options.will_qos = Int32(will.qos)
        unsafe options.will_retain = will.retain
        unsafe options.will_content_type = texts.text(will.contentType)
        unsafe options.will_is_text = will.isText
    }
    return unsafe withExtendedLifetime(texts) {
        unsafe (will?.payload ?? []).withUnsafeBufferPointer { payload in
            unsafe options.will_payload = payload.baseAddress
            return unsafe cmosquitto_connect(&options, eventDescriptor)
        }
    }
}

/// mosquitto_publish_v5: its result, and the Packet Identifier that it chose.
func publishMessage(
    _ connection: OpaquePointer, _ version: ProtocolVersion, _ message: Message, _ packetIdentifier: inout Int32
) -> Int32 {
    var properties = unsafe cmosquitto_properties()
    if version == .v5 { unsafe addProperties(of: message, to: &properties) }
    // By its parts: what a closure refers to is copied for it.
    let (payload, qos, retain) = (message.payload, Int32(message.qos), message.retain)
    return unsafe message.topic.withCString { topic in
        unsafe payload.withUnsafeBufferPointer { payload in
            unsafe cmosquitto_publish(
                connection, &properties, &packetIdentifier, topic, payload.baseAddress, Int32(payload.count), qos, retain)
        }
    }
}

private func addProperties(of message: Message, to properties: inout cmosquitto_properties) {
    let correlation = message.correlationData
    let correlationLength = if let correlation { Int32(correlation.count) } else { Int32(-1) }
    precondition(correlationLength <= 65_535, "Correlation Data has a length of two bytes")
    let expirySeconds = if let seconds = message.expirySeconds { Int64(seconds) } else { Int64(-1) }
    let isText = message.isText
    unsafe withOptionalCString(message.contentType) { contentType in
        guard let correlation else {
            return unsafe cmosquitto_add_properties(&properties, contentType, isText, nil, correlationLength, expirySeconds)
        }
        unsafe correlation.withUnsafeBytes { correlation in
            unsafe cmosquitto_add_properties(
                &properties, contentType, isText, correlation.baseAddress, correlationLength, expirySeconds)
        }
    }
    if let reading = message.reading {
        unsafe cmosquitto_add_reading_name(&properties, reading.stream.rawValue, reading.sequence.rawValue)
    }
}

/// Results of a publish that concern the message and not the connection.
func isRefusal(_ result: Int32) -> Bool {
    switch result {
    case MOSQ_ERR_INVAL.rawValue, MOSQ_ERR_NOMEM.rawValue, MOSQ_ERR_NOT_SUPPORTED.rawValue,
        MOSQ_ERR_PAYLOAD_SIZE.rawValue, MOSQ_ERR_MALFORMED_UTF8.rawValue, MOSQ_ERR_OVERSIZE_PACKET.rawValue,
        MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue, MOSQ_ERR_RETAIN_NOT_SUPPORTED.rawValue,
        MOSQ_ERR_DUPLICATE_PROPERTY.rawValue:
        true
    default: false
    }
}

func connectionAcknowledgement(_ event: UnsafeMutablePointer<cmosquitto_event>) -> ConnectionAcknowledgement {
    func number<Number: FixedWidthInteger>(_ value: Int64) -> Number? { value < 0 ? nil : Number(clamping: value) }
    let assigned = unsafe event.pointee.assigned_client_identifier.map { unsafe String(cString: $0) }
    return unsafe ConnectionAcknowledgement(
        reason: UInt8(clamping: event.pointee.reason), sessionPresent: event.pointee.session_present,
        receiveMaximum: number(event.pointee.receive_maximum),
        maximumPacketSize: number(event.pointee.maximum_packet_size), maximumQoS: number(event.pointee.maximum_qos),
        retainAvailable: event.pointee.retain_available != 0, serverKeepAlive: number(event.pointee.server_keep_alive),
        assignedClientIdentifier: assigned)
}

func receivedMessage(_ event: UnsafeMutablePointer<cmosquitto_event>) -> ReceivedMessage {
    let payload = unsafe Array(UnsafeBufferPointer(start: event.pointee.payload, count: event.pointee.payload_length))
    let responseTopic = unsafe event.pointee.response_topic.map { unsafe String(cString: $0) }
    let correlation = unsafe event.pointee.correlation.map {
        unsafe Array(UnsafeRawBufferPointer(start: $0, count: event.pointee.correlation_length))
    }
    return ReceivedMessage(
        topic: unsafe String(cString: event.pointee.topic), payload: payload, isRetained: unsafe event.pointee.retain,
        responseTopic: responseTopic, correlationData: correlation)
}
