import Foundation

/// An independent subscriber: mosquitto_sub in a process of its own. It connects again by itself; what is published
/// before it is back is not seen, so wait with `waitUntilSubscribed` before the publisher is let in again.
package final class Subscriber: @unchecked Sendable {
    package struct Line: Sendable, Equatable {
        package var topic: String
        package var payload: String
        package var qos: Int
        package var isRetained: Bool
        /// When mosquitto_sub received it, seconds since 1970.
        package var arrivedAt: Double
    }

    private let process: Child
    private let collected = Shared<(lines: [Line], rest: Data)>(([], Data()))
    private let marker: String
    private let publish: @Sendable (String, String) throws -> Void

    /// Returns when the subscription stands.
    /// - Parameters:
    ///   - filters: Topic Filters.
    ///   - arguments: more for mosquitto_sub, like `-V mqttv5`.
    ///   - marker: a topic that may be published and read with these arguments, where an access list allows few; what comes on
    ///     it is not among `lines`.
    package init(
        _ broker: MosquittoBroker, _ filters: [String] = ["#"], arguments: [String] = [], marker: String? = nil
    ) throws {
        self.marker = marker ?? "godwit-test/marker/\(UUID().uuidString)"
        publish = { try broker.publish($1, to: $0, arguments) }
        let collected = collected
        let output = try Output { data in collected.with { Self.append(data, to: &$0) } }
        process = try Child(
            "mosquitto_sub",
            ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-F", "%U\t%q\t%r\t%t\t%p", "-t", self.marker]
                + filters.flatMap { ["-t", $0] } + arguments, output: output.writeEnd)
        output.childHasStarted()
        try waitUntilSubscribed()
    }

    deinit { stop() }

    package func stop() { process.terminate() }

    /// Publishes a mark of its own until it comes back.
    package func waitUntilSubscribed(within seconds: Double = 15) throws {
        let text = UUID().uuidString
        let isUp = eventually(within: seconds) {
            try? publish(marker, text)
            return eventually(within: 0.3) {
                collected.with { state in state.lines.contains { $0.topic == marker && $0.payload == text } }
            }
        }
        guard isUp else { throw PeerError.timeout("mosquitto_sub is not subscribed after \(seconds) s") }
    }

    /// All so far, in the order of arrival, without the marks.
    package var lines: [Line] { collected.with { state in state.lines.filter { $0.topic != marker } } }

    /// Waits until `condition` holds of what has come; false after `seconds`.
    package func wait(within seconds: Double = 10, _ condition: ([Line]) -> Bool) -> Bool {
        eventually(within: seconds) { condition(lines) }
    }

    private static func append(_ data: Data, to state: inout (lines: [Line], rest: Data)) {
        state.rest.append(data)
        while let end = state.rest.firstIndex(of: 10) {
            let line = state.rest[state.rest.startIndex..<end]
            state.rest = Data(state.rest[state.rest.index(after: end)...])
            let fields = String(decoding: line, as: UTF8.self).split(
                separator: "\t", maxSplits: 4, omittingEmptySubsequences: false)
            guard fields.count == 5 else { continue }
            state.lines.append(
                Line(
                    topic: String(fields[3]), payload: String(fields[4]), qos: Int(fields[1]) ?? -1,
                    isRetained: fields[2] == "1", arrivedAt: Double(fields[0]) ?? 0))
        }
    }
}
