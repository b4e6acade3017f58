import Foundation
import LinuxIO
import RingStore
import Testing

private struct Folder: ~Copyable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-ring-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var ring: String { path + "/readings.ring" }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

private let size: UInt64 = 256 << 10
private let page = (0..<4096).map { UInt8(truncatingIfNeeded: $0 * 7) }

@Suite struct RingFileTests {
    @Test func `a new file is reserved at once, an old one keeps its size`() throws {
        let folder = try Folder()
        let file = RingFile(path: folder.ring)
        #expect(file.perform(.open(size: size)) == .opened(size: size, isNew: true, isReserved: true))
        file.close()
        #expect(file.perform(.open(size: size * 2)) == .opened(size: size, isNew: false, isReserved: true))
        var status = stat()
        #expect(stat(folder.ring, &status) == 0)
        #expect(UInt64(status.st_blocks) * 512 >= size)
        #expect(status.st_mode & 0o777 == 0o640)
    }

    @Test func `pages are written where they belong, and read back; behind the end all is zero`() throws {
        let folder = try Folder()
        let file = RingFile(path: folder.ring)
        _ = file.perform(.open(size: size))
        let writes = [PageWrite(page: 3, bytes: page), PageWrite(page: 9, bytes: page + page)]
        #expect(file.perform(.write(writes, sync: true)) == .written)
        #expect(file.perform(.read(first: 3, count: 1)) == .read(page))
        #expect(file.perform(.read(first: 9, count: 3)) == .read(page + page + [UInt8](repeating: 0, count: 4096)))
        #expect(file.perform(.read(first: 63, count: 2)) == .read([UInt8](repeating: 0, count: 8192)))
    }

    @Test func `a second process is kept out, readers are not`() throws {
        let folder = try Folder()
        let file = RingFile(path: folder.ring)
        _ = file.perform(.open(size: size))
        // Locks of open file descriptions exclude each other within a process too.
        #expect(RingFile(path: folder.ring).perform(.open(size: size)) == .failed(.locked))
        let reader = RingFile(path: folder.ring, isReadOnly: true)
        #expect(reader.perform(.open(size: 0)) == .opened(size: size, isNew: false, isReserved: true))
        file.close()
        #expect(RingFile(path: folder.ring).perform(.open(size: size)) == .opened(size: size, isNew: false, isReserved: true))
    }

    @Test func `what is set aside is kept under the next free name`() throws {
        let folder = try Folder()
        let file = RingFile(path: folder.ring)
        _ = file.perform(.open(size: size))
        _ = file.perform(.write([PageWrite(page: 0, bytes: page)], sync: true))
        for _ in 1...3 {
            #expect(file.perform(.setAside(size: size)) == .opened(size: size, isNew: true, isReserved: true))
        }
        #expect(folder.names == ["readings.ring"] + (1...3).map { "readings.ring.damaged-\($0)" })
        #expect(FileManager.default.contents(atPath: folder.ring + ".damaged-1")?.prefix(4096).elementsEqual(page) == true)
    }

    @Test func `a copy takes the name when it is whole, stays locked, and before that is taken away by the next opening`() throws {
        let folder = try Folder()
        let file = RingFile(path: folder.ring)
        _ = file.perform(.open(size: size))
        #expect(file.perform(.beginCopy(size: size * 2)) == .opened(size: size * 2, isNew: true, isReserved: true))
        #expect(file.perform(.writeCopy([PageWrite(page: 100, bytes: page)], sync: true)) == .written)
        #expect(folder.names == ["readings.ring", "readings.ring.new"])
        // A cut here, and the next process.
        file.close()
        #expect(file.perform(.open(size: size)) == .opened(size: size, isNew: false, isReserved: true))
        #expect(folder.names == ["readings.ring"])
        _ = file.perform(.beginCopy(size: size * 2))
        _ = file.perform(.writeCopy([PageWrite(page: 100, bytes: page)], sync: true))
        #expect(file.perform(.finishCopy) == .opened(size: size * 2, isNew: false, isReserved: true))
        #expect(folder.names == ["readings.ring"])
        #expect(file.perform(.read(first: 100, count: 1)) == .read(page))
        #expect(RingFile(path: folder.ring).perform(.open(size: size)) == .failed(.locked))
        #expect(file.perform(.write([PageWrite(page: 5, bytes: page)], sync: true)) == .written)
        // No space: the file is as it was.
        guard case .failed = file.perform(.beginCopy(size: 1 << 60)) else {
            Issue.record("an exbibyte was reserved")
            return
        }
        #expect(folder.names == ["readings.ring"])
    }

    @Test func `a file that was deleted, replaced or cut is missed at the next sync, and another begins`() throws {
        for number in 0..<3 {
            let folder = try Folder()
            let file = RingFile(path: folder.ring)
            _ = file.perform(.open(size: size))
            let write = StorageRequest.write([PageWrite(page: 63, bytes: page)], sync: true)
            #expect(file.perform(write) == .written)
            switch number {
            case 0: try FileManager.default.removeItem(atPath: folder.ring)
            case 1: try Data("another".utf8).write(to: URL(fileURLWithPath: folder.ring), options: .atomic)
            default: #expect(truncate(folder.ring, 4096) == 0)
            }
            #expect(file.perform(write) == .failed(.gone))
            #expect(file.perform(.setAside(size: size)) == .opened(size: size, isNew: true, isReserved: true))
            #expect(folder.names == ["readings.ring"] + (number == 0 ? [] : ["readings.ring.damaged-1"]))
            #expect(file.perform(write) == .written)
        }
    }

    @Test func `what another process holds is not set aside`() throws {
        let folder = try Folder()
        let other = RingFile(path: folder.ring)
        _ = other.perform(.open(size: size))
        #expect(RingFile(path: folder.ring).perform(.setAside(size: size)) == .failed(.locked))
        #expect(folder.names == ["readings.ring"])
    }

    @Test func `an empty file is a new one`() throws {
        let folder = try Folder()
        #expect(FileManager.default.createFile(atPath: folder.ring, contents: Data()))
        let file = RingFile(path: folder.ring)
        #expect(file.perform(.open(size: size)) == .opened(size: size, isNew: true, isReserved: true))
    }

    @Test func `what is no file is refused, and a FIFO does not block`() throws {
        let folder = try Folder()
        #expect(RingFile(path: folder.path).perform(.open(size: size)) == .failed(.notAFile))
        #expect(mkfifo(folder.ring, 0o600) == 0)
        #expect(RingFile(path: folder.ring).perform(.open(size: size)) == .failed(.notAFile))
        #expect(RingFile(path: folder.path + "/none/readings.ring").perform(.open(size: size)) == .failed(.other(ENOENT)))
    }

    @Test func `a file that cannot be had whole stays empty`() throws {
        let folder = try Folder()
        let file = RingFile(path: folder.ring)
        // More than any disk here has.
        guard case .failed = file.perform(.open(size: 1 << 60)) else {
            Issue.record("an exbibyte was reserved")
            return
        }
        var status = stat()
        #expect(stat(folder.ring, &status) == 0 && status.st_size == 0)
    }
}
