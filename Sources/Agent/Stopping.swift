internal import MQTTSession
internal import Outputs
internal import RingStore
internal import Sensors
internal import Telemetry

/// The stop, within 5 s in all: the ring is synced first, then what can still be sent is sent, then `offline` is said.
struct Stopping {
    enum Phase {
        /// At most 2 s: what is not settled goes to the disk.
        case syncing
        /// Until 1 s and something for the disk is left.
        case sending
        /// The session waits for the last acknowledgement and closes, by limits of its own: at most 0.9 s.
        case closing
        /// The last watermark goes to the disk.
        case settling
        case finished

        /// `offline` is the last message: nothing is published after it.
        var isClosing: Bool {
            switch self {
            case .syncing, .sending: false
            case .closing, .settling, .finished: true
            }
        }
    }
    var phase = Phase.syncing
    let begun: Instant
    /// What the present phase waits for.
    var files: ShortSet<StorageFile> = []
    /// Of the last state.
    var revision = 0

    static let syncLimit = Duration.seconds(2)
    static let sendLimit = Duration.milliseconds(3600)
    static let closeLimit = Duration.milliseconds(4600)
    static let settleLimit = Duration.milliseconds(4850)

    var deadline: Instant? {
        switch phase {
        case .syncing: begun.advanced(by: Self.syncLimit)
        case .sending: begun.advanced(by: Self.sendLimit)
        case .closing: begun.advanced(by: Self.closeLimit)
        case .settling: begun.advanced(by: Self.settleLimit)
        case .finished: nil
        }
    }
}

extension Agent {
    mutating func beginStop() {
        guard stopping == nil else { return }
        stopping = Stopping(begun: now)
        log(.info, "stopping")
        for index in sensors.indices { perform(sensors[index].handle(.finish, at: now), of: index) }
        tellOutputs(.stop)
        saveForStop()
        // They are in the state that is on its way: the next process asks the ring for each.
        emptyOutbox()
        stopRings()
    }

    private mutating func saveForStop() {
        guard saveAtStop() else { return }
        stopping?.files.insert(.state)
        stopping?.revision = saving.revision
    }

    private mutating func stopRings() {
        stopping?.files.insert(.readings)
        if alerting.isRingUsed { stopping?.files.insert(.alerts) }
        if rejecting.isUsed { stopping?.files.insert(.rejected) }
        tellRing(.stop)
        tellAlertRing(.stop)
        if rejecting.isUsed { perform(rejectedRingInput: .stop) }
    }

    mutating func stateSettledAtStop(through revision: Int) {
        if let stopping, stopping.files.contains(.state), stopping.revision <= revision { fileStopped(.state) }
    }

    @inline(never) mutating func fileStopped(_ file: StorageFile) {
        guard stopping?.files.remove(file) == true, stopping?.files.isEmpty == true else { return }
        switch stopping?.phase {
        case .syncing:
            stopping?.phase = .sending
            continueStop()
        case .settling: finishStop()
        case .sending, .closing, .finished, nil: break
        }
    }

    mutating func sessionFinished() {
        guard case .closing? = stopping?.phase else { return }
        stopping?.phase = .settling
        // Acknowledgements have come since the first sync, and pulses: watermark and totals are written again.
        saveForStop()
        stopRings()
    }

    /// Called when something that the stop waits for has changed, and at its deadline.
    mutating func continueStop() {
        guard let stopping else { return }
        let isDue = stopping.deadline.map { $0 <= now } ?? false
        switch stopping.phase {
        case .syncing:
            if isDue {
                self.stopping?.phase = .sending
                continueStop()
            }
        case .sending:
            // The states that `on_exit` has brought are among it.
            publishWaiting()
            if isDue || connection == nil || (inFlight.isEmpty && isAllSettled) { sayOffline() }
        case .closing:
            if isDue { sessionFinished() }
        case .settling:
            if isDue { finishStop() }
        case .finished: break
        }
    }

    private var isAllSettled: Bool {
        ring.status.unacknowledged == 0 && (!alerting.isRingUsed || alerting.ring.status.unacknowledged == 0)
            && outputs.isSettled && connection?.waiting.isEmpty == true
    }

    private mutating func sayOffline() {
        stopping?.phase = .closing
        if connection != nil {
            connection?.waiting.removeAll()
            publish(statusMessage("offline"))
            publishWhatFits()
        }
        perform(session.handle(.stop, at: now))
    }

    @inline(never) private mutating func finishStop() {
        stopping?.phase = .finished
        tellOutputs(.letGo)
        log(.info, "stopped")
        actions.append(.finished)
    }
}
