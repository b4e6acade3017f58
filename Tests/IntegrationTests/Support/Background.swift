import Foundation

/// Runs blocking code on a thread of its own.
///
/// Swift Testing runs tests on as many threads as there are cores; a test that waits for a minute there would keep the others
/// from beginning. On a thread of its own it costs nothing. The task stays the same one, so that what the code expects is counted
/// for its test.
func background<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withTaskExecutorPreference(ThreadExecutor()) { try body() }
}

private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        thread.stackSize = 4 << 20
        thread.start()
    }
}

/// Asks until `condition` holds; false when it did not within the time.
func waitUntil(_ seconds: Double, every interval: Double = 0.05, _ condition: () -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !condition() {
        if Date() > end { return false }
        Thread.sleep(forTimeInterval: interval)
    }
    return true
}
