package import Telemetry

/// A look at both clocks that later readings are stamped by: the wall time of an instant is
/// `wallTime + (instant - self.instant)`.
package struct ClockRecord: Hashable, Sendable {
    package var instant: Instant
    package var wallTime: WallTime
    /// Of the next reading when the record was made: readings from it on are stamped `synced`.
    var position: UInt64

    func time(of instant: Instant) -> WallTime { wallTime.moved(from: self.instant, to: instant) }
}

/// What the ring knew when a page was written. Every page carries it, so that any of them can open the ring.
package struct RingState: Hashable, Sendable {
    /// All up to this position is settled.
    var watermark: UInt64 = 0
    /// Positions up to this one may have been used.
    var reserved: UInt64 = 0
    /// The stream that new readings belong to; a page may still be of an earlier one.
    var span = StreamSpan(stream: 0, base: 0)
    /// `reserved` is exact: the ring was stopped.
    var isClean = false
    /// The highest position ever handed over, and one.
    var handedEnd: UInt64 = 1
    /// Readings ever written to the log; how many of them were settled, as of the watermark.
    var stored: UInt64 = 0
    var settled: UInt64 = 0
    var evicted: UInt64 = 0
    var lost: UInt64 = 0
    var damaged: UInt64 = 0
    /// Of the lost: refused by the broker for good. Not in pages of version 1.
    var rejected: UInt64 = 0
    /// Losses before the tail that are not settled, at most four: no record in the file tells of them any more.
    var early: [EarlyLoss] = []
    /// Stored readings whose segment is gone, but which wait in memory for their acknowledgement.
    var heldEvicted: UInt64 = 0

    static let maximumEarly = 4

    package struct EarlyLoss: Hashable, Sendable {
        var span: StreamSpan
        var first: UInt64
        var end: UInt64
        var count: UInt64?
        var cause: Loss.Cause
    }
}

