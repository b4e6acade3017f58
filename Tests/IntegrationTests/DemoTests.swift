import Foundation
import TestSupport
import Testing

/// scripts/demo, as a stranger runs it. The shipped form must be there already: building it here would take minutes.
@Suite struct DemoTests {
    static let script = Build.root.appendingPathComponent("scripts/demo").path

    /// The processes whose command line names this folder: all of the demonstration's own do, but for sleep.
    private func processes(naming folder: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.filter { Int($0) != nil }.compactMap { entry in
            guard let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else { return nil }
            let line = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            return line.contains(folder) ? line : nil
        }
    }

    /// Neither a process nor a file of the demonstration is there any more.
    private func expectNothingLeft(in folder: TemporaryFolder) {
        #expect(waitUntil(2) { processes(naming: folder.path).isEmpty }, "\(processes(naming: folder.path))")
        // What the compiler leaves in the folder for temporary files is not ours.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        #expect(files.filter { $0.hasPrefix("godwit") }.isEmpty)
    }

    @Test(.enabled(if: Build.embedded.isBuilt, "no Embedded build here: scripts/test makes it"))
    func `the demonstration survives its outage, loses nothing and leaves nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let result = try await background {
            try runProgram(
                DemoTests.script, ["--seconds", "30"], within: 300, environment: ["TMPDIR": folder.path])
        }
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.last == "lost 0", "\(result.output.suffix(2000))\n\(result.errors)")
        for (sensor, quantity) in [("air", "temperature"), ("air", "humidity"), ("door", "state"), ("rain", "pulses"), ("load", "value")] {
            #expect(
                lines.contains { $0.hasPrefix("godwit/demo/sensors/\(sensor) {") && $0.contains("\"\(quantity)\":") },
                "no \(quantity) of \(sensor)")
        }
        // The sine crosses 8 once in 20 s: an alert, and its output.
        for word in ["\"state\":\"raised\"", "\"state\":\"cleared\""] {
            #expect(lines.contains { $0.hasPrefix("godwit/demo/alerts/load-high {") && $0.contains(word) }, "no \(word)")
        }
        #expect(lines.contains("godwit/demo/outputs/lamp on"))
        // Readings of the outage arrive behind it, with the time they were taken at.
        let outage = try #require(lines.firstIndex { $0.hasPrefix("== outage: the broker is stopped") })
        let after = try #require(lines.firstIndex { $0.hasPrefix("== the broker is started again") })
        #expect(outage < after)
        let readings = lines[after...].compactMap { Published.line($0) }.filter { $0.sequence > 0 }
        let before = lines[..<outage].compactMap { Published.line($0) }.filter { $0.sequence > 0 }
        #expect(before.count > 10)
        #expect(readings.count > 20)
        if let first = readings.compactMap(\.time).min(), let last = readings.compactMap(\.time).max() {
            #expect(last - first > 15, "they span the outage of 10 s and the 10 s behind it")
        } else {
            Issue.record("no reading with a time after the outage")
        }
        expectNothingLeft(in: folder)
    }

    @Test(
        .enabled(if: Build.embedded.isBuilt, "no Embedded build here: scripts/test makes it"),
        arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `interrupted, it leaves nothing behind either`(signal: Int32, status: Int32) async throws {
        let folder = try TemporaryFolder()
        let (ended, text) = try await background {
            let output = try Output()
            let child = try Child(
                DemoTests.script, ["--seconds", "600"], output: output.writeEnd, errors: output.writeEnd,
                environment: ["TMPDIR": folder.path])
            output.childHasStarted()
            _ = waitUntil(120) { output.text.contains("\"seq\":") || !child.isRunning }
            child.signal(signal)
            return (child.wait(within: 20), output.text)
        }
        #expect(text.contains("\"seq\":"), "\(text)")
        #expect(ended == status, "\(text)")
        expectNothingLeft(in: folder)
    }

    @Test(arguments: [["--seconds"], ["--seconds", "0"], ["--seconds", "5x"], ["--seconds", "99999"], ["--what"], ["now"]])
    func `what it does not understand is answered with its usage`(arguments: [String]) throws {
        let result = try run(Self.script, arguments)
        #expect(result.status == 64)
        #expect(result.error.contains("scripts/demo [--seconds N] [--config FILE]"))
    }

    @Test func `a configuration that takes no broker from it is refused before anything is built`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broker: {url: \"mqtt://localhost\"}\nsensors: []\n", to: "own.yaml")
        let result = try run(Self.script, ["--config", file])
        #expect(result.status == 1)
        #expect(result.error.contains("GODWIT_DEMO_URL"))
    }
}

extension Published {
    /// A line of the demonstration: topic, space, payload.
    fileprivate static func line(_ text: String) -> Published? {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return Published(topic: String(parts[0]), payload: String(parts[1]), arrivedAt: 0)
    }
}
