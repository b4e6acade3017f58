import Foundation
import TestSupport
import Testing

/// The real godwitd, with a getaddrinfo in front of the C library's that reads a file.
enum NameBench {
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
    static func daemon(_ build: Build, urls: [String], hosts: String, folder: TemporaryFolder) throws -> Daemon {
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

    static func readings(_ broker: ScriptedBroker) -> [Published] {
        broker.publishes.filter { $0.topic == "godwit/names/sensors/n" }
            .compactMap { Published(topic: $0.topic, payload: $0.text, arrivedAt: 0) }
    }

    static func serving() throws -> ScriptedBroker {
        try ScriptedBroker { connection in
            try connection.acceptConnect()
            try connection.serve()
        }
    }
}
