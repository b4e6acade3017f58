internal import CLinux
package import Configuration
package import Telemetry

/// What came of reading a configuration from its files.
package struct LoadResult: Sendable {
    /// Nil when there are errors, or when a value that is needed could not be read.
    package var settings: Settings?
    /// In order of place; also those of files that could not be read.
    package var problems: [ConfigurationProblem]
    /// What a program ends with on this: 0; 66 no such file; 74 cannot be read; 77 not permitted; 78 errors.
    package var status: Int32
    /// All files merged; nil where one of them could not be read.
    package var merged: Node?
    /// Where relative paths start, absolute, by `Place.file`.
    package var folders: [String] = []

    package var hasErrors: Bool { status != 0 }

    /// One line for each problem, each with its newline, for standard error.
    /// - Parameter program: `godwit`, `godwitd`
    @inline(never) package func text(program: String) -> String {
        problems.reduce(into: "") { $0 += $1.printed(program: program) + "\n" }
    }
}

/// Reads FILE, the `*.yaml` files of the folder beside it (`godwit.yaml` → `godwit.d`), and what their references name.
/// - Parameters:
///   - path: FILE, or `-` for standard input, which has no folder
///   - base: where relative paths start; nil: the folder of the file where they stand
///   - unreadable: how bad a reference is that cannot be read: a warning for `check`, an error for the daemon
///   - mergesFolder: false: FILE alone
package func loadConfiguration(
    path: String, base: String? = nil, catalog: [ModelDescription], unreadable: ConfigurationProblem.Severity,
    mergesFolder: Bool = true
) -> LoadResult {
    var loader = Loader(base: base, folderPath: mergesFolder ? dropInFolder(of: path) : nil)
    loader.read(path)
    if loader.status == 0 || loader.status == 78, let folder = loader.folderPath { loader.readFolder(folder) }
    if loader.status != 0 {
        let named = PlacedProblem.ordered(loader.problems).map { $0.named(loader.documents.map { $0.file.name }) }
        return LoadResult(settings: nil, problems: loader.failures + named, status: loader.status, merged: nil)
    }
    let checked = readConfiguration(
        loader.documents, reading: loader.problems, catalog: catalog, hostName: hostName(), unreadable: unreadable,
        resolve: resolve)
    return LoadResult(
        settings: checked.settings, problems: checked.problems, status: checked.hasErrors ? 78 : 0, merged: checked.merged,
        folders: loader.documents.map { joined(workingFolder(), $0.file.folder) })
}

/// The configuration of `result` as one file to keep, or why there is none. What it says is checked: read again it is the
/// same, but for a password that the configuration holds itself.
package func lastGoodFile(of result: LoadResult, catalog: [ModelDescription]) -> (bytes: [UInt8]?, problem: String?) {
    guard let merged = result.merged, var settings = result.settings else { preconditionFailure("only what is valid is kept") }
    switch LastGood.file(of: merged, folders: result.folders) {
    case .secretNeeded: return (nil, "tls.psk stands in it; write it as a reference, {file: PATH} say")
    case .secretElsewhere: return (nil, "a secret stands under a second key; write it as a reference, {file: PATH} say")
    case .file(let bytes):
        let read = readYAML(bytes, file: 0, folderName: "")
        let file = Checker.File(name: LastGood.fileName, folder: "")
        let checked = readConfiguration(
            [Document(file: file, root: read.root)], reading: read.problems, catalog: catalog, hostName: hostName(),
            unreadable: .error, resolve: resolve)
        if checked.settings?.broker.password == nil { settings.broker.password = nil }
        settings.makePathsAbsolute(from: workingFolder())
        guard checked.settings == settings else { return (nil, "read again it would mean something else") }
        return (bytes, nil)
    }
}

extension Settings {
    /// The command line may have named the configuration by a relative path.
    fileprivate mutating func makePathsAbsolute(from folder: String) {
        broker.tls.caFile = broker.tls.caFile.map { joined(folder, $0) }
        for index in chips.indices {
            if case .replay(let path) = chips[index].source { chips[index].source = .replay(joined(folder, path)) }
        }
    }
}

