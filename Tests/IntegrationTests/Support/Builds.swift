import Foundation
import Testing

/// The two ways in which godwitd and godwit are compiled; what is black-box tested is tested in both.
enum Build: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case regular, embedded

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
    func executable(_ name: String) -> String { folder.appendingPathComponent(name).path }

    var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: executable("godwitd")) }
    var testDescription: String { rawValue }

    /// The builds that can be tested. scripts/test makes both; a plain `swift test` may have only the regular one.
    static var built: [Build] { allCases.filter(\.isBuilt) }
}

struct Outcome: Sendable {
    var status: Int32
    var output: String
    var error: String
}

/// Runs a program to its end.
/// - Parameter input: what it reads on standard input.
func runProgram(
    _ program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
    folder: URL? = nil
) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = folder }
    // Files, not pipes: a full pipe would stop the program, and a grandchild could keep one open.
    let scratch = try TemporaryFolder()
    let out = scratch.url.appendingPathComponent("out"), error = scratch.url.appendingPathComponent("error")
    let inURL = scratch.url.appendingPathComponent("in")
    for url in [out, error] { try Data().write(to: url) }
    try Data(input.utf8).write(to: inURL)
    process.standardInput = try FileHandle(forReadingFrom: inURL)
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: error)
    try process.run()
    process.waitUntilExit()
    // A signal is told apart from an exit status, so that a crash is never taken for a clean error.
    let status = process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    return Outcome(
        status: status, output: String(decoding: try Data(contentsOf: out), as: UTF8.self),
        error: String(decoding: try Data(contentsOf: error), as: UTF8.self))
}

/// The same under a shorter name, for files that do not import TestSupport, which has one of its own.
func run(
    _ program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
    folder: URL? = nil
) throws -> Outcome {
    try runProgram(program, arguments, input: input, environment: environment, folder: folder)
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
