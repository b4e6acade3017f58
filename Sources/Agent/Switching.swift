internal import Outputs
internal import Telemetry

// Outputs: what the bank wants done with lines, and what is published of them.
extension Agent {
    mutating func takeOutputLine(_ index: Int, _ result: OutputLineResult) {}
}
