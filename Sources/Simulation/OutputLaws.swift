internal import Telemetry

/// What must be true of the lines of the outputs, whatever is wanted of them (docs/outputs.md).
struct OutputLaws {
    private(set) var problems: [String] = []
    private var looked: [Int] = []
    private var began = Instant.zero
    let settings: [OutputSettings]

    init(settings: [OutputSettings]) { self.settings = settings }

    private mutating func fail(_ text: String) { if problems.count < 5 { problems.append(text) } }

    mutating func processBegins(at now: Instant) {
        began = now
        looked = settings.map { _ in 0 }
    }

    /// After each turn.
    /// - Parameter isStopping: `on_exit` is set whatever the minimums say.
    mutating func turned(_ board: SimulatedBoard, at now: Instant, isStopping: Bool) {
        for (index, setting) in settings.enumerated() {
            guard let output = board.outputs[index] else { continue }
            while looked[index] < output.history.count {
                check(setting, output.history, looked[index], isStopping: isStopping)
                looked[index] += 1
            }
            if let maximum = setting.maximumOn, output.isOn == true, let since = output.history.last?.at,
                since.duration(to: now) >= maximum, !isStopping
            {
                fail("\(setting.id) is on for longer than maximum_on")
            }
            guard let group = setting.group, output.isOn == true else { continue }
            for other in settings.indices where other != index && settings[other].group == group {
                if board.outputs[other]?.isOn == true { fail("\(setting.id) and \(settings[other].id) are on at one time") }
            }
        }
    }

    private mutating func check(
        _ setting: OutputSettings, _ history: [(at: Instant, isOn: Bool?)], _ index: Int, isStopping: Bool
    ) {
        guard !isStopping else { return }
        let (at, isOn) = history[index]
        let before = index > 0 ? history[index - 1] : (at: began, isOn: nil)
        // A line that is not held counts as off.
        var offSince = began
        if let lastOn = history[..<index].lastIndex(where: { $0.isOn == true }), lastOn + 1 <= index {
            offSince = lastOn + 1 < index ? history[lastOn + 1].at : at
        }
        if isOn == true, before.isOn != true, offSince.duration(to: at) < setting.minimumOff {
            fail("\(setting.id) is on again after \(offSince.duration(to: at).nanoseconds) ns")
        }
        if isOn == false, before.isOn == true, before.at.duration(to: at) < setting.minimumOn {
            fail("\(setting.id) is off again after \(before.at.duration(to: at).nanoseconds) ns")
        }
    }

    /// At the end of a stop, when the lines are let go of: each was set to `on_exit` before.
    mutating func stopped(_ board: SimulatedBoard) {
        for (index, setting) in settings.enumerated() {
            guard let output = board.outputs[index], output.isOn == nil, output.history.count > 1 else { continue }
            let last = output.history[output.history.count - 2].isOn
            // It was not held when the stop began, or was lost in it.
            guard let last, output.trouble == nil else { continue }
            if last != setting.onExit { fail("\(setting.id) was let go of as \(last ? "on" : "off")") }
        }
    }
}
