import Foundation
import TestSupport
import Testing

/// What scripts/make-manual writes: man pages and completions say what the executables say.
@Suite struct ManualTests {
    /// Made once for all tests.
    private static let folder: Result<TemporaryFolder, any Error> = Result {
        let folder = try TemporaryFolder()
        try make(into: folder.path)
        return folder
    }

    private static func make(into path: String) throws {
        let made = try run(Build.root.appendingPathComponent("scripts/make-manual").path, [path], within: 300)
        guard made.status == 0 else { throw PeerError.unexpected(made.error) }
    }

    private func path(_ name: String) throws -> String { try Self.folder.get().path + "/" + name }
    private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    /// A page as a person reads it, in one long line.
    private func shown(_ page: String) throws -> String {
        var text = try text(page)
        for (escape, character) in [("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\&", ""), ("\\(aq", "'"), ("\\e", "\\")] {
            text = text.replacingOccurrences(of: escape, with: character)
        }
        return text
    }

    /// What bash offers for the last of the words.
    private func bash(_ words: [String], file: String = "godwit.bash") throws -> [String] {
        let script = """
            . "$0"
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            compopt() { :; }
            complete -p "$(basename "$1")" > /dev/null || exit 1
            _"$(basename "$1")" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let outcome = try run("/bin/bash", ["-uc", script, try path(file)] + words)
        guard outcome.status == 0, outcome.error.isEmpty else { throw PeerError.unexpected("\(words): \(outcome.error)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    private static let godwit = Build.regular.executable("godwit")
    private static let godwitd = Build.regular.executable("godwitd")

    /// The words that stand behind two spaces at the start of the lines of a help: commands, options.
    private func names(inHelp arguments: [String], of program: String = godwit, prefix: String) throws -> [String] {
        try run(program, arguments).output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("  " + prefix), let word = line.split(separator: " ").first else { return nil }
            return String(word)
        }
    }

    private func commands() throws -> [String] {
        try names(inHelp: ["--help"], prefix: "").filter { !$0.hasPrefix("--") }
    }

    @Test func `each command and each of its options is in the page and in both completions`() throws {
        let page = try shown("godwit.1")
        let zsh = try text("_godwit")
        let commands = try commands()
        #expect(commands.count == 11)
        #expect(try Set(bash([Self.godwit, ""])) == Set(commands))
        for command in commands {
            #expect(page.contains(".SS \"godwit \(command)"), "\(command)")
            #expect(zsh.contains("\n                \(command)) _arguments"), "\(command)")
            let options = try names(inHelp: [command, "--help"], prefix: "--")
            #expect(options.count >= 5)
            #expect(try Set(bash([Self.godwit, command, "--"])) == Set(options), "\(command)")
            for option in options {
                #expect(page.contains(".B \(option)"), "\(command) \(option)")
                #expect(zsh.contains("'\(option)["), "\(command) \(option)")
            }
        }
    }

    @Test func `each option of godwitd is in its page and in both completions`() throws {
        let options = try names(inHelp: ["--help"], of: Self.godwitd, prefix: "--")
        #expect(options.contains("--strict"))
        #expect(try Set(bash([Self.godwitd, "--"])) == Set(options))
        let page = try shown("godwitd.8")
        let zsh = try text("_godwit")
        for option in options {
            #expect(page.contains(".B \(option)"), "\(option)")
            #expect(zsh.contains("'\(option)["), "\(option)")
        }
    }

    @Test func `bash completes models, ids, files, folders and the words of a command`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            broker: {url: "mqtt://localhost"}
            sensors: [{id: air, model: dht22, line: GPIO4}, {id: attic, model: dht11, line: GPIO5}, {id: load, model: synthetic}]
            outputs: [{id: siren, line: GPIO27}]
            alerts: [{id: frost, series: air.temperature, below: 2, outputs: [siren]}]

            """, to: "my.yaml")
        let with = [Self.godwit, "--config", file]
        for (words, wanted) in [
            ([Self.godwit, "sensors", "d"], ["dht11"]),
            ([Self.godwit, "decode", "c"], ["contact"]),
            ([Self.godwit, "ring", ""], ["status", "dump", "verify", "export"]),
            ([Self.godwit, "ring", "dump", folder.path + "/m"], [file]),
            ([Self.godwit, "check", folder.path + "/m"], [file]),
            ([Self.godwit, "check", "--base", folder.path.dropLast(3) + ""], [folder.path]),
            ([Self.godwit, "--config", folder.path + "/m"], [file]),
            ([Self.godwit, "--config", "=", folder.path + "/m"], [file]),
            (with + ["read", "a"], ["air", "attic"]),
            ([Self.godwit, "read", "--config", "=", file, ""], ["air", "attic", "load"]),
            (with + ["command", "m"], ["metrics", "mute"]),
            (with + ["command", "read", ""], ["sensor="]),
            (with + ["command", "read", "sensor", "="], ["air", "attic", "load"]),
            (with + ["command", "output", "id", "=", "s"], ["siren"]),
            (with + ["command", "output", "id", "=", "siren", "st"], ["state="]),
            (with + ["command", "output", "state", "=", "o"], ["on", "off"]),
            (with + ["command", "acknowledge", "alert", "=", ""], ["frost"]),
            ([Self.godwit, "status", ""], []),
            ([Self.godwitd, "--config", folder.path + "/m"], [file]),
        ] { #expect(try bash(words) == wanted, "\(words)") }
    }

