package import Telemetry

// What of a rule outlives the process, and what a reload leaves of it (docs/alerts.md, "Restart and power cut").

extension AlertMachine {
    package struct Kept: Hashable, Sendable {
        package var isRaisedByItself: Bool
        package var isHeld: Bool
        package var isSilent: Bool
        package var waitingSince: AlertEvent.Time?
        package var changes: [AlertEvent.Time]
        package var since: AlertEvent.Time
        package var raisedSince: AlertEvent.Time
    }

    package var kept: Kept {
        Kept(
            isRaisedByItself: isRaisedByItself, isHeld: isHeld, isSilent: isSilent,
            waitingSince: waitingFrom.map { .wall($0) } ?? waitingSince.map { .instant($0) },
            changes: changes.indices.map { index in
                if index < changedAt.count, let wall = changedAt[index] { return .wall(wall) }
                return .instant(changes[index])
            },
            since: since, raisedSince: raisedSince)
    }

    /// Before `begin`.
    /// - Parameters:
    ///   - kept: with instants of this boot, and wall times of others.
    ///   - clock: of now.
    package mutating func restore(_ kept: Kept, at clock: ClockReading) {
        isRestored = true
        isRaisedByItself = kept.isRaisedByItself
        isHeld = kept.isHeld
        isSilent = kept.isSilent
        since = kept.since
        raisedSince = kept.raisedSince
        switch kept.waitingSince {
        case .instant(let instant): waitingSince = instant
        case .wall(let wall): waitingFrom = wall
        case .unknown, nil: break
        }
        for time in kept.changes {
            switch time {
            case .instant(let instant):
                changes.append(instant)
                changedAt.append(nil)
            case .wall(let wall):
                changes.append(clock.instant)
                changedAt.append(wall)
            case .unknown:
                changes.append(clock.instant)
                changedAt.append(nil)
            }
        }
        trimChanges()
        start = clock.instant
        place(clock)
    }

    /// Whether times of an earlier boot still wait for a known wall time.
    package var awaitsClock: Bool { waitingFrom != nil || changedAt.contains { $0 != nil } }

    /// The wall time is known: times of an earlier boot get their instants, none later than the start.
    package mutating func place(_ clock: ClockReading) {
        guard clock.isKnown, awaitsClock else { return }
        let limit = start ?? clock.instant
        func placed(_ wall: WallTime) -> Instant { min(limit, clock.instant.advanced(by: clock.wallTime.duration(to: wall))) }
        if let waitingFrom {
            let instant = placed(waitingFrom)
            waitingSince = waitingSince.map { min($0, instant) } ?? instant
        }
        for (index, wall) in changedAt.enumerated() { if let wall { changes[index] = placed(wall) } }
        changes = changes.sorted()
        waitingFrom = nil
        changedAt = []
        // What is of another boot does not happen before this one looks at the clock.
        advance(to: clock.instant)
        revision &+= 1
    }

    /// The rule is another now; deadlines up to `instant` have been fired.
    package mutating func adopt(
        _ settings: Settings, conditionChanged: Bool, seriesChanged: Bool, at instant: Instant
    ) {
        let condition = self.settings.condition
        self.settings = settings
        if conditionChanged {
            waitingSince = nil
            waitingFrom = nil
            revision &+= 1
        } else {
            // With what it has seen.
            self.settings.condition = condition
        }
        if seriesChanged { heard = instant }
        trimChanges()
        advance(to: instant)
    }
}
