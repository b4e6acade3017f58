import Foundation
import TestSupport
import Testing

/// The two ways in which godwitd and godwit are compiled; what is black-box tested is tested in both. And what
/// scripts/cross-build makes for boards, which runs under an emulator of their processor: one test of each kind.
enum Build: String, CustomTestStringConvertible, Sendable {
    case regular, embedded, emulated

    /// The root of the package.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private var folder: URL {
        switch self {
        case .regular:
            // The tests run from a bundle beside the executables of the same build.
            Build.bundleFolder ?? Build.root.appendingPathComponent(".build/debug")
        case .embedded:
            Build.root.appendingPathComponent(
                ProcessInfo.processInfo.environment["GODWIT_EMBEDDED_BUILD"] ?? ".build-embedded/release")
        case .emulated: EmulatedBoard.folder
        }
    }

    private static let bundleFolder: URL? = {
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        var folder = program
        for _ in 0..<3 {
            if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("godwitd").path) {
                return folder
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }()

    /// The path of `godwitd` or `godwit`.
    func executable(_ name: String) -> String {
        if self == .emulated, let board = EmulatedBoard.shared { return board.executable(name) }
        return folder.appendingPathComponent(name).path
    }

    var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: executable("godwitd")) }
    var testDescription: String { rawValue }

    /// The builds that can be tested. scripts/test makes both; a plain `swift test` may have only the regular one.
    static var built: [Build] { [regular, embedded].filter(\.isBuilt) }
}

struct Outcome: Sendable {
    var status: Int32
    var output: String
    var error: String
}

/// Runs a program to its end; one that a signal ends has the status 128 and more, so that a crash is never taken for a
/// clean error.
/// - Parameters:
///   - input: what it reads on standard input
///   - folder: where it runs
func run(
    _ program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
    folder: URL? = nil, within seconds: Double = 60
) throws -> Outcome {
    // Files, not pipes: a full pipe would stop the program, and a grandchild could keep one open.
    let scratch = try TemporaryFolder()
    let inFile = try scratch.write(input, to: "in")
    let files = [scratch.path + "/out", scratch.path + "/error"]
    let descriptors = files.map { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
    defer { for descriptor in descriptors { close(descriptor) } }
    var words = [program] + arguments
    if let folder { words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder.path] + words }
    let child = try Child(
        words[0], Array(words.dropFirst()), input: inFile, output: descriptors[0], errors: descriptors[1],
        environment: environment)
    guard let status = child.wait(within: seconds) else {
        throw PeerError.timeout("\(program) still runs after \(seconds) s")
    }
    let texts = files.map { String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self) }
    return Outcome(status: status, output: texts[0], error: texts[1])
}

/// A folder of its own for one test, removed with the value.
final class TemporaryFolder: @unchecked Sendable {
    let url: URL
    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    func write(_ text: String, to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file.path
    }
    var path: String { url.path }
    deinit { try? FileManager.default.removeItem(at: url) }
}
