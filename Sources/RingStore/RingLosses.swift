internal import Telemetry

// Numbers that will not come.

extension Ring {
    func lossIndex(at position: UInt64) -> Int? {
        var low = 0
        var high = losses.count
        while low < high {
            let middle = (low + high) / 2
            if losses[middle].end <= position { low = middle + 1 } else { high = middle }
        }
        return low < losses.count && losses[low].first <= position ? low : nil
    }

    /// `counts`: it is new, not one that was counted in an earlier process.
    mutating func addLoss(_ entry: LossEntry, counts: Bool) {
        if counts {
            let count = entry.count ?? 0
            counters.lost += count
            if entry.cause == .evicted { counters.evicted += count }
            if entry.cause == .damaged { counters.damaged += count }
            if entry.cause == .rejected { counters.rejected += count }
            lossesByCause[Int(entry.cause.rawValue) - 1] += count
        }
        let index = losses.firstIndex { $0.first >= entry.first } ?? losses.count
        // What is written, or on its way, must not grow.
        if index > 0, entry.first != lossBarrier, losses[index - 1].absorb(entry) {
            joinBehind(index - 1)
        } else {
            losses.insert(entry, at: index)
            joinBehind(index)
        }
        if losses.count > Self.maximumLosses { mergeOldest() }
    }

    private static let maximumLosses = 1024

    /// Two that touch become one, the oldest first, also where they were told one by one: as many as a bad connection makes
    /// must not fill the memory. Those that do not touch have something between them that is kept, and bounded itself.
    private mutating func mergeOldest() {
        for index in 0..<losses.count - 1 {
            let next = losses[index + 1]
            if losses[index].isOut || next.isOut || acknowledged.contains(losses[index].first) || acknowledged.contains(next.first) { continue }
            if losses[index].absorb(next, isForced: true) {
                losses.remove(at: index + 1)
                return
            }
        }
    }

    private mutating func joinBehind(_ index: Int) {
        guard index + 1 < losses.count, losses[index + 1].first != lossBarrier else { return }
        if losses[index].absorb(losses[index + 1]) { losses.remove(at: index + 1) }
    }

    /// Memory is full: the oldest reading that nobody has seen is given up, or the newest. False: there is none.
    mutating func drop() -> Bool {
        var index = 0
        if configuration.whenFull == .dropNewest {
            guard pending.last?.isDroppable == true else { return false }
            lose(pending.removeLast(), .memoryFull)
            return true
        }
        while index < pending.count, !pending[index].isDroppable { index += 1 }
        guard index < pending.count else { return false }
        lose(pending.remove(at: index), .memoryFull)
        return true
    }

    /// A reading that has left the memory.
    @inline(never) mutating func lose(_ slot: Slot, _ cause: Loss.Cause) {
        memoryBytes -= Slot.bytes(slot.reading)
        addLoss(single(slot.position, schemas[slot.reading.sensor].sensor, cause), counts: true)
    }

    func single(_ position: UInt64, _ sensor: String, _ cause: Loss.Cause) -> LossEntry {
        LossEntry(
            span: span(of: position), first: position, end: position + 1, count: 1, cause: cause,
            sensors: [.init(sensor: sensor, count: 1)])
    }

    // MARK: `drop-newest`

    /// The ring is full. The reading has its number, so that its place in the stream says what became of it.
    mutating func refuse(_ reading: Reading, _ actions: inout [RingAction]) {
        sayRefused(&actions)
        addLoss(single(head, schemas[reading.sensor].sensor, .evicted), counts: true)
        head += 1
    }

    /// Likewise what is in memory and cannot be written.
    mutating func refuseWhatWaits(_ actions: inout [RingAction]) {
        guard isRefusing else {
            if refused > 0 { actions.append(.notice(Notice(.info, "the ring takes readings again refused=\(refused)"))) }
            refused = 0
            return
        }
        while let last = pending.last, last.isDroppable {
            sayRefused(&actions)
            lose(pending.removeLast(), .evicted)
        }
    }

