package import Telemetry

/// An alert as it is published (contract, section 5), with the keys in the order of the contract.
///
/// A time of the event's own boot is told by the event's stamp: where that has no wall time, `since` is null, and
/// `acknowledged` and `muted_until` are `true`, so that null always means that nobody has. `flapping` is there only when it
/// is so.
///
/// - Parameters:
///   - stream: of the alert ring.
///   - sequence: likewise.
///   - boot: in which it happened.
///   - instant: at which it happened.
///   - stamp: of `instant`.
///   - rejected: why the broker did not take it, put in as `rejected`; nil: not at all.
package func alertJSON(
    _ event: AlertEvent, stream: StreamID, sequence: SequenceNumber, boot: BootID, instant: Instant, stamp: Stamp,
    rejected: String? = nil
) -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    json.member("stream", stream.text)
    json.member("seq", sequence.rawValue)
    json.member("alert", event.alert)
    json.member("state", event.state.text)
    json.member("severity", event.severity.text)
    json.member("message", event.message)
    json.stamp(stamp, boot: boot, instant: instant)
    json.member("since", wallTime(of: event.since, at: instant, stamp))
    json.member("value", event.value)
    json.member("unit", event.unit)
    json.member("limit", event.limit)
    json.member("series", event.series)
    json.key("reading")
    if let reading = event.reading {
        json.beginObject()
        json.member("stream", reading.stream.text)
        json.member("seq", reading.sequence.rawValue)
        json.endObject()
    } else {
        json.null()
    }
    json.key("outputs")
    json.beginArray()
    for output in event.outputs { json.string(output) }
    json.endArray()
    json.mark("acknowledged", event.acknowledged, at: instant, stamp)
    json.mark("muted_until", event.mutedUntil, at: instant, stamp)
    if event.isFlapping { json.member("flapping", true) }
    if let rejected { json.member("rejected", rejected) }
    json.endObject()
    return json.bytes
}

private func wallTime(of time: AlertEvent.Time, at instant: Instant, _ stamp: Stamp) -> WallTime? {
    switch (time, stamp) {
    case (.wall(let wall), _): wall
    case (.instant(let other), .synced(let wall)), (.instant(let other), .estimated(let wall)):
        wall.advanced(by: instant.duration(to: other))
    case (.instant, .unknown), (.unknown, _): nil
    }
}

extension JSONWriter {
    fileprivate mutating func mark(_ name: String, _ time: AlertEvent.Time?, at instant: Instant, _ stamp: Stamp) {
        key(name)
        guard let time else { return null() }
        if let wall = wallTime(of: time, at: instant, stamp) { self.time(wall) } else { logical(true) }
    }
}
