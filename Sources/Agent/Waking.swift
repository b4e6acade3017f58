internal import MQTTSession
internal import Outputs
internal import RingStore
internal import Telemetry

/// `broker.connect: {every, for_at_most}`: when the next connection is due, and how long the present one may last.
///
/// The times of connecting lie on a grid that begins with the first; a connection between, for an alert, moves none of them.
struct Waking {
    let schedule: ConnectSchedule?
    /// Since when there is, or is to be, a connection; nil: asleep, or always connected.
    private(set) var since: Instant?
    /// The next on the grid.
    private(set) var next: Instant?
    /// Metrics are on their way from the process.
    var isAskingFacts = false

    init(_ schedule: ConnectSchedule?) { self.schedule = schedule }

    mutating func begin(at now: Instant) {
        guard let schedule else { return }
        since = now
        next = now.advanced(by: schedule.every)
    }

    /// An attempt is made: the first since it fell asleep wakes it.
    mutating func connecting(at now: Instant) {
        guard let schedule, since == nil, var due = next else { return }
        since = now
        // After a suspend, say, several may have passed.
        let behind = due.duration(to: now)
        if behind >= .zero { due = due.advanced(by: schedule.every * Int(behind.nanoseconds / schedule.every.nanoseconds + 1)) }
        next = due
    }

    mutating func asleep() {
        since = nil
        isAskingFacts = false
    }

    var deadline: Instant? {
        guard let schedule else { return nil }
        return since?.advanced(by: schedule.forAtMost)
    }
}

extension Agent {
    /// All that there is has been said and acknowledged, or the time for it is over.
    mutating func sleepWhenDone() {
        guard let deadline = waking.deadline, let next = waking.next, stopping == nil, !isRestarting else { return }
        guard isAllSaid || deadline <= now else { return }
        if connection != nil {
            connection?.waiting.removeAll()
            publish(statusMessage("sleeping"))
            publishWaiting()
            // Nothing more goes out on this connection.
            connection = nil
        }
        waking.asleep()
        perform(session.handle(.sleep(until: next), at: now))
    }

    private var isAllSaid: Bool {
        guard let connection, connection.waiting.isEmpty, connection.responses.isEmpty, session.isAwaitingNone else { return false }
        return !ring.hasMoreToHandOver && (!alerting.isRingUsed || !alerting.ring.hasMoreToHandOver) && alerting.outbox.isEmpty
            && live.due.isEmpty && batching.isEmpty && batching.behind == nil && !waking.isAskingFacts && pendingReads.isEmpty
    }

    /// An alert has something to say.
    mutating func wake() {
        guard waking.schedule != nil, waking.since == nil, connectBy == nil, stopping == nil else { return }
        perform(session.handle(.wake, at: now))
    }
}
