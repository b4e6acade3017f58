internal import Telemetry

// Inside the ring, readings have positions: one rising count over all streams of the file. The sequence number of a
// position is its distance from the base of its stream, so a new stream is no more than a new base.

/// One run of sequence numbers: the reading at position `base + seq` has the number `seq`.
struct StreamSpan: Hashable, Sendable {
    var stream: UInt32
    var base: UInt64
}

/// Positions that are acknowledged, above the watermark: ranges in order that neither touch nor overlap.
struct PositionRanges: Hashable, Sendable {
    struct Span: Hashable, Sendable {
        var first: UInt64
        /// One behind the last.
        var end: UInt64
        /// How many of them are readings in the file.
        var stored: UInt64
    }

    private(set) var ranges: [Span] = []

    /// The end of the range that holds `position`.
    func end(containing position: UInt64) -> UInt64? {
        guard let index = index(at: position) else { return nil }
        return ranges[index].end
    }

    @inline(never) func contains(_ position: UInt64) -> Bool { index(at: position) != nil }

    /// `first ..< end` must not overlap what is there.
    mutating func insert(first: UInt64, end: UInt64, stored: UInt64) {
        precondition(first < end, "a range is not empty")
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].first < first { low = middle + 1 } else { high = middle }
        }
        precondition(low == 0 || ranges[low - 1].end <= first, "ranges do not overlap")
        precondition(low == ranges.count || end <= ranges[low].first, "ranges do not overlap")
        let joinsBefore = low > 0 && ranges[low - 1].end == first
        let joinsBehind = low < ranges.count && ranges[low].first == end
        switch (joinsBefore, joinsBehind) {
        case (true, true):
            ranges[low - 1].end = ranges[low].end
            ranges[low - 1].stored += stored + ranges[low].stored
            ranges.remove(at: low)
        case (true, false):
            ranges[low - 1].end = end
            ranges[low - 1].stored += stored
        case (false, true):
            ranges[low].first = first
            ranges[low].stored += stored
        case (false, false):
            ranges.insert(Span(first: first, end: end, stored: stored), at: low)
        }
    }

    /// One more of the range that holds `position` turned out to be in the file. False: there is none.
    mutating func addStored(at position: UInt64) -> Bool {
        guard let index = index(at: position) else { return false }
        ranges[index].stored += 1
        return true
    }

    /// Takes out the range that begins at `position`.
    mutating func removeRange(from position: UInt64) -> Span? {
        guard let first = ranges.first, first.first == position else { return nil }
        ranges.removeFirst()
        return first
    }

    /// How many of all are readings in the file.
    var stored: UInt64 { ranges.reduce(0) { $0 + $1.stored } }

    /// There is another file.
    mutating func forgetStored() { for index in ranges.indices { ranges[index].stored = 0 } }

    mutating func shift(by distance: UInt64) {
        for index in ranges.indices {
            ranges[index].first += distance
            ranges[index].end += distance
        }
    }

    @inline(never) private func index(at position: UInt64) -> Int? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].end <= position { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].first <= position else { return nil }
        return low
    }
}
