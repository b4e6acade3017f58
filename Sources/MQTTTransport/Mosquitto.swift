internal import CLinux
internal import CMosquitto
package import MQTTSession
package import Telemetry

// Drives libmosquitto for the session: one handle per connection, or with QoS 2 one for all of them, connected by a helper
// thread and then owned by the loop thread, on which every call here is made. The library closes its socket itself and in many places, and its callbacks
// do not always say so: after each call the return code and the socket decide whether the connection still stands.

@safe package final class Mosquitto {
    /// Packets of one turn while decrypted bytes wait.
    static let packetsPerTurn = 64

    /// In the order of `broker.url`; and the one of the present connection.
    private var addresses: [BrokerAddress]
    private var address: BrokerAddress
    private var sendMaximum: Int
    private let eventDescriptor: Int32
    /// The connection, as the C side knows it: connecting in its helper, or ours when `isReady`.
    private var connection: OpaquePointer?
    private var isReady = false
    private var helper = Helper.idle
    /// The handle outlives its connection, with what is in flight (QoS 2).
    private var isKept = false
    /// CONNACK has come. Before it the library's keep-alive would end the connection, long before our own 20 s.
    private var isAcknowledged = false
    private var version = ProtocolVersion.v5
    private var generation: UInt64 = 0
    private var inputs: [SessionInput] = []
    private var messages: [ReceivedMessage] = []
    /// Packet Identifier and tag of what waits for its acknowledgement, in the order of publishing.
    private var inFlight: [(packetIdentifier: Int32, tag: MessageTag)] = []
    /// Packet Identifier and filter of what waits for its SUBACK.
    private var subscribing: [(packetIdentifier: Int32, filter: String)] = []
    private var waiting = LatestMessages()
    private var clock = KeepAliveClock()
    private var traffic = Traffic()
    private var cork = Cork()
    package private(set) var needsImmediateTurn = false

    /// - Parameters:
    ///   - addresses: of the brokers, in the order of the session's list. At least one.
    ///   - sendMaximum: of the session's window: 1 ... 65,535.
    package init(addresses: [BrokerAddress], sendMaximum: Int) {
        precondition(sendMaximum >= 1 && sendMaximum <= 65_535, "Receive Maximum is a number of 1 ... 65,535")
        self.addresses = addresses
        address = addresses[0]
        self.sendMaximum = sendMaximum
        // Counted by the library; without it mosquitto_connect fails.
        mosquitto_lib_init()
        eventDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(eventDescriptor >= 0, "no eventfd")
    }

    /// From the next connection on.
    package func change(addresses: [BrokerAddress], sendMaximum: Int) {
        precondition(sendMaximum >= 1 && sendMaximum <= 65_535, "Receive Maximum is a number of 1 ... 65,535")
        precondition(!addresses.isEmpty, "a session has a broker")
        self.addresses = addresses
        self.sendMaximum = sendMaximum
    }

    deinit {
        if let connection = unsafe connection { unsafe cmosquitto_release(connection) }
        close(eventDescriptor)
    }

    package var descriptors: Descriptors {
        guard isReady, let connection = unsafe connection else { return Descriptors(helper: eventDescriptor, socket: nil) }
        return Descriptors(
            helper: eventDescriptor,
            socket: Descriptors.Socket(
                descriptor: unsafe cmosquitto_socket(connection), generation: generation,
                wantsWrite: unsafe cmosquitto_wants_write(connection)))
    }

    /// When `timer` is to be called next: the library's PINGREQ is due then.
    package var deadline: Instant? { isReady && isAcknowledged ? clock.deadline : nil }

    /// What has come since the last call, in order.
    /// - Parameter taken: empty; its memory is used for the next.
    package func takeInputs(into taken: inout [SessionInput]) {
        precondition(taken.isEmpty)
        swap(&inputs, &taken)
    }

    /// Messages from the broker since the last call, in order.
    package func takeMessages() -> [ReceivedMessage] {
        if messages.isEmpty { return [] }
        defer { messages.removeAll() }
        return messages
    }

    /// Payload of TCP in both directions, TLS and handshakes included, of all connections since the start. The kernel
    /// counts it (TCP_INFO); it is read when asked for and once a second of traffic, so that up to a second's bytes
    /// are missing for each connection that broke.
    package var bytesSent: UInt64 {
        sampleTraffic()
        return traffic.sent
    }
    package var bytesReceived: UInt64 {
        sampleTraffic()
        return traffic.received
    }

    // MARK: Actions

    /// Connect, publish, subscribe, disconnect, close; the others are not for it.
    package func perform(_ action: SessionAction, at now: Instant) {
        switch action {
        case .connect(_, _, .again(let needsSession)): connectAgain(needsSession: needsSession)
        case .connect(let version, let broker, let handle): connect(version, addresses[broker], handle)
        case .publish(let tag, let message): publish(tag, message, at: now)
        case .subscribe(let filters): subscribe(filters)
        case .unsubscribe(let filters): unsubscribe(filters)
        case .disconnect(let withWill): disconnect(withWill: withWill)
        case .close(let failure): closeConnection(failure)
        case .notice, .event: break
        }
    }

    /// At the end of a turn: what it has published goes out.
    package func flush() {
        guard let connection = unsafe connection else { return }
        unsafe cork.pull(from: cmosquitto_socket(connection))
    }

    private func connect(_ version: ProtocolVersion, _ address: BrokerAddress, _ handle: ConnectionHandle) {
        drop()
        isKept = handle == .beginning
        self.address = address
        self.version = version
        generation += 1
        guard let connection = unsafe startConnection(address, version, handle, sendMaximum, eventDescriptor) else {
            inputs.append(.transportFailed(Self.nothingLeft))
            return
        }
        unsafe self.connection = connection
        helper = .connecting
    }

    private static let nothingLeft = ConnectionFailure.unreachable("no thread, memory or descriptor is left to connect with")

    /// The handle of the last connection; once the helper of an attempt that was given up is done with it.
    private func connectAgain(needsSession: Bool) {
        guard let connection = unsafe connection else { return inputs.append(.transportFailed(Self.nothingLeft)) }
        guard case .idle = helper else {
            helper = .leftAlone(next: needsSession)
            return
        }
        generation += 1
        guard unsafe cmosquitto_reconnect(connection, needsSession) else {
            inputs.append(.transportFailed(Self.nothingLeft))
            return
        }
        helper = .connecting
    }

    /// The helper's eventfd is readable: it has connected, or given up.
    package func helperReady(at now: Instant) {
        var count: UInt64 = 0
        _ = unsafe read(eventDescriptor, &count, 8)
        guard !isReady, let connection = unsafe connection else { return }
        let state = unsafe UInt32(cmosquitto_state(connection))
        // One that was left alone has reported; ours is still connecting.
        if state == CMOSQUITTO_CONNECTING.rawValue { return }
        let before = helper
        helper = .idle
        if case .leftAlone(let next) = before {
            unsafe cmosquitto_shutdown(connection)
            if let next { connectAgain(needsSession: next) }
            return
        }
        guard case .connecting = before else { return }
        let text = unsafe String(cString: cmosquitto_failure(connection))
        switch state {
        case CMOSQUITTO_READY.rawValue:
            isReady = true
            clock.begin(keepAliveSeconds: Int64(address.keepAliveSeconds), at: now)
            inputs.append(.transportReady)
            return
        case CMOSQUITTO_NAME_NOT_FOUND.rawValue: inputs.append(.transportFailed(.nameNotFound(text)))
        case CMOSQUITTO_TLS_FAILED.rawValue: inputs.append(.transportFailed(.tls(what: text)))
        case CMOSQUITTO_CLOSED.rawValue: inputs.append(.transportFailed(.closed(text)))
        default: inputs.append(.transportFailed(.unreachable(text)))
        }
        end()
    }

    private func publish(_ tag: MessageTag, _ message: Message, at now: Instant) {
        guard isReady else {
            // The session does not know yet that the connection is lost. Without a handle that is kept it forgets all then.
            if isKept, message.qos > 0 { inputs.append(.publishRefused(tag, "the connection is lost")) }
            return
        }
        if message.qos == 0 {
            waiting.put(tag, message)
            sendWaiting(at: now)
        } else {
            send(tag, message, at: now)
        }
    }

    /// QoS 0 goes out only while the library wants to write nothing: its list of packets has no bound.
    private func sendWaiting(at now: Instant) {
        while isReady, let connection = unsafe connection, unsafe !cmosquitto_wants_write(connection),
            let (tag, message) = waiting.takeFirst()
        {
            send(tag, message, at: now)
        }
    }

    private func send(_ tag: MessageTag, _ message: Message, at now: Instant) {
        guard let connection = unsafe connection else { return }
        var packetIdentifier: Int32 = 0
        unsafe cork.willSend(on: cmosquitto_socket(connection))
        let result = unsafe publishMessage(connection, version, message, &packetIdentifier)
        if isRefusal(result) {
            if message.qos > 0 {
                inputs.append(.publishRefused(tag, unsafe String(cString: cmosquitto_text(result, 0))))
            }
            return
        }
        if message.qos > 0 { inFlight.append((packetIdentifier, tag)) }
        clock.sent(at: now)
        check(result)
    }

    private func subscribe(_ filters: [String]) {
        for filter in filters {
            guard isReady, let connection = unsafe connection else { return }
            var packetIdentifier: Int32 = 0
            let result = unsafe cmosquitto_subscribe(connection, &packetIdentifier, filter)
            subscribing.append((packetIdentifier, filter))
            check(result)
        }
    }

    private func unsubscribe(_ filters: [String]) {
        for filter in filters {
            guard isReady, let connection = unsafe connection else { return }
            check(unsafe cmosquitto_unsubscribe(connection, filter))
        }
    }

    private func disconnect(withWill: Bool) {
        guard isReady, let connection = unsafe connection else { return }
        // The library closes the socket in it.
        sampleTraffic()
        switch (withWill, version) {
        case (false, _): check(unsafe cmosquitto_disconnect(connection, 0))
        // Disconnect with Will Message (MQTT 5 §3.14.2.1).
        case (true, .v5): check(unsafe cmosquitto_disconnect(connection, 0x04))
        case (true, .v311): closeConnection(.closed("closed without DISCONNECT"))
        }
    }

    private func closeConnection(_ failure: ConnectionFailure) {
        let wasReady = isReady
        if let connection = unsafe connection, wasReady { unsafe cmosquitto_shutdown(connection) }
        end()
        if wasReady { inputs.append(.connectionLost(failure)) }
    }

    /// For the end of the process: the broker sees the connection end. A helper that still connects is left alone, it
    /// is never waited for: end the process with `_exit`, so that nothing is torn down under it.
    package func shutdownNow() {
        closeConnection(.closed("the process ends"))
    }

    // MARK: What epoll and the timer say

    package func readable(at now: Instant) {
        guard isReady else { return }
        if traffic.sampleIsDue(at: now) { sampleTraffic() }
        let inputsBefore = inputs.count
        var packets = 0
        repeat {
            guard let connection = unsafe connection else { break }
            let result = unsafe cmosquitto_read(connection)
            packets += 1
            takeEvents()
            check(result)
        } while isReady && packets < Self.packetsPerTurn && hasPending
        needsImmediateTurn = isReady && hasPending
        guard isReady else { return }
        // What was made of them says it as well.
        if inputs.count == inputsBefore { inputs.append(.bytesReceived) }
        clock.received(at: now)
        // Acknowledgements that the library writes by itself count as sent.
        sendWaiting(at: now)
    }

    package func writable(at now: Instant) {
        guard isReady, let connection = unsafe connection else { return }
        let result = unsafe cmosquitto_write(connection)
        takeEvents()
        check(result)
        guard isReady else { return }
        clock.sent(at: now)
        sendWaiting(at: now)
    }

    /// After a suspend it comes early, and says so: a ping is due by the monotonic clock, the deadline is the boot clock's.
    package func timer(at now: Instant) {
        guard isReady, isAcknowledged else { return }
        let isDue = clock.isDue(at: now)
        if let duration = clock.takeSleep() { inputs.append(.suspended(duration)) }
        guard isDue, let connection = unsafe connection else { return }
        let result = unsafe cmosquitto_misc(connection)
        clock.pinged(at: now)
        takeEvents()
        check(result)
    }

    private var hasPending: Bool {
        guard let connection = unsafe connection else { return false }
        return unsafe cmosquitto_pending(connection) > 0
    }

    /// Decides after a call whether the connection still stands.
    private func check(_ result: Int32) {
        guard isReady, let connection = unsafe connection else { return }
        takeEvents()
        if result == 0, unsafe cmosquitto_socket(connection) >= 0 { return }
        let number = unsafe cmosquitto_error_number(connection)
        var text = unsafe String(cString: cmosquitto_text(result, number))
        // What TLS said explains more than that the connection broke.
        let tlsText = unsafe String(cString: cmosquitto_failure(connection))
        let isTLS = result != 0 && !tlsText.isEmpty
        if isTLS { text = "TLS: \(tlsText)" }
        let failure: ConnectionFailure
        if result == 0 {
            failure = brokerReason.map { .disconnectedByBroker(reason: $0) } ?? .closed("disconnected")
        } else if isTLS, !isAcknowledged {
            // With TLS 1.3 a broker refuses the client's certificate after the handshake.
            failure = .tls(what: tlsText)
        } else {
            failure = result == MOSQ_ERR_PROTOCOL.rawValue ? .protocolError(text) : .closed(text)
        }
        end()
        inputs.append(.connectionLost(failure))
    }

    /// The reason of the broker's DISCONNECT, of the connection that is going.
    private var brokerReason: UInt8?

    private func takeEvents() {
        guard let connection = unsafe connection else { return }
        while let event = unsafe cmosquitto_next_event(connection) {
            unsafe take(event)
            unsafe cmosquitto_free_event(connection, event)
        }
    }

    private func take(_ event: UnsafeMutablePointer<cmosquitto_event>) {
        switch unsafe UInt32(event.pointee.kind) {
        case CMOSQUITTO_CONNACK.rawValue:
            let acknowledgement = unsafe connectionAcknowledgement(event)
            isAcknowledged = true
            if let seconds = acknowledgement.serverKeepAlive { clock.keepAliveSeconds = Int64(seconds) }
            inputs.append(.connectionAcknowledged(acknowledgement))
        case CMOSQUITTO_PUBLISHED.rawValue:
            let packetIdentifier = unsafe event.pointee.mid
            // Not found: QoS 0, which the library reports as well.
            guard let index = inFlight.firstIndex(where: { $0.packetIdentifier == packetIdentifier }) else { return }
            let tag = inFlight.remove(at: index).tag
            inputs.append(.acknowledged(tag, reason: unsafe UInt8(clamping: event.pointee.reason)))
        case CMOSQUITTO_DISCONNECTED.rawValue:
            // The broker's reason, or zero for our own DISCONNECT; the library's own errors come by return code. With messages
            // in flight the library reads on after the broker's DISCONNECT, and says the end once more, without its reason.
            let reason = unsafe UInt8(clamping: event.pointee.reason)
            if reason != 0, brokerReason == nil { brokerReason = reason }
        case CMOSQUITTO_SUBSCRIBED.rawValue:
            let packetIdentifier = unsafe event.pointee.mid
            guard let index = subscribing.firstIndex(where: { $0.packetIdentifier == packetIdentifier }) else { return }
            let filter = subscribing.remove(at: index).filter
            inputs.append(.subscriptionAnswered(filter: filter, reason: unsafe UInt8(clamping: event.pointee.reason)))
        case CMOSQUITTO_MESSAGE.rawValue: messages.append(unsafe receivedMessage(event))
        default: break
        }
    }

    /// The connection is over, and with it its handle, unless that is kept.
    private func end() {
        if isReady { sampleTraffic() }
        isReady = false
        isAcknowledged = false
        needsImmediateTurn = false
        brokerReason = nil
        subscribing.removeAll()
        waiting = LatestMessages()
        traffic.endConnection()
        if isKept {
            if case .connecting = helper { helper = .leftAlone(next: nil) }
            return
        }
        if let connection = unsafe connection { unsafe cmosquitto_release(connection) }
        unsafe connection = nil
        helper = .idle
        inFlight.removeAll(keepingCapacity: true)
    }

    /// Lets go of the handle, if there is one, kept or not: it is never used again.
    private func drop() {
        isKept = false
        end()
    }

    private func sampleTraffic() {
        guard isReady, let connection = unsafe connection else { return }
        let socket = unsafe cmosquitto_socket(connection)
        var sent: UInt64 = 0
        var received: UInt64 = 0
        if socket >= 0, unsafe cmosquitto_tcp_bytes(socket, &sent, &received) {
            traffic.update(sent: sent, received: received)
        }
    }
}
