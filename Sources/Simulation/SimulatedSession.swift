package import MQTTSession

/// What the library and the broker keep over a loss: the library each message with its state, the broker what it has taken and not
/// given on, or given on and not forgotten. With QoS 1 each connection begins with nothing.
package struct SimulatedSession: Sendable {
    /// Between the two; each may be lost with the connection.
    package enum Packet: Sendable {
        case publish(MessageTag)
        /// PUBREC.
        case received(MessageTag)
        /// PUBREL.
        case release(MessageTag)

        package var tag: MessageTag {
            switch self {
            case .publish(let tag), .received(let tag), .release(let tag): tag
            }
        }
    }

    /// Of the library.
    package struct Entry: Sendable {
        package var tag: MessageTag
        package var message: Message
        package var isReleased = false
    }

    /// mosquitto gives a message on when PUBREL comes; others when PUBLISH comes.
    package var givesOnAtRelease = true
    /// False: it keeps no session.
    package var isKept = true
    package private(set) var library: [Entry] = []
    /// The library's handle outlives the connection.
    package private(set) var isLibraryKept = false
    /// Of the broker: it has a session of this client, and what of it has been published and not released.
    private var exists = false
    private var taken: [MessageTag: Message] = [:]

    package init() {}

    /// - Returns: Session Present.
    @discardableResult
    package mutating func connecting(_ handle: ConnectionHandle, reachesBroker: Bool) -> Bool {
        if case .again = handle {
            guard reachesBroker else { return false }
            defer { exists = true }
            // A new one: when this CONNACK is lost, the next one says that there is a session. PUBCOMP 0x92 says then that it is not the old one.
            if !exists { isForgetful = true }
            return exists
        }
        library = []
        isLibraryKept = handle == .beginning
        guard reachesBroker else { return false }
        let isPresent = exists && handle == .beginning
        if handle != .beginning { ended() }
        exists = handle == .beginning
        return isPresent
    }

    package mutating func sent(_ tag: MessageTag, _ message: Message) {
        if isLibraryKept { library.append(Entry(tag: tag, message: message)) }
    }

    package func message(_ tag: MessageTag) -> Message? { library.first { $0.tag == tag }?.message }
    package func holds(_ tag: MessageTag) -> Bool { taken[tag] != nil }

    /// - Returns: what is given on now.
    package mutating func published(_ tag: MessageTag, reason: UInt8) -> Message? {
        guard taken[tag] == nil, reason < 0x80, let message = message(tag) else { return nil }
        taken[tag] = message
        return givesOnAtRelease ? nil : message
    }

    package mutating func receivedCame(_ tag: MessageTag) {
        for index in library.indices where library[index].tag == tag { library[index].isReleased = true }
    }

    /// - Returns: what is given on now, and whether the broker knew of it.
    package mutating func released(_ tag: MessageTag) -> (message: Message?, isKnown: Bool) {
        let message = taken.removeValue(forKey: tag)
        let entry = library.first { $0.tag == tag }
        // A repeat of one that is done is known, too: brokers answer it with success, as mosquitto does.
        let isKnown = message != nil || entry?.isReleased == true && !isForgetful
        return (givesOnAtRelease ? message : nil, isKnown)
    }

    package mutating func acknowledged(_ tag: MessageTag) { library.removeAll { $0.tag == tag } }

    /// The broker is started anew: nothing of the session is left; or it says that it is there, and has lost what was in it, which only
    /// MQTT 5 can tell of one message.
    package mutating func brokerForgets(saysSo: Bool) {
        if saysSo { exists = false } else if !taken.isEmpty { isForgetful = true }
        taken = [:]
    }
    private var isForgetful = false

    /// DISCONNECT, or Clean Start 1.
    package mutating func ended() {
        exists = false
        isForgetful = false
        taken = [:]
    }

    package mutating func processEnded() {
        library = []
        isLibraryKept = false
        if !isKept { ended() }
    }
}
