internal import Telemetry

/// A stored reading that is handed over and not acknowledged: it stays in memory, so that it can be handed over again
/// when its segment is gone.
struct HeldReading: Hashable, Sendable {
    var position: UInt64
    var reading: StampedReading
    var isOut: Bool
}

/// Those of a ring in order of their positions. Most go out at the front, in any number: the others do not move for that.
struct HeldQueue: Hashable, Sendable {
    private var readings: [HeldReading] = []
    private var start = 0

    var count: Int { readings.count - start }
    var isEmpty: Bool { start == readings.count }
    var first: HeldReading? { isEmpty ? nil : readings[start] }
    var indices: Range<Int> { 0..<count }

    subscript(index: Int) -> HeldReading {
        get { readings[start + index] }
        set { readings[start + index] = newValue }
    }

    func position(at index: Int) -> UInt64 { readings[start + index].position }

    /// Where a reading of this position is, or would be.
    func index(from position: UInt64) -> Int {
        var low = start
        var high = readings.count
        while low < high {
            let middle = (low + high) / 2
            if readings[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low - start
    }

    mutating func insert(_ reading: HeldReading) {
        let index = index(from: reading.position)
        if index == count { readings.append(reading) } else { readings.insert(reading, at: start + index) }
    }

    mutating func remove(at index: Int) -> HeldReading {
        guard index < count / 2 || index == 0 else { return readings.remove(at: start + index) }
        let removed = readings[start + index]
        var at = start + index
        while at > start {
            readings[at] = readings[at - 1]
            at -= 1
        }
        start += 1
        compact()
        return removed
    }

    private mutating func compact() {
        if start == readings.count {
            readings.removeAll(keepingCapacity: readings.capacity <= 1024)
            start = 0
        } else if start >= 32, start * 2 >= readings.count {
            readings.removeSubrange(0..<start)
            start = 0
        }
    }

    mutating func removeAll() -> [HeldReading] {
        let all = Array(readings[start...])
        readings = []
        start = 0
        return all
    }
}
