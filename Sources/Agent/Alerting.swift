internal import Alerts
internal import RingStore
internal import Telemetry

// Rules, the alert ring, and what is kept over a restart.
extension Agent {
    mutating func takeAlertStorage(_ result: StorageResult) {}
    mutating func takeStateStorage(_ result: StorageResult) {}
}

extension Agent {
    mutating func acknowledgeAlert(_ id: String, from origin: CommandOrigin) {
        refuse(origin, "acknowledge: not supported yet")
    }

    mutating func muteAlert(_ id: String, lasting: Duration, from origin: CommandOrigin) {
        refuse(origin, "mute: not supported yet")
    }
}
