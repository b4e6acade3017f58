package import Telemetry

/// What a ring file holds, for `godwit ring`: reads every page once to count, and once more to show.
///
/// It writes nothing and takes no lock, so the file may be in use: a page that is being written while it is read looks
/// damaged, and is read again three times before it counts as such.
package struct RingReader: Sendable {
    package enum Step: Sendable {
        case request(StorageRequest)
        /// The same once more, 50 ms later.
        case again(StorageRequest)
        case items([Item])
        /// When verifying.
        case damage([Damage])
        case done
        /// Nothing, or zeros only, as many as a ring has: a file that was made and not written to.
        case blank
        case notARing
        case failed(StorageError)
    }

    package struct Item: Hashable, Sendable {
        package var handover: Handover
        package var isSettled: Bool
    }

    /// A page that is neither whole nor blank.
    package struct Damage: Hashable, Sendable {
        package enum Place: Sendable {
            /// Of the file: the first page or the last.
            case header
            /// A copy of the page that is being filled.
            case slot
            case log
            /// Nothing is kept there now.
            case unused
            /// The file ends here, before the end that its header tells of.
            case missing
        }
        package var place: Place
        /// In the file.
        package var page: UInt64
        package var isReadable: Bool
        /// What it cost; nil: nothing, or it is said of the page before.
        package var loss: Loss?
    }

    /// As in contract 7.
    package struct Summary: Hashable, Sendable {
        package var stream = StreamID(0)
        package var head = SequenceNumber.first
        package var tail = SequenceNumber.first
        package var watermark = SequenceNumber.zero
        package var records: UInt64 = 0
        package var unacknowledged: UInt64 = 0
        package var bytes: UInt64 = 0
        package var capacityBytes: UInt64 = 0
        package var evicted: UInt64 = 0
        package var lost: UInt64 = 0
        package var damaged: UInt64 = 0
        package var rejected: UInt64 = 0
    }

    enum Phase: Hashable {
        case opening
        case counting
        /// Goes through all pages of the file; `number` is one of them.
        case checking
        case showing
        case finished
    }

    private struct BootClock: Hashable {
        var boot: UInt32
        var first: ClockRecord
    }

    private static let maximumAttempts = 4
    static let chunkPages: UInt64 = 16

    package private(set) var summary = Summary()
    private let showsItems: Bool
    private let verifies: Bool
    private let isEmpty: Bool
    /// Pages of the log that were found damaged since the last whole one.
    var bad: [Damage] = []
    var newDamage: [Damage] = []
    /// Of the end of the log, which a later page knows of.
    var endLoss: Loss?
    /// Of the pages behind the end of a file that was cut, which lie in the midst of the log.
    var cutLoss: Loss?
    var isBehindCut = false
    var isUnreadable = false
    var phase = Phase.opening
    private var recovery: Recovery
    var found: Recovered?
    private var last: StorageRequest?
    private var attempts = 1
    var number: UInt64 = 0
    var chunk: Chunk?
    /// Where the next page should begin, and how many readings lie before it.
    var expected: UInt64 = 0
    var expectedStored: UInt64?
    private var clocks: [BootClock] = []
    private var firstStored: UInt64?
    var lastStored: (position: UInt64, span: StreamSpan)?

    package init(fileSize: UInt64, showsItems: Bool, verifies: Bool = false) {
        self.verifies = verifies
        isEmpty = fileSize == 0
        recovery = Recovery(fileSize: fileSize, takesErrorsForDamage: true)
        self.showsItems = showsItems
    }

    /// The next thing to do, from the start (nil) or after a result.
    package mutating func step(_ result: StorageResult?) -> Step {
        if let again = retry(result) { return .again(again) }
        switch phase {
        case .opening:
            switch recovery.step(result) {
            case .request(let request): return ask(request)
            case .notARing: return isEmpty ? .blank : .notARing
            case .blank: return .blank
            case .failed(let error): return .failed(error)
            case .found(let recovered):
                found = recovered
                begin(.counting)
                return walk()
            }
        case .counting, .checking, .showing:
            isUnreadable = false
            if case .read(let bytes)? = result, case .read(_, let count)? = last {
                chunk = Chunk(first: number, count: count, bytes: bytes)
            } else if case .failed? = result, case .read(let first, let count)? = last {
                // Alone: one page that cannot be read must not cost the others.
                if count > 1 { return ask(.read(first: first, count: 1)) }
                isUnreadable = true
                chunk = Chunk(first: number, count: 1, bytes: [UInt8](repeating: 255, count: RingLayout.pageSize))
            }
            return phase == .checking ? check() : walk()
        case .finished: return .done
        }
    }

    mutating func ask(_ request: StorageRequest) -> Step {
        last = request
        attempts = 1
        return .request(request)
    }

    /// The request again, if its one page is neither whole nor blank.
    private mutating func retry(_ result: StorageResult?) -> StorageRequest? {
        guard let result, let last, case .read(let first, 1) = last, attempts < Self.maximumAttempts else { return nil }
        if case .read(let bytes) = result, bytes.allSatisfy({ $0 == 0 }) || PageHeader(bytes, filePage: first) != nil {
            return nil
        }
        attempts += 1
        return last
    }

    private mutating func begin(_ phase: Phase) {
        guard let found else { return }
        self.phase = phase
        number = found.placed == nil ? found.unplaced.first?.header.number ?? 0 : found.tailPage
        expected = found.tail?.first ?? 0
        expectedStored = found.tail?.storedBefore
        chunk = nil
    }

    private mutating func walk() -> Step {
        guard let found else { return .notARing }
        let newest = max(found.unplaced.last?.header.number ?? 0, found.placed ?? 0)
        let isEmpty = found.unplaced.isEmpty && found.placed == nil
        while !isEmpty, number <= newest {
            var page: StoredPage?
            let copy = found.unplaced.first { $0.header.number >= number }
            if let copy, copy.header.number == number {
                page = StoredPage(header: copy.header, bytes: copy.bytes, at: 0)
            } else if let placed = found.placed, number <= placed {
                if let next = found.numberBehindCut(number) {
                    isBehindCut = true
                    number = min(next, copy?.header.number ?? next)
                    continue
                }
                guard let chunk, chunk.contains(number) else {
                    return ask(read(found.layout, placed))
                }
                page = storedPage(chunk, found)
                if page == nil, chunk.count > 1, !isBlank(chunk) {
                    // Alone, so that it can be read again.
                    return ask(.read(first: found.layout.filePage(of: number), count: 1))
                }
            } else if let copy {
                // Between the log and a copy in a slot there may be numbers that no page has got.
                number = copy.header.number
                continue
            }
            let items = page.map { take($0, found) } ?? []
            if verifies, phase == .counting, page == nil, let chunk, chunk.contains(number), !isBlank(chunk) {
                bad.append(Damage(place: .log, page: found.layout.filePage(of: number), isReadable: !isUnreadable))
            }
            number += 1
            if !items.isEmpty { return .items(items) }
            if !newDamage.isEmpty { return tellDamage() }
        }
        switch phase {
        case .counting:
            finishSummary(found)
            if verifies {
                let state = found.latest.state
                endLoss = gapLoss(upTo: found.latest.end, state.stored, found.latest, state.span, found).flatMap { $0.count == 0 ? nil : $0.loss }
                flush(nil)
                phase = .checking
                number = 0
                chunk = nil
                return newDamage.isEmpty ? check() : tellDamage()
            }
            guard showsItems else { break }
            begin(.showing)
            let early = earlyItems(found)
            return early.isEmpty ? walk() : .items(early)
        case .opening, .checking, .showing, .finished: break
        }
        phase = .finished
        return .done
    }

    // MARK: Pages

    private func read(_ layout: RingLayout, _ placed: UInt64) -> StorageRequest {
        let size = layout.segmentPages
        let count = min(Self.chunkPages, size - number % size, placed - number + 1)
        return .read(first: layout.filePage(of: number), count: Int(count))
    }

    func isBlank(_ chunk: Chunk) -> Bool {
        let offset = Int(number - chunk.first) * RingLayout.pageSize
        return chunk.bytes[offset..<offset + RingLayout.pageSize].allSatisfy { $0 == 0 }
    }

    private func storedPage(_ chunk: Chunk, _ found: Recovered) -> StoredPage? {
        let offset = Int(number - chunk.first) * RingLayout.pageSize
        guard let header = PageHeader(chunk.bytes, at: offset, filePage: found.layout.filePage(of: number)),
            header.kind == .log, header.number == number, header.ringID == found.ringID
        else { return nil }
        return StoredPage(header: header, bytes: chunk.bytes, at: offset)
    }

    private mutating func take(_ page: StoredPage, _ found: Recovered) -> [Item] {
        let header = page.header
        guard header.end > expected else { return [] }
        if phase == .counting, let first = header.firstClock, !clocks.contains(where: { $0.boot == header.boot }) {
            clocks.append(BootClock(boot: header.boot, first: first))
        }
        let watermark = found.latest.state.watermark
        var items: [Item] = []
        if header.first > expected {
            let loss = gapLoss(upTo: header.first, header.storedBefore, header, header.span, found)
            if phase == .counting {
                summary.damaged += expectedStored.map { header.storedBefore - min($0, header.storedBefore) } ?? 0
                if verifies { flush(loss.flatMap { $0.count == 0 ? nil : $0.loss }) }
            } else if let loss {
                items.append(Item(handover: .loss(loss.loss), isSettled: false))
            }
        }
        if phase == .counting, verifies { flush(nil) }
        for record in page.records where record.end > expected {
            let isSettled = record.end <= watermark + 1
            switch record.content {
            case .reading(let series, let instant, let outcome):
                if phase == .counting {
                    summary.records += 1
                    if !isSettled { summary.unacknowledged += 1 }
                    if firstStored == nil { firstStored = record.first }
                    lastStored = (record.first, header.span)
                } else {
                    var stamp = page.stamp(position: record.first, instant: instant)
                    if case .unknown = stamp, let clock = clocks.first(where: { $0.boot == header.boot }) {
                        stamp = .estimated(clock.first.time(of: instant))
                    }
                    items.append(
                        Item(
                            handover: .reading(
                                StampedReading(
                                    stream: StreamID(header.span.stream),
                                    sequence: SequenceNumber(record.first - header.span.base),
                                    schema: page.schemas[series], boot: BootID(header.boot), instant: instant,
                                    stamp: stamp, outcome: outcome)), isSettled: isSettled))
                }
            case .loss(let cause, let count, let atMost, let sensors):
                guard phase == .showing else { continue }
                let loss = LossEntry(
                    span: header.span, first: record.first, end: record.end, count: count, atMost: atMost, cause: cause,
                    sensors: sensors)
                items.append(Item(handover: .loss(loss.loss), isSettled: isSettled))
            case .acknowledged: break
            }
        }
        expected = header.end
        expectedStored = header.storedBefore + header.readings
        return items
    }

    private func earlyItems(_ found: Recovered) -> [Item] {
        let after = found.latest.state.watermark + 1
        return found.latest.state.early.filter { $0.end > after }.map {
            let entry = LossEntry(
                span: $0.span, first: $0.first, end: $0.end, count: $0.count, atMost: $0.end - $0.first, cause: $0.cause)
            return Item(handover: .loss(entry.loss), isSettled: false)
        }
    }

    private mutating func finishSummary(_ found: Recovered) {
        let state = found.latest.state
        let span = lastStored?.span ?? state.span
        func number(_ position: UInt64) -> SequenceNumber { SequenceNumber(position - min(position, span.base)) }
        summary.stream = StreamID(span.stream)
        summary.watermark = number(state.watermark)
        summary.head = number((lastStored?.position ?? state.watermark) + 1)
        summary.tail = firstStored.map { number($0) } ?? summary.head
        let newest = max(found.unplaced.last?.header.number ?? 0, found.placed ?? 0)
        let isEmpty = found.unplaced.isEmpty && found.placed == nil
        summary.bytes = isEmpty ? 0 : (newest + 1 - found.tailPage) * UInt64(RingLayout.pageSize)
        summary.capacityBytes = found.layout.logPages * UInt64(RingLayout.pageSize)
        summary.evicted = state.evicted
        summary.rejected = state.rejected
        summary.damaged += state.damaged
        summary.lost = state.lost + (summary.damaged - state.damaged)
    }
}
