internal import Telemetry

/// The topic names of one device (contract, section 2).
///
/// That prefix and ids make valid topic names is the configuration's part.
package struct TopicNames: Hashable, Sendable {
    /// `<prefix>/<device id>`.
    package let root: String

    /// The birth and Will messages of Home Assistant, under its standard prefix. Subscribed at QoS 0.
    package static let homeAssistantStatus = "homeassistant/status"

    package init(prefix: String, device: String) { root = "\(prefix)/\(device)" }

    /// One reading each; the durable stream.
    package func sensor(_ id: String) -> String { "\(root)/sensors/\(id)" }
    /// A reading whose wall time was never known.
    package func unstamped(_ id: String) -> String { "\(root)/unstamped/\(id)" }
    /// The newest reading, while connected.
    package func live(_ id: String) -> String { "\(root)/live/\(id)" }
    package func alert(_ id: String) -> String { "\(root)/alerts/\(id)" }
    package func output(_ id: String) -> String { "\(root)/outputs/\(id)" }
    /// Subscribed at QoS 0.
    package func outputSet(_ id: String) -> String { "\(root)/outputs/\(id)/set" }

    /// Batches.
    package var readings: String { "\(root)/readings" }
    package var losses: String { "\(root)/losses" }
    package var status: String { "\(root)/status" }
    package var info: String { "\(root)/info" }
    package var metrics: String { "\(root)/metrics" }
    /// Subscribed at QoS 0.
    package var command: String { "\(root)/command" }
    package var response: String { "\(root)/response" }
    package var log: String { "\(root)/log" }
}