    /// Asks `check` for the keys of each mapping, by a key that is like none of them.
    private func keys(_ wrap: (String) -> String) throws -> [String] {
        let stranger = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
        let outcome = try run(Self.godwit, ["check", "-"], input: wrap("{\(stranger): 1}") + "\n")
        guard let line = outcome.error.split(separator: "\n").first(where: { $0.contains("'\(stranger)'") && $0.contains("known keys: ") }),
            let list = line.range(of: "known keys: ")
        else { return [] }
        return line[list.upperBound...].split(separator: ", ").map(String.init)
    }

    @Test func `each key of the configuration is in its page`() throws {
        var found: Set<String> = []
        func walk(depth: Int, _ wrap: @escaping (String) -> String) throws {
            for key in try keys(wrap) {
                found.insert(key)
                if depth < 4 {
                    try walk(depth: depth + 1) { inner in wrap("{\(key): \(inner)}") }
                    try walk(depth: depth + 1) { inner in wrap("{\(key): [\(inner)]}") }
                }
            }
        }
        try walk(depth: 0) { $0 }
        for model in try run(Self.godwit, ["sensors"]).output.split(separator: "\n").dropLast() {
            let name = model.split(separator: " ")[0]
            for key in try keys({ "{sensors: [{model: \(name), \($0.dropFirst())]}" }) { found.insert(key) }
        }
        #expect(found.isSuperset(of: ["url", "ca_file", "state_every", "changes_by", "on_offline", "after", "header", "per_pulse", "true_when"]))
        let page = try shown("godwit.yaml.5")
        let words = Set(page.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
        #expect(found.subtracting(words).sorted() == [], "not in godwit.yaml(5)")
    }

    @Test func `the page of the ring has each field of a page`() throws {
        let page = try shown("godwit-ring.5")
        for field in ["CRC-32C", "GWR1", "ring id", "watermark", "base of the stream", "varint"] { #expect(page.contains(field), "\(field)") }
    }

    @Test(arguments: ["godwit.1", "godwitd.8", "godwit.yaml.5", "godwit-ring.5"])
    func `a page is taken by mandoc and by groff without a word`(_ page: String) throws {
        let file = try path(page)
        for (program, arguments) in [
            ("mandoc", ["-Tlint", file]), ("groff", ["-ww", "-man", "-Kutf8", "-Tutf8", "-z", file]),
        ] {
            guard (try? findProgram(program)) != nil else { continue }
            let outcome = try run(findProgram(program), arguments)
            #expect(outcome.status == 0 && outcome.output + outcome.error == "", "\(outcome.output)\(outcome.error)")
        }
    }

    @Test func `zsh takes its completion`() throws {
        guard let zsh = try? findProgram("zsh") else { return }
        let outcome = try run(zsh, ["-n", try path("_godwit")])
        #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)")
    }

    @Test func `the same comes out again, without an outside word in it`() throws {
        let again = try TemporaryFolder()
        try Self.make(into: again.path)
        let names = ["godwit.1", "godwitd.8", "godwit.yaml.5", "godwit-ring.5", "godwit.bash", "_godwit"]
        #expect(try FileManager.default.contentsOfDirectory(atPath: again.path).sorted() == names.sorted())
        for name in names {
            let made = try String(contentsOfFile: again.path + "/" + name, encoding: .utf8)
            #expect(try made == text(name))
            #expect(!made.contains(Build.root.path), "\(name)")
        }
    }
}
