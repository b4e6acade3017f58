internal import CLinux
internal import Telemetry

/// What the system said: `errno`, with its text.
package struct SystemError: Error, Hashable, Sendable {
    package var number: Int32
    package init(number: Int32) { self.number = number }
    /// `errno` of the call that has just failed.
    package static var last: SystemError { SystemError(number: clinux_errno()) }

    package var isNotFound: Bool { number == ENOENT || number == ENOTDIR }
    package var isNotPermitted: Bool { number == EACCES || number == EPERM || number == EROFS }
    /// The C library's text: `No such file or directory`.
    package var text: String { unsafe String(cString: strerror(number)) }
}

package enum FileError: Error, Hashable, Sendable {
    case system(SystemError)
    /// A directory, a device, a socket.
    case notARegularFile
    case tooLarge(limit: Int)

    package var text: String {
        switch self {
        case .system(let error): error.text
        case .notARegularFile: "not a regular file"
        case .tooLarge(let limit): "longer than \(limit) bytes"
        }
    }
}

/// The bytes of a regular file, or of standard input for `-`.
package func readFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    var descriptor: Int32 = 0
    if path != "-" {
        // O_NONBLOCK: a FIFO in place of a file must not stop the daemon.
        descriptor = unsafe clinux_open(path, O_RDONLY | O_NONBLOCK, 0)
        if descriptor < 0 { throw .system(.last) }
        var status = stat()
        if unsafe fstat(descriptor, &status) != 0 {
            let error = SystemError.last
            close(descriptor)
            throw .system(error)
        }
        if status.st_mode & UInt32(S_IFMT) != UInt32(S_IFREG) {
            close(descriptor)
            throw .notARegularFile
        }
    }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if clinux_errno() == EINTR { continue }
            throw .system(.last)
        }
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk[..<count])
        if bytes.count > limit { throw .tooLarge(limit: limit) }
    }
}

/// Gives a file other content, whole or not at all, readable by its owner only; nothing is written when it has it already.
/// - Returns: why it could not be done.
package func replaceFile(_ path: String, with bytes: [UInt8]) -> SystemError? {
    if let old = try? readFile(path, limit: bytes.count), old == bytes { return nil }
    let temporary = path + ".new"
    // What a crash left behind, or somebody put there, is not written into.
    _ = unsafe unlink(temporary)
    let descriptor = unsafe clinux_open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    if descriptor < 0 { return .last }
    guard writeAll(bytes, to: descriptor), fsync(descriptor) == 0 else { return abandon(descriptor, temporary) }
    close(descriptor)
    guard unsafe storage_replace(temporary, path) == 0 else {
        let error = SystemError.last
        _ = unsafe unlink(temporary)
        return error
    }
    _ = syncFolder(of: path)
    return nil
}

/// Creates a file with its folders, never over an old one, and makes it durable: mode 0640.
/// - Parameter group: becomes the file's where there is one of this name, and we may give it.
/// - Returns: why it could not be done; `EEXIST`: something is there already.
package func createFile(_ path: String, with bytes: [UInt8], group: String) -> SystemError? {
    let name = path.bytes
    for index in name.indices.dropFirst() where name[index] == 47 {
        // The last call's error comes again from open.
        _ = unsafe mkdir(String(decoding: name[..<index], as: UTF8.self), 0o755)
    }
    let descriptor = unsafe clinux_open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    if descriptor < 0 { return .last }
    if let entry = unsafe getgrnam(group) { _ = unsafe fchown(descriptor, uid_t.max, entry.pointee.gr_gid) }
    guard fchmod(descriptor, 0o640) == 0, writeAll(bytes, to: descriptor), fsync(descriptor) == 0 else {
        return abandon(descriptor, path)
    }
    close(descriptor)
    _ = syncFolder(of: path)
    return nil
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress! + written, $0.count - written) }
        if count < 0, clinux_errno() != EINTR { return false }
        written += max(0, count)
    }
    return true
}

private func abandon(_ descriptor: Int32, _ path: String) -> SystemError {
    let error = SystemError.last
    close(descriptor)
    _ = unsafe unlink(path)
    return error
}

/// A name is durable when its folder is: else a power cut may undo a rename, or a creation.
/// - Returns: whether it is, as far as the file system can tell.
func syncFolder(of path: String) -> Bool {
    var folder = path.bytes
    while let last = folder.last, last != 47 { folder.removeLast() }
    let name = folder.isEmpty ? "." : String(decoding: folder, as: UTF8.self)
    let descriptor = unsafe clinux_open(name, O_RDONLY | O_DIRECTORY, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0 || clinux_errno() == EINVAL
}

/// The value of a variable of the environment.
package func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}

/// The names in a folder, sorted by their bytes; without `.` and `..`.
package func namesInFolder(_ path: String) throws(SystemError) -> [String] {
    guard let folder = unsafe opendir(path) else { throw .last }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
        let name = unsafe String(cString: clinux_entry_name(entry))
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
}
