import Foundation
import Testing

@Suite struct ImportTests {
    @Test(arguments: SourceTree.cores)
    func `a core imports Telemetry and nothing else`(core: String) throws {
        let allowed: Set<String> = core == "Telemetry" ? [] : ["Telemetry"]
        for file in SourceTree.swiftFiles(of: core) {
            let text = try SourceTree.text("Sources/\(core)/\(file)")
            for module in SourceTree.imports(of: text) {
                #expect(allowed.contains(module), "Sources/\(core)/\(file) imports \(module)")
            }
        }
    }

    @Test func `the agent imports cores and nothing else`() throws {
        for file in SourceTree.swiftFiles(of: SourceTree.meetingPlace) {
            for module in SourceTree.imports(of: try SourceTree.text("Sources/\(SourceTree.meetingPlace)/\(file)")) {
                #expect(SourceTree.cores.contains(module), "Sources/\(SourceTree.meetingPlace)/\(file) imports \(module)")
            }
        }
    }

    @Test(arguments: SourceTree.cores + [SourceTree.meetingPlace])
    func `nothing unsafe stands in a core`(core: String) throws {
        for file in SourceTree.swiftFiles(of: core) {
            for (number, line) in SourceTree.code(try SourceTree.text("Sources/\(core)/\(file)")).enumerated() {
                let words = line.split { !$0.isLetter && $0 != "_" }
                #expect(!words.contains("unsafe"), "Sources/\(core)/\(file):\(number + 1)")
            }
        }
    }

    @Test(arguments: SourceTree.shipped.filter { $0 != "Telemetry" })
    func `what puts arrays and texts together imports Telemetry, whose calls are not inlined at each use`(module: String) throws {
        let calls = [".append(", ".map {", ".compactMap {", ".filter {", ".joined(", ".remove(at:", ".removeAll {", ".sorted", ".hasPrefix(", ".hasSuffix("]
        for file in SourceTree.swiftFiles(of: module) {
            let text = try SourceTree.text("Sources/\(module)/\(file)")
            guard SourceTree.code(text).contains(where: { line in calls.contains { line.contains($0) } }) else { continue }
            #expect(SourceTree.imports(of: text).contains("Telemetry"), "Sources/\(module)/\(file)")
        }
    }

    /// What goes through `utf8`, an index or a slice of a text brings what the standard library has for texts that are kept as UTF-16,
    /// 100 to 400 bytes at each such place. `String.bytes` is an array.
    @Test(arguments: SourceTree.shipped)
    func `a text is gone through by its bytes`(module: String) throws {
        for file in SourceTree.swiftFiles(of: module) where file != "StandardCalls.swift" {
            for line in SourceTree.code(try SourceTree.text("Sources/\(module)/\(file)")) {
                let isOther = line.components(separatedBy: ".utf8").dropFirst().contains { !$0.hasPrefix(".count") && !$0.hasPrefix(".span") }
                #expect(!isOther && !line.contains(".unicodeScalars") && !line.contains("Substring"), "Sources/\(module)/\(file): \(line)")
            }
        }
    }

    @Test(arguments: SourceTree.shells)
    func `a shell imports no other shell but LinuxIO`(shell: String) throws {
        let others = Set(SourceTree.shells).subtracting([shell, "LinuxIO"]).union(SourceTree.programs)
        for file in SourceTree.swiftFiles(of: shell) {
            for module in SourceTree.imports(of: try SourceTree.text("Sources/\(shell)/\(file)")) {
                #expect(!others.contains(module), "Sources/\(shell)/\(file) imports \(module)")
            }
        }
    }

    @Test(arguments: SourceTree.shipped)
    func `what is shipped imports neither Foundation nor the tests' modules`(module: String) throws {
        let forbidden: Set<String> = [
            "Foundation", "FoundationEssentials", "Glibc", "Dispatch", "Testing", "XCTest", "Simulation",
            "StorageSimulation",
        ]
        for file in SourceTree.swiftFiles(of: module) {
            for imported in SourceTree.imports(of: try SourceTree.text("Sources/\(module)/\(file)")) {
                #expect(!forbidden.contains(imported), "Sources/\(module)/\(file) imports \(imported)")
            }
        }
    }

    @Test(arguments: SourceTree.shipped)
    func `what is shipped has no access level beyond package`(module: String) throws {
        for file in SourceTree.swiftFiles(of: module) {
            for (number, line) in SourceTree.code(try SourceTree.text("Sources/\(module)/\(file)")).enumerated() {
                let words = line.split(separator: " ")
                let isOpen = zip(words, words.dropFirst()).contains {
                    $0 == "open" && ["class", "func", "var", "subscript"].contains($1)
                }
                #expect(!words.contains("public") && !isOpen, "Sources/\(module)/\(file):\(number + 1)")
            }
        }
    }

    @Test func `every module in Sources is known to these tests`() {
        let folders = SourceTree.names(in: "Sources")
        let known = Set(SourceTree.shipped + ["Simulation", "StorageSimulation"])
        for folder in folders where !SourceTree.swiftFiles(of: folder).isEmpty {
            #expect(known.contains(folder), "Sources/\(folder) is in no list of SourceTree.swift")
        }
        for module in known { #expect(folders.contains(module)) }
    }

    /// The tests above read sources by their own little reader: this shows that it finds what it is to find.
    @Test func `imports are found in every form`() {
        let text = """
            // import Commented
            import A
            internal import B
            package import struct C.D
            @preconcurrency import E
            let text = "import F"
            """
        #expect(SourceTree.imports(of: text) == ["A", "B", "C.D", "E"])
    }
}
