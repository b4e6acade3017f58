import Foundation
import TestSupport

/// What is needed to run the executables of another processor: they, the libraries that they were linked with, and an
/// emulator of that processor (qemu's user mode: system calls go to the kernel of this machine).
struct EmulatedBoard: Sendable {
    /// ARCH-SUITE, as scripts/cross-build names its folders.
    static let name = ProcessInfo.processInfo.environment["GODWIT_EMULATED_BUILD"] ?? "arm64-trixie"
    static let folder = Build.root.appendingPathComponent(".build-cross/\(name)")
    static let architecture = String(name.prefix { $0 != "-" })

    /// nil where something is missing; `missing` says what.
    static let shared: EmulatedBoard? = missing == nil ? try? EmulatedBoard() : nil

    /// scripts/test has built it: the tests fail where it is missing, and are not skipped.
    static let isExpected = (ProcessInfo.processInfo.environment["GODWIT_CROSS_BUILDS"] ?? "").split(separator: " ").contains { $0 == name }

    /// What keeps the executables from running here; nil: nothing.
    static var missing: String? {
        if !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("godwitd").path) {
            return "no \(name) build here: scripts/cross-build \(architecture) makes it"
        }
        if !FileManager.default.fileExists(atPath: sysroot) { return "no libraries in \(sysroot): scripts/sysroot fetches them" }
        return emulator == nil ? "no emulator of \(architecture): it is in the package qemu-user-static" : nil
    }

    private static var sysroot: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        return "\(cache)/godwit-sysroot/\(name)"
    }

    private static var emulator: String? {
        let processors = ["amd64": "x86_64", "arm64": "aarch64", "armhf": "arm"]
        guard let processor = processors[architecture] else { return nil }
        // Debian 13's are static without saying so.
        return ["qemu-\(processor)-static", "qemu-\(processor)"].lazy.compactMap { try? findProgram($0) }.first
    }

    private let scripts: TemporaryFolder

    /// Writes a script for each program: a test starts them by path, and with `exec` they keep their process.
    private init() throws {
        scripts = try TemporaryFolder()
        for program in ["godwitd", "godwit"] {
            let script = """
                #!/bin/sh
                exec '\(Self.emulator ?? "")' -L '\(Self.sysroot)' '\(Self.folder.appendingPathComponent(program).path)' "$@"

                """
            // Written by a process of its own: a broker that another test starts at this moment would inherit our descriptor, and as
            // long as it lived nobody could run the file ("Text file busy").
            let written = try run("/bin/sh", ["-c", "printf '%s' \"$1\" > \"$0\" && chmod 755 \"$0\"", executable(program), script])
            guard written.status == 0 else { throw PeerError.unexpected("\(executable(program)) was not written: \(written.error)") }
        }
    }

    func executable(_ program: String) -> String { scripts.path + "/" + program }
}
