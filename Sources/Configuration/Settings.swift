package import Telemetry

/// The configuration, checked and typed: what the daemon is made from (contract, section 1).
///
/// Only what is built has a place here: a key of the contract that is not built yet is a problem, so it never gets this far.
package struct Settings: Hashable, Sendable {
    package var device: DeviceSettings
    package var broker: BrokerSettings
    package var publish: PublishSettings
    package var buffer: BufferSettings
    /// `log.level`: what is less severe is not written.
    package var logLevel: Notice.Level
    /// `log.publish`: lines from this level on go to `P/log`; nil: off.
    package var logPublish: Notice.Level?
    /// In the order of the file.
    package var chips: [ChipSettings]
    /// In the order of the file.
    package var sensors: [SensorSettings]
    /// In the order of the file.
    package var alerts: [AlertRule]
    /// In the order of the file.
    package var outputs: [OutputSettings]

    package init(
        device: DeviceSettings, broker: BrokerSettings, publish: PublishSettings = PublishSettings(),
        buffer: BufferSettings = BufferSettings(), logLevel: Notice.Level = .info, logPublish: Notice.Level? = nil,
        chips: [ChipSettings] = [], sensors: [SensorSettings] = [], alerts: [AlertRule] = [], outputs: [OutputSettings] = []
    ) {
        self.device = device
        self.broker = broker
        self.publish = publish
        self.buffer = buffer
        self.logLevel = logLevel
        self.logPublish = logPublish
        self.chips = chips
        self.sensors = sensors
        self.alerts = alerts
        self.outputs = outputs
    }

    /// `P` of the contract, section 2: `<prefix>/<device id>`.
    package var topicPrefix: String { "\(publish.prefix)/\(device.id)" }
}

package struct DeviceSettings: Hashable, Sendable {
    /// `[a-z0-9_-]{1,64}`; by default the host name, made valid.
    package var id: String
    /// For people; by default the id.
    package var name: String
    /// Empty where none is given.
    package var location: String

    package init(id: String, name: String? = nil, location: String = "") {
        self.id = id
        self.name = name ?? id
        self.location = location
    }
}

package struct BrokerSettings: Hashable, Sendable {
    package enum ProtocolChoice: Hashable, Sendable { case auto, v5, v311 }

    /// 1 ... 16, tried in order.
    package var urls: [BrokerURL]
    package var protocolChoice: ProtocolChoice
    /// 1 to 65,535 bytes; by default `godwit-<device.id>`.
    package var clientID: String
    package var username: String?
    package var password: Secret?
    package var tls: TLSSettings
    /// 5 s to 18 h.
    package var keepAlive: Duration
    package var reconnectMinimum: Duration
    package var reconnectMaximum: Duration
    /// 1 to 1000 messages.
    package var inFlight: Int
    /// Readings a second while a backlog is sent; nil: no limit.
    package var rateLimit: Int?
    /// Nil: always connected.
    package var schedule: ConnectSchedule?

    package init(
        urls: [BrokerURL], protocolChoice: ProtocolChoice = .auto, clientID: String, username: String? = nil,
        password: Secret? = nil, tls: TLSSettings = TLSSettings(), keepAlive: Duration = .seconds(60),
        reconnectMinimum: Duration = .seconds(1), reconnectMaximum: Duration = .seconds(120), inFlight: Int = 20
    ) {
        self.urls = urls
        self.protocolChoice = protocolChoice
        self.clientID = clientID
        self.username = username
        self.password = password
        self.tls = tls
        self.keepAlive = keepAlive
        self.reconnectMinimum = reconnectMinimum
        self.reconnectMaximum = reconnectMaximum
        self.inFlight = inFlight
    }
}

