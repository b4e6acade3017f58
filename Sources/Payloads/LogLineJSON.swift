package import Telemetry

/// One line of the log: `P/log`, and in the answer to `logs`.
///
/// - Parameters:
///   - time: nil: the wall time is not known; then `uptime` stands in its place.
///   - dropped: how many lines before this one were not published; said where there are any.
@inline(never) package func logLineJSON(
    time: WallTime?, instant: Instant, level: String, text: String, dropped: UInt64 = 0
) -> [UInt8] {
    var json = JSONWriter(capacity: 96 + text.utf8.count)
    json.beginObject()
    if let time {
        json.member("time", time)
    } else {
        json.key("uptime")
        json.seconds(instant)
    }
    json.member("level", level)
    json.member("text", text)
    if dropped > 0 { json.member("dropped", dropped) }
    json.endObject()
    return json.bytes
}
