internal import Telemetry

// A new configuration, taken whole or not at all.
extension Agent {
    /// - Parameter origin: who asked; nil: SIGHUP.
    mutating func reload(for origin: CommandOrigin?) {
        if let origin { refuse(origin, "reload: not supported yet") }
    }
}
