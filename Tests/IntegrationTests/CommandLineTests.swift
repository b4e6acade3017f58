import Foundation
import Testing

/// The frame of `godwit`: options, help, unknown words, exit statuses; both builds.
@Suite struct CommandLineTests {
    private func godwit(_ build: Build, _ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try run(build.executable("godwit"), arguments, environment: environment)
    }

    static let names = [
        "init", "check", "lines", "sensors", "read", "decode", "ring", "status", "watch", "command", "doctor",
    ]

    @Test(arguments: Build.built)
    func `the help names every command of the contract`(_ build: Build) throws {
        let help = try godwit(build, ["--help"])
        #expect(help.status == 0)
        #expect(help.error == "")
        for name in Self.names { #expect(help.output.contains("\n  \(name) "), "\(name)") }
    }

    @Test(arguments: Build.built, names)
    func `every command has help with its own and the common options`(_ build: Build, _ name: String) throws {
        for arguments in [[name, "--help"], ["--help", name], [name, "-h"], [name, "more", "--help"]] {
            let help = try godwit(build, arguments)
            #expect(help.status == 0, "\(arguments)")
            #expect(help.output.hasPrefix("Usage: godwit \(name)"), "\(arguments)")
            for option in ["--config FILE", "--state-directory DIR", "--json", "--help", "--version"] {
                #expect(help.output.contains(option), "\(arguments): \(option)")
            }
        }
    }

    @Test(arguments: Build.built)
    func `the version is one line, with a command too`(_ build: Build) throws {
        let version = try godwit(build, ["--version"])
        #expect(version.status == 0)
        #expect(version.output.range(of: #"^godwit [0-9]+\.[0-9]+\.[0-9]+\n$"#, options: .regularExpression) != nil)
        #expect(try godwit(build, ["status", "--version"]).output == version.output)
        let daemon = try run(build.executable("godwitd"), ["--version"])
        #expect(daemon.output == version.output.replacingOccurrences(of: "godwit ", with: "godwitd "))
    }

    @Test(arguments: Build.built)
    func `nothing typed is answered with the help, as an error`(_ build: Build) throws {
        let nothing = try godwit(build, [])
        #expect(nothing.status == 64)
        #expect(nothing.output == "")
        #expect(nothing.error.hasPrefix("Usage: godwit COMMAND"))
    }

    @Test(
        arguments: Build.built,
        [
            (["chek"], "godwit: unknown command 'chek': did you mean 'check'?; see godwit --help\n"),
            (["statsu"], "godwit: unknown command 'statsu': did you mean 'status'?; see godwit --help\n"),
            (["xyzzy"], "godwit: unknown command 'xyzzy': there is none of this name; see godwit --help\n"),
            (["--jsn", "status"], "godwit: usage: unknown option '--jsn'; did you mean '--json'?; see godwit --help\n"),
            (["status", "--jsn"], "godwit: status: unknown option '--jsn'; did you mean '--json'?; see godwit status --help\n"),
            (["status", "-q"], "godwit: status: unknown option '-q'; see godwit status --help\n"),
            (["status", "--json=1"], "godwit: status: --json takes no value; see godwit status --help\n"),
            (["check", "--config"], "godwit: check: --config needs a value; see godwit check --help\n"),
            (["status", "now"], "godwit: status: unexpected argument 'now'; see godwit status --help\n"),
            (["read"], "godwit: read: it takes the id of one sensor; see godwit read --help\n"),
            (["read", "a", "b"], "godwit: read: it takes the id of one sensor; see godwit read --help\n"),
            (["read", "a", "--count", "0"], "godwit: read: --count 0: not a number from 1 to 1000000; see godwit read --help\n"),
            (["read", "a", "--count=x"], "godwit: read: --count x: not a number from 1 to 1000000; see godwit read --help\n"),
        ] as [([String], String)])
    func `a mistake in the command line says what and where to look`(_ build: Build, _ row: ([String], String)) throws {
        let outcome = try godwit(build, row.0)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.error == row.1)
    }

    @Test(arguments: Build.built, ["watch", "doctor"])
    func `what is not built yet says so`(_ build: Build, _ name: String) throws {
        let outcome = try godwit(build, [name])
        #expect(outcome.status == 69)
        #expect(outcome.error == "godwit: \(name): not supported yet; a later version will have it\n")
    }

