import Foundation

/// The files of the project as they stand in its folder.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Pure: they import Telemetry and nothing else.
    static let cores = ["Telemetry", "Sensors", "Alerts", "Outputs", "RingStore", "Payloads", "MQTTSession", "Configuration"]
    /// Where the cores meet: it imports them, and nothing else.
    static let meetingPlace = "Agent"
    static let shells = ["LinuxIO", "GPIOLines", "Buses", "MQTTTransport", "YAMLReader"]
    static let executables = ["godwitd", "godwit"]
    /// Where cores and shells meet.
    static let programs = ["DaemonProgram"] + executables
    static let shipped = cores + [meetingPlace] + shells + programs

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The names in a folder, sorted; none where there is no folder.
    static func names(in folder: String) -> [String] {
        let path = root.appendingPathComponent(folder).path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    static func swiftFiles(of module: String) -> [String] {
        names(in: "Sources/\(module)").filter { $0.hasSuffix(".swift") }
    }

    /// Every file that is committed or would be: what git knows or, without git, what lies there.
    static let tracked: [String] = {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        let output = Pipe()
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        if (try? git.run()) != nil {
            let data = output.fileHandleForReading.readDataToEndOfFile()
            git.waitUntilExit()
            if git.terminationStatus == 0 {
                return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.filter(exists)
            }
        }
        let walk = FileManager.default.enumerator(atPath: root.path)
        return (walk?.compactMap { $0 as? String } ?? []).filter { path in
            var isFolder: ObjCBool = false
            FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
            return !isFolder.boolValue && !path.hasPrefix(".build") && !path.hasPrefix(".git/")
        }
    }()

    /// Text files among them, with their text; recordings and pictures are passed over.
    static let texts: [(path: String, text: String)] = tracked.compactMap { path in
        guard let data = try? Data(contentsOf: root.appendingPathComponent(path)), data.count < 1 << 20,
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        return (path, text)
    }

    /// A Swift source without its line comments, so that a word in a sentence is not taken for code.
    static func code(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard let comment = line.range(of: "//") else { return line[...] }
            // A `//` inside a text stays: what stands before it has an odd number of quotes.
            let before = line[..<comment.lowerBound]
            return before.filter { $0 == "\"" }.count % 2 == 1 ? line[...] : before
        }
    }

    /// The modules that a source imports.
    static func imports(of text: String) -> [String] {
        code(text).compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count, index <= 1 else { return nil }
            return String(words.last ?? "")
        }
    }
}
