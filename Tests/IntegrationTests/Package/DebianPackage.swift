import Foundation
import TestSupport
import Testing

/// A package that scripts/package has made for this machine, and what dpkg-deb says of it.
struct DebianPackage: Sendable, CustomTestStringConvertible {
    let name: String

    static let main = DebianPackage(name: "godwit")
    static let symbols = DebianPackage(name: "godwit-dbgsym")
    /// KiB, as dpkg counts.
    static let largestInstalledSize = 1_024

    struct Entry: Equatable {
        var mode: String
        var owner: String
        var bytes: Int
        /// Without the leading `./`, without the target of a link.
        var path: String
        var isFolder: Bool { mode.hasPrefix("d") }
    }

    /// The version of Godwit, the revision and the suite.
    static let version: String = {
        let source =
            (try? String(contentsOf: Build.root.appendingPathComponent("Sources/Telemetry/Version.swift"), encoding: .utf8)) ?? ""
        let number = source.split(separator: "\"").dropFirst().first ?? ""
        return "\(number)-1+\(release)"
    }()

    /// As scripts/package does: bookworm where this machine is of it, else trixie.
    static let release: String = {
        let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        return text.contains("VERSION_CODENAME=bookworm") ? "deb12" : "deb13"
    }()

    #if arch(x86_64)
    static let architecture = "amd64"
    #else
    static let architecture = "arm64"
    #endif

    var path: String {
        Build.root.appendingPathComponent(".build-packages/\(name)_\(Self.version)_\(Self.architecture).deb").path
    }

    var testDescription: String { name }

    static var isMade: Bool { [main, symbols].allSatisfy { FileManager.default.fileExists(atPath: $0.path) } }

    static let hasLintian = FileManager.default.isExecutableFile(atPath: "/usr/bin/lintian")

    func field(_ name: String) throws -> String {
        let outcome = try run("/usr/bin/env", ["dpkg-deb", "--field", path, name])
        try #require(outcome.status == 0, "\(outcome.error)")
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func entries() throws -> [Entry] {
        let outcome = try run("/usr/bin/env", ["dpkg-deb", "--contents", path])
        try #require(outcome.status == 0, "\(outcome.error)")
        return try outcome.output.split(separator: "\n").map { line in
            // Mode, owner, bytes, date, time, path.
            let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            try #require(words.count == 6, "\(line)")
            var path = words[5].components(separatedBy: " -> ")[0]
            if path.hasPrefix("./") { path.removeFirst(2) }
            if path.hasSuffix("/") { path.removeLast() }
            return Entry(
                mode: String(words[0]), owner: String(words[1]), bytes: try #require(Int(words[2])), path: path)
        }
    }

    /// Its files in a folder of their own; with `control`, the folder DEBIAN beside them.
    func unpacked(control: Bool = false) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let outcome = try run("/usr/bin/env", ["dpkg-deb", control ? "--raw-extract" : "--extract", path, folder.path])
        try #require(outcome.status == 0, "\(outcome.error)")
        return folder
    }
}