    @Test(arguments: Build.built)
    func `options may stand before the command, be shortened, and be given by an equals sign`(_ build: Build) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broker: {url: \"mqtt://localhost\"}\nsensors:\n  - {id: a, model: synthetic}\n", to: "g.yaml")
        for arguments in [
            ["--config", file, "check"], ["check", "--config", file], ["check", "--conf=\(file)"], ["--config=\(file)", "check"],
            ["check", "--", file], ["check", file],
        ] {
            let outcome = try godwit(build, arguments)
            #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
            #expect(outcome.output == "\(file): ok\n")
        }
    }

    /// The standard folders are asked too: of a machine that has a daemon nothing can be said here.
    private static let hasDaemon = ["/run/godwit/godwit.sock", "/var/lib/godwit/godwit.sock"].contains {
        FileManager.default.fileExists(atPath: $0)
    }

    @Test(.enabled(if: !hasDaemon, "a daemon of this machine would answer"), arguments: Build.built)
    func `without a daemon status says so and read goes to the sensor itself`(_ build: Build) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            broker: {url: "mqtt://localhost"}
            publish: {clock: trust}
            sensors:
              - {id: load, model: synthetic, waveform: counter}
              - {id: door, model: contact, line: {chip: no-such-chip, offset: 1}}

            """, to: "godwit.yaml")
        let at = ["--state-directory", folder.path, "--config", file]
        let status = try godwit(build, ["status"] + at)
        #expect(status.status == 69)
        #expect(status.error == "godwit: status: no daemon runs here; start godwitd, or name its folder with --state-directory\n")

        let read = try godwit(build, ["read", "load", "--json"] + at)
        #expect(read.status == 0, "\(read.error)")
        #expect(read.error == "godwit: read: no daemon runs here; from the sensor itself, as \(file) says\n")
        #expect(read.output.hasPrefix("{\"time\":\"20"))
        #expect(read.output.contains("\"clock\":\"synced\",\"sensor\":\"load\",\"value\":"))

        let unknown = try godwit(build, ["read", "nope"] + at)
        #expect(unknown.status == 1)
        #expect(unknown.error == "godwit: read nope: no sensor 'nope' in \(file); there are: load, door\n")

        let missing = try godwit(build, ["read", "door"] + at)
        #expect(missing.status == 69)
        #expect(missing.error.contains("no-such-chip") || missing.error.contains("no GPIO chip is here"), "\(missing.error)")

        let broken = try godwit(build, ["read", "load", "--config", folder.path + "/nothing.yaml", "--state-directory", folder.path])
        #expect(broken.status == 66)
    }

    @Test(arguments: Build.built)
    func `status and read ask the running daemon`(_ build: Build) throws {
        let daemon = try Daemon(
            build,
            configuration: """
                device: {id: bench}
                broker: {url: "mqtt://127.0.0.1:1"}
                publish: {clock: trust}
                sensors:
                  - {id: load, model: synthetic, waveform: counter, every: 100 ms}

                """)
        try daemon.start()
        let at = ["--state-directory", daemon.stateFolder]
        var status = Outcome(status: -1, output: "", error: "")
        #expect(
            waitUntil(15) {
                status = (try? godwit(build, ["status"] + at)) ?? status
                return status.status == 0
            }, "\(daemon.log)")
        #expect(status.error == "")
        for part in ["device      bench   godwit ", "broker      not connected", "losses      none", "\nsensor  readings", "\nload "] {
            #expect(status.output.contains(part), "\(part): \(status.output)")
        }
        let json = try godwit(build, ["status", "--json"] + at)
        #expect(json.output.hasPrefix("{\"device\":\"bench\",\"time\":\"20"))
        #expect(json.output.split(separator: "\n").count == 1)
        let metrics = try daemon.status()
        for key in
            """
            device time clock clock_source boot stream version uptime connected protocol reconnects connect_failures
            last_disconnect published acknowledged duplicates_possible rejected held unrouted losses bytes_sent bytes_received
            buffer sensors alerts outputs rss_bytes wakeups last_error
            """.split(whereSeparator: \.isWhitespace)
        { #expect(metrics[String(key)] != nil, "\(key)") }
        #expect(metrics["connected"] as? Bool == false)

        let read = try godwit(build, ["read", "load", "--count", "2", "--json"] + at)
        #expect(read.status == 0)
        #expect(read.error == "godwit: read: from the running daemon at \(daemon.stateFolder)/godwit.sock\n")
        let lines = read.output.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { #expect(line.hasPrefix("{\"stream\":\"") && line.contains("\"sensor\":\"load\",\"value\":"), "\(line)") }

        let unknown = try godwit(build, ["read", "nope"] + at)
        #expect(unknown.status == 1)
        #expect(unknown.error.contains("no sensor 'nope'; there are: load"), "\(unknown.error)")
        #expect(daemon.stop().status == 0)
        #expect(!FileManager.default.fileExists(atPath: daemon.stateFolder + "/godwit.sock"))
    }
}
