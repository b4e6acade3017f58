package import Telemetry

// The port of the outputs: lines that are driven (docs/outputs.md). The core is `package struct OutputBank`, in OutputBank.swift:
//   init(settings: [OutputSettings])
//   mutating func handle(_ input: OutputInput, at now: Instant) -> [OutputAction]
//   var deadline: Instant?
//   func state(_ index: Int) -> Bool?      what the line is; nil: it is not held
//   mutating func reload(_ settings: [OutputSettings?], at now: Instant) -> [OutputAction]
//       index by index; nil: the output is gone (its line is set to on_exit and released); what did not change is not touched;
//       more entries than before are new outputs

package enum OutputCommand: Hashable, Sendable {
    /// `lasting`: back to off after it.
    case on(lasting: Duration?)
    case off
    case toggle
}

package enum OutputInput: Hashable, Sendable {
    /// Once: lines are asked for. Demands and commands that came before count.
    case start
    /// Outputs by their index in the settings.
    case lineReady(Int)
    case lineFailed(Int, NoReading)
    case command(Int, OutputCommand)
    /// What has changed with an alert that drives outputs; `outputs`: all of them, by their ids. Also before `start`.
    case demand(alert: String, outputs: [String], AlertDemand)
    case online
    case offline
    case timer
    /// Set every line to `on_exit`, at once. Nothing is heard after it but the answers of the lines.
    case stop
    /// The end of the stop: the lines are let go.
    case letGo
}

package enum OutputAction: Hashable, Sendable {
    /// Request the line as an output with this value, or switch it; answered by `lineReady` or `lineFailed`.
    case configure(Int, LineSettings)
    case release(Int)
    /// What the line is has changed (nil: it is not held): publish it.
    case changed(Int, isOn: Bool?)
    case notice(Notice)
}
