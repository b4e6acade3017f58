internal import Payloads
internal import Telemetry

/// The losses that this process has published, for `losses`; the newest 100.
struct LossHistory: Hashable, Sendable {
    static let limit = 100

    /// The newest last.
    private(set) var losses: [Loss] = []

    /// One that is published again, because its acknowledgement did not come, is no second loss.
    mutating func add(_ loss: Loss) {
        losses.removeAll { $0.stream == loss.stream && $0.first == loss.first }
        if losses.count == Self.limit { losses.removeFirst() }
        losses.append(loss)
    }

    /// The answer to `losses`.
    var json: [UInt8] {
        var json = JSONWriter(capacity: 32 + 128 * losses.count)
        json.beginObject()
        json.key("losses")
        json.beginArray()
        for loss in losses { json.raw(lossJSON(loss)) }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
