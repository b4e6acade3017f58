internal import Telemetry

/// The brokers of `broker.url`, tried in order, and what is known of each: its protocol, its QoS, and what was said of its failures.
///
/// An attempt that comes to nothing is followed by one with the next broker, at once; when the last has failed the
/// back-off is waited for, and the first is tried again. So it is after a connection that stood for a minute. One that
/// stood for less says that this broker does not serve: the next attempt goes to the one behind it.
package struct BrokerList: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        var name: String
        var memory: ProtocolMemory
        var failureLog = FailureLog()
        var qos2 = QoS2Memory()
    }

    private var entries: [Entry]
    /// The one that is tried next, is being tried, or is connected.
    package private(set) var current = 0

    /// - Parameter names: as the log has them: their URLs.
    package init(names: [String], choice: SessionConfiguration.ProtocolChoice) {
        precondition(!names.isEmpty, "a session has a broker")
        entries = names.map { Entry(name: $0, memory: ProtocolMemory(choice: choice)) }
    }

    /// Of the current one.
    @inline(never) package var memory: ProtocolMemory {
        get { entries[current].memory }
        set { entries[current].memory = newValue }
    }

    @inline(never) package var qos2: QoS2Memory {
        get { entries[current].qos2 }
        set { entries[current].qos2 = newValue }
    }

    package var failureLog: FailureLog {
        get { entries[current].failureLog }
        set { entries[current].failureLog = newValue }
    }

    /// ` broker=URL` for the log, where there are several.
    package var label: String { entries.count > 1 ? " broker=\(entries[current].name)" : "" }

    /// The attempt with the current one came to nothing.
    /// - Returns: the next is to be tried at once: this round has not had it yet.
    package mutating func failed() -> Bool {
        current = (current + 1) % entries.count
        return current != 0
    }

    /// The connection with the current one is lost.
    /// - Parameter wasStable: it stood for a minute, and the broker did not send us elsewhere.
    package mutating func lost(wasStable: Bool) {
        current = wasStable ? 0 : (current + 1) % entries.count
    }
}
