internal import MQTTSession
internal import Telemetry

/// Messages with QoS 0 that wait until the library has nothing to write: of each topic the newest only.
struct LatestMessages {
    /// The oldest is dropped beyond it.
    static let limit = 1000

    private var messages: [(tag: MessageTag, message: Message)] = []

    var isEmpty: Bool { messages.isEmpty }

    mutating func put(_ tag: MessageTag, _ message: Message) {
        if let index = messages.firstIndex(where: { $0.message.topic == message.topic }) {
            messages[index] = (tag, message)
            return
        }
        if messages.count == Self.limit { messages.removeFirst() }
        messages.append((tag, message))
    }

    mutating func takeFirst() -> (MessageTag, Message)? {
        messages.isEmpty ? nil : messages.removeFirst()
    }
}
