import Foundation
import Testing

/// `godwit init` and `godwit lines` on this machine, whatever it has; real lines are in `scripts/gpio-vm-tests outputs`.
@Suite struct InitTests {
    private func godwit(_ build: Build, _ arguments: [String], input: String = "") throws -> Outcome {
        try run(build.executable("godwit"), arguments, input: input)
    }

    @Test(arguments: Build.built)
    func `what init prints passes the check, and the first start gives a reading`(_ build: Build) throws {
        let printed = try godwit(build, ["init"])
        #expect(printed.status == 0 && printed.error == "", "\(printed)")
        let checked = try godwit(build, ["check", "-"], input: printed.output)
        #expect(checked.status == 0 && checked.output == "-: ok\n" && checked.error == "", "\(checked)")
        let daemon = try Daemon(
            build, configuration: printed.output.replacingOccurrences(of: "mqtt://localhost ", with: "mqtt://127.0.0.1:1 "))
        try daemon.start()
        #expect(waitUntil(20) { (try? godwit(build, ["status", "--state-directory", daemon.stateFolder]))?.status == 0 })
        let read = try godwit(build, ["read", "demo", "--json", "--state-directory", daemon.stateFolder])
        #expect(read.status == 0 && read.output.contains("\"value\":"), "\(read)")
        #expect(daemon.stop().status == 0)
    }

    @Test(arguments: Build.built)
    func `init writes a file where none is, and never over one`(_ build: Build) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/etc/godwit/godwit.yaml"
        let written = try godwit(build, ["init", "--write", "--config", path])
        #expect(written.status == 0 && written.error == "", "\(written)")
        #expect(written.output.hasPrefix("\(path): written\nNext: "))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(try text == godwit(build, ["init"]).output)
        #expect(try godwit(build, ["check", path]).output == "\(path): ok\n")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        let again = try godwit(build, ["init", "--write", "--config", path])
        #expect(again.status == 1)
        #expect(again.error == "godwit: init: \(path) is there already; edit it: it is never written over\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        let inFile = try godwit(build, ["init", "--write", "--config", path + "/x.yaml"])
        #expect(inFile.status == 74 && inFile.error.hasPrefix("godwit: init: \(path)/x.yaml: "), "\(inFile)")
        #expect(try godwit(build, ["init", "more"]).status == 64)
    }

    @Test(arguments: Build.built)
    func `lines says what is missing`(_ build: Build) throws {
        #expect(try godwit(build, ["lines", "a", "b"]).status == 64)
        let absent = try godwit(build, ["lines", "--config", "/nonexistent/godwit.yaml"])
        #expect(absent.status == 66 && absent.output == "", "\(absent)")
        let chips = try FileManager.default.contentsOfDirectory(atPath: "/dev").contains { $0.hasPrefix("gpiochip") }
        guard !chips else { return }
        let none = try godwit(build, ["lines"])
        #expect(none.status == 69 && none.output == "")
        #expect(none.error == "godwit: lines: no GPIO chip is here (no /dev/gpiochip*); run it on the board\n")
    }
}
