import Foundation
import TestSupport
import Testing

/// The package of this machine's architecture and suite, as scripts/package has made it in .build-packages.
@Suite(.enabled(if: DebianPackage.isMade, "no package here: scripts/test makes it"))
struct PackageTests {
    /// Mode and path of all that may be in the package; whatever else is there is a mistake.
    static let contents: [(mode: String, path: String)] = [
        ("-rwxr-xr-x", "usr/bin/godwit"),
        ("lrwxrwxrwx", "usr/sbin/godwitd"),
        ("-rw-r--r--", "usr/lib/systemd/system/godwitd.service"),
        ("-rw-r--r--", "usr/lib/sysusers.d/godwit.conf"),
        ("-rw-r--r--", "usr/share/man/man1/godwit.1.gz"),
        ("-rw-r--r--", "usr/share/man/man5/godwit.yaml.5.gz"),
        ("-rw-r--r--", "usr/share/man/man5/godwit-ring.5.gz"),
        ("-rw-r--r--", "usr/share/man/man8/godwitd.8.gz"),
        ("-rw-r--r--", "usr/share/bash-completion/completions/godwit"),
        ("lrwxrwxrwx", "usr/share/bash-completion/completions/godwitd"),
        ("-rw-r--r--", "usr/share/zsh/vendor-completions/_godwit"),
        ("-rw-r--r--", "usr/share/doc/godwit/changelog.Debian.gz"),
        ("-rw-r--r--", "usr/share/doc/godwit/copyright"),
        ("-rw-r--r--", "usr/share/lintian/overrides/godwit"),
    ]
    /// Folders whose files are those of a folder of the project, to the byte.
    static let copied: [(folder: String, from: String, suffix: String)] =
        [
            ("usr/lib/udev/rules.d", "systemd", ".rules"),
            ("usr/share/doc/godwit/examples", "config", ".yaml"),
            ("usr/share/doc/godwit/examples/captures", "config/captures", ".csv"),
        ]
        // The systemd of bookworm does not know what stands in these.
        + (DebianPackage.release == "deb12"
            ? [] : [("usr/lib/systemd/system/godwitd.service.d", "systemd/godwitd.service.d", ".conf")])

