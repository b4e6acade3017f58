internal import MQTTSession
internal import Payloads
internal import Telemetry

// One way for every line: to the log, into the memory of the last lines, and to `P/log`.
extension Agent {
    /// What a core or a shell has to say.
    @inline(never) mutating func take(_ notice: Notice) {
        if notice.level >= .warning { lastError = notice.text }
        say(notice)
    }

    @inline(never) mutating func log(_ level: Notice.Level, _ text: String) { say(Notice(level, text)) }

    @inline(never) private mutating func say(_ notice: Notice) {
        actions.append(.log(notice))
        // What the log does not have, nobody is told.
        guard notice.level >= configuration.logLevel else { return }
        logHistory.add(notice, at: now)
        if let level = configuration.logPublish, notice.level >= level {
            logPublishing.add(notice, at: now, isConnected: connection != nil)
        }
    }

    /// Publishing a line says nothing itself, whatever comes of it: a line about a line would never end.
    mutating func publishLogLine() {
        guard stopping?.phase.isClosing != true, let (line, dropped) = logPublishing.take(at: now) else { return }
        publish(
            Message(
                topic: topics.log,
                payload: logLineJSON(
                    time: wallTime(of: line.instant), instant: line.instant, level: line.level.text, text: line.text,
                    dropped: dropped),
                qos: 0, retain: false, contentType: "application/json"))
    }

    /// The answer to `logs`.
    func logsJSON() -> [UInt8] {
        var json = JSONWriter(capacity: 64 * logHistory.lines.count)
        json.beginObject()
        json.key("lines")
        json.beginArray()
        for line in logHistory.lines {
            json.raw(
                logLineJSON(
                    time: wallTime(of: line.instant), instant: line.instant, level: line.level.text, text: line.text))
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
