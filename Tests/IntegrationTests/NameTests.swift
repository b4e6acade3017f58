import Foundation
import TestSupport
import Testing

/// Name servers as they are in the field: one that does not answer, one whose answer changes, one that gives an IPv6 address to a
/// machine without a route. The real godwitd, with a getaddrinfo in front of the C library's that reads a file.
@Suite(.serialized) struct NameTests {
    private static let source = """
        #include <dlfcn.h>
        #include <netdb.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        // Lines: NAME SECONDS ADDRESS...; without an address the name server cannot be reached.
        int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
            int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
                (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
            char line[256];
            FILE *file = fopen(getenv("GODWIT_TEST_HOSTS"), "re");
            while (file && node && fgets(line, sizeof line, file)) {
                char *rest = line, *word = strsep(&rest, " \\n");
                if (strcmp(word, node) != 0) continue;
                fclose(file);
                usleep((useconds_t)(atof(strsep(&rest, " \\n")) * 1e6));
                struct addrinfo **end = found;
                *found = NULL;
                while (rest && (word = strsep(&rest, " \\n"))) {
                    if (*word && real(word, service, hints, end) == 0) end = &(*end)->ai_next;
                }
                return *found ? 0 : EAI_AGAIN;
            }
            if (file) fclose(file);
            return real(node, service, hints, found);
        }
        """

    /// A daemon whose names are those of `hosts`, and the file that says them.
    private func daemon(_ build: Build, urls: [String], hosts: String, folder: TemporaryFolder) throws -> Daemon {
        let source = try folder.write(Self.source, to: "names.c")
        let library = folder.path + "/names.so"
        let made = try run("cc", ["-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source])
        #expect(made.status == 0, "\(made.error)")
        let file = try folder.write(hosts, to: "hosts")
        return try Daemon(
            build,
            configuration: """
                device: {id: names}
                broker: {url: [\(urls.map { "\"\($0)\"" }.joined(separator: ", "))], reconnect: {minimum: 50 ms, maximum: 200 ms}}
                publish: {clock: trust, metrics_every: 0 s}
                buffer: {sync: 100 ms, size: 256 KiB}
                sensors:
                  - {id: n, model: synthetic, waveform: counter, every: 100 ms}
                """,
            folder: folder, environment: ["LD_PRELOAD": library, "GODWIT_TEST_HOSTS": file])
    }

    private func readings(_ broker: ScriptedBroker) -> [Published] {
        broker.publishes.filter { $0.topic == "godwit/names/sensors/n" }
            .compactMap { Published(topic: $0.topic, payload: $0.text, arrivedAt: 0) }
    }

    private func serving() throws -> ScriptedBroker {
        try ScriptedBroker { connection in
            try connection.acceptConnect()
            try connection.serve()
        }
    }

    @Test(arguments: Build.built)
    func `while a name server does not answer sensors are read in time, and a stop is over in time`(build: Build) async throws {
        try await background {
            let broker = try serving()
            let folder = try TemporaryFolder()
            let daemon = try daemon(
                build, urls: ["mqtt://hangs.test:1883", "mqtt://127.0.0.1:\(broker.port)"], hosts: "hangs.test 8\n", folder: folder)
            try daemon.start()
            #expect(waitUntil(30) { self.readings(broker).count >= 100 }, "\(daemon.log)")
            #expect(daemon.log.contains("name not found: hangs.test"), "\(daemon.log)")
            let readings = readings(broker)
            #expect(readings.map { $0.sequence } == Array(1...readings.count))
            let times = readings.compactMap { $0.time }
            let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
            // One name that blocks the loop would be a gap of 8 s. What a busy machine makes of 100 ms is no matter of names.
            #expect(gaps.allSatisfy { $0 < 1 }, "\(gaps.max() ?? 0) s")
            broker.stop()
            #expect(waitUntil(15) { daemon.log.contains("connection lost") })
            Thread.sleep(forTimeInterval: 1)
            let (status, seconds) = daemon.stop()
            #expect(status == 0 && seconds < 5, "\(seconds) s")
        }
    }

    @Test(arguments: Build.built)
    func `an IPv6 address that cannot be reached is passed over`(build: Build) async throws {
        try await background {
            let broker = try serving()
            let folder = try TemporaryFolder()
            let daemon = try daemon(
                build, urls: ["mqtt://both.test:\(broker.port)"], hosts: "both.test 0 fe80::1 127.0.0.1\n", folder: folder)
            try daemon.start()
            #expect(waitUntil(20) { self.readings(broker).count >= 10 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }

    @Test(arguments: Build.built)
    func `a name that moves is followed at the next attempt`(build: Build) async throws {
        try await background {
            let first = try serving()
            let folder = try TemporaryFolder()
            let daemon = try daemon(
                build, urls: ["mqtt://moves.test:\(first.port)"], hosts: "moves.test 0 127.0.0.1\n", folder: folder)
            try daemon.start()
            #expect(waitUntil(20) { self.readings(first).count >= 5 }, "\(daemon.log)")
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
            #expect(waitUntil(20) { self.readings(again).count >= 5 }, "\(daemon.log)")
            #expect(daemon.stop().status == 0)
        }
    }
}
