import BrokenConfigurations
import Foundation
import Testing

/// The real programs over configurations that are not right: each names the place and a next step, and ends as the contract says.
@Suite struct BadConfigurationTests {
    /// The two programs that read a configuration, as they are called with a file.
    enum Program: String, CaseIterable, Sendable {
        case check, daemon

        var name: String { self == .check ? "godwit" : "godwitd" }

        func arguments(_ file: String, state: String) -> [String] {
            switch self {
            case .check: ["check", file]
            case .daemon: ["--config", file, "--strict", "--state-directory", state]
            }
        }
    }

    static let both: [(Build, Program)] = Build.built.flatMap { build in Program.allCases.map { (build, $0) } }

    @Test(arguments: both)
    func `every refused configuration gets its place and the next step, and 78`(build: Build, program: Program) throws {
        let folder = try TemporaryFolder()
        for row in BrokenConfiguration.all {
            let file = folder.url.appendingPathComponent("godwit.yaml")
            try Data(row.bytes).write(to: file)
            let outcome = try run(build.executable(program.name), program.arguments(file.path, state: folder.path))
            #expect(outcome.status == 78, "\(row): \(outcome)")
            let place = "\(file.path):\(row.line):\(row.column): error: "
            let line = outcome.error.split(separator: "\n").first { $0.hasPrefix(place) && $0.contains(row.part) }
            #expect(line != nil, "\(row): \(outcome)")
            #expect(outcome.output == "", "\(row)")
        }
    }

