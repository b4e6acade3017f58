package import Telemetry

/// A reading as it is published (contract, section 3). The keys come in the order of the contract's list of reserved
/// names, then the quantities in the order of the sensor.
///
/// - Parameters:
///   - device: put in as `device`; nil: not at all.
///   - sensor: put in as `sensor`; nil: not at all.
package func readingJSON(_ reading: StampedReading, device: String? = nil, sensor: String? = nil) -> [UInt8] {
    var json = JSONWriter(capacity: 192)
    json.beginObject()
    json.key("stream")
    json.string(reading.stream.text)
    json.key("seq")
    json.integer(reading.sequence.rawValue)
    switch reading.stamp {
    case .synced(let time):
        json.key("time")
        json.time(time)
        json.key("clock")
        json.string("synced")
    case .estimated(let time):
        json.key("time")
        json.time(time)
        json.key("clock")
        json.string("estimated")
    case .unknown(let notBefore):
        json.key("clock")
        json.string("unknown")
        json.key("boot")
        json.string(reading.boot.text)
        json.key("uptime")
        json.seconds(reading.instant)
        if let notBefore {
            json.key("not_before")
            json.time(notBefore)
        }
    }
    if let device {
        json.key("device")
        json.string(device)
    }
    if let sensor {
        json.key("sensor")
        json.string(sensor)
    }
    json.outcome(reading.outcome, quantities: reading.schema.quantities)
    json.endObject()
    return json.bytes
}

extension JSONWriter {
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
        }
    }
}
