/// What `P/alerts/<alert>` says, before it has a number and a stamp (contract, section 5): one entry of the alert ring.
package struct AlertEvent: Hashable, Sendable {
    package enum State: UInt8, CaseIterable, Sendable {
        case raised = 1
        case cleared = 2
        case silent = 3

        package var text: String {
            switch self {
            case .raised: "raised"
            case .cleared: "cleared"
            case .silent: "silent"
            }
        }
    }

    /// A time that an event tells beside its own.
    package enum Time: Hashable, Sendable {
        /// In the boot in which the event was made: it is stamped as the event is.
        case instant(Instant)
        /// Known from an earlier boot, or computed then.
        case wall(WallTime)
        /// In an earlier boot, which never knew the time.
        case unknown
    }

    package struct ReadingName: Hashable, Sendable {
        package var stream: StreamID
        package var sequence: SequenceNumber
        package init(stream: StreamID, sequence: SequenceNumber) {
            self.stream = stream
            self.sequence = sequence
        }
    }

    /// Id of the rule.
    package var alert: String
    package var state: State
    package var severity: AlertRule.Severity
    /// At most `maximumMessageBytes`.
    package var message: String
    /// When this state began.
    package var since: Time
    /// The newest value of the series; nil where there was none.
    package var value: Decimal?
    /// Of value and limit, SenML's; nil where the series is a whole sensor.
    package var unit: String?
    package var limit: Decimal?
    package var series: String
    /// The reading that gave the value.
    package var reading: ReadingName?
    package var outputs: [String]
    /// When somebody acknowledged it; nil: nobody has.
    package var acknowledged: Time?
    package var mutedUntil: Time?
    /// It changes too often, and is held raised.
    package var isFlapping: Bool

    package static let maximumMessageBytes = 1024

    @inline(never) package init(
        alert: String, state: State, severity: AlertRule.Severity, message: String, since: Time, value: Decimal? = nil,
        unit: String? = nil, limit: Decimal? = nil, series: String, reading: ReadingName? = nil, outputs: [String] = [],
        acknowledged: Time? = nil, mutedUntil: Time? = nil, isFlapping: Bool = false
    ) {
        self.alert = alert
        self.state = state
        self.severity = severity
        self.message = message
        self.since = since
        self.value = value
        self.unit = unit
        self.limit = limit
        self.series = series
        self.reading = reading
        self.outputs = outputs
        self.acknowledged = acknowledged
        self.mutedUntil = mutedUntil
        self.isFlapping = isFlapping
    }
}

/// What has changed for the outputs of an alert. It demands them on while it is raised and not muted.
package enum AlertDemand: Hashable, Sendable {
    /// Raised, or raised again: what was overridden before is heard again.
    case raised(isMuted: Bool)
    /// It is still raised.
    case muted
    /// The mute is over: what was overridden before or during it stays so.
    case unmuted
    /// It is still raised, and has other outputs than before; those that it keeps are not touched.
    case outputsChanged
    case ended
}
