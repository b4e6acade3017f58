internal import CLinux
package import RingStore
internal import Telemetry

/// The ring's file: performs storage requests with system calls, one at a time, in whatever thread calls it.
package final class RingFile {
    private let path: String
    private var descriptor: Int32 = -1
    /// Of `NAME.new`.
    private var copyDescriptor: Int32 = -1
    private var size: Int64 = 0
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
        case .beginCopy(let size): beginCopy(size)
        case .writeCopy(let pages, let sync):
            put(pages, in: copyDescriptor) && (!sync || fdatasync(copyDescriptor) == 0) ? .written : abandonCopy()
        case .finishCopy: finishCopy()
        }
    }

    package func close() {
        if copyDescriptor >= 0 { _ = CLinux.close(copyDescriptor) }
        copyDescriptor = -1
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
        // Locked before it is looked at: a daemon that has just changed its size has taken the name away from another file.
        let lock = isReadOnly ? 0 : storage_lock(descriptor)
        let number = clinux_errno()
        guard unsafe fstat(descriptor, &status) == 0 else { return abandon() }
        guard status.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) else {
            close()
            return .failed(.notAFile)
        }
        if isReadOnly { return .opened(size: UInt64(status.st_size), isNew: false, isReserved: true) }
        if lock != 0 || status.st_nlink == 0 {
            close()
            return .failed(lock == 0 || number == EAGAIN || number == EACCES ? .locked : Self.error(number))
        }
        _ = unsafe unlink(path + ".new")
        if status.st_size == 0 { return create(size) }
        self.size = Int64(status.st_size)
        // The name too: a change of the size may have been cut off before it was durable.
        guard syncFolder(of: path), forgetCache() else { return abandon() }
        let isReserved = storage_reserve(descriptor, Int64(status.st_size)) == 0
        return .opened(size: UInt64(status.st_size), isNew: false, isReserved: isReserved)
    }

    /// What the ring reads from here on is what the disk has. An earlier process may have written what it did not sync; and after
    /// a sync that failed the page cache shows pages as good that never came to the disk (seen), until they are dropped from it.
    private func forgetCache() -> Bool {
        guard fdatasync(descriptor) == 0 else { return false }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        return true
    }

    private func create(_ size: UInt64) -> StorageResult {
        guard let isReserved = reserve(size, descriptor) else {
            let result = failure()
            // An empty file is a new one at the next try.
            _ = ftruncate(descriptor, 0)
            close()
            return result
        }
        guard fsync(descriptor) == 0, syncFolder(of: path) else { return abandon() }
        self.size = Int64(size)
        return .opened(size: size, isNew: true, isReserved: isReserved)
    }

    /// Whether all blocks are the file's own: some file systems cannot reserve, then it can run out of space. Nil: it cannot be so
    /// large.
    private func reserve(_ size: UInt64, _ descriptor: Int32) -> Bool? {
        while storage_reserve(descriptor, Int64(size)) != 0 {
            let number = clinux_errno()
            if number == EINTR { continue }
            guard number == EOPNOTSUPP || number == ENOSYS || number == EINVAL else { return nil }
            return ftruncate(descriptor, off_t(size)) == 0 ? false : nil
        }
        return true
    }

    private func setAside(_ size: UInt64) -> StorageResult {
        close()
        let found = unsafe clinux_open(path, O_RDWR | O_NONBLOCK, 0)
        if found >= 0 {
            defer { _ = CLinux.close(found) }
            // A daemon that holds what lies there now keeps it.
            if storage_lock(found) != 0, clinux_errno() == EAGAIN || clinux_errno() == EACCES { return .failed(.locked) }
        } else if clinux_errno() == ENOENT {
            return open(size)
        }
        for number in 1...999 {
            if unsafe storage_rename(path, "\(path).damaged-\(number)") == 0 {
                _ = syncFolder(of: path)
                return open(size)
            }
            if clinux_errno() != EEXIST { return failure() }
        }
        return .failed(.other(EEXIST))
    }

    // MARK: A copy of another size

    private func beginCopy(_ size: UInt64) -> StorageResult {
        let path = self.path + ".new"
        _ = unsafe unlink(path)
        copyDescriptor = unsafe clinux_open(path, O_RDWR | O_CREAT | O_EXCL, 0o640)
        guard copyDescriptor >= 0, storage_lock(copyDescriptor) == 0, let isReserved = reserve(size, copyDescriptor) else {
            return abandonCopy()
        }
        return .opened(size: size, isNew: true, isReserved: isReserved)
    }

    private func finishCopy() -> StorageResult {
        guard copyDescriptor >= 0, fsync(copyDescriptor) == 0, unsafe storage_replace(path + ".new", path) == 0 else {
            return abandonCopy()
        }
        _ = CLinux.close(descriptor)
        descriptor = copyDescriptor
        copyDescriptor = -1
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, syncFolder(of: path) else { return abandon() }
        size = Int64(status.st_size)
        return .opened(size: UInt64(size), isNew: false, isReserved: true)
    }

    private func abandonCopy() -> StorageResult {
        let result = failure()
        if copyDescriptor >= 0 { _ = CLinux.close(copyDescriptor) }
        copyDescriptor = -1
        _ = unsafe unlink(path + ".new")
        return result
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
        guard !sync || isInPlace else { return .failed(.gone) }
        return put(pages, in: descriptor) && (!sync || fdatasync(descriptor) == 0) ? .written : failure()
    }

    /// Nobody has deleted, replaced or cut the file, as far as can be seen.
    private var isInPlace: Bool {
        var named = stat()
        var own = stat()
        if unsafe stat(path, &named) != 0 { return clinux_errno() != ENOENT && clinux_errno() != ENOTDIR }
        return unsafe fstat(descriptor, &own) == 0 && named.st_ino == own.st_ino && named.st_dev == own.st_dev
            && Int64(own.st_size) >= size
    }

    /// False: `errno` says why.
    private func put(_ pages: [PageWrite], in descriptor: Int32) -> Bool {
        for page in pages {
            var done = 0
            while done < page.bytes.count {
                let offset = off_t(page.page) * 4096 + off_t(done)
                let put = unsafe page.bytes.withUnsafeBytes {
                    unsafe pwrite(descriptor, $0.baseAddress! + done, $0.count - done, offset)
                }
                if put < 0, clinux_errno() == EINTR { continue }
                if put <= 0 { return false }
                done += put
            }
        }
        return true
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
