import Configuration
import Telemetry
import Testing
import YAMLReader

@Suite struct LastGoodTests {
    private func kept(_ texts: [String], folders: [String] = ["/etc/godwit", "/etc/godwit/godwit.d"]) -> String? {
        let names = ["godwit.yaml", "godwit.d/10.yaml"]
        var problems: [PlacedProblem] = []
        let roots = texts.enumerated().compactMap { readYAML(Array($1.utf8), file: $0, folderName: "godwit.d").root }
        let merged = FolderMerge.merge(roots, files: names, problems: &problems)
        #expect(problems.isEmpty)
        guard case .file(let bytes) = LastGood.file(of: merged, folders: folders) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `relative paths become absolute, each from the folder of its own file`() throws {
        let text = try #require(
            kept([
                "broker: {url: \"mqtts://b\", tls: {ca_file: ca.pem}, username: {file: user}}\nchips: [{name: a, replay: r/a.csv}]\n",
                "chips: [{name: b, replay: b.csv}, {name: c, replay: /abs.csv}]\nbuffer: {file: my.ring}\n",
            ]))
        for line in [
            "ca_file: /etc/godwit/ca.pem", "username: {file: \"/etc/godwit/user\"}", "replay: /etc/godwit/r/a.csv",
            "replay: /etc/godwit/godwit.d/b.csv", "replay: /abs.csv", "buffer: {file: \"my.ring\"}",
        ] { #expect(text.contains(line), "\(line) in \(text)") }
    }

    @Test func `references stay, and a secret that the file holds itself is left out`() throws {
        let reference = try #require(kept(["broker: {url: \"mqtts://b\", username: u, password: {credential: broker}}\n"]))
        #expect(reference.contains("password: {credential: broker}"))
        let literal = try #require(kept(["broker: {url: \"mqtts://b\", username: u, password: tiger}\n"]))
        #expect(!literal.contains("tiger") && !literal.contains("password:") && !literal.contains(Emitter.mask))
        #expect(literal.contains("username: u"))
    }

    @Test func `a psk that the file holds itself is no file to keep: without it there is no connection`() throws {
        let tls = "broker: {url: \"mqtts://b\", tls: {psk_identity: a, psk: "
        #expect(kept([tls + "00112233445566778899aabbccddeeff}}\n"]) == nil)
        #expect(try #require(kept([tls + "{file: key}}}\n"])).contains("psk: {file: \"/etc/godwit/key\"}"))
    }

    @Test func `a secret that stands under another key too is no file to keep`() {
        #expect(kept(["device: {name: tiger}\nbroker: {url: \"mqtts://b\", username: u, password: tiger}\n"]) == nil)
        #expect(kept(["device: {name: &p tiger}\nbroker: {url: \"mqtts://b\", username: u, password: *p}\n"]) == nil)
    }

    @Test func `what is kept of the annotated file means the same`() throws {
        let annotated = try ExampleTests().annotated()
        let text = try #require(kept([annotated], folders: ["/etc/godwit"]))
        let result = check(text)
        #expect(result.lines == [])
        #expect(result.settings != nil && result.settings == check(annotated).settings)
    }
}
