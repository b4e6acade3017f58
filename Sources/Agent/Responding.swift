internal import MQTTSession
internal import Payloads
internal import Telemetry

// Answers to commands, back on the way by which the command came.
extension Agent {
    /// Answers that wait for room in the window. The newest beyond it is dropped and counted: who asks faster than the
    /// broker takes answers has no use for them.
    static let responseLimit = 16

    /// - Parameter result: one JSON value.
    @inline(never) mutating func respond(to origin: CommandOrigin, command: String, result: [UInt8]) {
        answer(origin, with: responseJSON(id: origin.id, command: command, result: result))
    }

    @inline(never) mutating func refuse(_ origin: CommandOrigin, _ error: String) {
        answer(origin, with: responseJSON(id: origin.id, error: error))
    }

    private mutating func answer(_ origin: CommandOrigin, with json: [UInt8]) {
        switch origin.asker {
        case .client(let client): actions.append(.respond(client: client, json))
        case .broker(let topic, let correlationData):
            let message = response(json, topic, correlationData)
            if session.fits(message) { return queue(message) }
            let error = "the answer has \(json.count) bytes: more than the broker takes (Maximum Packet Size)"
            let short = response(responseJSON(id: origin.id, error: error), topic, correlationData)
            if session.fits(short) { queue(short) } else { dropResponse("the broker takes no packet of this size") }
        }
    }

    private func response(_ json: [UInt8], _ topic: String?, _ correlationData: [UInt8]?) -> Message {
        var message = Message(
            topic: topic ?? topics.response, payload: json, qos: 1, retain: false, contentType: "application/json")
        message.correlationData = correlationData
        return message
    }

    private mutating func queue(_ message: Message) {
        guard connection != nil else { return dropResponse("the connection is gone") }
        if connection!.responses.count == Self.responseLimit { publishWaiting() }
        guard connection!.responses.count < Self.responseLimit else {
            return dropResponse("\(Self.responseLimit) others wait already")
        }
        connection!.responses.append(message)
    }

    mutating func dropResponse(_ why: String) {
        ignoredCommands += 1
        log(.warning, "an answer to a command was dropped: \(why)")
    }
}
