// A placeholder until the storage thread of the ring lands, which replaces this file.
package import RingStore
internal import CLinux
package final class StorageThread {
    package let descriptor: Int32
    var results: [StorageResult] = []
    package init(path: String) { descriptor = eventfd(0, Int32(EFD_NONBLOCK)) }
    package func submit(_ request: StorageRequest) {}
    package func takeResult() -> StorageResult? { nil }
    package func stop() {}
}