private func workingFolder() -> String {
    var path = [CChar](repeating: 0, count: 4096)
    guard unsafe getcwd(&path, path.count) != nil else { return "" }
    return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `/etc/godwit/godwit.d` for `/etc/godwit/godwit.yaml`; nil for standard input.
package func dropInFolder(of path: String) -> String? {
    if path == "-" { return nil }
    let bytes = path.bytes
    let start = (bytes.lastIndex(of: 47) ?? -1) + 1
    guard let dot = bytes.lastIndex(of: 46), dot > start else { return path + ".d" }
    return String(decoding: bytes[..<dot], as: UTF8.self) + ".d"
}

/// What stands before the last slash; empty where there is none.
private func folder(of path: String) -> String {
    let bytes = path.bytes
    guard let slash = bytes.lastIndex(of: 47) else { return "" }
    return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
}

private struct Loader {
    /// A folder of more files than this is no folder of configurations.
    static let maximumFiles = 256

    let base: String?
    let folderPath: String?
    var documents: [Document] = []
    var problems: [PlacedProblem] = []
    /// Files that could not be read at all.
    var failures: [ConfigurationProblem] = []
    var status: Int32 = 0

    private var folderName: String {
        guard let folderPath else { return "godwit.d" }
        let parent = folder(of: folderPath)
        let skipped = parent.utf8.count + (parent.isEmpty || parent == "/" ? 0 : 1)
        return String(decoding: folderPath.bytes.dropFirst(skipped), as: UTF8.self)
    }

    mutating func read(_ path: String) {
        switch readRegularFile(path, limit: TextCheck.maximumBytes + 1) {
        case .failed(let number):
            let isMissing = number == Failure.missing
            let next =
                switch number {
                case Failure.missing: "; name another file, or make one: sudo godwit init --write"
                case Failure.notPermitted: "; let this user read it, or run as another (sudo)"
                default: "; look at the disk (dmesg)"
                }
            fail(path, systemText(number) + next, isMissing ? 66 : number == Failure.notPermitted ? 77 : 74)
        case .notRegular:
            let file = Checker.File(name: path, folder: base ?? folder(of: path))
            documents.append(Document(file: file, root: nil))
            let place = Place(file: documents.count - 1, line: 1, column: 1)
            problems.append(PlacedProblem(place, "is not a file; name a file, or - for standard input"))
            status = max(status, 78)
        case .bytes(let bytes):
            let result = readYAML(bytes, file: documents.count, folderName: folderName)
            let file = Checker.File(name: path, folder: base ?? folder(of: path))
            documents.append(Document(file: file, root: result.root))
            problems += result.problems
            // Of half a file nothing can be said: what is missing there may stand in the other half.
            if !result.isComplete { status = max(status, 78) }
        }
    }

    mutating func readFolder(_ folder: String) {
        switch namesInConfigurationFolder(folder) {
        case .failed(let number):
            if number == Failure.missing { return }
            fail(
                folder, systemText(number) + "; let this user read the folder, or remove it",
                number == Failure.notPermitted ? 77 : 74)
        case .notAFolder:
            fail(folder, "is not a folder; the *.yaml files in it would be merged: remove or rename it", 78)
        case .names(let names):
            let files = names.filter { !$0.hasPrefix(".") && isYAML($0) }
            guard files.count <= Self.maximumFiles else {
                fail(folder, "has \(files.count) files; \(Self.maximumFiles) are read, merge some", 78)
                return
            }
            for name in files { read(joined(folder, name)) }
        }
    }

    private func isYAML(_ name: String) -> Bool { name.hasSuffix(".yaml") }

    private mutating func fail(_ path: String, _ text: String, _ status: Int32) {
        failures.append(ConfigurationProblem(file: path, line: 0, column: 0, severity: .error, text: text))
        // The main file's fate is the answer; else the first of the folder.
        if self.status == 0 || self.status == 78 { self.status = status }
    }
}
