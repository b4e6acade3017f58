internal import Telemetry

/// One output over time, by itself: what is wanted of it, and its line. What its group allows is the bank's part.
struct OutputMachine: Hashable, Sendable {
    /// An alert that is raised and has this output.
    struct Demand: Hashable, Sendable {
        var alert: String
        var isMuted = false
        /// Overridden by a command or by `maximum_on`, until the alert is raised again.
        var isSilenced = false

        var isHeard: Bool { !isMuted && !isSilenced }
    }

    /// What comes by itself.
    enum Event: Hashable, Sendable { case pulseEnd, offline, maximumOn }

    var settings: OutputSettings { didSet { Self.check(settings) } }
    private(set) var base: Bool
    private(set) var pulseEnd: Instant?
    private(set) var demands: [Demand] = []
    /// `on_offline` was done in this outage.
    var isOfflineDone = false
    /// It has been on for `maximum_on`, and is to be switched off whatever is wanted.
    private(set) var isExhausted = false
    var line: OutputLine
    /// The number of the last wish that it be on, over the whole bank: of a group the last wish has the turn.
    var wish: UInt64 = 0

    @inline(never) init(settings: OutputSettings, at start: Instant) {
        Self.check(settings)
        self.settings = settings
        base = settings.initial
        line = OutputLine(at: start)
    }

    private static func check(_ settings: OutputSettings) {
        precondition(settings.minimumOn <= settings.maximumOn ?? settings.minimumOn, "maximum_on is not below minimum_on")
    }

    var isWanted: Bool { base || demands.contains { $0.isHeard } }

    /// Sets the base; a pulse that runs ends. `until`: a new pulse.
    mutating func set(base: Bool, until pulseEnd: Instant? = nil) {
        self.base = base
        self.pulseEnd = pulseEnd
    }

    mutating func silence() {
        for index in demands.indices { demands[index].isSilenced = true }
    }

    /// The alert is raised, or raised again.
    mutating func demand(of alert: String, isMuted: Bool = false) {
        demands.removeAll { $0.alert == alert }
        demands.append(Demand(alert: alert, isMuted: isMuted))
    }

    func hasDemand(of alert: String) -> Bool { demands.contains { $0.alert == alert } }

    /// - Returns: whether the alert is heard now that was not.
    mutating func setMuted(_ isMuted: Bool, of alert: String) -> Bool {
        guard let index = demands.firstIndex(where: { $0.alert == alert }) else { return false }
        let before = demands[index].isHeard
        demands[index].isMuted = isMuted
        return demands[index].isHeard && !before
    }

    mutating func demandEnds(of alert: String) { demands.removeAll { $0.alert == alert } }

    /// When the line may be switched, as far as its own settings go.
    var maySwitchAt: Instant {
        line.since.advanced(by: line.isOn == true ? settings.minimumOn : settings.minimumOff)
    }

    /// What comes next by itself.
    /// - Parameter offlineSince: since when the broker is away; nil: it is not.
    func next(offlineSince: Instant?) -> (event: Event, at: Instant)? {
        var next: (event: Event, at: Instant)?
        func consider(_ event: Event, _ instant: Instant?) {
            guard let instant else { return }
            if let known = next, known.at <= instant { return }
            next = (event, instant)
        }
        consider(.pulseEnd, pulseEnd)
        if !isOfflineDone, let rule = settings.onOffline { consider(.offline, offlineSince?.advanced(by: rule.after)) }
        if case .held(isOn: true) = line.state, !isExhausted {
            consider(.maximumOn, settings.maximumOn.map { line.since.advanced(by: $0) })
        }
        return next
    }

    mutating func exhaust() {
        isExhausted = true
        set(base: false)
        silence()
    }

    mutating func lineReady(at now: Instant) {
        line.ready(at: now)
        if line.isOn == false { isExhausted = false }
    }

    /// - Returns: whether this is news.
    mutating func lineFailed(_ code: NoReading.Code, at now: Instant) -> Bool {
        isExhausted = false
        return line.failed(code, at: now)
    }
}
