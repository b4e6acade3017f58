internal import Telemetry
internal import CLinux
internal import Configuration

// The files behind a configuration: itself, its folder, and what its references name.

enum Failure {
    static let missing = ENOENT
    static let notPermitted = EACCES
}

enum FileContent {
    case bytes([UInt8])
    /// A folder, a device, a socket.
    case notRegular
    /// errno; a path through something that is no folder counts as missing.
    case failed(Int32)
}

func systemText(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

private func reduced(_ number: Int32) -> Int32 {
    switch number {
    case ENOTDIR, ENAMETOOLONG: ENOENT
    case EPERM: EACCES
    default: number
    }
}

/// At most `limit` bytes of a file, or of standard input for `-`.
func readRegularFile(_ path: String, limit: Int) -> FileContent {
    var descriptor: Int32 = 0
    if path != "-" {
        // O_NONBLOCK: a FIFO in place of a file must not stop the daemon.
        descriptor = unsafe clinux_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
        if descriptor < 0 { return .failed(reduced(clinux_errno())) }
    }
    defer { if path != "-" { close(descriptor) } }
    if path != "-" {
        var status = stat()
        if unsafe fstat(descriptor, &status) != 0 { return .failed(clinux_errno()) }
        if status.st_mode & UInt32(S_IFMT) != UInt32(S_IFREG) { return .notRegular }
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < limit {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if clinux_errno() == EINTR { continue }
            return clinux_errno() == EISDIR ? .notRegular : .failed(clinux_errno())
        }
        if count == 0 { break }
        bytes.append(contentsOf: chunk[..<min(count, limit - bytes.count)])
    }
    return .bytes(bytes)
}

enum FolderContent {
    /// Sorted by their bytes.
    case names([String])
    case notAFolder
    case failed(Int32)
}

func namesInConfigurationFolder(_ path: String) -> FolderContent {
    guard let folder = unsafe opendir(path) else {
        return clinux_errno() == ENOTDIR ? .notAFolder : .failed(reduced(clinux_errno()))
    }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) { names.append(unsafe String(cString: clinux_entry_name(entry))) }
    return .names(names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
}

func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The text behind a reference, without the newline at its end.
func resolve(_ reference: Reference, folder: String) -> ReferenceValue {
    let path: String
    switch reference.kind {
    case .environment:
        guard !reference.name.isEmpty, !reference.name.bytes.contains(61), let value = unsafe getenv(reference.name) else {
            return .unreadable("the variable is not set; set it, for systemd with Environment= or EnvironmentFile=")
        }
        return .text(unsafe String(cString: value))
    case .credential:
        guard !reference.name.isEmpty, !reference.name.bytes.contains(47), !reference.name.hasPrefix(".") else {
            return .unreadable("is no credential's name; it has no '/' and begins with no '.'")
        }
        guard let directory = unsafe getenv("CREDENTIALS_DIRECTORY") else {
            return .unreadable(
                "$CREDENTIALS_DIRECTORY is not set; systemd sets it for the service, with LoadCredential=\(shown(reference.name)):PATH")
        }
        path = joined(unsafe String(cString: directory), reference.name)
    case .file:
        path = joined(folder, reference.name)
    }
    let maximum = 65_536
    switch readRegularFile(path, limit: maximum + 1) {
    case .notRegular: return .unreadable("\(shown(path)) is not a file; name a file")
    case .failed(let number):
        let next =
            switch number {
            case Failure.missing where reference.kind == .credential: "; add LoadCredential=\(shown(reference.name)):PATH to the service"
            case Failure.missing: "; create it, or correct the path"
            case Failure.notPermitted: "; let the service's user read it"
            default: "; look at the disk (dmesg)"
            }
        return .unreadable("\(shown(path)): \(systemText(number))\(next)")
    case .bytes(var bytes):
        if bytes.count > maximum { return .unreadable("\(shown(path)) has more than 64 KiB; name another file") }
        if bytes.last == 10 { bytes.removeLast() }
        if bytes.last == 13 { bytes.removeLast() }
        if let problem = TextCheck.problem(in: bytes, file: 0) {
            return .unreadable("\(shown(path)): line \(problem.place.line): \(problem.text)")
        }
        return .text(String(decoding: bytes, as: UTF8.self))
    }
}
