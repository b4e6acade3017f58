internal import Telemetry

/// The answer to a command (contract, section 2, `P/command`).
///
/// - Parameters:
///   - id: as in the request; nil where it had none.
///   - result: one JSON value.
package func responseJSON(id: String?, command: String, result: [UInt8]) -> [UInt8] {
    var json = JSONWriter(capacity: 64 + result.count)
    json.beginObject()
    json.member("id", id)
    json.member("command", command)
    json.member("ok", true)
    json.key("result")
    json.raw(result)
    json.endObject()
    return json.bytes
}

/// The answer to a command that was not done.
///
/// - Parameter error: why, for a person.
package func responseJSON(id: String?, error: String) -> [UInt8] {
    var json = JSONWriter(capacity: 96)
    json.beginObject()
    json.member("id", id)
    json.member("ok", false)
    json.member("error", error)
    json.endObject()
    return json.bytes
}
