package import Telemetry

/// Who the device is and what it measures: `P/info` (contract, section 2).
package struct InfoSnapshot: Hashable, Sendable {
    package var name: String
    /// Nil: none is given.
    package var location: String?
    package var version: String = godwitVersion
    /// `5` or `3.1.1`.
    package var protocolVersion: String?
    package var boot: BootID?
    package var stream: StreamID?
    /// With `broker.connect: {every, for_at_most}`: when the connection after this one is due; nil: the clock is not known.
    package var isScheduled = false
    package var nextConnection: WallTime?
    package var sensors: [Sensor] = []
    package var configuration = Configuration()

    package init(name: String) { self.name = name }

    package struct Sensor: Hashable, Sendable {
        package var id: String
        package var name: String
        package var model: String
        package var quantities: [Quantity]
        package init(id: String, name: String, model: String, quantities: [Quantity]) {
            self.id = id
            self.name = name
            self.model = model
            self.quantities = quantities
        }
    }

    package struct Configuration: Hashable, Sendable {
        /// Of what is in force.
        package var hash: String?
        /// When it was read; nil: the clock was not known.
        package var loaded: WallTime?
        /// The first problem of a configuration that was not taken.
        package var error: String?
        package init(hash: String? = nil, loaded: WallTime? = nil, error: String? = nil) {
            self.hash = hash
            self.loaded = loaded
            self.error = error
        }
    }
}

package func infoJSON(_ info: InfoSnapshot) -> [UInt8] {
    var json = JSONWriter(capacity: 512 + 160 * info.sensors.count)
    json.beginObject()
    json.member("name", info.name)
    json.member("location", info.location)
    json.member("version", info.version)
    json.member("protocol", info.protocolVersion)
    json.member("boot", info.boot?.text)
    json.member("stream", info.stream?.text)
    if info.isScheduled { json.member("next_connection", info.nextConnection) }
    json.key("sensors")
    json.beginObject()
    for sensor in info.sensors {
        json.key(sensor.id)
        json.beginObject()
        json.member("name", sensor.name)
        json.member("model", sensor.model)
        json.key("quantities")
        json.beginObject()
        for quantity in sensor.quantities {
            json.key(quantity.name)
            json.beginObject()
            json.member("unit", quantity.unit)
            json.member("decimals", UInt64(quantity.decimals))
            json.endObject()
        }
        json.endObject()
        json.endObject()
    }
    json.endObject()
    json.key("config")
    json.beginObject()
    json.member("hash", info.configuration.hash)
    json.member("loaded", info.configuration.loaded)
    json.member("error", info.configuration.error)
    json.endObject()
    json.endObject()
    return json.bytes
}
