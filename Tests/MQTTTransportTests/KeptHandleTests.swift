import Foundation
import MQTTSession
import MQTTTransport
import Telemetry
import Testing
import TestSupport

/// QoS 2: a handle of the library that outlives its connections. What brokers do with it is in the integration tests.
@Suite(.serialized) struct KeptHandleTests {
    private static let configuration = {
        var configuration = SessionConfiguration.quick
        configuration.qos = 2
        return configuration
    }()

    private func publish(_ driver: Driver, _ text: String) -> MessageTag { driver.publish(text, qos: 2) }

    @Test func `over TLS it is connected again and again, and each message arrives once`() throws {
        let authority = try Certificates()
        var options = MosquittoBroker.Options()
        options.tls = try authority.issue(["DNS:localhost"])
        options.lines = ["listener \(try freePort()) 127.0.0.1"]
        let broker = try MosquittoBroker(options)
        let proxy = try FaultProxy(to: broker.port) { number in
            var faults = FaultProxy.Faults()
            // The handshake takes some 700 bytes.
            if number < 60 { faults.fromClient = .after(300 + number * 37, .cut) }
            return faults
        }
        defer { proxy.stop() }
        let driver = Driver(port: proxy.port, host: "localhost", configuration: Self.configuration) {
            $0.tls = .init(caFile: authority.ca)
        }
        driver.start()
        var sent = 0
        let isDone = driver.run(within: 60) { driver in
            while sent < 2000, driver.session.readingRoom > 0, driver.session.readingQoS == 2 {
                _ = publish(driver, "\(sent)")
                sent += 1
            }
            return proxy.connectionCount > 60 && driver.session.counters.acknowledged >= 200 && driver.session.isAwaitingNone
        }
        #expect(isDone, "\(proxy.connectionCount) \(driver.session.counters) \(driver.notices.suffix(4))")
        #expect(driver.session.counters.duplicatesPossible == 0 && driver.session.readingQoS == 2)
    }

    @Test func `an attempt that is given up while the helper has the handle is made again behind it`() throws {
        let broker = try MosquittoBroker()
        let driver = Driver(port: broker.port, configuration: Self.configuration)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        let later = Driver.now().advanced(by: .seconds(3600))
        for number in 0..<20 {
            let tag = publish(driver, "\(number)")
            driver.handle(.sleep(until: later))
            #expect(driver.run { $0.session.retryAt != nil })
            // The helper begins to connect; before it has reported it is given up, and asked again.
            driver.handle(.wake)
            driver.handle(.sleep(until: later))
            driver.handle(.wake)
            #expect(driver.run { $0.session.isOnline && $0.isSettled(tag) }, "\(number): \(driver.notices.suffix(4))")
        }
        #expect(driver.session.counters.duplicatesPossible == 0 && driver.session.readingQoS == 2)
    }

    @Test func `a stop while the helper has the handle ends at once`() throws {
        let broker = try MosquittoBroker()
        let driver = Driver(port: broker.port, configuration: Self.configuration)
        try #require(driver.startAndConnect(), "\(driver.notices)")
        driver.handle(.sleep(until: Driver.now().advanced(by: .seconds(3600))))
        #expect(driver.run { $0.session.retryAt != nil })
        driver.handle(.wake)
        driver.handle(.stop)
        #expect(driver.run(within: 2) { $0.events.contains(.finished) })
    }
}
