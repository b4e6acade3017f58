import CLinux
import Foundation
import MQTTSession
import MQTTTransport
import Telemetry
import TestSupport

/// A small loop around a session and its transport, as the agent and the reactor are around them in the daemon: poll,
/// level-triggered, one turn after the other. Used from one thread.
final class Driver {
    var session: Session
    let transport: Mosquitto
    var events: [SessionEvent] = []
    var notices: [Notice] = []
    var actions: [SessionAction] = []
    var messages: [ReceivedMessage] = []
    private(set) var heard: [SessionInput] = []
    /// Called at each `.online`.
    var whenOnline: ((Driver) -> Void)?
    private var nextTag: UInt64 = 0

    init(
        port: UInt16, host: String = "127.0.0.1", configuration: SessionConfiguration = .quick,
        _ change: (inout BrokerAddress) -> Void = { _ in }
    ) {
        signal(SIGPIPE, SIG_IGN)
        var address = BrokerAddress(
            host: host, port: port, clientIdentifier: "godwit-test",
            keepAliveSeconds: UInt16(configuration.keepAlive.components.seconds))
        change(&address)
        session = Session(configuration: configuration, random: RandomSource(seed: 1))
        transport = Mosquitto(addresses: [address], sendMaximum: configuration.inFlight)
    }

    static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    func handle(_ input: SessionInput) {
        heard.append(input)
        perform(session.handle(input, at: Self.now()))
    }

    @discardableResult
    func publish(_ message: Message) -> MessageTag {
        nextTag += 1
        let tag = MessageTag(nextTag)
        perform(session.publish(message, tag: tag, at: Self.now()) ?? [.publish(tag, message)])
        return tag
    }

    func publish(_ text: String, to topic: String = "t", qos: UInt8 = 1, retain: Bool = false) -> MessageTag {
        publish(Message(topic: topic, payload: Array(text.utf8), qos: qos, retain: retain))
    }

    private func perform(_ new: [SessionAction]) {
        actions += new
        for action in new {
            switch action {
            case .notice(let notice): notices.append(notice)
            case .event(let event):
                events.append(event)
                if case .online = event { whenOnline?(self) }
            default: transport.perform(action, at: Self.now())
            }
        }
    }

    private func drain() {
        messages += transport.takeMessages()
        while true {
            var inputs: [SessionInput] = []
            transport.takeInputs(into: &inputs)
            if inputs.isEmpty { return }
            for input in inputs { handle(input) }
        }
    }

    /// One turn of the loop, at most `limit` seconds long.
    func turn(limit: Double = 0.2) {
        drain()
        transport.flush()
        let descriptors = transport.descriptors
        var polled = [pollfd(fd: descriptors.helper, events: Int16(POLLIN), revents: 0)]
        if let socket = descriptors.socket {
            polled.append(
                pollfd(fd: socket.descriptor, events: Int16(POLLIN | (socket.wantsWrite ? POLLOUT : 0)), revents: 0))
        }
        var milliseconds = limit * 1000
        let now = Self.now()
        if let deadline = earliest(session.deadline, transport.deadline) {
            milliseconds = min(milliseconds, max(0, Double(now.duration(to: deadline).nanoseconds) / 1e6))
        }
        if transport.needsImmediateTurn { milliseconds = 0 }
        poll(&polled, nfds_t(polled.count), Int32(milliseconds.rounded(.up)))
        let after = Self.now()
        if polled[0].revents != 0 { transport.helperReady(at: after) }
        if polled.count > 1, descriptors.socket?.generation == transport.descriptors.socket?.generation {
            if polled[1].revents & Int16(POLLOUT) != 0 { transport.writable(at: after) }
            if polled[1].revents & ~Int16(POLLOUT) != 0 || transport.needsImmediateTurn {
                transport.readable(at: after)
            }
        }
        if let deadline = transport.deadline, deadline <= after { transport.timer(at: after) }
        drain()
        if let deadline = session.deadline, deadline <= after { handle(.timer) }
        drain()
    }

    /// Turns until `condition` holds; false after `seconds`.
    func run(within seconds: Double = 10, until condition: (Driver) -> Bool) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while !condition(self) {
            if Date() > end { return false }
            turn()
        }
        return true
    }

    func start() { handle(.start) }

    func startAndConnect(within seconds: Double = 10) -> Bool {
        start()
        return run(within: seconds) { $0.session.isOnline }
    }

    func isSettled(_ tag: MessageTag) -> Bool {
        events.contains { if case .settled(tag, _) = $0 { true } else { false } }
    }

    var onlineEvents: [(ProtocolVersion, ConnectionAcknowledgement)] {
        events.compactMap { if case .online(let version, let said) = $0 { (version, said) } else { nil } }
    }
    var connects: [ProtocolVersion] {
        actions.compactMap { if case .connect(let version, _, _) = $0 { version } else { nil } }
    }
}

extension SessionConfiguration {
    /// Short delays.
    static let quick = SessionConfiguration(
        keepAlive: .seconds(60), reconnectMinimum: .milliseconds(20), reconnectMaximum: .milliseconds(100),
        inFlight: 20)
}
