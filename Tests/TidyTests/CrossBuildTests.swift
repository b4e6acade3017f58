import Foundation
import Testing

/// One executable in `.build-cross/ARCH-SUITE`.
struct CrossExecutable: CustomTestStringConvertible, Sendable {
    var suite: String
    var program: String
    var path: String
    var testDescription: String { path }

    static let built: [CrossExecutable] = {
        let folder = SourceTree.root.appendingPathComponent(".build-cross")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().flatMap { name -> [CrossExecutable] in
            guard let suite = name.split(separator: "-").last.map(String.init), ["bookworm", "trixie"].contains(suite) else {
                return []
            }
            return SourceTree.executables.map {
                CrossExecutable(suite: suite, program: $0, path: folder.appendingPathComponent("\(name)/\($0)").path)
            }.filter { FileManager.default.isExecutableFile(atPath: $0.path) }
        }
    }()

    /// ARCH-SUITE, all that scripts/test has built.
    static let expected = (ProcessInfo.processInfo.environment["GODWIT_CROSS_BUILDS"] ?? "").split(separator: " ").map(String.init)
}

/// What scripts/cross-build has made, whatever architectures and suites are there: properties that a board and a package
/// rely on, and that a linker's option may lose unseen.
@Suite(
    .enabled(if: !CrossExecutable.built.isEmpty || !CrossExecutable.expected.isEmpty, "no cross build here: scripts/cross-build makes it"))
struct CrossBuildTests {
    @Test(.enabled(if: !CrossExecutable.expected.isEmpty, "scripts/test says what it has built; this is a run by hand"))
    func `what scripts test has built is here, each executable of it`() {
        for name in CrossExecutable.expected {
            for program in SourceTree.executables {
                #expect(CrossExecutable.built.contains { $0.path.hasSuffix("/.build-cross/\(name)/\(program)") }, "\(name): \(program)")
            }
        }
    }

    @Test(arguments: [
        ("str\tlr, [sp, #-8]!", "bl\t0x10 <$t>", 0), ("push\t{r4, lr}", "blx\tr3", 0), ("mov\tr7, lr", "bl\t0x10", 0),
        ("mov\tr4, r1", "bl\t0x10 <$t>", 1), ("str\tr1, [sp]", "blx\tr3", 1), ("mov\tr4, r1", "b.w\t0x10 <$t>", 0),
    ])
    func `what calls without keeping where to return to is found on 32-bit ARM`(first: String, second: String, status: Int32) throws {
        let process = Process()
        process.executableURL = SourceTree.root.appendingPathComponent("scripts/check-outlined")
        process.arguments = ["-"]
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = "000f3c70 <OUTLINED_FUNCTION_15>:\n   f3c70:      \t\(first)\n   f3c74:      \t\(second)\n   f3c76:      \tbx\tlr\n"
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == status)
    }

    private func readelf(_ arguments: String..., of executable: CrossExecutable) throws -> [Substring] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["readelf", "--wide"] + arguments + [executable.path]
        process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return text.split(separator: "\n")
    }

    @Test(arguments: CrossExecutable.built)
    func `it is position-independent, its tables are read-only, and no stack is executable`(_ executable: CrossExecutable) throws {
        let lines = try readelf("--file-header", "--dynamic", "--segments", of: executable)
        #expect(lines.contains { $0.contains("Type:") && $0.contains("DYN") })
        #expect(lines.contains { $0.contains("(FLAGS_1)") && $0.contains("NOW") && $0.contains("PIE") })
        #expect(lines.contains { $0.contains("GNU_RELRO") })
        let stack = try #require(lines.first { $0.contains("GNU_STACK") })
        #expect(!stack.contains("RWE"))
        #expect(!lines.contains { $0.contains("(RPATH)") || $0.contains("(RUNPATH)") || $0.contains("(TEXTREL)") })
    }

    @Test(arguments: CrossExecutable.built)
    func `it needs the libraries that it calls, in the suite's versions`(_ executable: CrossExecutable) throws {
        let needed = try readelf("--dynamic", of: executable).filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }
        let gpiod = executable.suite == "bookworm" ? "libgpiod.so.2" : "libgpiod.so.3"
        let expected: Set = ["libc.so.6", "libyaml-0.so.2", gpiod, "libmosquitto.so.1", "libssl.so.3", "libcrypto.so.3"]
        // The loader is named where the C library's own guards lie in it; division of 64 bits is in libgcc_s on 32-bit ARM, which has
        // every Debian.
        let more = Set(needed).subtracting(expected).filter {
            $0 != "libm.so.6" && !$0.hasPrefix("ld-linux") && !($0 == "libgcc_s.so.1" && executable.path.contains("/armhf-"))
        }
        #expect(expected.isSubset(of: needed) && more.isEmpty, "\(needed)")
    }

    @Test(arguments: CrossExecutable.built)
    func `it asks for no newer C library than the suite has`(_ executable: CrossExecutable) throws {
        let newest = executable.suite == "bookworm" ? 36 : 41
        let versions = try readelf("--version-info", of: executable).flatMap { $0.split(separator: " ") }
            .filter { $0.hasPrefix("GLIBC_2.") }
            .compactMap { Int($0.dropFirst(8).prefix { $0.isNumber }) }
        #expect(!versions.isEmpty)
        #expect(versions.allSatisfy { $0 <= newest }, "GLIBC_2.\(versions.max() ?? 0)")
    }

    @Test(arguments: CrossExecutable.built)
    func `it names no folder of the machine that built it`(_ executable: CrossExecutable) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: executable.path), options: .alwaysMapped)
        let environment = ProcessInfo.processInfo.environment
        for path in [SourceTree.root.path + "/Sources", SourceTree.root.path + "/.build", (environment["HOME"] ?? "") + "/.cache"] {
            #expect(bytes.range(of: Data(path.utf8)) == nil, "\(path)")
        }
        #expect(bytes.range(of: Data("/usr/src/godwit/Sources/".utf8)) != nil, "the debug information has the mapped path")
    }

    /// As in ExecutableTests: Package.swift says why.
    @Test(arguments: CrossExecutable.built)
    func `no array literal is a shared constant`(_ executable: CrossExecutable) throws {
        let symbols = try readelf("--symbols", of: executable).compactMap { $0.split(separator: " ").last }
        #expect(symbols.count > 100)
        for symbol in symbols {
            #expect(symbol.range(of: "Tv[0-9]*_r$", options: .regularExpression) == nil, "\(symbol)")
        }
    }
}
