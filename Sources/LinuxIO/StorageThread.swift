internal import CLinux
package import RingStore
internal import Telemetry

/// The thread that waits for the disk, so that nothing else has to: it owns the files of the state directory and sleeps between
/// requests.
///
/// One request at a time for each file: the next only after `takeResult` gave the result of the last. Requests are done in
/// the order in which they were submitted.
package final class StorageThread {
    private let desk: Desk
    private var isStopped = false

    /// - Parameter paths: one for each `StorageFile`, in the order of its raw values.
    package init(paths: [String]) {
        precondition(paths.count == StorageFile.allCases.count)
        desk = Desk(paths: paths)
        desk.startWorker()
    }

    deinit { stop() }

    /// An eventfd: readable when a result is there.
    package var descriptor: Int32 { desk.descriptor }

    package func submit(_ file: StorageFile, _ request: StorageRequest) { desk.submit(file, request) }

    /// The next result, each once.
    package func takeResult() -> (file: StorageFile, result: StorageResult)? { desk.takeResult() }

    /// Gives a file of its own other content, whole or not at all, behind the requests that wait; of several only the newest.
    package func replace(_ path: String, with bytes: [UInt8]) { desk.replace(path, with: bytes) }

    /// Why a file could not be replaced, each once; the descriptor says when.
    package func takeReplaceFailure() -> (path: String, text: String)? { desk.takeReplaceFailure() }

    /// After the request under way; a disk that does not answer within two seconds is left alone with it.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        desk.stopWorker()
    }
}

/// What the two threads share. The worker holds it by a count of its own: should the disk never answer, it stays for ever, with
/// its descriptors, whatever happens on the other side.
@safe private final class Desk: @unchecked Sendable {
    let descriptor: Int32
    /// By the raw values of `StorageFile`; used by the worker only.
    private let files: [RingFile]
    private var worker: OpaquePointer?
    // Under the worker's lock.
    private var requests: [(file: StorageFile, request: StorageRequest)] = []
    private var results: [(file: StorageFile, result: StorageResult)] = []
    private var replacement: (path: String, bytes: [UInt8])?
    private var replaceFailure: (path: String, text: String)?

    init(paths: [String]) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        files = paths.map { RingFile(path: $0) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func startWorker() {
        let retained = unsafe Unmanaged.passRetained(self)
        unsafe worker = storage_worker_start(
            { context in unsafe Unmanaged<Desk>.fromOpaque(context!).takeUnretainedValue().work() }, retained.toOpaque())
        if unsafe worker == nil { unsafe retained.release() }
    }

    func stopWorker() {
        guard let worker = unsafe worker, unsafe storage_worker_stop(worker, 2) else { return }
        unsafe self.worker = nil
        for file in files { file.close() }
        unsafe Unmanaged.passUnretained(self).release()
    }

    func replace(_ path: String, with bytes: [UInt8]) {
        lock()
        replacement = (path, bytes)
        unlock()
        post()
    }

    func takeReplaceFailure() -> (path: String, text: String)? {
        lock()
        defer {
            replaceFailure = nil
            unlock()
        }
        return replaceFailure
    }

    private func post() {
        if let worker = unsafe worker {
            unsafe storage_worker_post(worker)
        } else {
            // No thread could be made: the disk is waited for here.
            work()
        }
    }

    func submit(_ file: StorageFile, _ request: StorageRequest) {
        lock()
        precondition(
            !requests.contains { $0.file == file } && !results.contains { $0.file == file },
            "one storage request at a time for each file")
        requests.append((file, request))
        unlock()
        post()
    }

    func takeResult() -> (file: StorageFile, result: StorageResult)? {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
        lock()
        defer { unlock() }
        return results.isEmpty ? nil : results.removeFirst()
    }

    /// All that is there, in order.
    private func work() {
        while true {
            lock()
            let next = requests.first
            unlock()
            guard let next else { return replaceFile() }
            let result = files[next.file.rawValue].perform(next.request)
            lock()
            requests.removeFirst()
            results.append((next.file, result))
            unlock()
            var one: UInt64 = 1
            _ = unsafe write(descriptor, &one, 8)
        }
    }

    private func replaceFile() {
        lock()
        let next = replacement
        replacement = nil
        unlock()
        guard let next, let error = LinuxIO.replaceFile(next.path, with: next.bytes) else { return }
        lock()
        replaceFailure = (next.path, error.text)
        unlock()
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    private func lock() { if let worker = unsafe worker { unsafe storage_worker_lock(worker) } }
    private func unlock() { if let worker = unsafe worker { unsafe storage_worker_unlock(worker) } }
}
