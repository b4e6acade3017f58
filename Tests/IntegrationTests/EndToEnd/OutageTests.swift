import Foundation
import TestSupport
import Testing

/// 100 readings a second for 60 s, the link to the broker broken from second 20 to second 40.
struct OutageTests {
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case brokerKilled, silentLink
        var testDescription: String { rawValue }
    }

    @Test(arguments: Build.built, Fault.allCases)
    func `an outage of 20 s at 100 readings a second loses nothing, keeps the order and the times`(
        build: Build, fault: Fault
    ) async throws {
        try await background { try outage(build, fault) }
    }

    private func outage(_ build: Build, _ fault: Fault) throws {
        let broker = try MosquittoBroker()
        let relay = try Relay(to: broker.port)
        defer { relay.stop() }
        let subscriber = try Subscriber(broker, ["godwit/#"])
        defer { subscriber.stop() }
        let daemon = try Daemon(build, configuration: counterConfiguration(port: relay.port))
        let begun = Date().timeIntervalSince1970
        try daemon.start()

        Thread.sleep(forTimeInterval: 20)
        switch fault {
        case .brokerKilled:
            // The relay is shut with it, and opened only when the subscriber is back: what it would miss then would be
            // the subscriber's loss, not the daemon's.
            relay.set(.refusing)
            broker.kill()
        case .silentLink:
            relay.set(.silent)
        }
        Thread.sleep(forTimeInterval: 20)
        #expect(daemon.log.contains(fault == .brokerKilled ? "connection lost" : "no byte from the broker"))
        if fault == .brokerKilled {
            try broker.start()
            try subscriber.waitUntilSubscribed()
        }
        // What is silent is cut, as when a cable is plugged in again somewhere else.
        if fault == .silentLink { relay.set(.refusing) }
        relay.set(.open)
        Thread.sleep(forTimeInterval: 20)
        let stopped = daemon.stop()
        #expect(stopped.status == 0)
        #expect(stopped.seconds <= 5.5)
        let ended = Date().timeIntervalSince1970

        _ = subscriber.wait(within: 5) { $0.last?.payload == "offline" }
        let lines = subscriber.lines
        let readings = lines.filter { $0.topic == "godwit/bench/sensors/n" }.compactMap {
            Published(topic: $0.topic, payload: $0.payload, arrivedAt: $0.arrivedAt)
        }
        #expect(lines.filter { $0.topic == "godwit/bench/losses" }.isEmpty)
        let firsts = firstArrivals(readings)
        let order = firsts.map(\.sequence)
        let wrong = zip(order, 1...).first { $0 != $1 }
        #expect(wrong == nil, "\(firsts.count) numbers; around the first wrong one: \(order.drop { wrong.map { $0.1 - 5 } ?? 0 > $0 }.prefix(20))")
        #expect(!broker.log.contains("being dropped"), "the subscriber is to see all that the broker had")
        #expect(Set(readings.map(\.stream)).count == 1)
        // The counter of the sensor goes with the numbers: nothing was read twice or left out.
        #expect(firsts.enumerated().allSatisfy { $0.element.fields["value"] as? Double == Double($0.offset) })
        #expect(firsts.count >= 5_700, "at 100 a second for 60 s, minus what a busy machine delays")
        try checkTimes(firsts, begun: begun, ended: ended)
        #expect(sameContent(readings))
    }

    /// The time is that of the reading: 10 ms apart in the outage too, though those arrived together.
    private func checkTimes(_ readings: [Published], begun: Double, ended: Double) throws {
        let times = try readings.map { try #require($0.time) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 >= $0 })
        #expect(times.first.map { $0 >= begun - 0.01 } == true)
        #expect(times.last.map { $0 <= ended } == true)
        let late = readings.filter { $0.arrivedAt - ($0.time ?? 0) > 5 }
        #expect(late.count > 1000, "readings of the outage arrive after it, with the times of the outage")
    }
}

func counterConfiguration(port: UInt16, every: String = "10 ms", more: String = "") -> String {
    """
    device: {id: bench}
    broker: {url: "mqtt://127.0.0.1:\(port)", keep_alive: 5 s, reconnect: {minimum: 200 ms, maximum: 2 s}}
    publish: {clock: trust}
    sensors:
      - {id: n, model: synthetic, waveform: counter, every: \(every)}
    \(more)
    """
}

/// The first time that each `(stream, seq)` arrived, in the order of arrival.
func firstArrivals(_ readings: [Published]) -> [Published] {
    var seen: Set<String> = []
    return readings.filter { seen.insert("\($0.stream)/\($0.sequence)").inserted }
}

/// No `(stream, seq)` has two contents: a repeat is the same but for a better clock.
func sameContent(_ readings: [Published]) -> Bool {
    var contents: [String: String] = [:]
    for reading in readings {
        var fields = reading.fields
        for key in ["time", "clock", "boot", "uptime", "not_before"] { fields[key] = nil }
        guard let data = try? JSONSerialization.data(withJSONObject: fields, options: .sortedKeys) else { return false }
        let content = String(decoding: data, as: UTF8.self)
        let name = "\(reading.stream)/\(reading.sequence)"
        if let old = contents[name], old != content { return false }
        contents[name] = content
    }
    return true
}
