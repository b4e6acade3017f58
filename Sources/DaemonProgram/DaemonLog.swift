internal import LinuxIO
internal import Telemetry

/// The log on standard error: one line each, with journald's priority in front where journald reads it.
///
/// A storm is cut: a bucket of lines fills up slowly, and what finds it empty is counted and said later.
struct DaemonLog {
    var level: Notice.Level
    private let isJournal: Bool
    private var tokens = DaemonLog.burst
    private var filledAt: Instant
    private var suppressed: UInt64 = 0

    static let burst: Int64 = 100
    static let linesPerSecond: Int64 = 5

    init(level: Notice.Level, at now: Instant) {
        self.level = level
        isJournal = environment("JOURNAL_STREAM") != nil
        filledAt = now
    }

    mutating func write(_ notice: Notice, at now: Instant) {
        guard notice.level >= level else { return }
        let gained = filledAt.duration(to: now).nanoseconds / (1_000_000_000 / Self.linesPerSecond)
        if gained > 0 {
            tokens = min(Self.burst, tokens + gained)
            filledAt = now
        }
        guard tokens > 0 else {
            suppressed += 1
            return
        }
        tokens -= 1
        if suppressed > 0 {
            printLine(.warning, "log lines suppressed count=\(suppressed)")
            suppressed = 0
        }
        printLine(notice.level, notice.text)
    }

    private func printLine(_ level: Notice.Level, _ text: String) {
        printError((isJournal ? "<\(level.rawValue)>" : "\(level.text): ") + text + "\n")
    }
}
