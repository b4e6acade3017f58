import Foundation
import LinuxIO
import RingStore
import Testing

@Suite struct StorageThreadTests {
    /// The files beside the ring are named after it.
    private static func thread(_ path: String) -> StorageThread {
        StorageThread(paths: [path, path + ".alerts", path + ".state", path + ".rejected"])
    }

    private static func wait(_ thread: StorageThread) -> StorageResult? {
        var descriptor = pollfd(fd: thread.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 10_000) == 1 else { return nil }
        return thread.takeResult()?.result
    }

    @Test func `requests are answered one by one, each once, through the descriptor`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let thread = Self.thread(path)
        #expect(thread.takeResult() == nil)
        thread.submit(.readings, .open(size: 256 << 10))
        #expect(Self.wait(thread) == .opened(size: 256 << 10, isNew: true, isReserved: true))
        for number in 0..<100 as Range<UInt64> {
            let bytes = [UInt8](repeating: UInt8(number), count: 4096)
            thread.submit(.readings, .write([PageWrite(page: number % 64, bytes: bytes)], sync: number % 10 == 0))
            #expect(Self.wait(thread) == .written)
            thread.submit(.readings, .read(first: number % 64, count: 1))
            #expect(Self.wait(thread) == .read(bytes))
            #expect(thread.takeResult() == nil)
        }
        thread.stop()
        thread.stop()
        // The lock is gone with the thread.
        let next = Self.thread(path)
        next.submit(.readings, .open(size: 256 << 10))
        #expect(Self.wait(next) == .opened(size: 256 << 10, isNew: false, isReserved: true))
    }

    @Test func `one that is let go of with a request under way ends after it, and nothing is left`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for index in 0..<200 {
            let thread = Self.thread(folder.path + "/\(index % 4).ring")
            thread.submit(.readings, .open(size: 256 << 10))
        }
        // The lock of each went with it.
        let last = Self.thread(folder.path + "/0.ring")
        last.submit(.readings, .open(size: 256 << 10))
        var result: StorageResult?
        for _ in 0..<5000 where result == nil {
            result = last.takeResult()?.result
            if result == nil { usleep(1000) }
        }
        #expect(result == .opened(size: 256 << 10, isNew: false, isReserved: true))
    }

    @Test func `each file has its own request under way, and they are done in order`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        defer { for end in ["", ".alerts", ".state"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let thread = Self.thread(path)
        for file in StorageFile.allCases { thread.submit(file, .open(size: 256 << 10)) }
        var files: [StorageFile] = []
        for _ in 0..<5000 where files.count < 3 {
            if let (file, result) = thread.takeResult() {
                #expect(result == .opened(size: 256 << 10, isNew: true, isReserved: true))
                files.append(file)
            } else {
                usleep(1000)
            }
        }
        #expect(files == [.readings, .alerts, .state])
        thread.stop()
    }

    @Test func `no signal is taken by the thread`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let before = Set(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))
        let thread = Self.thread(path)
        thread.submit(.readings, .open(size: 256 << 10))
        _ = Self.wait(thread)
        let new = Set(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")).subtracting(before)
        let masks = new.compactMap { task -> String? in
            guard let status = try? String(contentsOfFile: "/proc/self/task/\(task)/status", encoding: .utf8) else { return nil }
            return status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }.map { String($0.dropFirst(8)) }
        }
        // All but SIGKILL, SIGSTOP and the two that the C library keeps for itself.
        #expect(masks.contains { UInt64($0, radix: 16)! | 0x1_8004_0100 == .max }, "\(masks)")
        thread.stop()
    }

    @Test func `a file of its own is replaced behind the requests, and a failure is said once`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let thread = Self.thread("\(folder)/ring")
        for number in 0...20 { thread.replace("\(folder)/kept", with: Array("\(number)".utf8)) }
        let end = Date().addingTimeInterval(20)
        while FileManager.default.contents(atPath: "\(folder)/kept") != Data("20".utf8), Date() < end { usleep(10_000) }
        #expect(FileManager.default.contents(atPath: "\(folder)/kept") == Data("20".utf8))
        #expect(thread.takeReplaceFailure() == nil)
        thread.replace("\(folder)/none/kept", with: [1])
        #expect(Self.wait(thread) == nil)
        let failure = thread.takeReplaceFailure()
        #expect(failure?.path == "\(folder)/none/kept" && failure?.text == "No such file or directory")
        #expect(thread.takeReplaceFailure() == nil)
        thread.stop()
    }
}
