import Telemetry

/// docs/outputs.md read slowly: what is wanted of each output at a time is computed anew, from all that ever happened.
///
/// Nothing is kept but the history; times are whole seconds. What the lines did is an observation, not a conclusion: it is
/// needed for `maximum_on` and for `toggle`.
struct OutputOracle {
    struct Event {
        enum Kind {
            case start
            /// `toggle` is recorded as what it came to.
            case on(Int, lasting: Int?)
            case off(Int)
            case demand(alert: String, outputs: [String], isMuted: Bool)
            case demandEnds(alert: String)
            case muted(alert: String)
            case unmuted(alert: String)
            case online
            case offline
            /// By itself, found by `derived`.
            case onOffline(Int, isOn: Bool)
            case maximumOn(Int)
        }
        var second: Int
        var kind: Kind
        /// By itself: ahead of the inputs of its second.
        var isDerived = false
    }

    /// A time for which the line of an output was on.
    struct OnTime {
        var output: Int
        var from: Int
        var to: Int?
    }

    let settings: [OutputSettings]
    var inputs: [Event] = []
    var onTimes: [OnTime] = []

    private func group(of index: Int) -> [Int] {
        guard let group = settings[index].group else { return [] }
        return settings.indices.filter { $0 != index && settings[$0].group == group }
    }

    /// All that happened up to and in that second, in order.
    func history(to second: Int) -> [Event] {
        var derived: [Event] = []
        for (index, output) in settings.enumerated() {
            if let maximum = output.maximumOn {
                let length = Int(maximum.components.seconds)
                for time in onTimes where time.output == index && (time.to ?? .max) >= time.from + length {
                    derived.append(Event(second: time.from + length, kind: .maximumOn(index), isDerived: true))
                }
            }
            guard let rule = output.onOffline else { continue }
            var outage: Int?
            func close(_ end: Int) {
                if let from = outage, from + Int(rule.after.components.seconds) <= end {
                    derived.append(
                        Event(
                            second: from + Int(rule.after.components.seconds),
                            kind: .onOffline(index, isOn: rule.isOn), isDerived: true))
                }
            }
            for input in inputs {
                switch input.kind {
                case .start, .offline: outage = outage ?? input.second
                case .online:
                    close(input.second)
                    outage = nil
                default: break
                }
            }
            close(.max)
        }
        // Of one second the later in the file comes first, so that the first in the file is the last wish; maximum_on has
        // the last word.
        derived.sort { a, b in a.second != b.second ? a.second < b.second : rank(a) > rank(b) }
        let all = (derived + inputs).enumerated().sorted { a, b in
            if a.element.second != b.element.second { return a.element.second < b.element.second }
            if a.element.isDerived != b.element.isDerived { return a.element.isDerived }
            return a.offset < b.offset
        }
        return all.map(\.element).filter { $0.second <= second }
    }

    private func rank(_ event: Event) -> Int {
        switch event.kind {
        case .onOffline(let index, _): index
        default: -1
        }
    }

    /// Base: the last that set it.
    func base(_ index: Int, at second: Int, _ history: [Event]) -> Bool {
        for event in history.reversed() {
            switch event.kind {
            case .on(index, let lasting):
                guard let lasting else { return true }
                return event.second + lasting > second
            case .on(let other, _) where group(of: index).contains(other): return false
            case .off(index), .maximumOn(index): return false
            case .onOffline(index, let isOn): return isOn
            case .start: return settings[index].initial
            default: continue
            }
        }
        return settings[index].initial
    }

    /// Some alert demands it that nobody has overridden, and that is not muted.
    func isDemanded(_ index: Int, _ history: [Event]) -> Bool {
        let alerts = Set(history.compactMap { if case .demand(let alert, _, _) = $0.kind { alert } else { nil } })
        return alerts.contains { demandPlace(of: $0, for: index, history[...]) != nil }
    }

    /// Where the output stands in the list of an alert that demands it; nil: it is not demanded by it.
    private func demandPlace(of alert: String, for index: Int, _ history: ArraySlice<Event>) -> Int? {
        var hearsAgain = false
        for event in history.reversed() {
            switch event.kind {
            case .demand(alert, let outputs, let isMuted):
                return isMuted && !hearsAgain ? nil : outputs.firstIndex(of: settings[index].id)
            case .demandEnds(alert), .off(index), .maximumOn(index): return nil
            case .muted(alert): if !hearsAgain { return nil }
            case .unmuted(alert): hearsAgain = true
            default: continue
            }
        }
        return nil
    }

    func isWanted(_ index: Int, at second: Int, _ history: [Event]) -> Bool {
        base(index, at: second, history) || isDemanded(index, history)
    }

    /// When it was wanted on last: a greater number is later.
    func lastWish(_ index: Int, _ history: [Event]) -> Int {
        for (position, event) in history.enumerated().reversed() {
            // Room for the place in a list behind the position in the history.
            switch event.kind {
            case .on(index, _), .onOffline(index, true): return position * 100 + 99
            case .demand(_, let outputs, isMuted: false):
                if let place = outputs.firstIndex(of: settings[index].id) { return position * 100 + 98 - place }
            case .unmuted(let alert):
                // It is a wish where it changes something.
                let before = history[..<position]
                guard demandPlace(of: alert, for: index, before) == nil else { continue }
                if let place = demandPlace(of: alert, for: index, history[...position]) { return position * 100 + 98 - place }
            default: continue
            }
        }
        return settings[index].initial ? -index - 1 : -1000
    }

    /// What the line is to be as soon as it may.
    /// - Parameter isAvailable: whether the line of an output is held, or has not failed yet.
    func target(_ index: Int, at second: Int, isAvailable: (Int) -> Bool) -> Bool {
        let history = history(to: second)
        guard isWanted(index, at: second, history) else { return false }
        let wish = lastWish(index, history)
        return group(of: index).allSatisfy {
            !isAvailable($0) || !isWanted($0, at: second, history) || lastWish($0, history) < wish
        }
    }
}