    @Test(arguments: both)
    func `a file that is not there ends with 66`(build: Build, program: Program) throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/none.yaml"
        let outcome = try run(build.executable(program.name), program.arguments(file, state: folder.path))
        #expect(outcome.status == 66)
        #expect(outcome.error.hasPrefix("\(program.name): \(file): No such file or directory; name another file"), "\(outcome)")
    }

    @Test(arguments: both)
    func `what is no file ends with 78`(build: Build, program: Program) throws {
        let folder = try TemporaryFolder()
        let fifo = "\(folder.path)/fifo.yaml"
        #expect(mkfifo(fifo, 0o600) == 0)
        for file in [folder.path, "/dev/null", fifo] {
            let outcome = try run(build.executable(program.name), program.arguments(file, state: folder.path))
            #expect(outcome.status == 78, "\(file)")
            #expect(outcome.error == "\(file):1:1: error: is not a file; name a file, or - for standard input\n", "\(outcome)")
        }
    }

    @Test(
        .enabled(if: getuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "root may read every file, and there is no setpriv"),
        arguments: both)
    func `a file that may not be read ends with 77`(build: Build, program: Program) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broker: {url: \"mqtt://localhost\"}\n", to: "godwit.yaml")
        #expect(chmod(file, 0) == 0)
        let outcome = try runUnprivileged(build, program.name, program.arguments(file, state: folder.path), in: folder)
        #expect(outcome.status == 77, "\(outcome)")
        #expect(outcome.error.hasPrefix("\(program.name): \(file): Permission denied; let this user read it"), "\(outcome)")
    }

    /// As this user; where that is root, as another who may do nothing, from a copy that it can reach.
    private func runUnprivileged(_ build: Build, _ name: String, _ arguments: [String], in folder: TemporaryFolder) throws -> Outcome {
        if getuid() != 0 { return try run(build.executable(name), arguments) }
        #expect(chmod(folder.path, 0o755) == 0)
        let copy = "\(folder.path)/\(name)"
        // By a program of its own: a child that another test starts meanwhile would hold a copy of ours open for writing,
        // and what is open for writing does not run.
        #expect(try run("/bin/cp", [build.executable(name), copy]).status == 0)
        return try run("/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", copy] + arguments)
    }

    @Test(arguments: Build.built)
    func `check reads standard input, a folder, and prints what came of it`(build: Build) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broker: {url: \"mqtts://b\", username: u, password: {credential: c}}\n", to: "a.yaml")
        _ = try folder.write("sensors: [{id: a, model: contact, line: L}]\n", to: "a.d/1.yaml")
        _ = try folder.write("not read\n", to: "a.d/2.yaml~")
        let godwit = build.executable("godwit")

        let printed = try run(godwit, ["check", "--print", file])
        #expect(printed.status == 0)
        #expect(printed.output == "broker:\n  url: \"mqtts://b\"\n  username: u\n  password: {credential: c}\nsensors:\n  - id: a\n    model: contact\n    line: L\n")
        #expect(printed.error.hasPrefix("\(file):1:51: warning: password: {credential: c}: "), "\(printed)")

        let good = try run(godwit, ["check", "-"], input: "broker: {url: \"mqtt://b\"}\n")
        #expect((good.status, good.output, good.error) == (0, "-: ok\n", ""))

        let bad = try run(godwit, ["check", "--json", "-"], input: "broker: {url: \"mqtt://b\", qso: 1}\n")
        #expect(bad.status == 78)
        #expect(bad.error == "")
        let object = try #require(JSONSerialization.jsonObject(with: Data(bad.output.utf8)) as? [String: Any])
        #expect(Set(object.keys) == ["file", "line", "column", "severity", "text"])
        #expect(object["column"] as? Int == 27)

        let secret = try run(godwit, ["check", "--print", "-"], input: "broker: {url: \"mqtts://b\", username: u, password: tiger}\n")
        #expect(secret.output.contains("password: \"********\""))
        #expect(!(secret.output + secret.error).contains("tiger"))
    }

    @Test(arguments: Build.built)
    func `references are read from where they say`(build: Build) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("5 parsecs\n", to: "credentials/k")
        _ = try folder.write("many\n", to: "n")
        let text = "broker: {url: \"mqtt://b\", keep_alive: {credential: k}, in_flight: {file: n}, protocol: {environment: P_TEST}}\n"
        let outcome = try run(
            build.executable("godwit"), ["check", "--base", folder.path, "-"], input: text,
            environment: ["CREDENTIALS_DIRECTORY": "\(folder.path)/credentials", "P_TEST": "6"])
        #expect(outcome.status == 78)
        #expect(
            outcome.error == """
                -:1:39: error: keep_alive: the value of {credential: k} is no duration, as in '60 s'
                -:1:67: error: in_flight: {file: n} is no whole number; allowed are 1 ... 1000
                -:1:88: error: protocol: unknown value {environment: P_TEST}; known values: auto, 5, 3.1.1

                """)
    }

    @Test(arguments: Build.built)
    func `mutations of the annotated file never crash check`(build: Build) throws {
        let original = [UInt8](try Data(contentsOf: Build.root.appendingPathComponent("config/godwit.yaml")))
        let seed = UInt64.random(in: 0 ... .max)
        print("mutations: seed \(seed)")
        var random = Mutations(state: seed)
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("godwit.yaml")
        for number in 0..<200 {
            let bytes = random.mutate(original)
            try Data(bytes).write(to: file)
            let outcome = try run(build.executable("godwit"), ["check", file.path])
            #expect(outcome.status == 0 || outcome.status == 78, "seed \(seed), mutation \(number): \(outcome)")
            let isQuiet = outcome.error.split(separator: "\n").allSatisfy { !$0.contains(": error: ") }
            #expect(isQuiet == (outcome.status == 0), "seed \(seed), mutation \(number): \(outcome)")
        }
    }
}

/// Small and large damage to a text, from a seed (SplitMix64).
private struct Mutations: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard !bytes.isEmpty else { return bytes }
            let at = Int.random(in: 0..<bytes.count, using: &self)
            let end = min(bytes.count, at + Int.random(in: 1...80, using: &self))
            switch Int.random(in: 0..<8, using: &self) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes.removeSubrange(at..<end)
            case 2: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &self))
            case 3: bytes.removeSubrange(at...)
            case 4: bytes.insert(Array("{}[],:#&*!|>'\"%@`-?\t\n ~".utf8).randomElement(using: &self)!, at: at)
            case 5:
                let words = ["{", "[", "- ", ": ", "*a ", "&a ", "<<: *a\n", "!x ", "null", "0", "-1", "99999999999999999999", "\u{0}", "é", "{file: /}", "--- ", "... "]
                bytes.insert(contentsOf: Array(words.randomElement(using: &self)!.utf8), at: at)
            case 6:
                // A line moves.
                var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
                let line = lines.remove(at: Int.random(in: 0..<lines.count, using: &self))
                lines.insert(line, at: Int.random(in: 0...lines.count, using: &self))
                bytes = Array(lines.joined(separator: [10]))
            default:
                // A digit or a letter becomes another.
                bytes[at] = UInt8.random(in: 48...122, using: &self)
            }
        }
        return bytes
    }
}
