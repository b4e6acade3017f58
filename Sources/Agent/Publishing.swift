package import MQTTSession
internal import Outputs
internal import Payloads
internal import RingStore
internal import Telemetry

// From the ring to the broker and back.
extension Agent {
    /// Status first, then losses and readings in the order of the ring, as long as the window has room.
    mutating func publishWhatFits() {
        publishWaiting()
        guard connection?.waiting.isEmpty == true else { return }
        publishLogLine()
        if stopping?.phase.isClosing != true { publishLive() }
        guard connection?.responses.isEmpty == true else { return }
        if case .closing? = stopping?.phase { return }
        guard publishAlerts() else { return }
        publishReadings()
        if drain.isDraining, !ring.hasMoreToHandOver { drain.drained() }
    }

    mutating func publishWaiting() {
        while let next = connection?.waiting.first, session.otherRoom > 0 {
            connection?.waiting.removeFirst()
            send(next)
        }
        guard connection?.waiting.isEmpty == true, stopping?.phase.isClosing != true else { return }
        while let next = connection?.responses.first, session.otherRoom > 0 {
            connection?.responses.removeFirst()
            send(next, kind: .expendable)
        }
    }

    /// - Parameter record: what its acknowledgement settles in the ring; nil for status and the like.
    @inline(never) mutating func send(_ message: consuming Message, record: Record? = nil, kind: MessageKind = .status) {
        let tag = MessageTag(nextTag)
        nextTag += 1
        if let record { inFlight.append(record, tag: tag) }
        let kind: MessageKind =
            switch record {
            case .reading(.loss), .alert(.loss): .loss
            case .reading, .alert, .batch: .reading
            case nil: kind
            }
        if let others = session.publish(message, tag: tag, at: now, kind: kind) {
            perform(others)
        } else {
            actions.append(.session(.publish(tag, message)))
        }
    }

    /// Queues a message that is not a reading; it goes out as soon as the window has room.
    mutating func publish(_ message: Message) {
        guard connection != nil else { return }
        if message.qos == 0 { send(message) } else { connection?.waiting.append(message) }
    }

    /// A reading or an alert event, under its name.
    func named(
        _ name: AlertEvent.ReadingName, on topic: String, _ payload: [UInt8], qos: UInt8 = 1, retain: Bool
    ) -> Message {
        Message(topic: topic, payload: payload, qos: qos, retain: retain, contentType: "application/json", reading: name)
    }

    /// Of either ring; for `losses`, too.
    mutating func lossMessage(_ loss: Loss) -> Message {
        lossHistory.add(loss)
        return Message(
            topic: topics.losses, payload: lossJSON(loss), qos: session.readingQoS, retain: false, contentType: "application/json")
    }

    mutating func message(for handover: Handover) -> Message {
        switch handover {
        case .reading(let reading):
            let (topic, payload) = readingForms.written(reading)
            return named(reading.name, on: topic, payload, qos: session.readingQoS, retain: false)
        case .loss(let loss): return lossMessage(loss)
        }
    }

    mutating func take(_ event: SessionEvent) {
        switch event {
        case .online(let version, _):
            connection = Connection(version: version, waiting: [])
            drain.connected()
            live.dueAgain()
            let isFirst = firstOnline == nil
            if isFirst { firstOnline = now }
            subscribe()
            clearStale()
            publish(statusMessage("online"))
            publish(infoMessage())
            tellOutputs(.online)
            publishOutputs()
            if !isFirst { publishAlertStates() }
            if configuration.metricsEvery > .zero {
                metricsDue = now.advanced(by: configuration.metricsEvery)
                waking.isAskingFacts = true
                actions.append(.askFacts(.publish))
            }
            tellStatus()
        case .offline(_, let keepsInFlight), .asleep(let keepsInFlight):
            lostConnection(keepsInFlight: keepsInFlight)
        case .forgotten:
            inFlight.removeAll()
            rewind()
        case .settled(let tag, _):
            settle(tag)
        case .held:
            // What else is in flight is taken for not sent, too: the order must stay. The session reports none of it any more.
            inFlight.removeAll()
            rewind()
        case .postponed(let tag, _):
            postpone(tag)
        case .rejected(let tag, let reason):
            takeRejection(tag, reason)
        case .refused(_, let reason):
            dropResponse("the broker does not take it: \(reasonText(reason))")
        case .resumed:
            break
        case .finished:
            if isRestarting { sessionEnded() } else { sessionFinished() }
        }
    }

    private mutating func lostConnection(keepsInFlight: Bool) {
        connection = nil
        clearing = nil
        tellOutputs(.offline)
        logPublishing.drop()
        // With QoS 2 the next connection settles what is in flight: from the ring it would come twice.
        if !keepsInFlight {
            inFlight.removeAll()
            rewind()
        }
        tellStatus()
        if stopping != nil { continueStop() }
    }

    /// What was handed over and is not acknowledged comes again.
    @inline(never) mutating func rewind() {
        batching.rewound()
        tellRing(.rewind)
        tellAlertRing(.rewind)
    }

    private mutating func postpone(_ tag: MessageTag) {
        switch inFlight.remove(tag) {
        case .reading(let name): postpone([name])
        case .batch(let names): postpone(names)
        case .alert(let name): tellAlertRing(.postponed(name))
        case nil: break
        }
    }

    mutating func settle(_ tag: MessageTag) {
        clearingSettled(by: tag)
        // Status and the like settle nothing.
        switch inFlight.remove(tag) {
        case .reading(let name): tellRing(.acknowledged(name))
        case .batch(let names): for name in names { tellRing(.acknowledged(name)) }
        case .alert(let name): settleAlert(name)
        case nil: break
        }
        if stopping != nil { continueStop() }
    }

    func statusMessage(_ text: String, on topics: TopicNames? = nil) -> Message {
        Message(topic: (topics ?? self.topics).status, payload: text.bytes, qos: 1, retain: true)
    }

    /// Retained, sent by the broker when the connection is lost without a word.
    package static func willMessage(for configuration: AgentConfiguration) -> Message {
        Message(
            topic: TopicNames(prefix: configuration.prefix, device: configuration.deviceID).status,
            payload: "offline".bytes, qos: 1, retain: true)
    }

    mutating func tellStatus() {
        var text = connection == nil ? "Not connected to the broker" : "Connected to the broker"
        if waking.schedule != nil, waking.since == nil, connectBy == nil { text = "Asleep until the next connection" }
        if let configurationError { text += "; the configuration is not in force: \(configurationError)" }
        actions.append(.statusText(text))
    }
}