    private func files(of folder: String, suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Build.root.appendingPathComponent(folder).path)
            .filter { $0.hasSuffix(suffix) }
    }

    @Test func `it holds what it should and nothing else, for everybody to read and for root to change`() throws {
        var expected = Self.contents.map { "\($0.mode) \($0.path)" }
        for (folder, from, suffix) in Self.copied {
            expected += try files(of: from, suffix: suffix).map { "-rw-r--r-- \(folder)/\($0)" }
        }
        let entries = try DebianPackage.main.entries()
        #expect(entries.filter { !$0.isFolder }.map { "\($0.mode) \($0.path)" }.sorted() == expected.sorted())
        for entry in entries {
            #expect(entry.owner == "root/root", "\(entry.path)")
            if entry.isFolder { #expect(entry.mode == "drwxr-xr-x", "\(entry.path)") }
        }
        // A configuration in the package would be a conffile, over which an upgrade asks.
        #expect(!entries.contains { $0.path.hasPrefix("etc") })
    }

    @Test func `unit, rules and examples are those of the project`() throws {
        let root = try DebianPackage.main.unpacked()
        var pairs = [
            ("usr/lib/systemd/system/godwitd.service", "systemd/godwitd.service"),
            ("usr/lib/sysusers.d/godwit.conf", "systemd/godwit.sysusers"),
        ]
        for (folder, from, suffix) in Self.copied {
            pairs += try files(of: from, suffix: suffix).map { ("\(folder)/\($0)", "\(from)/\($0)") }
        }
        for (packaged, source) in pairs {
            let ours = try Data(contentsOf: Build.root.appendingPathComponent(source))
            #expect(try Data(contentsOf: root.url.appendingPathComponent(packaged)) == ours, "\(packaged)")
        }
    }

    @Test func `the unit starts the daemon where the package has it`() throws {
        let root = try DebianPackage.main.unpacked()
        let unit = try String(contentsOfFile: root.path + "/usr/lib/systemd/system/godwitd.service", encoding: .utf8)
        let start = try #require(unit.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
        let program = try #require(start.dropFirst("ExecStart=".count).split(separator: " ").first)
        #expect(FileManager.default.isExecutableFile(atPath: root.path + program))
    }

    @Test func `the examples are good: godwit of the package checks them`() throws {
        let root = try DebianPackage.main.unpacked()
        for file in try files(of: "config", suffix: ".yaml") {
            let outcome = try run(
                root.path + "/usr/bin/godwit", ["check", root.path + "/usr/share/doc/godwit/examples/" + file],
                environment: ["GODWIT_DEMO_URL": "mqtt://localhost"])
            #expect(outcome.status == 0, "\(file): \(outcome.error)")
        }
    }

    @Test func `its version is that of the executables, with the suite behind it`() throws {
        let version = try DebianPackage.main.field("Version")
        #expect(version == DebianPackage.version)
        let root = try DebianPackage.main.unpacked()
        for program in ["usr/bin/godwit", "usr/sbin/godwitd"] {
            let outcome = try run(root.path + "/" + program, ["--version"])
            let words = outcome.output.split { $0 == " " || $0 == "\n" }.map(String.init)
            #expect(words.contains { version.hasPrefix($0 + "-1+deb") }, "\(program): \(outcome.output)")
        }
        let log = try run("/bin/sh", ["-c", "zcat \"$0\"", root.path + "/usr/share/doc/godwit/changelog.Debian.gz"]).output
        #expect(log.hasPrefix("godwit (\(version)) "), "\(log.prefix(60))")
        #expect(try DebianPackage.symbols.field("Version") == version)
    }

    @Test func `it needs the libraries that are linked, and no other`() throws {
        let root = try DebianPackage.main.unpacked()
        var owners: Set<String> = []
        for program in ["usr/bin/godwit", "usr/sbin/godwitd"] {
            for library in try needed(root.path + "/" + program) {
                // The package's suite is this machine's, so its packages are those that it will be installed with.
                let found = try run("/usr/bin/env", ["dpkg-query", "--search", "*/" + library])
                let owner = found.output.split(separator: "\n").first { $0.hasSuffix("linux-gnu/" + library) }
                let package = try #require(owner?.split(separator: ":").first, "\(library): \(found.error)")
                owners.insert(String(package))
            }
        }
        let depends = try DebianPackage.main.field("Depends").components(separatedBy: ", ")
        let names = Set(depends.compactMap { $0.split(separator: " ").first.map(String.init) })
        #expect(names == owners.union(["systemd"]))
        // The least version of each symbol's library: it holds what the headers promised.
        #expect(depends.contains { $0.hasPrefix("libc6 (>= 2.") }, "\(depends)")
    }

    private func needed(_ file: String) throws -> [String] {
        try run("/usr/bin/env", ["readelf", "--dynamic", "--wide", file], environment: ["LC_ALL": "C"]).output.split(separator: "\n")
            .filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }
    }

    @Test func `the executables look for libraries nowhere else, and are bound before they run`() throws {
        let root = try DebianPackage.main.unpacked()
        for program in ["usr/bin/godwit", "usr/sbin/godwitd"] {
            let dynamic = try run("/usr/bin/env", ["readelf", "--dynamic", "--wide", root.path + "/" + program], environment: ["LC_ALL": "C"]).output
            #expect(!dynamic.contains("RUNPATH") && !dynamic.contains("RPATH"), "\(program)")
            #expect(dynamic.contains("PIE") && dynamic.contains("NOW"), "\(program)")
        }
    }

    @Test func `the symbols of each executable lie in the second package, under its build id`() throws {
        let root = try DebianPackage.main.unpacked()
        let symbols = try DebianPackage.symbols.unpacked()
        var ids: Set<String> = []
        for program in ["usr/bin/godwit", "usr/sbin/godwitd"] {
            let stripped = try run("/usr/bin/env", ["readelf", "--notes", "--sections", "--wide", root.path + "/" + program], environment: ["LC_ALL": "C"]).output
            #expect(!stripped.contains(".debug_") && !stripped.contains(".symtab"), "\(program)")
            let line = try #require(stripped.split(separator: "\n").first { $0.contains("Build ID: ") })
            let id = String(try #require(line.split(separator: " ").last))
            ids.insert(id)
            let file = symbols.path + "/usr/lib/debug/.build-id/\(id.prefix(2))/\(id.dropFirst(2)).debug"
            let sections = try run("/usr/bin/env", ["readelf", "--sections", "--wide", file], environment: ["LC_ALL": "C"])
            #expect(sections.output.contains(".debug_info") && sections.output.contains(".symtab"), "\(program): \(sections.error)")
        }
        #expect(Set(try DebianPackage.symbols.field("Build-Ids").split(separator: " ").map(String.init)) == ids)
        #expect(try DebianPackage.symbols.field("Depends") == "godwit (= \(DebianPackage.version))")
    }

    @Test func `nothing in it names a folder of the machine that built it`() throws {
        // Debug information is compressed; its texts are looked at unpacked.
        let script = """
            status=0
            find "$1" -type f | while read -r file; do
                case $file in *.debug) objcopy --decompress-debug-sections "$file" "$0/plain" ;; *.gz) zcat "$file" > "$0/plain" ;; *) cp "$file" "$0/plain" ;; esac
                for folder in "$2" "$3" "$4"; do
                    ! grep -aqF -- "$folder" "$0/plain" || echo "$file names $folder"
                done
                rm -f "$0/plain"
            done
            """
        let swift = try run("/bin/sh", ["-c", "dirname \"$(dirname \"$(readlink -f \"$(command -v swift)\")\")\""]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let cache = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        // `/usr` is a folder of every system.
        let toolchain = swift == "/usr" ? "/usr/lib/swift" : swift + "/"
        for package in [DebianPackage.main, .symbols] {
            let root = try package.unpacked()
            let scratch = try TemporaryFolder()
            let found = try run(
                "/bin/sh", ["-c", script, scratch.path, root.path, Build.root.path + "/", cache + "/", toolchain])
            #expect(found.status == 0 && found.output.isEmpty, "\(found.output)\(found.error)")
        }
    }

    @Test func `the installed size that it states is its own, and within the bar`() throws {
        var size = 0
        for entry in try DebianPackage.main.entries() where entry.path != "" {
            size += entry.bytes > 0 ? (entry.bytes + 1023) / 1024 : 1
        }
        let stated = try #require(Int(try DebianPackage.main.field("Installed-Size")))
        #expect(stated == size)
        #expect(stated <= DebianPackage.largestInstalledSize)
    }

    @Test func `the sums that dpkg checks are right`() throws {
        let root = try DebianPackage.main.unpacked(control: true)
        let outcome = try run("/bin/sh", ["-c", "cd \"$0\" && md5sum --quiet -c DEBIAN/md5sums && wc -l < DEBIAN/md5sums", root.path])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
        let files = try DebianPackage.main.entries().filter { $0.mode.hasPrefix("-") }
        #expect(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines) == String(files.count))
    }

    private static func wordsOfSources() throws -> Set<Substring> {
        let sources = Build.root.appendingPathComponent("Sources")
        var words: Set<Substring> = []
        for case let file as String in FileManager.default.enumerator(atPath: sources.path) ?? .init() {
            guard [".swift", ".c", ".h"].contains(where: file.hasSuffix) else { continue }
            let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
            words.formUnion(text.split { !$0.isLetter })
        }
        return words
    }

    @Test(.enabled(if: DebianPackage.hasLintian, "no lintian here: scripts/test installs it"))
    func `lintian has no objection that is not answered`() async throws {
        let outcome = try await background {
            try run(
                "/usr/bin/env", ["lintian", "--allow-root", "--display-info", DebianPackage.main.path, DebianPackage.symbols.path],
                within: 120)
        }
        // Part of a word in an instruction, and the instruction behind it, as the code generator has it: no word that the sources
        // have. An answer in packaging/lintian-overrides that is not needed would be an objection itself.
        let words = try Self.wordsOfSources()
        try #require(words.contains("godwit"), "the sources are read")
        let objections = outcome.output.split(separator: "\n").filter { line in
            let parts = line.split(separator: " ")
            if parts.count > 3, parts[2] == "spelling-error-in-binary", !words.contains(parts[3]) { return false }
            return ["E: ", "W: ", "I: "].contains(line.prefix(3))
        }
        #expect(objections.isEmpty && [0, 2].contains(outcome.status), "\(outcome.output)\(outcome.error)")
    }

    @Test func `each answer to lintian says why`() throws {
        let text = try String(contentsOf: Build.root.appendingPathComponent("packaging/lintian-overrides"), encoding: .utf8)
        var before: Substring = ""
        for line in text.split(separator: "\n") {
            #expect(line.hasPrefix("#") || before.hasPrefix("#"), "\(line)")
            before = line
        }
    }
}
