import Telemetry

@testable import Outputs

func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1_000_000_000)) }

/// A bank with lines that answer at once, unless they are taken away; in fast motion.
struct Play {
    var bank: OutputBank
    var now = at(0)
    /// What is wired: the logical value that was set last; nil: never requested, or let go.
    var lines: [Int: Bool] = [:]
    /// Lines that are not there.
    var missing: Set<Int> = []
    /// Every switch: when, which, what.
    var switches: [Switch] = []
    var told: [Told] = []
    var notices: [String] = []
    /// Answers are held back while it is true.
    var isSlow = false
    var unanswered: [OutputInput] = []

    struct Switch: Equatable {
        var at: Instant
        var index: Int
        /// Nil: let go.
        var isOn: Bool?
    }

    struct Told: Equatable {
        var index: Int
        var isOn: Bool?
    }

    init(_ settings: [OutputSettings], start: Bool = true) {
        bank = OutputBank(settings: settings)
        if start { give(.start) }
    }

    mutating func give(_ input: OutputInput) { perform(bank.handle(input, at: now)) }

    mutating func perform(_ first: [OutputAction]) {
        var actions = first
        var turns = 0
        while !actions.isEmpty {
            var answers: [OutputInput] = []
            for action in actions {
                switch action {
                case .configure(let index, let settings):
                    guard case .output(let isOn) = settings.direction else { preconditionFailure("an output") }
                    if missing.contains(index) {
                        lines[index] = nil
                        answers.append(.lineFailed(index, NoReading(.missing, detail: "not here")))
                    } else {
                        if lines[index] != isOn { switches.append(Switch(at: now, index: index, isOn: isOn)) }
                        lines[index] = isOn
                        answers.append(.lineReady(index))
                    }
                case .release(let index):
                    lines[index] = nil
                    switches.append(Switch(at: now, index: index, isOn: nil))
                case .changed(let index, let isOn): told.append(Told(index: index, isOn: isOn))
                case .notice(let notice): notices.append(notice.text)
                }
            }
            if isSlow {
                unanswered += answers
                return
            }
            actions = answers.flatMap { bank.handle($0, at: now) }
            turns += 1
            precondition(turns < 100, "the bank is not done with this instant")
        }
    }

    mutating func run(to end: Instant) {
        var turns = 0
        while let deadline = bank.deadline, deadline <= end {
            precondition(deadline > now || turns < 100, "the bank does not sleep")
            turns = deadline > now ? 0 : turns + 1
            now = max(now, deadline)
            give(.timer)
        }
        now = max(now, end)
    }

    mutating func run(to seconds: Double) { run(to: at(seconds)) }

    mutating func command(_ command: OutputCommand, _ index: Int = 0) { give(.command(index, command)) }
    mutating func raise(_ alert: String, _ outputs: String...) { give(.demand(alert: alert, outputs: outputs, .raised(isMuted: false))) }
    mutating func end(_ alert: String, _ outputs: String...) { give(.demand(alert: alert, outputs: outputs, .ended)) }

    mutating func mute(_ alert: String) { give(.demand(alert: alert, outputs: [], .muted)) }
    mutating func unmute(_ alert: String) { give(.demand(alert: alert, outputs: [], .unmuted)) }

    /// `second:value` of each switch of one line.
    func story(_ index: Int = 0) -> String {
        switches.filter { $0.index == index }.map {
            let seconds = Double($0.at.nanoseconds) / 1e9
            let text = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
            return "\(text):" + ($0.isOn.map { $0 ? "on" : "off" } ?? "released")
        }.joined(separator: " ")
    }
}

func output(_ id: String = "siren", _ change: (inout OutputSettings) -> Void = { _ in }) -> OutputSettings {
    var settings = OutputSettings(id: id, line: .name("GPIO27"))
    change(&settings)
    return settings
}

/// Two of one group.
func pair(_ change: (inout OutputSettings) -> Void = { _ in }) -> [OutputSettings] {
    ["heat", "cool"].map { id in output(id) { $0.group = "climate"; change(&$0) } }
}
