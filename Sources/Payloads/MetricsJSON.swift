package import Telemetry

/// What the daemon says about itself (contract, section 6): `P/metrics` and `godwit status --json`.
///
/// Nil is what is not known; counters are since the start of the process.
package struct MetricsSnapshot: Hashable, Sendable {
    package var device: String
    package var now: Instant
    /// Nil: the clock is not known.
    package var time: WallTime?
    /// `kernel`, `rtc` or `trust`.
    package var clockSource: String?
    package var boot: BootID?
    package var stream: StreamID?
    package var version: String = godwitVersion
    package var connected: Bool?
    /// `5` or `3.1.1`, while connected.
    package var protocolVersion: String?
    package var reconnects: UInt64?
    package var connectFailures: UInt64?
    package var lastDisconnect: Disconnect?
    package var published: UInt64?
    package var acknowledged: UInt64?
    package var duplicatesPossible: UInt64?
    package var rejected: UInt64?
    /// Readings refused for now.
    package var held: UInt64?
    package var unrouted: UInt64?
    /// By the broker: retained, repeated, expired, too large, not allowed; and answers that were dropped.
    package var ignoredCommands: UInt64?
    /// How many readings by cause, in the order of `Loss.Cause`; empty: not known.
    package var losses: [UInt64] = []
    package var bytesSent: UInt64?
    package var bytesReceived: UInt64?
    package var buffer: Buffer?
    package var sensors: [Sensor] = []
    /// Id and state.
    package var alerts: [State] = []
    package var outputs: [State] = []
    package var residentBytes: UInt64?
    package var wakeups: UInt64?
    package var lastError: String?

    package init(device: String, now: Instant) {
        self.device = device
        self.now = now
    }

    package struct Disconnect: Hashable, Sendable {
        package var reason: String
        /// Nil: the clock was not known.
        package var time: WallTime?
        package init(reason: String, time: WallTime?) {
            self.reason = reason
            self.time = time
        }
    }

    package struct Buffer: Hashable, Sendable {
        /// The readings that are kept for the broker.
        package var records: UInt64?
        package var bytes: UInt64?
        package var capacityBytes: UInt64?
        /// Of the oldest reading that is not acknowledged.
        package var oldestAge: Duration?
        package var inMemory: UInt64?
        package var evicted: UInt64?
        package var damaged: UInt64?
        package var writtenBytes: UInt64?
        package var syncs: UInt64?
        package init() {}
    }

    package struct Sensor: Hashable, Sendable {
        package var id: String
        package var readings: UInt64 = 0
        package var failures: UInt64 = 0
        package var lostEdges: UInt64?
        /// False: `lostEdges` is a lower bound.
        package var lostEdgesExact: Bool?
        /// Since the last reading, or the last failure.
        package var lastAge: Duration?
        /// `code: detail`
        package var lastError: String?
        package init(id: String) { self.id = id }
    }

    package struct State: Hashable, Sendable {
        package var id: String
        /// Nil: not known.
        package var state: String?
        package init(id: String, state: String?) {
            self.id = id
            self.state = state
        }
    }
}

package func metricsJSON(_ metrics: MetricsSnapshot) -> [UInt8] {
    var json = JSONWriter(capacity: 1024 + 160 * metrics.sensors.count)
    json.beginObject()
    json.member("device", metrics.device)
    json.member("time", metrics.time)
    json.member("clock", metrics.time == nil ? "unknown" : "synced")
    json.member("clock_source", metrics.clockSource)
    json.member("boot", metrics.boot?.text)
    json.member("stream", metrics.stream?.text)
    json.member("version", metrics.version)
    json.key("uptime")
    json.seconds(metrics.now)
    json.connection(metrics)
    json.key("losses")
    json.losses(metrics.losses)
    json.member("bytes_sent", metrics.bytesSent)
    json.member("bytes_received", metrics.bytesReceived)
    json.key("buffer")
    json.buffer(metrics.buffer ?? MetricsSnapshot.Buffer())
    json.key("sensors")
    json.beginObject()
    for sensor in metrics.sensors {
        json.key(sensor.id)
        json.sensor(sensor)
    }
    json.endObject()
    json.key("alerts")
    json.states(metrics.alerts)
    json.key("outputs")
    json.states(metrics.outputs)
    json.member("rss_bytes", metrics.residentBytes)
    json.member("wakeups", metrics.wakeups)
    json.member("last_error", metrics.lastError)
    json.endObject()
    return json.bytes
}

extension JSONWriter {
    fileprivate mutating func connection(_ metrics: MetricsSnapshot) {
        member("connected", metrics.connected)
        member("protocol", metrics.protocolVersion)
        member("reconnects", metrics.reconnects)
        member("connect_failures", metrics.connectFailures)
        key("last_disconnect")
        if let last = metrics.lastDisconnect {
            beginObject()
            member("reason", last.reason)
            member("time", last.time)
            endObject()
        } else {
            null()
        }
        member("published", metrics.published)
        member("acknowledged", metrics.acknowledged)
        member("duplicates_possible", metrics.duplicatesPossible)
        member("rejected", metrics.rejected)
        member("held", metrics.held)
        member("unrouted", metrics.unrouted)
        member("ignored_commands", metrics.ignoredCommands)
    }

    fileprivate mutating func losses(_ counts: [UInt64]) {
        beginObject()
        for (index, cause) in Loss.Cause.allCases.enumerated() {
            member(cause.text, index < counts.count ? counts[index] : nil)
        }
        endObject()
    }

    fileprivate mutating func buffer(_ buffer: MetricsSnapshot.Buffer) {
        beginObject()
        member("records", buffer.records)
        member("bytes", buffer.bytes)
        member("capacity_bytes", buffer.capacityBytes)
        member("oldest_age", seconds: buffer.oldestAge)
        member("in_memory", buffer.inMemory)
        member("evicted", buffer.evicted)
        member("damaged", buffer.damaged)
        member("written_bytes", buffer.writtenBytes)
        member("syncs", buffer.syncs)
        endObject()
    }

    fileprivate mutating func sensor(_ sensor: MetricsSnapshot.Sensor) {
        beginObject()
        member("readings", sensor.readings)
        member("failures", sensor.failures)
        member("lost_edges", sensor.lostEdges)
        member("lost_edges_exact", sensor.lostEdgesExact)
        member("last_age", seconds: sensor.lastAge)
        member("last_error", sensor.lastError)
        endObject()
    }

    fileprivate mutating func states(_ states: [MetricsSnapshot.State]) {
        beginObject()
        for entry in states { member(entry.id, entry.state) }
        endObject()
    }
}
