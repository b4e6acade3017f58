/// One line for the log: what the operator is told. Cores return notices; the daemon writes them.
package struct Notice: Hashable, Sendable {
    /// The raw value is syslog's priority, which journald reads from the prefix `<N>`.
    package enum Level: UInt8, Comparable, Sendable {
        case error = 3
        case warning = 4
        case info = 6
        case debug = 7

        /// As the configuration writes it.
        package var text: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .info: "info"
            case .debug: "debug"
            }
        }

        /// More severe is greater.
        @inline(never) package static func < (a: Level, b: Level) -> Bool { a.rawValue > b.rawValue }
    }

    package var level: Level
    /// `what happened key=value key=value`, one line.
    package var text: String

    package init(_ level: Level, _ text: String) {
        self.level = level
        self.text = text
    }
}
