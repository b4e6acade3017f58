internal import CLinux
package import RingStore

/// The ring's file: performs storage requests with system calls, one at a time, in whatever thread calls it.
package final class RingFile {
    private let path: String
    private var descriptor: Int32 = -1
    /// Neither creates, locks nor writes.
    private let isReadOnly: Bool

    package init(path: String, isReadOnly: Bool = false) {
        self.path = path
        self.isReadOnly = isReadOnly
    }

    deinit { close() }

    package func perform(_ request: StorageRequest) -> StorageResult {
        switch request {
        case .open(let size): open(size)
        case .setAside(let size): setAside(size)
        case .read(let first, let count): read(first, count)
        case .write(let pages, let sync): write(pages, sync: sync)
        }
    }

    package func close() {
        if descriptor >= 0 { _ = CLinux.close(descriptor) }
        descriptor = -1
    }

    // MARK: Opening

    private func open(_ size: UInt64) -> StorageResult {
        close()
        // O_NONBLOCK: a FIFO in place of the file must not stop the thread.
        let flags = isReadOnly ? O_RDONLY | O_NONBLOCK : O_RDWR | O_CREAT | O_NONBLOCK
        descriptor = unsafe clinux_open(path, flags, 0o640)
        if descriptor < 0 { return failure() }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return abandon() }
        guard status.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) else {
            close()
            return .failed(.notAFile)
        }
        if isReadOnly { return .opened(size: UInt64(status.st_size), isNew: false, isReserved: true) }
        if storage_lock(descriptor) != 0 {
            let number = clinux_errno()
            close()
            return .failed(number == EAGAIN || number == EACCES ? .locked : Self.error(number))
        }
        if status.st_size == 0 { return create(size) }
        let isReserved = storage_reserve(descriptor, Int64(status.st_size)) == 0
        return .opened(size: UInt64(status.st_size), isNew: false, isReserved: isReserved)
    }

    private func create(_ size: UInt64) -> StorageResult {
        var isReserved = true
        while storage_reserve(descriptor, Int64(size)) != 0 {
            let number = clinux_errno()
            if number == EINTR { continue }
            if number == EOPNOTSUPP || number == ENOSYS || number == EINVAL {
                // The file system cannot reserve. The ring works, and can run out of space.
                isReserved = false
                if ftruncate(descriptor, off_t(size)) != 0 { return abandon() }
                break
            }
            // An empty file is a new one at the next try.
            _ = ftruncate(descriptor, 0)
            close()
            return .failed(Self.error(number))
        }
        guard fsync(descriptor) == 0, syncFolder(of: path) else { return abandon() }
        return .opened(size: size, isNew: true, isReserved: isReserved)
    }

    private func setAside(_ size: UInt64) -> StorageResult {
        for number in 1...999 {
            if unsafe storage_rename(path, "\(path).damaged-\(number)") == 0 {
                _ = syncFolder(of: path)
                return open(size)
            }
            if clinux_errno() != EEXIST { return failure() }
        }
        return .failed(.other(EEXIST))
    }

    // MARK: Pages

    private func read(_ first: UInt64, _ count: Int) -> StorageResult {
        var bytes = [UInt8](repeating: 0, count: count * 4096)
        var done = 0
        while done < bytes.count {
            let offset = off_t(first) * 4096 + off_t(done)
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress! + done, $0.count - done, offset)
            }
            if got < 0 {
                if clinux_errno() == EINTR { continue }
                return failure()
            }
            // Behind the end of a file that was cut all is zero.
            if got == 0 { break }
            done += got
        }
        return .read(bytes)
    }

    private func write(_ pages: [PageWrite], sync: Bool) -> StorageResult {
        for page in pages {
            var done = 0
            while done < page.bytes.count {
                let offset = off_t(page.page) * 4096 + off_t(done)
                let put = unsafe page.bytes.withUnsafeBytes {
                    unsafe pwrite(descriptor, $0.baseAddress! + done, $0.count - done, offset)
                }
                if put < 0 {
                    if clinux_errno() == EINTR { continue }
                    return failure()
                }
                if put == 0 { return .failed(.inputOutput) }
                done += put
            }
        }
        if sync, fdatasync(descriptor) != 0 { return failure() }
        return .written
    }

    // MARK: Errors

    private func failure() -> StorageResult { .failed(Self.error(clinux_errno())) }

    private func abandon() -> StorageResult {
        let result = failure()
        close()
        return result
    }

    private static func error(_ number: Int32) -> StorageError {
        switch number {
        case ENOSPC, EDQUOT: .noSpace
        case EIO, EUCLEAN, EREMOTEIO, ENOMEDIUM, ESTALE: .inputOutput
        case EROFS, EACCES, EPERM: .notPermitted
        case EISDIR, ENXIO, ENODEV, ELOOP, ENOTDIR, ETXTBSY: .notAFile
        default: .other(number)
        }
    }
}
