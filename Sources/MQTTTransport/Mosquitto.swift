package import MQTTSession
package import Telemetry

package final class Mosquitto {
    /// What the reactor polls.
    package struct Descriptors: Hashable, Sendable {
        /// An eventfd, the same for the whole life: readable when the helper thread has something to hand over.
        package var helper: Int32
        /// The connection's socket, nil while there is none. Another generation is another connection, even when the
        /// number has come back.
        package var socket: Socket?

        package struct Socket: Hashable, Sendable {
            package var descriptor: Int32
            package var generation: UInt64
            package var wantsWrite: Bool
        }
    }

    package init(address: BrokerAddress, sendMaximum: Int) {}

    /// To be asked again after every call.
    package var descriptors: Descriptors { Descriptors(helper: -1, socket: nil) }
    /// Decrypted bytes wait that no poll would report: the next turn has timeout 0, then `readable` is called.
    package var needsImmediateTurn: Bool { false }
    /// When `timer` is due.
    package var deadline: Instant? { nil }
    /// Payload of TCP in both directions, TLS included, of all connections.
    package var bytesSent: UInt64 { 0 }
    package var bytesReceived: UInt64 { 0 }

    /// Connect, publish, subscribe, disconnect, close. The others are not for it.
    package func perform(_ action: SessionAction, at now: Instant) {}
    /// The helper's eventfd is readable.
    package func helperReady(at now: Instant) {}
    package func readable(at now: Instant) {}
    package func writable(at now: Instant) {}
    package func timer(at now: Instant) {}

    /// What has come since the last call, in order.
    package func takeInputs() -> [SessionInput] { [] }
    package func takeMessages() -> [ReceivedMessage] { [] }

    /// For the end of the process: shuts the socket down. A helper that still connects is left alone; it is never
    /// joined, so end the process with `_exit`.
    package func shutdownNow() {}
}
