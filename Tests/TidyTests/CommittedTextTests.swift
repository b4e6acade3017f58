import Foundation
import Glibc
import Testing

@Suite struct CommittedTextTests {
    @Test func `nothing names a path of the machine it was made on`() {
        // Put together here, so that this file does not name them itself.
        var paths = ["/wo" + "rk/", "/opt/sw" + "ift", SourceTree.root.path + "/"]
        // The home of root is a folder of every system, and scripts may say so.
        if getuid() != 0 { paths.append(NSHomeDirectory() + "/") }
        for (path, text) in SourceTree.texts {
            for machine in paths where text.contains(machine) { Issue.record("\(path) names \(machine)") }
        }
    }

    @Test func `nothing names a host that packages come from on this machine`() throws {
        var hosts: Set<String> = []
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "PIP_INDEX_URL", "GOPROXY"] {
            if let value = ProcessInfo.processInfo.environment[name] { hosts.formUnion(Self.hosts(in: value)) }
        }
        for folder in ["/etc/apt", "/etc/apt/sources.list.d"] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where name.hasSuffix(".list") || name.hasSuffix(".sources") {
                hosts.formUnion(Self.hosts(in: (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""))
            }
        }
        // What everyone may name, and what is nobody's host.
        hosts = hosts.filter { !$0.hasSuffix("debian.org") && $0 != "localhost" && $0.contains(".") && !$0.hasPrefix("127.") }
        for (path, text) in SourceTree.texts {
            for host in hosts where text.contains(host) { Issue.record("\(path) names \(host)") }
        }
    }

    /// What stands between `://` (with or without a user) and the port or the path.
    private static func hosts(in text: String) -> [String] {
        text.components(separatedBy: "://").dropFirst().compactMap { rest in
            let authority = rest.prefix { !"/ \n\t\"',".contains($0) }
            return authority.split(separator: "@").last?.split(separator: ":").first.map(String.init)
        }
    }

    @Test func `no work is left marked in the text`() {
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
        for (path, text) in SourceTree.texts {
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                for mark in marks { #expect(!words.contains { $0 == mark }, "\(path):\(number + 1): \(mark)") }
            }
        }
    }

    @Test func `nothing that is made by a build is committed`() {
        for path in SourceTree.tracked {
            #expect(!path.hasPrefix(".build") && path != "Package.resolved" && !path.hasSuffix(".o"), "\(path)")
        }
    }

    @Test func `links in the documents lead to files, and to headings, that are there`() throws {
        var links = 0
        for (path, text) in SourceTree.texts where path.hasSuffix(".md") {
            let folder = (path as NSString).deletingLastPathComponent
            for part in Self.prose(text).components(separatedBy: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != " " }
                if target.isEmpty || target.contains("://") || target.hasPrefix("mailto:") { continue }
                links += 1
                let pieces = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let name = ((folder as NSString).appendingPathComponent(pieces[0]) as NSString).standardizingPath
                let file = pieces[0].isEmpty ? path : name
                #expect(SourceTree.exists(file), "\(path) links to \(target)")
                guard pieces.count == 2, file.hasSuffix(".md"), SourceTree.exists(file) else { continue }
                #expect(
                    Self.anchors(of: try SourceTree.text(file)).contains(pieces[1]),
                    "\(path) links to \(target), and no heading of \(file) goes by that")
            }
        }
        #expect(links > 50)
    }

    @Test func `anchors are those that a forge makes of a heading`() {
        let text = "# Levels, currents, pulls\n```\n# no heading\n```\n## `contact`: 3.3 V\n## Twice\n## Twice\n"
        #expect(Self.anchors(of: text) == ["levels-currents-pulls", "contact-33-v", "twice", "twice-1"])
        #expect(Self.prose("a\n```\n](b)\n```\n](c)") == "a\n](c)")
    }

    /// Without fenced code, in which nothing is a link or a heading.
    private static func prose(_ text: String) -> String {
        var isCode = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            if isFence { isCode.toggle() }
            return !isFence && !isCode
        }
        return lines.joined(separator: "\n")
    }

    /// Lower case, without punctuation, hyphens for spaces; the second of a name has `-1`.
    private static func anchors(of text: String) -> Set<String> {
        var seen: [String: Int] = [:]
        var anchors: Set<String> = []
        for line in prose(text).split(separator: "\n") where line.hasPrefix("#") {
            let heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
            let anchor = String(heading.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : nil })
            let count = seen[anchor, default: 0]
            seen[anchor] = count + 1
            anchors.insert(count == 0 ? anchor : "\(anchor)-\(count)")
        }
        return anchors
    }

    @Test(arguments: [
        "README.md", "LICENSE", "CHANGELOG.md", ".ci/run", "scripts/demo", "scripts/test", "scripts/gpio-vm", "scripts/package", "scripts/release",
        "config/godwit.yaml", "config/demo.yaml", "systemd/godwitd.service", "docs/architecture.md",
        "docs/configuration.md", "docs/install.md", "docs/mqtt.md", "docs/releasing.md", "docs/ring-format.md", "docs/sensors.md",
        "docs/vocabulary.md", "hardware/README.md",
    ])
    func `what a stranger looks for is there`(path: String) {
        #expect(SourceTree.exists(path))
    }

    @Test func `scripts can be run, and stop at an error`() throws {
        for (path, text) in SourceTree.texts where text.hasPrefix("#!/bin/bash") {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: SourceTree.root.appendingPathComponent(path).path)
            let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
            #expect(mode & 0o111 == 0o111, "\(path) is not executable")
            #expect(text.contains("\nset -"), "\(path) sets no shell options")
        }
    }
}
