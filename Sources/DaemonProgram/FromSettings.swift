internal import Agent
internal import Configuration
internal import GPIOLines
internal import LinuxIO
internal import MQTTSession
internal import MQTTTransport
internal import RingStore
internal import Sensors
internal import Telemetry

// From the settings to what the parts of the daemon want to know.

extension Settings {
    /// Without the rules, whose series the agent finds.
    func agentConfiguration(hash: String) -> AgentConfiguration {
        let choice: SessionConfiguration.ProtocolChoice =
            switch broker.protocolChoice {
            case .auto: .auto
            case .v5: .v5
            case .v311: .v311
            }
        var configuration = AgentConfiguration(
            deviceID: device.id, deviceName: device.name, location: device.location,
            prefix: publish.prefix, identify: publish.identify,
            metricsEvery: publish.metricsEvery, waitForClock: publish.waitForClock,
            clockSource: publish.clock.text, sensors: sensors, boot: Clock.bootID,
            version: godwitVersion, configurationHash: hash,
            ring: RingConfiguration(
                size: buffer.size, sync: buffer.sync, memory: buffer.memory, whenFull: buffer.whenFull),
            session: SessionConfiguration(
                protocolChoice: choice, keepAlive: broker.keepAlive, reconnectMinimum: broker.reconnectMinimum,
                reconnectMaximum: broker.reconnectMaximum, inFlight: broker.inFlight,
                qos: publish.qos, brokers: broker.urls.map { $0.text }))
        configuration.outputs = outputs
        configuration.logLevel = logLevel
        configuration.logPublish = logPublish
        configuration.isClockCheckedByRing = publish.clock == .rtc
        configuration.stateEvery = buffer.stateEvery
        configuration.rateLimit = broker.rateLimit
        configuration.schedule = broker.schedule
        configuration.batch = publish.batch
        configuration.live = publish.live
        return configuration
    }

    func brokerAddresses(will: Message) -> [BrokerAddress] {
        let tls = BrokerAddress.TLSSettings(
            caFile: broker.tls.caFile, certificateFile: broker.tls.certificateFile, privateKeyFile: broker.tls.privateKeyFile,
            psk: broker.tls.psk.map { .init(identity: $0.identity, key: $0.keyBytes) })
        return broker.urls.map { url in
            var address = BrokerAddress(
                host: url.host, port: url.port, clientIdentifier: broker.clientID, username: broker.username,
                password: broker.password.map { $0.text.bytes }, tls: url.scheme == .tls ? tls : nil,
                keepAliveSeconds: UInt16(clamping: broker.keepAlive.nanoseconds / 1_000_000_000), will: will)
            address.sessionExpirySeconds = broker.schedule?.patienceSeconds ?? 0
            return address
        }
    }

    var clockSource: Clock.Source {
        switch publish.clock {
        case .kernel: .kernel
        case .rtc: .rtc
        case .trust: .trust
        }
    }
}

/// Recordings are read here, so that a chip that cannot be read is said at the start and its lines are missing.
func chipDeclarations(_ chips: [ChipSettings], notices: inout [Notice]) -> [ChipDeclaration] {
    var declarations: [ChipDeclaration] = []
    for chip in chips {
        switch chip.source {
        case .label(let label): declarations.append(ChipDeclaration(name: chip.name, chip: label))
        case .device(let device): declarations.append(ChipDeclaration(name: chip.name, chip: device))
        case .replay(let path):
            switch recording(at: path) {
            case .success(let recording):
                declarations.append(ChipDeclaration(name: chip.name, replay: recording, loop: chip.loop, speed: chip.speed))
            case .failure(let error):
                notices.append(Notice(.error, "chip \(chip.name): \(path): \(error.text); its lines are missing"))
            }
        }
    }
    return declarations
}

private struct RecordingFileError: Error { var text: String }

private func recording(at path: String) -> Result<Recording, RecordingFileError> {
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
