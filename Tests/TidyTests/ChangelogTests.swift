import Foundation
import Testing

/// The form of https://keepachangelog.com/en/1.1.0/. scripts/release and packaging/make-changelog read it.
@Suite struct ChangelogTests {
    private struct Release: Equatable {
        var version: [Int]
        /// As it stands there: `2026-01-31`, or `unreleased`.
        var day: String
        var line: Int
    }

    /// The headings `## [1.2.3] - 2026-01-31`, as they stand, the newest first.
    private func releases() throws -> [Release] {
        var releases: [Release] = []
        for (number, line) in try SourceTree.text("CHANGELOG.md").components(separatedBy: "\n").enumerated() where line.hasPrefix("## ") {
            let words = line.dropFirst(3).components(separatedBy: " - ")
            try #require(words.count == 2 && words[0].hasPrefix("[") && words[0].hasSuffix("]"), "CHANGELOG.md:\(number + 1): \(line)")
            let version = words[0].dropFirst().dropLast().split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
            try #require(version.count == 3 && !version.contains(nil), "CHANGELOG.md:\(number + 1): \(line)")
            releases.append(Release(version: version.compactMap { $0 }, day: words[1], line: number + 1))
        }
        return releases
    }

    @Test func `its newest release is the version of the source`() throws {
        let source = try SourceTree.text("Sources/Telemetry/Version.swift")
        let version = try #require(source.split(separator: "\"").dropFirst().first)
        let newest = try #require(try releases().first)
        #expect(newest.version.map(String.init).joined(separator: ".") == version)
    }

    @Test func `releases stand the newest first, each with its day, and only the newest may have none`() throws {
        let releases = try releases()
        for (index, release) in releases.enumerated() {
            if release.day == "unreleased" {
                #expect(index == 0, "CHANGELOG.md:\(release.line)")
            } else {
                let parts = release.day.split(separator: "-")
                #expect(parts.map(\.count) == [4, 2, 2] && parts.allSatisfy { Int($0) != nil }, "CHANGELOG.md:\(release.line): \(release.day)")
            }
            guard index > 0 else { continue }
            #expect(release.version.lexicographicallyPrecedes(releases[index - 1].version), "CHANGELOG.md:\(release.line)")
            if releases[index - 1].day != "unreleased" { #expect(release.day <= releases[index - 1].day, "CHANGELOG.md:\(release.line)") }
        }
    }

    @Test func `changes stand under the headings that the form has`() throws {
        let known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
        for (number, line) in try SourceTree.text("CHANGELOG.md").components(separatedBy: "\n").enumerated() where line.hasPrefix("### ") {
            #expect(known.contains(String(line.dropFirst(4))), "CHANGELOG.md:\(number + 1): \(line)")
        }
    }
}
