package import Telemetry

// The session's port: connect, window, acknowledge, back off. MQTTTransport performs the actions with libmosquitto; the
// simulation performs them badly. The agent decides what is published; the session decides when, and what an
// acknowledgement means.

package enum ProtocolVersion: Hashable, Sendable { case v5, v311 }

package struct SessionConfiguration: Hashable, Sendable {
    package enum ProtocolChoice: Hashable, Sendable { case auto, v5, v311 }
    package var protocolChoice: ProtocolChoice
    package var keepAlive: Duration
    package var reconnectMinimum: Duration
    package var reconnectMaximum: Duration
    /// 1 ... 1000 messages with QoS > 0 that wait for their acknowledgement.
    package var inFlight: Int
    /// Of readings and losses: 1 or 2. With 2 the session is kept over losses.
    package var qos: UInt8
    /// Their URLs, tried in order; for the log. At least one.
    package var brokers: [String]
    package init(
        protocolChoice: ProtocolChoice = .auto, keepAlive: Duration = .seconds(60),
        reconnectMinimum: Duration = .seconds(1), reconnectMaximum: Duration = .seconds(120), inFlight: Int = 20,
        qos: UInt8 = 1, brokers: [String] = ["the broker"]
    ) {
        self.protocolChoice = protocolChoice
        self.keepAlive = keepAlive
        self.reconnectMinimum = reconnectMinimum
        self.reconnectMaximum = reconnectMaximum
        self.inFlight = inFlight
        self.qos = qos
        self.brokers = brokers
    }
}

/// A message to the broker.
package struct Message: Hashable, Sendable {
    package var topic: String
    package var payload: [UInt8]
    package var qos: UInt8
    package var retain: Bool
    /// MQTT 5 only.
    package var contentType: String?
    /// MQTT 5 only: the name of the reading or alert event that it carries, as the user properties `stream` and `seq`; nil: neither.
    package var reading: AlertEvent.ReadingName?
    /// MQTT 5 only: what ties an answer to its request; nil: none.
    package var correlationData: [UInt8]?
    /// MQTT 5 only: for so many seconds the broker keeps it at most (Message Expiry Interval); nil: for ever.
    package var expirySeconds: UInt32?

    @inline(never) package init(
        topic: String, payload: [UInt8], qos: UInt8, retain: Bool, contentType: String? = nil,
        reading: AlertEvent.ReadingName? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.contentType = contentType
        self.reading = reading
    }
}