/// The first 400 bytes of every page; the layout is in docs/ring-format.md.
package struct PageHeader: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// In its place in the log, or its copy in a tail slot.
        case log = 1
        /// The first or the last page of the file.
        case file = 2
    }

    static let size = 400
    static let magic: UInt64 = 0x3152_5747  // "GWR1"
    /// Of the pages that are written. Each page says its own: one of an earlier version is read as it is, and becomes a page of
    /// this version when it is written again.
    static let version: UInt64 = 2
    private static let oldestVersion: UInt64 = 1

    var ringID: UInt64
    var filePages: UInt64
    var kind: Kind
    /// Log pages: never reused. File headers: the number of the next log page that has not got its place yet.
    var number: UInt64
    /// One more for every page written.
    var revision: UInt64
    var span: StreamSpan
    var boot: UInt32
    /// The positions that the records of this page describe: `first ..< end`.
    var first: UInt64
    var end: UInt64
    /// Readings in the log before this page, and in it.
    var storedBefore: UInt64
    var readings: UInt64
    /// How many bytes of records follow the header.
    var recordBytes: Int
    var state: RingState
    /// In force for the first record.
    var clock: ClockRecord?
    /// The first of this boot, wherever it stands, when it was known as the page was written.
    var firstClock: ClockRecord?
    /// Known from an earlier boot.
    var notBefore: WallTime?
    /// So many positions right before `first` were numbered by the process that made this page: no loss `restart` is among them.
    var sameProcess: UInt64 = 0

    /// The whole page: header, records, zeros, CRC. `filePage`: where it will lie.
    func encode(records: [UInt8], filePage: UInt64, version: UInt64 = Self.version) -> [UInt8] {
        precondition(records.count <= RingLayout.pageSize - Self.size, "the records fit the page")
        var page = [UInt8](repeating: 0, count: RingLayout.pageSize)
        page.put(Self.magic, at: 4, bytes: 4)
        page.put(ringID, at: 8, bytes: 8)
        page.put(filePages, at: 16, bytes: 4)
        page.put(UInt64(kind.rawValue), at: 20, bytes: 1)
        var flags: UInt64 = state.isClean ? 1 : 0
        if clock != nil { flags |= 2 }
        if firstClock != nil { flags |= 4 }
        if notBefore != nil { flags |= 8 }
        page.put(flags, at: 21, bytes: 1)
        page.put(UInt64(records.count), at: 22, bytes: 2)
        page.put(number, at: 24, bytes: 8)
        page.put(revision, at: 32, bytes: 8)
        page.put(UInt64(span.stream), at: 40, bytes: 4)
        page.put(UInt64(boot), at: 44, bytes: 4)
        page.put(span.base, at: 48, bytes: 8)
        page.put(first, at: 56, bytes: 8)
        page.put(end, at: 64, bytes: 8)
        page.put(storedBefore, at: 72, bytes: 8)
        page.put(readings, at: 80, bytes: 4)
        page.put(version, at: 84, bytes: 4)
        page.put(state.watermark, at: 88, bytes: 8)
        page.put(state.reserved, at: 96, bytes: 8)
        page.put(state.handedEnd, at: 104, bytes: 8)
        page.put(state.stored, at: 112, bytes: 8)
        page.put(state.settled, at: 120, bytes: 8)
        page.put(state.evicted, at: 128, bytes: 8)
        page.put(state.lost, at: 136, bytes: 8)
        page.put(state.damaged, at: 144, bytes: 8)
        page.put(state.heldEvicted, at: 152, bytes: 8)
        put(clock, at: 160, in: &page)
        put(firstClock, at: 184, in: &page)
        page.put(UInt64(bitPattern: notBefore?.nanoseconds ?? 0), at: 208, bytes: 8)
        precondition(state.early.count <= RingState.maximumEarly, "the losses fit the header")
        for (index, early) in state.early.enumerated() {
            let offset = 216 + 40 * index
            page.put(early.first, at: offset, bytes: 8)
            page.put(early.end, at: offset + 8, bytes: 8)
            page.put(early.count ?? .max, at: offset + 16, bytes: 8)
            page.put(early.span.base, at: offset + 24, bytes: 8)
            page.put(UInt64(early.span.stream), at: offset + 32, bytes: 4)
            page.put(UInt64(early.cause.rawValue), at: offset + 36, bytes: 1)
        }
        page.put(state.span.base, at: 376, bytes: 8)
        page.put(UInt64(state.span.stream), at: 384, bytes: 4)
        if version > 1 {
            page.put(state.rejected, at: 388, bytes: 8)
            page.put(min(sameProcess, UInt64(UInt32.max)), at: 396, bytes: 4)
        }
        page.replaceSubrange(Self.size..<Self.size + records.count, with: records)
        page.put(UInt64(Self.checksum(of: page, at: 0, filePage: filePage)), at: 0, bytes: 4)
        return page
    }

    private func put(_ record: ClockRecord?, at offset: Int, in page: inout [UInt8]) {
        guard let record else { return }
        page.put(UInt64(bitPattern: record.instant.nanoseconds), at: offset, bytes: 8)
        page.put(UInt64(bitPattern: record.wallTime.nanoseconds), at: offset + 8, bytes: 8)
        page.put(record.position, at: offset + 16, bytes: 8)
    }

    /// Whether the page at the start of `bytes` was written for this place by a later version than is known here. Magic, sum, ring id,
    /// page number and version have their places in every version.
    static func isOfLaterVersion(_ bytes: [UInt8], filePage: UInt64, mayBeDamaged: Bool = false) -> Bool {
        guard bytes.count == RingLayout.pageSize, bytes.get(at: 4, bytes: 4) == magic, bytes.get(at: 84, bytes: 4) > version
        else { return false }
        return mayBeDamaged || UInt64(checksum(of: bytes, at: 0, filePage: filePage)) == bytes.get(at: 0, bytes: 4)
    }

    /// Seeded with ring, page number and place, so that a page of another ring, lap or place is never taken for this one.
    fileprivate static func checksum(of bytes: [UInt8], at offset: Int, filePage: UInt64) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.get(at: offset + 8, bytes: 8))
        crc.update(bytes.get(at: offset + 24, bytes: 8))
        crc.update(filePage)
        crc.update(bytes, from: offset + 4, to: offset + RingLayout.pageSize)
        return crc.value
    }
}

