import Configuration
import Foundation
import Telemetry
import Testing
import YAMLReader

@Suite final class ConfigurationLoaderTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ text: String, _ name: String) throws {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func load(_ name: String, base: String? = nil, unreadable: ConfigurationProblem.Severity = .error) -> LoadResult {
        loadConfiguration(path: "\(folder)/\(name)", base: base, catalog: [], unreadable: unreadable)
    }

    private let broker = "broker: {url: \"mqtts://b\"}\n"

    @Test(arguments: [
        ("/etc/godwit/godwit.yaml", "/etc/godwit/godwit.d"), ("godwit.yaml", "godwit.d"), ("a.b/c", "a.b/c.d"), ("x.y.yml", "x.y.d"),
        (".hidden", ".hidden.d"), ("-", nil),
    ] as [(String, String?)])
    func `the folder is named like the file`(file: String, folder: String?) {
        #expect(dropInFolder(of: file) == folder)
    }

    @Test func `yaml files of the folder are read in the order of their bytes`() throws {
        try write(broker, "a.yaml")
        for (name, level) in [("20.yaml", "error"), ("9.yaml", "debug"), ("10.yaml", "warning")] { try write("log: {level: \(level)}\n", "a.d/\(name)") }
        for name in [".z.yaml", "z.yml", "z.yaml~"] { try write("{", "a.d/\(name)") }
        let result = load("a.yaml")
        #expect(result.text(program: "t") == "")
        #expect(result.settings?.logLevel == .debug)
        #expect(result.status == 0)
    }

    @Test func `problems of all files come in one run`() throws {
        try write("broker: {", "a.yaml")
        try write("\tx", "a.d/1.yaml")
        let result = load("a.yaml")
        #expect(result.status == 78)
        #expect(result.problems.map { $0.file } == ["\(folder)/a.yaml", "\(folder)/a.d/1.yaml"])
        #expect(result.merged == nil)
    }

    @Test func `a key that stands twice does not hide what else is wrong`() throws {
        try write("\(broker)log: {level: info, level: debug}\nbuffer: {sync: 5}\n", "a.yaml")
        #expect(load("a.yaml").problems.map { $0.line } == [2, 3])
    }

    @Test func `what cannot be read has a status of its own`() throws {
        #expect(load("none.yaml").status == 66)
        #expect(load("none.yaml").text(program: "godwitd").hasPrefix("godwitd: \(folder)/none.yaml: No such file or directory; "))
        try write(broker, "a.yaml")
        #expect(load("a.yaml/b.yaml").status == 66)
        try write("", "a.d")
        #expect(load("a.yaml").status == 78)
        #expect(loadConfiguration(path: folder, catalog: [], unreadable: .error).text(program: "t") == "\(folder):1:1: error: is not a file; name a file, or - for standard input\n")
    }

    @Test func `relative paths start at the file where they stand, or at the base`() throws {
        try write(broker, "a.yaml")
        try write("broker: {tls: {ca_file: ca.pem}}\n", "a.d/1.yaml")
        #expect(load("a.yaml").settings?.broker.tls.caFile == "\(folder)/a.d/ca.pem")
        #expect(load("a.yaml", base: "/base").settings?.broker.tls.caFile == "/base/ca.pem")
    }

    @Test func `a file behind a reference gives its text without the newline`() throws {
        try write("shed\n", "name")
        try write("\(broker)device: {id: {file: name}}\n", "a.yaml")
        #expect(load("a.yaml").settings?.device.id == "shed")
    }

    @Test(arguments: [
        ("{file: none}", "create it, or correct the path"), ("{file: .}", "is not a file"), ("{file: binary}", "is not UTF-8"), ("{file: large}", "more than 64 KiB"),
        ("{credential: ../x}", "is no credential's name"), ("{environment: GODWIT_TEST_NOT_SET}", "is not set"), ("{environment: 'a=b'}", "is not set"),
    ])
    func `a reference that cannot be read says why and what to do`(reference: String, part: String) throws {
        try Data([0xFF]).write(to: URL(fileURLWithPath: "\(folder)/binary"))
        try write(String(repeating: "x", count: 65_537), "large")
        try write("\(broker)device: {id: \(reference)}\n", "a.yaml")
        let result = load("a.yaml")
        #expect(result.status == 78)
        #expect(result.problems.map { "\($0.line):\($0.column)" } == ["2:14"])
        #expect(result.problems.first?.text.contains(part) == true, "\(result.problems)")
        #expect(load("a.yaml", unreadable: .warning).status == 0)
    }

    @Test func `what is kept as last good is read again as the same settings, but for a password of its own`() throws {
        try write("broker: {url: \"mqtts://b\", username: u, password: tiger, tls: {ca_file: ca.pem}}\n", "a.yaml")
        try write("device: {id: {file: id}}\n", "a.d/10.yaml")
        try write("north\n", "a.d/id")
        let loaded = load("a.yaml")
        var settings = try #require(loaded.settings)
        let kept = lastGoodFile(of: loaded, catalog: [])
        #expect(kept.problem == nil)
        try write(String(decoding: try #require(kept.bytes), as: UTF8.self), "elsewhere/last-good.yaml")
        try write("device: {id: other}\n", "elsewhere/last-good.d/10.yaml")
        let again = loadConfiguration(path: "\(folder)/elsewhere/last-good.yaml", catalog: [], unreadable: .error, mergesFolder: false)
        settings.broker.password = nil
        #expect(again.settings == settings)
        #expect(again.settings?.device.id == "north")
    }
}
