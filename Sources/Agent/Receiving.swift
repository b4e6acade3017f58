internal import MQTTSession
internal import Telemetry

// Messages from the broker: `P/command` and `P/outputs/<id>/set`.
extension Agent {
    mutating func receive(_ message: ReceivedMessage) {}
}
