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
internal import YAMLReader

/// From the configuration to the parts of the daemon.
struct DaemonParts {
    var agent: Agent
    var reactor: Reactor
    var storage: StorageThread
    var transport: Mosquitto
    var board: LineBoard
    var control: ControlServer?
    var service: ServiceManager
    var log: DaemonLog
    var clock: Clock
    var lines: [LineReference?]
    var consumers: [String]
    var outputs: [OutputSettings]
    var ringPath: String
    /// What the start has to say, once there is a log.
    var notices: [Notice] = []

    init(options: Options) throws(StartFailure) {
        let (settings, hash) = try Self.load(options)
        let now = Clock.now
        clock = Clock(source: settings.publish.clock == .trust ? .trust : .kernel)
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
        ringPath = Self.path(settings.buffer.file, in: options.stateDirectory)
        storage = StorageThread(paths: [
            ringPath, Self.path("alerts.ring", in: options.stateDirectory), Self.path("godwit.state", in: options.stateDirectory),
        ])
        board = LineBoard(chips: Self.chips(of: settings, notices: &notices), origin: now)
        lines = settings.sensors.map { $0.line }
        consumers = settings.sensors.map { "godwit:\($0.id)" }
        outputs = settings.outputs
        var drivers: [any AnySensor] = []
        var schemas: [SensorSchema] = []
        for sensor in settings.sensors {
            guard let entry = catalogEntry(named: sensor.model) else {
                preconditionFailure("the configuration named a model that is not in the catalog")
            }
            drivers.append(entry.make(sensor, now))
            schemas.append(SensorSchema(sensor: sensor.id, quantities: entry.model.quantities(sensor)))
        }
        var configuration = Self.agentConfiguration(of: settings, hash: hash)
        configuration.alerts = ruleSetups(settings.alerts, sensors: settings.sensors.map { Optional($0) }, schemas: schemas)
        configuration.outputs = settings.outputs
        configuration.logPublish = settings.logPublish
        configuration.stateEvery = settings.buffer.stateEvery
        configuration.logLevel = settings.logLevel
        transport = Mosquitto(
            address: Self.address(of: settings, will: Agent.willMessage(for: configuration)),
            sendMaximum: settings.broker.inFlight)
        let socketPath = Self.socketPath(options)
        do throws(ControlSocketError) {
            control = try ControlServer(path: socketPath)
        } catch {
            // Sensors are read all the same; only godwit status and read do not reach the daemon.
            notices.append(Notice(.error, "control socket \(socketPath): \(Self.text(of: error))"))
        }
        agent = Agent(
            configuration: configuration, drivers: drivers, schemas: schemas, random: RandomSource(seed: kernelRandom()),
            at: clock.read())
        notices.append(
            Notice(
                .info,
                "godwitd \(godwitVersion) started device=\(settings.device.id) sensors=\(settings.sensors.count) broker=\(settings.broker.url.text) ring=\(ringPath)"
            ))
    }

    private static func load(_ options: Options) throws(StartFailure) -> (Settings, String) {
        let result = loadConfiguration(
            path: options.configuration, catalog: sensorCatalog.map { $0.model }, unreadable: .error)
        let text = result.text(program: "godwitd")
        guard let settings = result.settings else { throw StartFailure(text: text, status: result.status) }
        printError(text)
        return (settings, hexadecimal8(fingerprint(result.merged.map { Emitter.yaml($0) } ?? [])))
    }

    /// FNV-1a, 32 bits: tells one configuration from another, no more. References stand in it, never secrets.
    private static func fingerprint(_ bytes: [UInt8]) -> UInt32 {
        bytes.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }

    private static func text(of error: ControlSocketError) -> String {
        switch error {
        case .inUse: "another daemon answers there"
        case .notASocket: "a file that is no socket stands there; move it away"
        case .system(let error): error.text
        }
    }

    private static func path(_ file: String, in folder: String) -> String {
        file.utf8.first == 47 ? file : folder + "/" + file
    }

    private static func socketPath(_ options: Options) -> String {
        (environment("RUNTIME_DIRECTORY") ?? options.stateDirectory) + "/godwit.sock"
    }

    private static func agentConfiguration(of settings: Settings, hash: String) -> AgentConfiguration {
        let broker = settings.broker
        let choice: SessionConfiguration.ProtocolChoice =
            switch broker.protocolChoice {
            case .auto: .auto
            case .v5: .v5
            case .v311: .v311
            }
        return AgentConfiguration(
            deviceID: settings.device.id, deviceName: settings.device.name, location: settings.device.location,
            prefix: settings.publish.prefix, identify: settings.publish.identify,
            metricsEvery: settings.publish.metricsEvery, waitForClock: settings.publish.waitForClock,
            clockSource: settings.publish.clock.text, sensors: settings.sensors, boot: Clock.bootID,
            version: godwitVersion, configurationHash: hash,
            ring: RingConfiguration(
                size: settings.buffer.size, sync: settings.buffer.sync, memory: settings.buffer.memory),
            session: SessionConfiguration(
                protocolChoice: choice, keepAlive: broker.keepAlive, reconnectMinimum: broker.reconnectMinimum,
                reconnectMaximum: broker.reconnectMaximum, inFlight: broker.inFlight))
    }

    private static func address(of settings: Settings, will: Message) -> BrokerAddress {
        let broker = settings.broker
        return BrokerAddress(
            host: broker.url.host, port: broker.url.port, clientIdentifier: broker.clientID, username: broker.username,
            password: broker.password.map { Array($0.text.utf8) },
            tls: broker.url.scheme == .tls ? BrokerAddress.TLSSettings(caFile: broker.tls.caFile) : nil,
            keepAliveSeconds: UInt16(clamping: broker.keepAlive.nanoseconds / 1_000_000_000), will: will)
    }

    /// Recordings are read here, so that a chip that cannot be read is said at the start and its lines are missing.
    private static func chips(of settings: Settings, notices: inout [Notice]) -> [ChipDeclaration] {
        var chips: [ChipDeclaration] = []
        for chip in settings.chips {
            switch chip.source {
            case .label(let label): chips.append(ChipDeclaration(name: chip.name, chip: label))
            case .device(let device): chips.append(ChipDeclaration(name: chip.name, chip: device))
            case .replay(let path):
                switch recording(at: path) {
                case .success(let recording):
                    chips.append(
                        ChipDeclaration(name: chip.name, replay: recording, loop: chip.loop, speed: chip.speed))
                case .failure(let error):
                    notices.append(Notice(.error, "chip \(chip.name): \(path): \(error.text); its lines are missing"))
                }
            }
        }
        return chips
    }

    private struct RecordingFileError: Error { var text: String }

    private static func recording(at path: String) -> Result<Recording, RecordingFileError> {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try readFile(path, limit: Recording.maximumBytes)
        } catch {
            return .failure(RecordingFileError(text: error.text))
        }
        do throws(RecordingError) {
            return .success(try Recording(parsing: bytes))
        } catch {
            return .failure(RecordingFileError(text: error.row.map { "row \($0): \(error.text)" } ?? error.text))
        }
    }
}
