internal import Agent
internal import CLinux
internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import MQTTSession
internal import MQTTTransport
internal import RingStore
internal import Sensors
internal import Telemetry

/// From the configuration to the parts of the daemon. A class only because it is large, and is taken apart once.
final class DaemonParts {
    var agentConfiguration: AgentConfiguration
    /// One for each of the configured sensors, in their order.
    var sensors: [(driver: any AnySensor, schema: SensorSchema)]
    var reactor: Reactor
    var storage: StorageThread
    var transport: Mosquitto
    var board: LineBoard
    var control: ControlServer?
    var service: ServiceManager
    var log: DaemonLog
    var clock: Clock
    var settings: Settings
    /// What is to be kept as the last good configuration; nil: it is the one that runs, or cannot be kept.
    var toKeep: [UInt8]?
    var ringPath: String
    /// What the start has to say, once there is a log.
    var notices: [Notice] = []

    init(options: Options) throws(StartFailure) {
        let loaded = try LoadedConfiguration(options: options)
        settings = loaded.settings
        toKeep = loaded.toKeep
        notices = loaded.notices
        let now = Clock.now
        clock = Clock(source: settings.clockSource)
        log = DaemonLog(level: settings.logLevel, at: now)
        service = ServiceManager(
            socketPath: environment("NOTIFY_SOCKET"), watchdogMicroseconds: environment("WATCHDOG_USEC"), at: now)
        do throws(SystemError) {
            reactor = try Reactor(signalNumbers: [SIGTERM, SIGINT, SIGHUP])
        } catch {
            throw StartFailure(text: "godwitd: event loop: \(error.text); is the process out of descriptors?\n", status: 74)
        }
        if let problem = makeFolder(options.stateDirectory) {
            notices.append(Notice(.error, "state directory \(options.stateDirectory): \(problem.text)"))
        }
        ringPath = options.inStateDirectory(settings.buffer.file)
        storage = StorageThread(paths: [
            ringPath, options.inStateDirectory("alerts.ring"), options.inStateDirectory("godwit.state"),
            options.inStateDirectory("rejected.ring"),
        ])
        board = LineBoard(chips: chipDeclarations(settings.chips, notices: &notices), origin: now)
        sensors = settings.sensors.map { makeSensor($0, at: now) }
        agentConfiguration = settings.agentConfiguration(hash: loaded.hash)
        agentConfiguration.alerts = ruleSetups(
            settings.alerts, sensors: settings.sensors.map { Optional($0) }, schemas: sensors.map { $0.schema })
        agentConfiguration.error = loaded.error
        transport = Mosquitto(
            addresses: settings.brokerAddresses(will: Agent.willMessage(for: agentConfiguration)),
            sendMaximum: settings.broker.inFlight)
        let socketPath = Self.socketPath(options)
        do throws(ControlSocketError) {
            control = try ControlServer(path: socketPath)
        } catch {
            // Sensors are read all the same; only godwit status and read do not reach the daemon.
            notices.append(Notice(.error, "control socket \(socketPath): \(Self.text(of: error))"))
        }
        notices.append(
            Notice(
                .info,
                "godwitd \(godwitVersion) started device=\(settings.device.id) sensors=\(settings.sensors.count) broker=\(settings.broker.urls.map { $0.text }.joined(separator: ",")) ring=\(ringPath)"
            ))
    }

    private static func text(of error: ControlSocketError) -> String {
        switch error {
        case .inUse: "another daemon answers there"
        case .notASocket: "a file that is no socket stands there; move it away"
        case .system(let error): error.text
        }
    }

    private static func socketPath(_ options: Options) -> String {
        (environment("RUNTIME_DIRECTORY") ?? options.stateDirectory) + "/godwit.sock"
    }
}
