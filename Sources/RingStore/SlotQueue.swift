internal import Telemetry

/// A numbered reading in memory.
struct Slot: Hashable, Sendable {
    var position: UInt64
    var reading: Reading
    var isAcknowledged = false
    /// Handed over at least once in this process: it must not be dropped.
    var wasHanded = false
    /// Handed over since the last rewind.
    var isOut = false
    /// In a batch that has failed.
    var wasSent = false
    /// It becomes a loss as soon as the batch that it is in is done.
    var isRejected = false

    var isDroppable: Bool { !isAcknowledged && !wasHanded && !wasSent }

    /// What it is counted with against `memory`: the slot and what its outcome has on the heap.
    static func bytes(_ reading: Reading) -> Int {
        switch reading.outcome {
        case .measurements(let values): MemoryLayout<Slot>.stride + 32 + 8 * values.count
        case .noReading(let reason): MemoryLayout<Slot>.stride + 32 + reason.detail.utf8.count
        case .event(let bytes): MemoryLayout<Slot>.stride + 32 + bytes.count
        }
    }
}

/// Slots in order of their positions: in at the back, out at the front.
struct SlotQueue: Hashable, Sendable {
    private var slots: [Slot] = []
    private var start = 0

    var count: Int { slots.count - start }
    var isEmpty: Bool { start == slots.count }
    var first: Slot? { isEmpty ? nil : slots[start] }
    // Without a copy of the reading.
    var isFirstAcknowledged: Bool { !isEmpty && slots[start].isAcknowledged }
    var firstInstant: Instant? { isEmpty ? nil : slots[start].reading.instant }
    var last: Slot? { isEmpty ? nil : slots[slots.count - 1] }

    init() {}
    init(_ slots: [Slot]) { self.slots = slots }

    subscript(index: Int) -> Slot {
        get { slots[start + index] }
        set { slots[start + index] = newValue }
    }

    // In place: with each reading, and what it carries is not looked at.
    mutating func noteHanded(at index: Int) {
        slots[start + index].isOut = true
        slots[start + index].wasHanded = true
    }
    mutating func noteAcknowledged(at index: Int) { slots[start + index].isAcknowledged = true }

    mutating func append(_ slot: Slot) { slots.append(slot) }

    mutating func removeFirst() -> Slot {
        let slot = slots[start]
        start += 1
        compact()
        return slot
    }

    /// Without a copy: what the reading has on the heap goes at once.
    /// - Returns: `Slot.bytes` of it.
    mutating func dropFirst() -> Int {
        let bytes = Slot.bytes(slots[start].reading)
        slots[start].reading.outcome = .measurements([])
        start += 1
        compact()
        return bytes
    }

    /// The slots before it move up, so `index` should be small.
    mutating func remove(at index: Int) -> Slot {
        let slot = slots[start + index]
        var at = start + index
        while at > start {
            slots[at] = slots[at - 1]
            at -= 1
        }
        start += 1
        compact()
        return slot
    }

    mutating func removeLast() -> Slot {
        let slot = slots.removeLast()
        compact()
        return slot
    }

    mutating func removeAll() -> [Slot] {
        let all = Array(slots[start...])
        slots = []
        start = 0
        return all
    }

    func index(of position: UInt64) -> Int? {
        guard let first else { return nil }
        // Without gaps, the common case, it lies here.
        let guess = position &- first.position
        if guess < UInt64(count), self[Int(guess)].position == position { return Int(guess) }
        let index = firstIndex(from: position)
        return index < count && self[index].position == position ? index : nil
    }

    /// The first index whose position is not below `position`.
    func firstIndex(from position: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func shift(by distance: UInt64) {
        for index in start..<slots.count { slots[index].position += distance }
    }

    @inline(never) private mutating func compact() {
        if start == slots.count {
            if slots.capacity <= 1024 { slots.clear() } else { slots = [] }
            start = 0
        } else if start >= 64, start * 2 >= slots.count {
            slots.removeSubrange(0..<start)
            start = 0
        }
    }
}
