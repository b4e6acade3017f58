package import RingStore
package import Telemetry

/// What `godwit ring verify` and `godwit ring export` do, on an image in memory.
package struct ImageReader: Sendable {
    package private(set) var readings: [StampedReading] = []
    package private(set) var damages: [RingReader.Damage] = []
    package private(set) var summary: RingReader.Summary?
    package private(set) var isRing = true
    /// It asks for more than a file of this size can need.
    package private(set) var hangs = false

    package init(_ image: [UInt8], verifies: Bool) {
        var reader = RingReader(fileSize: UInt64(image.count), showsItems: !verifies, verifies: verifies)
        var result: StorageResult?
        // Each page in three phases, four tries each, and what is told of it; an opening may scan all pages once more.
        var left = 20 * (image.count / SimulatedStorage.pageSize + 100)
        while left > 0 {
            left -= 1
            switch reader.step(result) {
            case .request(let request), .again(let request): result = Self.read(request, image)
            case .items(let items):
                for case .reading(let reading) in items.map(\.handover) { readings.append(reading) }
                result = nil
            case .damage(let found):
                damages += found
                result = nil
            case .done:
                summary = reader.summary
                return
            case .blank, .notARing, .failed:
                isRing = false
                return
            }
        }
        hangs = true
    }

    private static func read(_ request: StorageRequest, _ image: [UInt8]) -> StorageResult {
        guard case .read(let first, let count) = request else { return .failed(.notPermitted) }
        let end = UInt64(image.count / SimulatedStorage.pageSize)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * SimulatedStorage.pageSize)
        for page in first..<first + UInt64(count) {
            let start = Int(page) * SimulatedStorage.pageSize
            bytes += page < end ? image[start..<start + SimulatedStorage.pageSize] : [UInt8](repeating: 0, count: SimulatedStorage.pageSize)[...]
        }
        return .read(bytes)
    }
}