/// The agent's name of a message that it gave to the session; comes back with its acknowledgement.
package struct MessageTag: Hashable, Sendable {
    package var rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What the refusal of a message means for the others.
package enum MessageKind: Hashable, Sendable {
    /// A reading or an alert event: when it is rejected for good it can be set aside, and others of its kind may fare better.
    case reading
    /// Numbers that will not come. What it tells is told nowhere else: it is never set aside.
    case loss
    /// Status and the like. It says nothing of readings.
    case status
    /// An answer, whose topic somebody else chose: when the broker does not take it, it is dropped, and nothing is held for it.
    case expendable
}

/// What the broker said in its CONNACK, both protocols.
package struct ConnectionAcknowledgement: Hashable, Sendable {
    /// Return code (3.1.1) or reason code (5); 0 is success.
    package var reason: UInt8
    package var sessionPresent: Bool
    /// Nil: the broker did not say. MQTT 5 only, all of them.
    package var receiveMaximum: UInt16?
    package var maximumPacketSize: UInt32?
    package var maximumQoS: UInt8?
    package var retainAvailable: Bool
    package var serverKeepAlive: UInt16?
    package var assignedClientIdentifier: String?

    package init(
        reason: UInt8, sessionPresent: Bool = false, receiveMaximum: UInt16? = nil, maximumPacketSize: UInt32? = nil,
        maximumQoS: UInt8? = nil, retainAvailable: Bool = true, serverKeepAlive: UInt16? = nil,
        assignedClientIdentifier: String? = nil
    ) {
        self.reason = reason
        self.sessionPresent = sessionPresent
        self.receiveMaximum = receiveMaximum
        self.maximumPacketSize = maximumPacketSize
        self.maximumQoS = maximumQoS
        self.retainAvailable = retainAvailable
        self.serverKeepAlive = serverKeepAlive
        self.assignedClientIdentifier = assignedClientIdentifier
    }
}

/// A message from the broker.
package struct ReceivedMessage: Hashable, Sendable {
    package var topic: String
    package var payload: [UInt8]
    /// It was kept by the broker: a command of the past.
    package var isRetained: Bool
    /// MQTT 5 only: where the answer is wanted, and what it is to carry.
    package var responseTopic: String?
    package var correlationData: [UInt8]?

    package init(
        topic: String, payload: [UInt8], isRetained: Bool, responseTopic: String? = nil,
        correlationData: [UInt8]? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.responseTopic = responseTopic
        self.correlationData = correlationData
    }
}

/// Why a connection could not be made or is gone, with the evidence.
package enum ConnectionFailure: Error, Hashable, Sendable {
    /// The name could not be resolved.
    case nameNotFound(String)
    /// TCP: refused, unreachable, timed out; the system's text.
    case unreachable(String)
    /// The TLS handshake or the check of the certificate failed; `what` says which check: "unknown CA", "wrong name" …
    case tls(what: String)
    /// The broker closed the connection; the library's text.
    case closed(String)
    /// The broker sent what the library cannot take: no packet, or a PUBACK to a QoS 2 PUBLISH; its text.
    case protocolError(String)
    /// The broker's DISCONNECT (MQTT 5).
    case disconnectedByBroker(reason: UInt8)
    /// No byte for 1.5 × Keep Alive, no CONNACK in 20 s, no acknowledgement in time: we closed it.
    case silent(String)
}

/// Indirect are the rare ones that are larger than those of a message: every value has the size of the largest, and is copied.
package enum SessionInput: Hashable, Sendable {
    /// Once, first.
    case start
    /// TCP and TLS stand and CONNECT is written.
    case transportReady
    case transportFailed(ConnectionFailure)
    indirect case connectionAcknowledged(ConnectionAcknowledgement)
    /// After `transportReady`: the connection is gone. Comes exactly once for each connection that was ready.
    case connectionLost(ConnectionFailure)
    /// PUBACK, PUBREC ≥ 0x80 or PUBCOMP. `reason` is 0 under 3.1.1.
    case acknowledged(MessageTag, reason: UInt8)
    /// The library refused to take a message; its text. Also of one that came behind the end of the connection.
    case publishRefused(MessageTag, String)
    /// SUBACK; `reason` from 0x80 on: nothing comes by this filter.
    case subscriptionAnswered(filter: String, reason: UInt8)
    /// Bytes have come from the broker, and none of the inputs says so that are made of what it sent.
    case bytesReceived
    /// The machine slept: the boot clock has gone on by so much more than the monotonic clock.
    case suspended(Duration)
    case timer
    /// No connection until then, unless `wake` comes: what is in flight is waited for shortly, as at a stop; `sleeping` has been
    /// published by the agent. Ends with `.asleep`.
    case sleep(until: Instant)
    /// Connect at once.
    case wake
    /// Stop: no new connection; `offline` has been published by the agent. Ends with `.finished`.
    case stop
}

extension SessionInput {
    /// It is made of what the broker sent.
    var isOfBroker: Bool {
        switch self {
        case .acknowledged, .subscriptionAnswered, .bytesReceived: true
        default: false
        }
    }
}

/// Which handle of the library a connection is made with; see KeptSession.swift.
package enum ConnectionHandle: Hashable, Sendable {
    /// A new one for this connection alone.
    case fresh
    /// A new one with Clean Start 1 that leaves at once: what the broker kept of an earlier process goes.
    case cleaning
    /// A new one with Clean Start 0 and a session that the broker keeps.
    case beginning
    /// The one of the last connection, with what it has in flight.
    /// - Parameter needsSession: without Session Present nothing of that may go out.
    case again(needsSession: Bool)
}

package enum SessionAction: Hashable, Sendable {
    /// Connect a handle in the helper thread, to the broker of this place in the list.
    case connect(ProtocolVersion, broker: Int = 0, handle: ConnectionHandle = .fresh)
    /// Hand a message to the library. Indirect, since an action is copied several times, and a message has many parts.
    indirect case publish(MessageTag, Message)
    case subscribe([String])
    case unsubscribe([String])
    /// A clean DISCONNECT. `withWill`: reason 0x04, or under 3.1.1 closing without DISCONNECT, so that the Will Message is sent.
    case disconnect(withWill: Bool)
    /// Shut the socket down; the transport answers with `connectionLost`.
    case close(ConnectionFailure)
    case notice(Notice)
    /// Told to the agent.
    case event(SessionEvent)
}

package enum SessionEvent: Hashable, Sendable {
    /// CONNACK 0. The agent publishes in this order: subscriptions, `online`, `info`, alerts, losses and readings.
    indirect case online(ProtocolVersion, ConnectionAcknowledgement)
    /// Everything in flight is unknown now and comes again; or, with QoS 2, stays in flight: the next connection settles it, or
    /// `forgotten` says that it does not.
    case offline(ConnectionFailure, keepsInFlight: Bool = false)
    /// What was in flight over a loss is unknown now and comes again.
    case forgotten
    /// Settled (0x00, 0x10 or 3.1.1).
    case settled(MessageTag, unrouted: Bool)
    /// The broker takes nothing of this kind now (0x87 and the like), or has refused the tenth message in a row: the session
    /// holds, publishes no reading and backs off; all that is in flight is to be taken for not sent, and what the broker still
    /// answers to it is not told.
    case held(MessageTag, reason: UInt8)
    /// The broker cannot take this message now (0x80, 0x83, 0x97): it is to be sent again, when there is room, before any that
    /// was not sent yet. What else is in flight goes on.
    case postponed(MessageTag, reason: UInt8)
    /// The broker will never take this message (0x90, 0x95, 0x99), or it is larger than the broker takes.
    case rejected(MessageTag, reason: UInt8)
    /// The broker refused an expendable message for good; nothing is held for it.
    case refused(MessageTag, reason: UInt8)
    /// The hold is over: readings may be handed over again, one at first.
    case resumed
    /// There is no connection until the time that `sleep` named. What was in flight comes again, or stays as at `offline`.
    case asleep(keepsInFlight: Bool = false)
    /// The stop is complete.
    case finished
}

// The core is `package struct Session`, in Session.swift:
//   init(configuration: SessionConfiguration, random: RandomSource)
//   init(after: Session, configuration: SessionConfiguration)    a reload: counters go on; it begins with `.start`
//   mutating func handle(_ input: SessionInput, at now: Instant) -> [SessionAction]
//   var deadline: Instant?
//   mutating func publish(_ message: Message, tag: MessageTag, at now: Instant, kind: MessageKind = .reading) -> [SessionAction]?
//       Nil: `.publish(tag, message)`, no other. QoS 0: dropped unless online. QoS 1: counts in the window; our own mistake (a trap) beyond it. One that is larger
//       than the broker takes is rejected at once; a loss is held instead, of which there is no copy. An expendable one is refused instead, and never held: it must
//       not stop the readings. At a stop, `offline` is the last message and the retained one.
//   mutating func settleOldest(_ tag: MessageTag, reason: UInt8, at now: Instant) -> Bool
//       The short way of nearly every acknowledgement; false: give it to `handle`.
//   mutating func subscribe(_ filters: [String], at now: Instant) -> [SessionAction]
//   var readingRoom: Int        how many readings or losses may be published now; 0 when offline or holding
//   var otherRoom: Int          the same for status and alerts: one slot is kept for them where the window is above 1
//   mutating func changeSubscriptions(to filters: [String]) -> [SessionAction]    of the connection that stands
//   var alertRoom: Int          the same for alert events, which are not sent into a hold
//   var isOnline, isHolding: Bool
//   var readingQoS: UInt8       of the readings and losses of this connection
//   var isAwaitingNone: Bool    nothing that was published waits for its acknowledgement
//   var protocolVersion: ProtocolVersion?    of the connection that is online
//   var retryAt: Instant?       of the next attempt, while it is waited for
//   func fits(_ message: Message) -> Bool    the exact PUBLISH size against the broker's Maximum Packet Size
//   func payloadRoom(of message: Message) -> Int             bytes that its payload may have
//   var counters: SessionCounters            for the metrics
//   var lastDisconnect: Disconnect?, lastFailure: ConnectionFailure?; their text: `ConnectionFailure.text`

package struct SessionCounters: Hashable, Sendable {
    /// Connections that were accepted, after the first.
    package var reconnects: UInt64 = 0
    package var connectFailures: UInt64 = 0
    /// Messages with QoS > 0 that were settled.
    package var acknowledged: UInt64 = 0
    /// Messages with QoS > 0 that were handed over.
    package var published: UInt64 = 0
    package var unrouted: UInt64 = 0
    /// Messages refused for now.
    package var held: UInt64 = 0
    /// Messages refused for good.
    package var rejected: UInt64 = 0
    /// In flight at a loss or at a hold: they come again, and the broker may have them.
    package var duplicatesPossible: UInt64 = 0
    package init() {}
}
