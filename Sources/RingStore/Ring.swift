package import Telemetry

/// The ring: numbers readings, keeps them until they are acknowledged, and says what it could not keep.
///
/// A reading goes to memory (`pending`); when it gets old there it is written to the file, and is read back when its turn
/// comes. What was handed over and is not acknowledged stays in memory (`pending`, `writing` or `held`). The laws are in
/// docs/ring-format.md. The parts: RingOpening, RingWriting, RingEviction, RingHandover, RingRejection, RingClock, RingAccounting.
package struct Ring: Hashable, Sendable {
    enum Phase: Hashable {
        case idle
        case opening
        case open
        /// The file could not be opened.
        case closed(retryAt: Instant)
    }

    /// The storage request that is under way. Indirect: what it carries is large, and whether there is one is asked at each turn.
    indirect enum Job: Hashable {
        case open
        case recover(Recovery)
        case resize(Resizing)
        case create(Disk)
        case header(HeaderWrite)
        case batch(Batch)
        case read(number: UInt64, count: Int)
        case search(number: UInt64)
        case evictionPage(number: UInt64)
        case evictionScan(number: UInt64, count: Int)
        case zero(segment: UInt64)
    }

    /// Readings and clocks that came before there were numbers.
    enum Waiting: Hashable {
        case reading(Reading)
        case clock(ClockReading)
    }

    struct Failure: Hashable {
        var retryAt: Instant
        var attempts: Int
    }

    package private(set) var configuration: RingConfiguration
    /// `sync`, as it is added at each turn.
    private(set) var syncNanoseconds: Int64
    private(set) var schemas: [SensorSchema]
    let boot: BootID
    var random: RandomSource
    var phase = Phase.idle
    var job: Job?
    var disk: Disk?
    var failure: Failure?
    var openAttempts = 0
    /// Openings in a row that have met a page that could not be read.
    var unreadableOpenings = 0
    /// A ring whose first headers could not be synced.
    var unfinishedRingID: UInt64?
    /// It has to be made anew, whatever lies under its name.
    var isFileLost = false
    var hasSaidOpened = false
    var hasSaidSize = false
    var isStopping = false
    var isStopped = false
    /// During this stop.
    var isCleanWritten = false
    /// The highest position that the file held, or knew as settled, when it was opened.
    var recoveredThrough: UInt64 = 0

    // Numbers, as positions (PositionRanges.swift).
    var head: UInt64 = 1
    /// The first that this process numbered.
    var processFirst: UInt64 = 1
    /// In order of their bases; the last is the present stream.
    var spans: [StreamSpan]
    /// Durably; positions up to it may be used.
    var reserved: UInt64 = 0
    var reservedAmount: UInt64 = 0
    /// By the headers of a ring that is being made.
    var reservedByCreation: UInt64 = 0
    /// Numbers cannot be kept durably: the present stream is in memory only, and has as many as it needs.
    var isVolatile = false
    var rateSince: Instant?
    var rateHead: UInt64 = 1
    var waiting: [Waiting] = []

    // What is not settled.
    var pending = SlotQueue()
    /// In the batch that is under way.
    var writing = SlotQueue()
    var held = HeldQueue()
    var losses: [LossEntry] = []
    /// A loss that ends here is in the file, or on its way: it must not grow.
    var lossBarrier: UInt64 = 0
    var acknowledged = PositionRanges()
    var watermark: UInt64 = 0
    /// What the readings in memory take of `RingConfiguration.memory`.
    package internal(set) var memoryBytes = 0

    // Hand-over.
    var cursor: UInt64 = 1
    var handedEnd: UInt64 = 1
    var reader: StoredPage?
    /// The page to look at when `reader` is used up; nil: it has to be looked for.
    var nextPage: UInt64?
    var chunk: Chunk?
    var search: PageSearch?
    var wanted: WantedPages?
    var readAttempts = 0
    var unreadable: UInt64?
    /// Of earlier boots: what a search for their first clock record has found.
    var bootClocks: [BootClock] = []

    // Clocks of this boot.
    var clocks: [ClockRecord] = []
    var firstClock: ClockRecord?
    /// The newest one that a synced file header tells of.
    var storedClock: ClockRecord?
    var notBefore: WallTime?
    /// Stored readings of this boot below this position are of earlier processes, and the log has their first clock record: that one stamps
    /// them. This process may have handed over readings by another one before the file could be opened.
    var searchesClockBelow: UInt64 = 0
    /// Readings of this boot below this position were written, or are being written, without a clock.
    var unclockedEnd: UInt64 = 0

    // Counts.
    var settled: UInt64 = 0
    var counters = RingState()
    var lossesByCause = [UInt64](repeating: 0, count: Loss.Cause.allCases.count)
    var writtenBytes: UInt64 = 0
    var syncs: UInt64 = 0
    /// The watermark should be written although no reading has to be.
    var wantsState = false
    /// When the first of what is stored and unsettled was taken, where this process stored it: for the metrics of an outage.
    var oldestStored: Instant?
    var drainedSegment: UInt64?

    /// The last turn ended with nothing to do, in an open ring.
    var isQuiet = false
    /// Readings that were not taken since the ring is full; 0: it is not.
    var refused: UInt64 = 0

    /// The next reading of this boot waits until its time is known.
    package internal(set) var isWaitingForClock = false
    package internal(set) var deadline: Instant?

    package init(configuration: RingConfiguration, schemas: [SensorSchema], boot: BootID, random: RandomSource) {
        precondition(schemas.allSatisfy(Self.fits), "a sensor's definition fits a page")
        self.configuration = configuration
        syncNanoseconds = configuration.sync.nanoseconds
        self.schemas = schemas
        self.boot = boot
        var random = random
        spans = [StreamSpan(stream: Self.drawStream(from: &random, besides: []), base: 0)]
        self.random = random
    }

    @inline(never) package mutating func handle(_ input: RingInput, at now: Instant) -> [RingAction] {
        var actions: [RingAction] = []
        if !take(input, now, &actions) { pump(now, &actions) }
        noteDeadline()
        return actions
    }

    /// - Returns: it gives the ring nothing to do.
    private mutating func take(_ input: RingInput, _ now: Instant, _ actions: inout [RingAction]) -> Bool {
        var changesNothing = false
        switch input {
        case .start: start(now)
        case .append(let reading):
            append(reading, now, &actions)
            changesNothing = true
        case .schemas(let schemas):
            precondition(
                schemas.count >= self.schemas.count && Array(schemas.prefix(self.schemas.count)) == self.schemas
                    && schemas.allSatisfy(Self.fits), "schemas grow at the end")
            self.schemas = schemas
        case .limits(let sync, let memory, let whenFull):
            configuration.sync = sync
            syncNanoseconds = sync.nanoseconds
            configuration.memory = memory
            configuration.whenFull = whenFull
            makeRoom(&actions)
        case .clock(let reading): changesNothing = clock(reading)
        case .acknowledged(let name):
            acknowledge(name)
            dropAcknowledged()
            // With `drop-newest` it may be what room waits for.
            changesNothing = !wantsState && configuration.whenFull == .dropOldest
        case .rejected(let name): reject(name)
        case .postponed(let name): postpone(name)
        case .rewind: rewind()
        case .storage(let result): finish(result, now, &actions)
        case .timer: break
        case .stop:
            isStopping = true
            isStopped = false
            isCleanWritten = false
        }
        return changesNothing && isQuiet && !needsTurn(now)
    }

    /// It is asked for several times a turn, so it is kept.
    @inline(never) mutating func noteDeadline() {
        deadline = nil
        if job != nil || isStopped { return }
        switch phase {
        case .idle, .opening: return
        case .closed(let retryAt): deadline = retryAt
        case .open:
            if let failure {
                deadline = failure.retryAt
            } else if let oldest = pending.firstInstant, !isRefusing {
                deadline = oldest.advanced(byNanoseconds: syncNanoseconds)
            }
        }
    }

    /// The name that the next reading gets; nil while the stream is not known yet.
    package var nextName: AlertEvent.ReadingName? {
        guard phase == .open || isVolatile else { return nil }
        var ahead: UInt64 = 0
        for item in waiting { if case .reading = item { ahead += 1 } }
        let span = spans[spans.count - 1]
        return AlertEvent.ReadingName(
            stream: StreamID(span.stream), sequence: SequenceNumber(head - min(head, span.base) + ahead))
    }

    /// Whether the file held the reading of this name, or knew it as settled, when it was opened: what an earlier process
    /// had appended may not have come to the disk.
    package func wasKept(_ stream: StreamID, _ sequence: SequenceNumber) -> Bool {
        guard let span = spans.last(where: { $0.stream == stream.rawValue }) else { return false }
        return span.base + sequence.rawValue <= recoveredThrough
    }

    private static func fits(_ schema: SensorSchema) -> Bool {
        schema.quantities.count <= 8 && definitionBytes(schema) <= PageBuilder.capacity / 2
    }

    private static func definitionBytes(_ schema: SensorSchema) -> Int {
        schema.quantities.reduce(3 + schema.sensor.utf8.count) { $0 + 3 + $1.name.utf8.count + $1.unit.utf8.count }
    }

    /// Zero is left out: it looks like a mistake.
    mutating func drawStream() -> UInt32 { Self.drawStream(from: &random, besides: spans) }

    private static func drawStream(from random: inout RandomSource, besides spans: [StreamSpan]) -> UInt32 {
        while true {
            let stream = UInt32(truncatingIfNeeded: random.next())
            if stream != 0, !spans.contains(where: { $0.stream == stream }) { return stream }
        }
    }

    // MARK: Numbers

    var hasNumber: Bool { isVolatile || head <= reserved }

    func span(of position: UInt64) -> StreamSpan { spans.span(of: position) }

    /// A span that was met in a page or begins now.
    mutating func note(_ span: StreamSpan) {
        guard !spans.contains(span) else { return }
        let index = spans.firstIndex { $0.base > span.base } ?? spans.count
        spans.insert(span, at: index)
    }

    /// The one that was the present one when a page was written, as that page tells: its own pages may all be damaged.
    mutating func noteEarlier(_ span: StreamSpan) {
        if span.base < spans[spans.count - 1].base { note(span) }
    }

    private mutating func append(_ reading: Reading, _ now: Instant, _ actions: inout [RingAction]) {
        precondition(schemas.indices.contains(reading.sensor), "a reading of a sensor that has a schema")
        if isRefusing, hasNumber, waiting.isEmpty { return refuse(reading, &actions) }
        memoryBytes += Slot.bytes(reading)
        if hasNumber, waiting.isEmpty {
            number(reading)
        } else {
            waiting.append(.reading(reading))
        }
        makeRoom(&actions)
    }

    private mutating func makeRoom(_ actions: inout [RingAction]) {
        guard memoryBytes > configuration.memory else { return }
        // So many readings cannot wait for numbers of the file.
        if !waiting.isEmpty { goVolatile(&actions) }
        while memoryBytes > configuration.memory, drop() {}
    }

    /// Nothing was left to do at the last turn, and an append, like the time that has passed, changes only what is asked here.
    @inline(__always) private func needsTurn(_ now: Instant) -> Bool {
        reserved &- head < reservedAmount / 2 || head > reserved || isWriteDue(now) || wantsStepStored(now)
    }

    mutating func number(_ reading: Reading) {
        pending.append(Slot(position: head, reading: reading))
        head += 1
    }

    mutating func numberWaiting() {
        guard !waiting.isEmpty, hasNumber else { return }
        var numbered = 0
        for item in waiting {
            guard hasNumber else { break }
            switch item {
            case .reading(let reading): number(reading)
            case .clock(let reading): note(reading)
            }
            numbered += 1
        }
        waiting.removeFirst(numbered)
    }

    /// Numbers cannot be kept durably now: a new stream, which lives in memory until they can.
    mutating func goVolatile(_ actions: inout [RingAction]) {
        if !isVolatile {
            isVolatile = true
            if head > spans[spans.count - 1].base + 1 {
                spans.append(StreamSpan(stream: drawStream(), base: head - 1))
                let stream = StreamID(spans[spans.count - 1].stream)
                actions.append(.notice(Notice(.warning, "numbers cannot be kept on disk, a new stream begins stream=\(stream.text)")))
            }
        }
        numberWaiting()
    }
}

extension Array where Element == StreamSpan {
    /// Of the spans and not of the ring, so that nothing copies a ring to ask for it.
    @inline(never) func span(of position: UInt64) -> StreamSpan { last { $0.base < position } ?? self[0] }
}
