internal import MQTTSession
internal import Outputs
internal import Payloads
internal import Telemetry

// Messages from the broker: `P/command`, `P/outputs/<id>/set`, and with `publish.live` the birth message of Home Assistant. Who may
// send them is the broker's access list; what may not be done whoever asks is refused here: a message that was kept for later, a
// repeated or expired one, an output that is not `remote`.
extension Agent {
    /// Larger ones are not parsed.
    static let commandLimit = 64 << 10
    static let outputSetLimit = 1 << 10

    /// All at QoS 0: a broker keeps no command for a device that is away.
    var subscriptions: [String] {
        [topics.command] + outputSettings.filter { $0.isRemote }.map { topics.outputSet($0.id) }
            + (configuration.live == .off ? [] : [TopicNames.homeAssistantStatus])
    }

    /// Of the outputs that the configuration has now.
    var outputSettings: [OutputSettings] { outputs.indices.map { outputs.settings($0) } }

    /// At each connect, and when the outputs have changed.
    mutating func subscribe() { perform(session.subscribe(subscriptions, at: now)) }

    mutating func receive(_ message: ReceivedMessage) {
        if message.topic == topics.command { return receiveCommand(message) }
        if message.topic == TopicNames.homeAssistantStatus { return receiveBirth(message) }
        guard let output = outputSettings.first(where: { topics.outputSet($0.id) == message.topic }) else {
            return ignore("a message that nothing here waits for topic=\(message.topic)")
        }
        receive(message, for: output)
    }

    /// Home Assistant has started, and knows no value yet: the newest ones come again, as after a connect. One that the broker had kept
    /// came with our own subscription.
    private mutating func receiveBirth(_ message: ReceivedMessage) {
        if message.payload.elementsEqual("online".bytes), !message.isRetained { live.dueAgain() }
    }

    /// Nothing is done: counted, and said in the log.
    mutating func ignore(_ what: String) {
        ignoredCommands += 1
        log(.warning, "ignored: \(what)")
    }

    private mutating func receiveCommand(_ message: ReceivedMessage) {
        let asker = CommandOrigin.Asker.broker(
            responseTopic: message.responseTopic.flatMap { mayAnswer(on: $0) ? $0 : nil },
            correlationData: message.correlationData)
        if message.isRetained {
            return ignore("a retained command, which was meant for another time; publish commands without retain")
        }
        if message.payload.count > Self.commandLimit {
            ignore("a command of more than \(Self.commandLimit) bytes")
            return refuse(CommandOrigin(asker: asker, id: nil), "longer than \(Self.commandLimit) bytes")
        }
        take(request: message.payload, from: asker)
    }

    /// A Topic Name (MQTT 5 §3.3.2.3.5): no wildcards. And none of this device's own: its readings are its own word.
    private func mayAnswer(on topic: String) -> Bool {
        let bytes = topic.bytes
        if bytes.isEmpty || bytes.first == 0x24 || bytes.contains(where: { $0 == 0x23 || $0 == 0x2B }) { return false }
        return !topic.hasPrefix("\(topics.root)/") || topic == topics.response || topic.hasPrefix("\(topics.response)/")
    }

    /// One command, by whichever way.
    @inline(never) mutating func take(request bytes: [UInt8], from asker: CommandOrigin.Asker) {
        let request: CommandRequest
        do throws(CommandRequestError) {
            request = try CommandRequest(parsing: bytes)
        } catch {
            return refuse(CommandOrigin(asker: asker, id: error.id), error.text)
        }
        let origin = CommandOrigin(asker: asker, id: request.id)
        do throws(CommandRefusal) {
            answer(try Command(request), from: origin)
        } catch {
            refuse(origin, error.text)
        }
    }

    private mutating func receive(_ message: ReceivedMessage, for output: OutputSettings) {
        let name = "output=\(output.id)"
        if message.isRetained {
            return ignore("a retained command, which was meant for another time; publish commands without retain \(name)")
        }
        if message.payload.count > Self.outputSetLimit {
            return ignore("a command of more than \(Self.outputSetLimit) bytes \(name)")
        }
        let request: OutputRequest
        do throws(CommandRefusal) {
            request = try OutputRequest(parsing: message.payload)
        } catch {
            return ignore("\(error.text) \(name)")
        }
        if let id = request.id, recentRequests.contains(id, for: output.id) {
            return ignore("a command that was done already \(name)")
        }
        if let refusal = refusal(of: output, expires: request.expires, isRemote: true) {
            return ignore("\(refusal) \(name)")
        }
        if let refusal = command(output: output.id, request.command) { return ignore("\(refusal.text) \(name)") }
        if let id = request.id { recentRequests.add(id, for: output.id) }
    }

    /// Why a command for an output is not even given to it.
    func refusal(of output: OutputSettings, expires: WallTime?, isRemote: Bool) -> String? {
        if isRemote, !output.isRemote { return "output '\(output.id)' is not for the broker: it has no 'remote: true'" }
        guard let expires else { return nil }
        if !clockIsKnown { return "a command that may have expired: the clock is not known yet" }
        return expires <= clock.wallTime ? "a command that expired at \(expires.rfc3339)" : nil
    }
}