// In an extension, so that the memberwise initializer stays.
extension PageHeader {
    /// Nil unless the page at `offset` of `bytes` is whole and was written for this place of the file.
    init?(_ bytes: [UInt8], at offset: Int = 0, filePage: UInt64) {
        func get(_ at: Int, _ count: Int) -> UInt64 { bytes.get(at: offset + at, bytes: count) }
        guard offset + RingLayout.pageSize <= bytes.count, get(4, 4) == Self.magic,
            (Self.oldestVersion...Self.version).contains(get(84, 4)), let kind = Kind(rawValue: UInt8(get(20, 1)))
        else { return nil }
        self.kind = kind
        ringID = get(8, 8)
        filePages = get(16, 4)
        recordBytes = Int(get(22, 2))
        number = get(24, 8)
        revision = get(32, 8)
        span = StreamSpan(stream: UInt32(get(40, 4)), base: get(48, 8))
        boot = UInt32(get(44, 4))
        first = get(56, 8)
        end = get(64, 8)
        storedBefore = get(72, 8)
        readings = get(80, 4)
        let flags = get(21, 1)
        var state = RingState()
        state.isClean = flags & 1 != 0
        state.watermark = get(88, 8)
        state.reserved = get(96, 8)
        state.handedEnd = get(104, 8)
        state.stored = get(112, 8)
        state.settled = get(120, 8)
        state.evicted = get(128, 8)
        state.lost = get(136, 8)
        state.damaged = get(144, 8)
        state.heldEvicted = get(152, 8)
        for index in 0..<RingState.maximumEarly {
            let offset = 216 + 40 * index
            guard let cause = Loss.Cause(rawValue: UInt8(get(offset + 36, 1))) else { break }
            let count = get(offset + 16, 8)
            let early = RingState.EarlyLoss(
                span: StreamSpan(stream: UInt32(get(offset + 32, 4)), base: get(offset + 24, 8)), first: get(offset, 8),
                end: get(offset + 8, 8), count: count == .max ? nil : count, cause: cause)
            guard early.span.base < early.first, early.first < early.end, early.end <= UInt64(Int64.max) else {
                return nil
            }
            state.early.append(early)
        }
        state.span = StreamSpan(stream: UInt32(get(384, 4)), base: get(376, 8))
        if get(84, 4) > 1 {
            state.rejected = get(388, 8)
            sameProcess = get(396, 4)
        }
        self.state = state
        func clockRecord(_ at: Int) -> ClockRecord {
            ClockRecord(
                instant: Instant(nanoseconds: Int64(bitPattern: get(at, 8))),
                wallTime: WallTime(nanoseconds: Int64(bitPattern: get(at + 8, 8))), position: get(at + 16, 8))
        }
        clock = flags & 2 != 0 ? clockRecord(160) : nil
        firstClock = flags & 4 != 0 ? clockRecord(184) : nil
        notBefore = flags & 8 != 0 ? WallTime(nanoseconds: Int64(bitPattern: get(208, 8))) : nil
        // What a ring writes is in order, and its counts are no larger than a disk can make them; the rest of the module relies on it.
        guard Self.areCounts(number, revision, storedBefore, state), recordBytes <= RingLayout.pageSize - Self.size, first <= end, max(span.base, state.span.base) <= UInt64(Int64.max),
            end <= UInt64(Int64.max), state.reserved <= UInt64(Int64.max),
            get(0, 4) == UInt64(Self.checksum(of: bytes, at: offset, filePage: filePage))
        else { return nil }
    }

    // What follows the first 400 bytes of a file header: streams that the log has not told all of, 12 bytes each.

    private static let spanBytes = 12

    static func records(of spans: [StreamSpan]) -> [UInt8] {
        let spans = spans.suffix((RingLayout.pageSize - size) / spanBytes)
        var bytes = [UInt8](repeating: 0, count: spans.count * spanBytes)
        for (index, span) in spans.enumerated() {
            bytes.put(span.base, at: index * spanBytes, bytes: 8)
            bytes.put(UInt64(span.stream), at: index * spanBytes + 8, bytes: 4)
        }
        return bytes
    }

    /// - Parameter page: the whole page of this header.
    func spans(in page: [UInt8]) -> [StreamSpan] {
        guard kind == .file, page.count == RingLayout.pageSize else { return [] }
        return stride(from: Self.size, to: Self.size + recordBytes - recordBytes % Self.spanBytes, by: Self.spanBytes).compactMap { offset in
            let span = StreamSpan(stream: UInt32(page.get(at: offset + 8, bytes: 4)), base: page.get(at: offset, bytes: 8))
            return span.base <= UInt64(Int64.max) ? span : nil
        }
    }

    /// So that sums of them, and a page number in bytes, have room.
    private static func areCounts(_ number: UInt64, _ revision: UInt64, _ storedBefore: UInt64, _ state: RingState) -> Bool {
        guard number < 1 << 48 else { return false }
        var all = revision | storedBefore | state.watermark | state.handedEnd | state.stored | state.settled | state.evicted
        all |= state.lost | state.damaged | state.heldEvicted | state.rejected
        for early in state.early { all |= early.count ?? 0 }
        return all < 1 << 60
    }
}
