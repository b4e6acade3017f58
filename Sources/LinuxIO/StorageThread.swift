internal import CLinux
package import RingStore

/// The thread that waits for the disk, so that nothing else has to: it owns the ring's file and sleeps between requests.
///
/// One request at a time: the next only after `takeResult` gave the result of the last.
package final class StorageThread {
    private let desk: Desk
    private var isStopped = false

    package init(path: String) {
        desk = Desk(path: path)
        desk.startWorker()
    }

    deinit { stop() }

    /// An eventfd: readable when a result is there.
    package var descriptor: Int32 { desk.descriptor }

    package func submit(_ request: StorageRequest) { desk.submit(request) }

    /// The result of the last request, once.
    package func takeResult() -> StorageResult? { desk.takeResult() }

    /// After the request under way; a disk that does not answer within two seconds is left alone with it.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        desk.stopWorker()
    }
}

/// What the two threads share. The worker holds it by a count of its own: should the disk never answer, it stays for ever, with
/// its descriptor, whatever happens on the other side.
@safe private final class Desk: @unchecked Sendable {
    let descriptor: Int32
    private let file: RingFile
    private var worker: OpaquePointer?
    // Under the worker's lock.
    private var request: StorageRequest?
    private var result: StorageResult?

    init(path: String) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        file = RingFile(path: path)
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
        file.close()
        unsafe Unmanaged.passUnretained(self).release()
    }

    func submit(_ request: StorageRequest) {
        guard let worker = unsafe worker else {
            // No thread could be made: the disk is waited for here.
            self.request = request
            work()
            return
        }
        unsafe storage_worker_lock(worker)
        precondition(self.request == nil && result == nil, "one storage request at a time")
        self.request = request
        unsafe storage_worker_unlock(worker)
        unsafe storage_worker_post(worker)
    }

    func takeResult() -> StorageResult? {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
        lock()
        defer { unlock() }
        defer { result = nil }
        return result
    }

    private func work() {
        lock()
        let request = request
        unlock()
        guard let request else { return }
        let result = file.perform(request)
        lock()
        self.request = nil
        self.result = result
        unlock()
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    private func lock() { if let worker = unsafe worker { unsafe storage_worker_lock(worker) } }
    private func unlock() { if let worker = unsafe worker { unsafe storage_worker_unlock(worker) } }
}
