import Foundation
import Testing

/// What is shipped: the executables of the Embedded build. scripts/test makes it and names its folder.
@Suite struct ExecutableTests {
    static let folder = SourceTree.root.appendingPathComponent(
        ProcessInfo.processInfo.environment["GODWIT_EMBEDDED_BUILD"] ?? ".build-embedded/release")

    static var isBuilt: Bool {
        SourceTree.executables.allSatisfy {
            FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent($0).path)
        }
    }

    private func path(_ name: String) -> String { Self.folder.appendingPathComponent(name).path }

    private func output(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return text
    }

    /// Those that were compiled from Embedded Swift.
    private func symbols(_ name: String) throws -> [Substring] {
        let symbols = try output("nm", [path(name)]).split(separator: "\n").compactMap { $0.split(separator: " ").last }
            .filter { $0.hasPrefix("$e") }
        try #require(symbols.count > 100)
        return symbols
    }

    /// The libraries that an executable asks for: its DT_NEEDED entries.
    private func needed(_ name: String) throws -> [String] {
        try output("readelf", ["--dynamic", "--wide", path(name)]).split(separator: "\n")
            .filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }
    }

    @Test(
        .enabled(if: isBuilt, "no Embedded build here: scripts/test makes it"), arguments: SourceTree.executables)
    func `the shipped form links C libraries only`(name: String) throws {
        let libraries = try needed(name)
        #expect(libraries.contains { $0.hasPrefix("libc.so") })
        for library in libraries {
            #expect(
                !library.lowercased().contains("swift") && !library.contains("Foundation")
                    && !library.hasPrefix("libstdc++") && !library.hasPrefix("libdispatch"),
                "\(name) links \(library)")
        }
    }

    @Test(.enabled(if: isBuilt, "no Embedded build here: scripts/test makes it"))
    func `one executable has both names`() throws {
        let files = SourceTree.executables.map { URL(fileURLWithPath: path($0)).resolvingSymlinksInPath().path }
        #expect(Set(files).count == 1)
        for name in SourceTree.executables {
            #expect(try output(path(name), ["--version"]).hasPrefix(name + " "))
        }
    }

    /// Package.swift says why: such constants of one function may be mixed up between modules.
    @Test(
        .enabled(if: isBuilt, "no Embedded build here: scripts/test makes it"), arguments: SourceTree.executables)
    func `no array literal is a shared constant`(name: String) throws {
        for symbol in try symbols(name) {
            // `…Tv_r`, `…Tv0_r`: an outlined read-only object.
            #expect(symbol.range(of: "Tv[0-9]*_r$", options: .regularExpression) == nil, "\(symbol)")
        }
    }

    /// Of a Dictionary or a Set, 1 to 3 kB of code for each type in it: NameTable, ShortTable and ShortSet are there for it.
    @Test(.enabled(if: isBuilt, "no Embedded build here: scripts/test makes it"))
    func `no hash table is shipped`() throws {
        for symbol in try symbols("godwitd") {
            for part in ["_NativeDictionary", "_NativeSet", "_HashTable", "6Hasher"] where symbol.contains(part) {
                Issue.record("\(symbol)")
            }
        }
    }

    /// 13 kB of code, and at each such place the work of it.
    @Test(.enabled(if: isBuilt, "no Embedded build here: scripts/test makes it"))
    func `nothing copies the agent`() throws {
        let symbols = try symbols("godwitd")
        // A function that exists for it: `outlined init with copy of Agent.Agent`. That of a smaller part shows that names are written so.
        #expect(!symbols.contains { $0.hasPrefix("$e5AgentAAVWOc") })
        #expect(symbols.contains { $0.hasPrefix("$e5Agent") && $0.hasSuffix("VWOc") })
    }
}
