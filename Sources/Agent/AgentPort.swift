package import Alerts
package import MQTTSession
internal import Payloads
package import RingStore
package import Sensors
package import Telemetry

// The agent's port: what the daemon's shells report, and what they are asked to do.

package struct AgentConfiguration: Sendable {
    package var deviceID: String
    package var deviceName: String
    package var location: String
    package var prefix: String
    /// Put `device` and `sensor` into single readings too.
    package var identify: Bool
    /// Zero: no metrics are published.
    package var metricsEvery: Duration
    /// From the first CONNACK of the process; then readings without a known time go out unstamped.
    package var waitForClock: Duration
    /// As in the metrics' `clock_source`.
    package var clockSource: String
    /// `clock: rtc`: the wall time counts as known only when it is later than the last time in the ring, which is open then.
    package var isClockCheckedByRing = false
    package var sensors: [SensorSettings]
    /// In the order of the configuration.
    package var alerts: [AlertRuleSetup] = []
    package var outputs: [OutputSettings] = []
    /// What the log holds: lines from this level on.
    package var logLevel = Notice.Level.info
    /// Log lines from this level on go to `P/log`; nil: none.
    package var logPublish: Notice.Level?
    /// How often totals and the like are saved at most.
    package var stateEvery = Duration.seconds(600)
    /// `broker.connect`; nil: always connected.
    package var schedule: ConnectSchedule?
    /// `publish.batch`; nil: each reading is a message.
    package var batch: BatchLimits?
    /// `publish.live`
    package var live = LiveMode.off
    /// Readings a second while a backlog is sent; nil: as many as the window allows.
    package var rateLimit: Int?
    package var boot: BootID
    package var version: String
    /// Of the configuration as it was read, 8 hexadecimal digits.
    package var configurationHash: String
    /// Why the file is not in force: the last good configuration runs in its place.
    package var error: String?
    package var ring: RingConfiguration
    package var session: SessionConfiguration

    package init(
        deviceID: String, deviceName: String, location: String, prefix: String, identify: Bool, metricsEvery: Duration,
        waitForClock: Duration, clockSource: String, sensors: [SensorSettings], boot: BootID, version: String,
        configurationHash: String, ring: RingConfiguration, session: SessionConfiguration
    ) {
        self.deviceID = deviceID
        self.deviceName = deviceName
        self.location = location
        self.prefix = prefix
        self.identify = identify
        self.metricsEvery = metricsEvery
        self.waitForClock = waitForClock
        self.clockSource = clockSource
        self.sensors = sensors
        self.boot = boot
        self.version = version
        self.configurationHash = configurationHash
        self.ring = ring
        self.session = session
    }

    func readingForms(_ topics: TopicNames) -> ReadingForms { ReadingForms(topics: topics, device: identify ? deviceID : nil) }
}

/// What only the process can tell of itself, for the metrics.
package struct ProcessFacts: Hashable, Sendable {
    package var residentBytes: UInt64
    /// Turns of the loop since the start.
    package var wakeups: UInt64
    package var bytesSent: UInt64
    package var bytesReceived: UInt64

    package init(residentBytes: UInt64, wakeups: UInt64, bytesSent: UInt64, bytesReceived: UInt64) {
        self.residentBytes = residentBytes
        self.wakeups = wakeups
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
    }
}

/// Who asked a command, so that the answer finds the way back.
package struct CommandOrigin: Hashable, Sendable {
    package enum Asker: Hashable, Sendable {
        /// Of the control socket.
        case client(Int)
        /// By `P/command`; nil: the answer goes to `P/response`.
        case broker(responseTopic: String?, correlationData: [UInt8]?)
    }
    package var asker: Asker
    /// The request's `id`, given back in the answer; nil when there was none.
    package var id: String?
    package init(asker: Asker, id: String?) {
        self.asker = asker
        self.id = id
    }
    package init(client: Int, id: String?) { self.init(asker: .client(client), id: id) }
}

/// Indirect are the rare ones that are larger than those of a reading: every value has the size of the largest, and is copied.
package enum AgentInput: Sendable {
    /// Once, first; only notices may come before it.
    case start
    /// `lostIsExact`: false when more edges may be lost than are counted.
    case sensor(Int, SensorInput, lostIsExact: Bool)
    case storage(StorageFile, StorageResult)
    case session(SessionInput)
    /// From the broker: a command, or what an output is to be.
    indirect case message(ReceivedMessage)
    /// The line of an output, by its index.
    case output(Int, OutputLineResult)
    /// A line of a client of the control socket: a command as JSON.
    case request(client: Int, [UInt8])
    /// The answer to `askFacts`.
    indirect case facts(ProcessFacts, FactsPurpose)
    /// The wall clock was set.
    case clockStepped
    /// The answer to `readConfiguration`: it is whole, and `Agent.problem(with:)` had nothing against it. Nil: nobody asked.
    indirect case configuration(NewConfiguration, for: CommandOrigin?)
    /// The answer when it is not taken: the first problem, with its place and the next step.
    indirect case configurationRefused(String, for: CommandOrigin?)
    /// What a shell has to say: it goes the way of the agent's own notices.
    case notice(Notice)
    /// SIGTERM or SIGINT: stop within 5 s.
    case stop
}

package enum OutputLineResult: Hashable, Sendable {
    case ready
    case failed(NoReading)
}

package enum FactsPurpose: Hashable, Sendable {
    case publish
    case answer(CommandOrigin, command: String)
}

package enum AgentAction: Sendable {
    /// Request or reconfigure the line of a sensor; answered by `.lineReady` or `.lineFailed`.
    case configureLine(Int, LineSettings)
    /// Answered by `.level` or `.lineFailed`.
    case readLevel(Int)
    case releaseLine(Int)
    /// Request the line of an output, or switch it; answered by `.output`.
    case configureOutput(Int, LineSettings)
    case releaseOutput(Int)
    case storage(StorageFile, StorageRequest)
    /// Everything but `.notice` and `.event`, which the agent takes itself.
    case session(SessionAction)
    indirect case askFacts(FactsPurpose)
    /// Read the configuration anew; answered by `.configuration` or `.configurationRefused`.
    indirect case readConfiguration(CommandOrigin?)
    /// One line of JSON for the client of the control socket.
    case respond(client: Int, [UInt8])
    case log(Notice)
    /// The configuration is read and the ring is open or given up: `READY=1`.
    case ready
    /// For `STATUS=`.
    case statusText(String)
    /// The stop is complete.
    case finished
}
