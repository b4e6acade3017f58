import Foundation
import TestSupport
import Testing

/// Name servers as they are in the field: one whose answer changes, one that gives an IPv6 address to a machine without a route. One that
/// does not answer: HangingNameTests.
@Suite(.serialized) struct NameTests {
    @Test(arguments: Build.built)
    func `an IPv6 address that cannot be reached is passed over`(build: Build) async throws {
        try await background {
            let broker = try NameBench.serving()
            let folder = try TemporaryFolder()
            let daemon = try NameBench.daemon(
                build, urls: ["mqtt://both.test:\(broker.port)"], hosts: "both.test 0 fe80::1 127.0.0.1\n", folder: folder)
            try daemon.start()
            #expect(waitUntil(20) { NameBench.readings(broker).count >= 10 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a name that moves is followed at the next attempt`(build: Build) async throws {
        try await background {
            let first = try NameBench.serving()
            let folder = try TemporaryFolder()
            let daemon = try NameBench.daemon(
                build, urls: ["mqtt://moves.test:\(first.port)"], hosts: "moves.test 0 127.0.0.1\n", folder: folder)
            try daemon.start()
            #expect(waitUntil(20) { NameBench.readings(first).count >= 5 }, "\(daemon.log)")
            // Nobody is at the new address: that it was asked is in the log.
            _ = try folder.write("moves.test 0 127.0.0.77\n", to: "hosts")
            first.stop()
            #expect(daemon.waitForLog("connection lost"))
            // The listener of the one that was stopped is closed a moment later.
            var reopened: ScriptedBroker?
            #expect(
                waitUntil(5) {
                    reopened = try? ScriptedBroker(port: first.port) { connection in
                        try connection.acceptConnect()
                        try connection.serve()
                    }
                    return reopened != nil
                })
            let again = try #require(reopened)
            #expect(daemon.waitForLog("Connection refused"), "\(daemon.log)")
            #expect(again.connectionCount == 0)
            _ = try folder.write("moves.test 0 127.0.0.1\n", to: "hosts")
            #expect(waitUntil(20) { NameBench.readings(again).count >= 5 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }
}
