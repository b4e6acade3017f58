internal import Telemetry

/// The line of one output: whether it is held, what it is, since when, and when it is asked for again.
///
/// A line that is not held counts as off, since it was lost or since the start. Only for its group it may still be on when
/// it was lost while it was on.
struct OutputLine: Hashable, Sendable {
    enum State: Hashable, Sendable {
        case idle
        /// Requested with, or switched to, `isOn`; not answered yet. `was`: what it was before; nil: not held.
        case asked(isOn: Bool, was: Bool?)
        case held(isOn: Bool)
        case failed(retryAt: Instant)
        /// Let go for good.
        case released
    }

    private(set) var state = State.idle
    /// The last switch; of a line that is not held: since when it counts as off.
    private(set) var since: Instant
    /// The delay before the last attempt that failed; zero: the last attempt did not fail.
    private var delay = Duration.zero
    /// It was lost while it was on, and has not been had since.
    private var wasLostOn = false
    /// What was said of the line last, so that a line that stays missing is said once.
    private(set) var failure: NoReading.Code?

    /// The delays between attempts to have a line that is missing or busy.
    static let retryMinimum = Duration.seconds(1)
    static let retryMaximum = Duration.seconds(60)

    init(at start: Instant) { since = start }

    /// What the line is; nil: it is not held.
    var isOn: Bool? {
        switch state {
        case .held(let isOn): isOn
        case .asked(_, let was): was
        case .idle, .failed, .released: nil
        }
    }

    /// What it is, or is about to be; nil: it is not held.
    var isOnSoon: Bool? {
        if case .asked(let isOn, _) = state { isOn } else { isOn }
    }

    /// Another of the group must not be switched on.
    var mayBeOn: Bool {
        switch state {
        case .held(let isOn): isOn
        case .asked(let isOn, let was): isOn || was == true || wasLostOn
        case .idle, .failed, .released: wasLostOn
        }
    }

    /// It is held, or may be for all that is known. One that could not be had has no turn in its group until it is held again:
    /// to ask for it once more must not take the turn from another that is held.
    /// - Parameter requestAt: for another that is not held either, and is asked for now: what is asked for together is taken
    ///   to come together, so that the one whose turn it is not is not on for a moment.
    func isAvailable(forRequestAt requestAt: Instant? = nil) -> Bool {
        switch state {
        case .idle, .held: true
        case .asked(_, let was): was != nil || delay == .zero || requestAt != nil
        case .failed(let retryAt): requestAt.map { retryAt <= $0 } ?? false
        case .released: false
        }
    }

    var retryAt: Instant? {
        if case .failed(let retryAt) = state { retryAt } else { nil }
    }

    mutating func ask(isOn: Bool) { state = .asked(isOn: isOn, was: self.isOn) }

    mutating func ready(at now: Instant) {
        guard case .asked(let isOn, let was) = state else { return }
        state = .held(isOn: isOn)
        // Off after off is no switch; a line that was lost while it was on has been switched off just now.
        if isOn != (was ?? (wasLostOn && !isOn)) { since = now }
        delay = .zero
        wasLostOn = false
        failure = nil
    }

    /// - Returns: whether this is news.
    mutating func failed(_ code: NoReading.Code, at now: Instant) -> Bool {
        switch state {
        case .released: return false
        case .idle, .failed, .asked(_, nil): break
        case .held(let isOn), .asked(let isOn, false):
            if isOn { wasLostOn = true }
            since = now
        case .asked:
            // It was on, and may not have been switched off.
            wasLostOn = true
            since = now
        }
        delay = delay == .zero ? Self.retryMinimum : min(delay * 2, Self.retryMaximum)
        state = .failed(retryAt: now.advanced(by: delay))
        defer { failure = code }
        return failure != code
    }

    mutating func release() { state = .released }
}
