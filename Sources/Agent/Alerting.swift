internal import Alerts
internal import RingStore
internal import Telemetry

// Rules, the alert ring, and what is kept over a restart.
extension Agent {
    mutating func takeAlertStorage(_ result: StorageResult) {}
    mutating func takeStateStorage(_ result: StorageResult) {}
}