    private mutating func sayRefused(_ actions: inout [RingAction]) {
        if refused == 0 { actions.append(.notice(Notice(.warning, "the ring is full, new readings are refused"))) }
        refused += 1
    }

    /// Positions `first ..< end` cannot be read any more. `hole`: what is known of it.
    @inline(never) mutating func damage(_ first: UInt64, _ end: UInt64, _ hole: Hole?) {
        forgetUnnamed(first, end)
        for run in unsettledRuns(first, end) {
            let known = run.isWhole ? hole?.count : nil
            if run.isWhole { settled += hole?.stored ?? 0 }
            addLoss(
                LossEntry(
                    span: run.span, first: run.first, end: run.end, count: known, atMost: run.end - run.first,
                    cause: .damaged), counts: true)
        }
        if cursor < end, lossIndex(at: cursor) == nil, !acknowledged.contains(cursor) { cursor = end }
    }

    /// What lies before the first stream that is known has no name any more: nobody can ask for it.
    private mutating func forgetUnnamed(_ first: UInt64, _ end: UInt64) {
        var position = max(first, watermark + 1)
        let stop = min(end, spans[0].base + 1)
        while position < stop {
            let next = acknowledged.end(containing: position) ?? endOfGap(from: position, limit: stop)
            if !acknowledged.contains(position) { acknowledged.insert(first: position, end: next, stored: 0) }
            position = next
        }
        settle()
        cursor = max(cursor, watermark + 1)
    }

    struct Run {
        var span: StreamSpan
        var first: UInt64
        var end: UInt64
        /// It is all that was asked for.
        var isWhole: Bool
    }

    /// The parts of `first ..< end` that are neither settled nor in memory, none across two streams.
    func unsettledRuns(_ first: UInt64, _ end: UInt64) -> [Run] {
        var runs: [Run] = []
        var position = max(first, watermark + 1)
        while position < end {
            if let next = acknowledged.end(containing: position) {
                position = next
            } else if heldIndex(of: position) != nil {
                position += 1
            } else if let index = lossIndex(at: position) {
                position = losses[index].end
            } else {
                let span = self.span(of: position)
                let stop = endOfGap(from: position, limit: end)
                // What lies before the first known stream has no name any more.
                if span.base < position {
                    runs.append(Run(span: span, first: position, end: stop, isWhole: position == first && stop == end))
                }
                position = stop
            }
        }
        return runs
    }

    /// How far nothing is known behind `position`.
    func endOfGap(from position: UInt64, limit: UInt64) -> UInt64 {
        var end = limit
        for range in acknowledged.ranges where range.first > position && range.first < end { end = range.first }
        for loss in losses where loss.first > position && loss.first < end { end = loss.first }
        let next = held.index(from: position + 1)
        if next < held.count { end = min(end, held.position(at: next)) }
        for span in spans where span.base >= position && span.base + 1 < end { end = span.base + 1 }
        for queue in [writing, pending] {
            let index = queue.firstIndex(from: position + 1)
            if index < queue.count { end = min(end, queue[index].position) }
        }
        return end
    }

    /// What is lost before the tail, as every page carries it. Where there are more than fit, those of a stream become
    /// one, the newest first.
    func earlyLosses(_ disk: Disk) -> [RingState.EarlyLoss] {
        var early: [RingState.EarlyLoss] = []
        for loss in losses where loss.end <= disk.tailPosition {
            early.append(.init(span: loss.span, first: loss.first, end: loss.end, count: loss.count, cause: loss.cause))
        }
        var index = early.count - 1
        while early.count > RingState.maximumEarly, index > 0 {
            if early[index].span == early[index - 1].span {
                let next = early.remove(at: index)
                early[index - 1].end = next.end
                if let a = early[index - 1].count, let b = next.count {
                    early[index - 1].count = a + b
                } else {
                    early[index - 1].count = nil
                }
                if early[index - 1].cause != next.cause { early[index - 1].cause = .evicted }
            }
            index -= 1
        }
        return Array(early.suffix(RingState.maximumEarly))
    }
}
