package import Telemetry

/// Why a line cannot be had, or what went wrong with one that was held. Each case carries the fact found.
///
/// None of them is fatal: the sensor of the line has no reading, says why, and the line is requested again with back-off.
package enum LineProblem: Error, Hashable, Sendable {
    /// There is no `/dev/gpiochipN` at all, and no replayed chip.
    case noChips(LineReference)
    /// No chip goes by that name. `chips`: those that are here, as `LineProblem` texts name them.
    case chipMissing(LineReference, chip: String, chips: [String])
    /// No line goes by that name, or the offset is beyond the last line. `near`: names that differ by little.
    case lineMissing(LineReference, near: [String], searched: [String])
    /// More than one line or chip goes by that name.
    case ambiguous(LineReference, candidates: [String])
    /// Another process, or another sensor here, holds the line (`EBUSY`). `consumer` is empty where the kernel knows none.
    case busy(LineReference, consumer: String)
    /// `what`: the device file.
    case notPermitted(LineReference, what: String)
    /// The chip went away while the line was held (`ENODEV`): it is to be requested again.
    case gone(LineReference)
    /// The slot holds no line: it was never requested, or let go after a failure.
    case notHeld
    /// The chip or the kernel cannot do what the settings ask for (an input only line as an output, edges without
    /// interrupts).
    case notSupported(LineReference, what: String)
    /// Any other failure of a call. `what`: the operation; `number`: errno.
    case system(LineReference, what: String, number: Int32, text: String)
}

extension LineProblem {
    package var code: NoReading.Code {
        switch self {
        case .noChips, .chipMissing, .lineMissing, .gone, .notHeld: .missing
        case .ambiguous: .ambiguous
        case .busy: .busy
        case .notPermitted: .notPermitted
        case .notSupported: .wrongDevice
        case .system: .bus
        }
    }

    /// The line was held and its chip went away; a new request may find it again.
    package var isGone: Bool {
        if case .gone = self { true } else { false }
    }

    /// As data: what is published in place of a reading.
    package var noReading: NoReading { NoReading(code, detail: text) }

    /// One line for a person: the fact, and where it helps, what is there instead.
    package var text: String {
        switch self {
        case .noChips(let line):
            "line \(line.text): no GPIO chip is here (no /dev/gpiochip*)"
        case .chipMissing(let line, let chip, let chips):
            "line \(line.text): no chip '\(chip)'; there is \(Self.list(chips, none: "none"))"
        case .lineMissing(let line, let near, let searched):
            "line \(line.text) not found"
                + (near.isEmpty ? "" : "; near: \(Self.list(near, none: ""))")
                + "; searched \(Self.list(searched, none: "no chip"))"
        case .ambiguous(let line, let candidates):
            "line \(line.text) is ambiguous: \(Self.list(candidates, none: ""))"
        case .busy(let line, let consumer):
            "line \(line.text) is in use by " + (consumer.isEmpty ? "an unnamed consumer" : "'\(consumer)'")
        case .notPermitted(let line, let what):
            "line \(line.text): no permission to open \(what)"
        case .gone(let line):
            "line \(line.text): its chip went away"
        case .notHeld:
            "the line is not held"
        case .notSupported(let line, let what):
            "line \(line.text): \(what)"
        case .system(let line, let what, _, let text):
            "line \(line.text): \(what): \(text)"
        }
    }

    /// The names with commas; beyond `limit` only how many more there are.
    static func list(_ names: [String], none: String, limit: Int = 6) -> String {
        if names.isEmpty { return none }
        var text = names.prefix(limit).joined(separator: ", ")
        if names.count > limit { text += " and \(names.count - limit) more" }
        return text
    }
}
