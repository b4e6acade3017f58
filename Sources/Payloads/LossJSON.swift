package import Telemetry

/// Numbers that will not come (contract, section 4).
package func lossJSON(_ loss: Loss) -> [UInt8] {
    var json = JSONWriter(capacity: 128)
    json.beginObject()
    json.member("stream", loss.stream.text)
    json.member("first", loss.first.rawValue)
    json.member("last", loss.last.rawValue)
    json.member("count", loss.count)
    if loss.count == nil, let atMost = loss.atMost { json.member("at_most", atMost) }
    json.member("why", loss.cause.text)
    if !loss.sensors.isEmpty {
        json.key("sensors")
        json.beginObject()
        for entry in loss.sensors { json.member(entry.sensor, entry.count) }
        json.endObject()
    }
    json.endObject()
    return json.bytes
}
