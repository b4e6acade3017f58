internal import Telemetry

/// The ring's file as far as it is known to be good: what was confirmed by a sync. Building a batch works on a copy,
/// which takes its place when the batch is confirmed; when it is not, nothing has changed.
struct Disk: Hashable, Sendable {
    var layout: RingLayout
    var ringID: UInt64
    /// Of the newest page that was ever sent to the file.
    var revision: UInt64
    /// One behind the last position in the log.
    var logEnd: UInt64
    /// Readings ever stored in the log.
    var stored: UInt64
    /// The page that is being filled, and the slot that holds its newest good copy.
    var open: PageBuilder?
    var openSlot: Int?
    /// For the page after the open one.
    var nextNumber: UInt64
    /// The highest number that has its place.
    var placed: UInt64?
    var unplaced: [Recovered.Unplaced]
    /// Segments up to this one are zeroed or in use; nil: none is.
    var preparedThrough: UInt64?
    var preparation: Preparation?
    /// The oldest page, its first position and the readings stored before it.
    var tailPage: UInt64
    var tailPosition: UInt64
    /// Nil: the page that would know is damaged.
    var tailStored: UInt64?
    /// The file header that is written next: 0 or 1.
    var headerTurn: Int
    /// The stream that each of them names as the present one; nil: it is not whole.
    var headerStreams: [UInt32?] = [nil, nil]
    /// A slot whose last write failed.
    var badSlot: Int?
    /// As in the newest good page.
    var watermark: UInt64
    /// All before this position had been handed over when that page was made.
    var toldEnd: UInt64 = 0
    var hadUnsettled: Bool
    /// The clock of this boot is in a good page.
    var hasClock: Bool

    /// The open page has no room, and its place is not ready.
    var isFull = false
    /// Evicted readings became a loss that no synced page tells of yet.
    var lossNeedsPage = false

    /// Making the next segment ready: count what is evicted, make that durable, write zeros.
    struct Preparation: Hashable {
        enum Step: Hashable {
            /// The one of this number is read.
            case lastPage(UInt64)
            case scan(Eviction)
            /// `drop-newest`: nothing is overwritten before all up to this position, exclusive, is settled.
            case blocked(end: UInt64)
            case evicted
        }
        var segment: UInt64
        var step: Step
    }

    var newestNumber: UInt64? {
        if let open { return open.number }
        // A copy may be of a page in the midst of the log that was damaged.
        guard let copy = unplaced.last?.header.number else { return placed }
        return max(copy, placed ?? copy)
    }

    /// No page but the two file headers is known to be whole.
    var isEmpty: Bool { openSlot == nil && placed == nil && unplaced.isEmpty }

    func isPrepared(_ number: UInt64) -> Bool {
        guard let preparedThrough else { return false }
        return layout.segment(of: number) <= preparedThrough
    }

    /// Nothing can be written before a segment is ready.
    var isStuck: Bool {
        if let copy = unplaced.first { return !isPrepared(copy.header.number) }
        if let open, isFull { return !isPrepared(open.number) }
        return false
    }

    /// The segment that has to be made ready now or soon, if any.
    var segmentToPrepare: UInt64? {
        guard let newest = open?.number ?? unplaced.last?.header.number else { return nil }
        for number in [unplaced.first?.header.number ?? newest, newest] where !isPrepared(number) {
            return layout.segment(of: number)
        }
        // Ahead of time: in the second half of the last one.
        let segment = layout.segment(of: newest)
        guard segment == preparedThrough, newest % layout.segmentPages >= layout.segmentPages / 2 else { return nil }
        return segment + 1
    }

    /// The next segment waits for what is in it to be settled.
    var isBlocked: Bool {
        if case .blocked? = preparation?.step { true } else { false }
    }

    /// And until then nothing has room.
    var isOutOfRoom: Bool {
        guard isBlocked, let newestNumber else { return false }
        return !isPrepared(newestNumber)
    }

    /// A segment is being made ready, or has to be.
    var hasToPrepare: Bool { preparation != nil || segmentToPrepare != nil }

    mutating func takeRevision() -> UInt64 {
        revision += 1
        return revision
    }

    /// After a failed write that touched places in the log: what is not known to be good gets other numbers, from the
    /// beginning of a segment on, so that the log has no hole inside a segment.
    mutating func jump(past highest: UInt64) {
        var number = layout.firstNumber(ofSegment: layout.segment(of: highest) + 1)
        for index in unplaced.indices where placed.map({ $0 < unplaced[index].header.number }) ?? true {
            unplaced[index].header.number = number
            number += 1
        }
        if let page = open {
            open = page.renumbered(number)
            number += 1
        }
        nextNumber = number
        preparation = nil
    }
}

/// What an eviction counts while it reads the old segment.
struct Eviction: Hashable, Sendable {
    var nextPage: UInt64
    var endPage: UInt64
    /// Where the next page should begin.
    var expected: UInt64
    var expectedStored: UInt64?
    var losses: [LossEntry] = []
    var acknowledged: [PositionRanges.Span] = []
}