package struct TLSSettings: Hashable, Sendable {
    /// A path, relative ones resolved against the folder of the configuration; nil: the system's store.
    package var caFile: String?
    /// PEM, both of them or none: the client's certificate with what leads to its authority, and its key without a passphrase.
    package var certificateFile: String?
    package var privateKeyFile: String?
    /// In place of certificates.
    package var psk: PreSharedKey?

    package struct PreSharedKey: Hashable, Sendable {
        /// 1 to 128 bytes.
        package var identity: String
        /// Hexadecimal, 1 to 64 bytes.
        package var key: Secret

        package init(identity: String, key: Secret) {
            self.identity = identity
            self.key = key
        }

        package var keyBytes: [UInt8] {
            let digits = key.text.bytes.map { UInt8($0 < 58 ? $0 - 48 : ($0 | 32) - 87) }
            return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        }
    }

    package init(caFile: String? = nil) { self.caFile = caFile }
}

/// A text that is never printed, logged or saved: its description is stars.
package struct Secret: Hashable, Sendable, CustomStringConvertible {
    package var text: String

    package init(_ text: String) { self.text = text }

    package var description: String { "********" }
}

package struct PublishSettings: Hashable, Sendable {
    package enum Clock: Hashable, Sendable {
        /// Known when the kernel says that it is synchronized (`adjtimex`).
        case kernel
        /// Known when a real-time clock keeps it, and it is later than the release of this program and the last time in the ring.
        case rtc
        /// Always known.
        case trust

        /// As in the configuration and in the metrics' `clock_source`.
        package var text: String {
            switch self {
            case .kernel: "kernel"
            case .rtc: "rtc"
            case .trust: "trust"
            }
        }
    }

    package var prefix: String
    /// Of readings and losses: 1 or 2.
    package var qos: UInt8 = 1
    /// The newest reading of each sensor, on a topic of its own.
    package var live = LiveMode.off
    /// Nil: off.
    package var batch: BatchLimits?
    /// `device` and `sensor` in single readings too.
    package var identify: Bool
    /// Zero: off.
    package var metricsEvery: Duration
    package var clock: Clock
    package var waitForClock: Duration

    package init(
        prefix: String = "godwit", identify: Bool = false, metricsEvery: Duration = .seconds(300),
        clock: Clock = .kernel, waitForClock: Duration = .seconds(120)
    ) {
        self.prefix = prefix
        self.identify = identify
        self.metricsEvery = metricsEvery
        self.clock = clock
        self.waitForClock = waitForClock
    }
}

package struct BufferSettings: Hashable, Sendable {
    /// As written; a relative path is relative to the state directory, which the daemon knows.
    package var file: String
    /// Bytes, 256 KiB to 1 TiB.
    package var size: UInt64
    /// Zero to 1 h: how long a reading may exist in memory only.
    package var sync: Duration
    /// Bytes, 64 KiB to 64 MiB.
    package var memory: Int
    package var whenFull: WhenFull
    package var stateEvery: Duration

    package init(
        file: String = "readings.ring", size: UInt64 = 64 << 20, sync: Duration = .seconds(5), memory: Int = 1 << 20,
        whenFull: WhenFull = .dropOldest, stateEvery: Duration = .seconds(600)
    ) {
        self.file = file
        self.size = size
        self.sync = sync
        self.memory = memory
        self.whenFull = whenFull
        self.stateEvery = stateEvery
    }
}

/// A chip with a name of the configuration's own.
package struct ChipSettings: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        /// A recording in place of hardware: a path, relative ones resolved against the folder of the configuration.
        case replay(String)
        /// The chip with this label.
        case label(String)
        /// A kernel name or a path, whose number may move from one start to the next.
        case device(String)
    }

    package var name: String
    package var source: Source
    /// Of a replay: begin again at the end.
    package var loop: Bool
    /// Of a replay: 2 is twice as fast as recorded.
    package var speed: Decimal

    package init(name: String, source: Source, loop: Bool = false, speed: Decimal = .one) {
        self.name = name
        self.source = source
        self.loop = loop
        self.speed = speed
    }
}
