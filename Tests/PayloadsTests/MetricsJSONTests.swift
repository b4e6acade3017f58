import Foundation
import Payloads
import Telemetry
import Testing

@Suite struct MetricsJSONTests {
    @Test func `what is not known is null, and no key is left out`() {
        let metrics = MetricsSnapshot(device: "greenhouse-1", now: Instant(nanoseconds: 12_345_678_901))
        #expect(
            text(metricsJSON(metrics))
                == #"{"device":"greenhouse-1","time":null,"clock":"unknown","clock_source":null,"boot":null,"stream":null,"#
                + #""version":"\#(godwitVersion)","uptime":12.345,"connected":null,"protocol":null,"reconnects":null,"#
                + #""connect_failures":null,"last_disconnect":null,"published":null,"acknowledged":null,"#
                + #""duplicates_possible":null,"rejected":null,"held":null,"unrouted":null,"ignored_commands":null,"#
                + #""losses":{"evicted":null,"damaged":null,"restart":null,"rejected":null,"memory-full":null},"#
                + #""bytes_sent":null,"bytes_received":null,"#
                + #""buffer":{"records":null,"bytes":null,"capacity_bytes":null,"oldest_age":null,"in_memory":null,"#
                + #""evicted":null,"damaged":null,"written_bytes":null,"syncs":null},"#
                + #""sensors":{},"alerts":{},"outputs":{},"rss_bytes":null,"wakeups":null,"last_error":null}"#)
    }

    @Test func `everything that is known, to the byte`() {
        var metrics = MetricsSnapshot(device: "greenhouse-1", now: Instant(nanoseconds: 86_400_000_000_000))
        metrics.time = exampleTime
        metrics.clockSource = "kernel"
        metrics.boot = exampleBoot
        metrics.stream = exampleStream
        metrics.connected = true
        metrics.protocolVersion = "5"
        metrics.reconnects = 2
        metrics.connectFailures = 7
        metrics.lastDisconnect = .init(reason: "closed: Connection reset by peer", time: exampleTime)
        metrics.published = 1300
        metrics.acknowledged = 1299
        metrics.duplicatesPossible = 4
        metrics.rejected = 0
        metrics.held = 1
        metrics.unrouted = 3
        metrics.ignoredCommands = 6
        metrics.losses = [99, 0, 2, 0, 5]
        metrics.bytesSent = 123_456
        metrics.bytesReceived = 789
        var buffer = MetricsSnapshot.Buffer()
        buffer.records = 40
        buffer.bytes = 640
        buffer.capacityBytes = 67_108_864
        buffer.oldestAge = .milliseconds(1234)
        buffer.inMemory = 12
        buffer.evicted = 99
        buffer.damaged = 0
        buffer.writtenBytes = 8192
        buffer.syncs = 2
        metrics.buffer = buffer
        var sensor = MetricsSnapshot.Sensor(id: "air")
        sensor.readings = 1000
        sensor.failures = 3
        sensor.lostEdges = 0
        sensor.lostEdgesExact = true
        sensor.lastAge = .milliseconds(4500)
        sensor.lastError = "checksum: received 0x12, computed 0x34"
        var load = MetricsSnapshot.Sensor(id: "load")
        load.readings = 5
        metrics.sensors = [sensor, load]
        metrics.alerts = [.init(id: "frost", state: "raised")]
        metrics.outputs = [.init(id: "siren", state: "on")]
        metrics.residentBytes = 3_700_000
        metrics.wakeups = 77
        metrics.lastError = "ring: no space"
        #expect(
            text(metricsJSON(metrics))
                == #"{"device":"greenhouse-1","time":"2026-11-24T08:12:13.123Z","clock":"synced","clock_source":"kernel","#
                + #""boot":"0a1b2c3d","stream":"7f3a9c12","version":"\#(godwitVersion)","uptime":86400.000,"#
                + #""connected":true,"protocol":"5","reconnects":2,"connect_failures":7,"#
                + #""last_disconnect":{"reason":"closed: Connection reset by peer","time":"2026-11-24T08:12:13.123Z"},"#
                + #""published":1300,"acknowledged":1299,"duplicates_possible":4,"rejected":0,"held":1,"unrouted":3,"ignored_commands":6,"#
                + #""losses":{"evicted":99,"damaged":0,"restart":2,"rejected":0,"memory-full":5},"#
                + #""bytes_sent":123456,"bytes_received":789,"#
                + #""buffer":{"records":40,"bytes":640,"capacity_bytes":67108864,"oldest_age":1.234,"in_memory":12,"#
                + #""evicted":99,"damaged":0,"written_bytes":8192,"syncs":2},"#
                + #""sensors":{"air":{"readings":1000,"failures":3,"lost_edges":0,"lost_edges_exact":true,"last_age":4.500,"#
                + #""last_error":"checksum: received 0x12, computed 0x34"},"#
                + #""load":{"readings":5,"failures":0,"lost_edges":null,"lost_edges_exact":null,"last_age":null,"last_error":null}},"#
                + #""alerts":{"frost":"raised"},"outputs":{"siren":"on"},"rss_bytes":3700000,"wakeups":77,"#
                + #""last_error":"ring: no space"}"#)
    }
}
