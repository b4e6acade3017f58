package import Telemetry

/// The last lines of the log, for `logs`: what the journal of a board is asked for when nobody can log in to it.
///
/// Bounded: 100 lines of at most 512 bytes.
package struct LogHistory: Hashable, Sendable {
    package static let limit = 100
    package static let maximumTextBytes = 512

    package struct Line: Hashable, Sendable {
        package var instant: Instant
        package var level: Notice.Level
        package var text: String
    }

    /// The newest last.
    package private(set) var lines: [Line] = []

    package init() {}

    @inline(never) package mutating func add(_ notice: Notice, at now: Instant) {
        if lines.count == Self.limit { lines.removeFirst() }
        lines.append(Line(instant: now, level: notice.level, text: cut(notice.text, toBytes: Self.maximumTextBytes)))
    }
}

/// What goes to `P/log`: at most one line a second, without a timer of its own. What comes too early, or while there is no
/// connection, is counted, and the next line says how many there were.
struct LogPublishing: Hashable, Sendable {
    static let spacing = Duration.seconds(1)

    private(set) var dropped: UInt64 = 0
    private(set) var waiting: LogHistory.Line?
    private var notBefore: Instant?

    /// Takes a line for publishing, or counts it.
    @inline(never) mutating func add(_ notice: Notice, at now: Instant, isConnected: Bool) {
        if let notBefore, now < notBefore { return dropped += 1 }
        guard isConnected, waiting == nil else { return dropped += 1 }
        waiting = LogHistory.Line(
            instant: now, level: notice.level, text: cut(notice.text, toBytes: LogHistory.maximumTextBytes))
    }

    /// The line that may go out now, with how many were dropped before it.
    mutating func take(at now: Instant) -> (line: LogHistory.Line, dropped: UInt64)? {
        guard let line = waiting else { return nil }
        defer {
            waiting = nil
            dropped = 0
            notBefore = now.advanced(by: Self.spacing)
        }
        return (line, dropped)
    }

    /// The connection is lost: what waits for it has come to nothing.
    mutating func drop() {
        if waiting != nil { dropped += 1 }
        waiting = nil
    }
}
