package import Telemetry

/// A reading as it is published (contract, section 3). The keys come in the order of the contract's list of reserved
/// names, then the quantities in the order of the sensor.
///
/// - Parameters:
///   - device: put in as `device`; nil: not at all.
///   - sensor: put in as `sensor`; nil: not at all.
///   - rejected: why the broker did not take it, put in as `rejected`; nil: not at all.
package func readingJSON(
    _ reading: StampedReading, device: String? = nil, sensor: String? = nil, rejected: String? = nil
) -> [UInt8] {
    var json = JSONWriter(capacity: 192)
    json.beginObject()
    json.key("stream")
    json.hexadecimal(reading.stream.rawValue)
    json.key("seq")
    json.integer(reading.sequence.rawValue)
    json.stamp(reading.stamp, boot: reading.boot, instant: reading.instant)
    if let device {
        json.key("device")
        json.string(device)
    }
    if let sensor {
        json.key("sensor")
        json.string(sensor)
    }
    if let rejected { json.member("rejected", rejected) }
    json.outcome(reading.outcome, quantities: reading.schema.quantities)
    json.endObject()
    return json.bytes
}

/// A reading that was taken for a person and has no number (`godwit read` without a daemon): section 3 without `stream` and
/// `seq`.
package func unnumberedReadingJSON(
    sensor: String, boot: BootID, instant: Instant, stamp: Stamp, outcome: Outcome, quantities: [Quantity]
) -> [UInt8] {
    var json = JSONWriter(capacity: 192)
    json.beginObject()
    json.stamp(stamp, boot: boot, instant: instant)
    json.key("sensor")
    json.string(sensor)
    json.outcome(outcome, quantities: quantities)
    json.endObject()
    return json.bytes
}

extension JSONWriter {
    /// The members that say when it was.
    mutating func stamp(_ stamp: Stamp, boot: BootID, instant: Instant) {
        switch stamp {
        case .synced(let wallTime):
            key("time")
            time(wallTime)
            key("clock")
            string("synced")
        case .estimated(let wallTime):
            key("time")
            time(wallTime)
            key("clock")
            string("estimated")
        case .unknown(let notBefore):
            key("clock")
            string("unknown")
            key("boot")
            string(boot.text)
            key("uptime")
            seconds(instant)
            if let notBefore {
                key("not_before")
                time(notBefore)
            }
        }
    }

    /// The members that say what a sensor gave: the quantities with their decimals, or `error` and `detail`.
    package mutating func outcome(_ outcome: Outcome, quantities: [Quantity]) {
        switch outcome {
        case .measurements(let values):
            precondition(values.count == quantities.count, "one value for each quantity")
            for (quantity, value) in zip(quantities, values) {
                key(quantity.name)
                decimal(value, decimals: quantity.decimals)
            }
        case .noReading(let reason):
            key("error")
            string(reason.code.text)
            key("detail")
            string(reason.detail)
        case .event: preconditionFailure("an event is no reading")
        }
    }
}
