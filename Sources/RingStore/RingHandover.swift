package import Telemetry

// What goes to the broker next, and what came back from it.

/// Pages as they were read, a few at a time.
struct Chunk: Hashable, Sendable {
    var first: UInt64
    var count: Int
    var bytes: [UInt8]

    func contains(_ number: UInt64) -> Bool { number >= first && number - first < UInt64(count) }
}

/// What `next` waits for.
enum WantedPages: Hashable, Sendable {
    case chunk(number: UInt64, count: Int)
    case probe(number: UInt64)
}

extension Ring {
    private static let chunkPages: UInt64 = 8

    /// The next to hand over, or nil when there is none now: all is handed over, a page is being read (the actions hold
    /// the request), or the next is a reading of this boot without a known time and `unstamped` is false
    /// (`isWaitingForClock` is then true). A reading of an earlier boot goes out whatever `unstamped` says.
    package mutating func next(at now: Instant, unstamped: Bool) -> (handover: Handover?, actions: [RingAction]) {
        isWaitingForClock = false
        if let handover = advance(unstamped) {
            handedEnd = max(handedEnd, cursor)
            return (handover, [])
        }
        var actions: [RingAction] = []
        if wanted != nil || wantsState {
            pump(now, &actions)
            noteDeadline()
        }
        return (nil, actions)
    }

    /// Something that is kept is not handed over (since the last rewind); what is settled already may count until `next` passes it.
    package var hasMoreToHandOver: Bool { max(cursor, watermark + 1) < head || !waiting.isEmpty }

    private mutating func advance(_ unstamped: Bool) -> Handover? {
        wanted = nil
        while true {
            if cursor <= watermark { cursor = watermark + 1 }
            guard cursor < head else { return nil }
            if let end = acknowledged.end(containing: cursor) {
                cursor = end
            } else if let index = lossIndex(at: cursor) {
                if losses[index].isOut {
                    cursor = losses[index].end
                    continue
                }
                // Told only when a page tells it too: else a crash could take a part of it back.
                if let disk, disk.lossNeedsPage, losses[index].end <= disk.tailPosition {
                    wantsState = true
                    return nil
                }
                cursor = losses[index].end
                losses[index].isOut = true
                losses[index].isFrozen = true
                return .loss(losses[index].loss)
            } else if let index = heldIndex(of: cursor) {
                if !held[index].isOut { return again(index) }
                cursor += 1
            } else if let index = writing.index(of: cursor) {
                if mustBeStoredFirst(writing[index]) { return nil }
                if let handover = hand(writing[index], unstamped) {
                    writing.noteHanded(at: index)
                    return handover
                }
                if isWaitingForClock { return nil }
            } else if let index = pending.index(of: cursor) {
                if mustBeStoredFirst(pending[index]) { return nil }
                if let handover = hand(pending[index], unstamped) {
                    pending.noteHanded(at: index)
                    return handover
                }
                if isWaitingForClock { return nil }
            } else if let logEnd = disk?.logEnd, cursor < logEnd {
                if isEvicting { return nil }
                if let index = reader?.index(of: cursor) {
                    if let handover = handStored(index, unstamped) { return handover }
                    if isWaitingForClock || wanted != nil || search != nil { return nil }
                } else if !advanceReader() {
                    return nil
                }
            } else {
                // No path leads here; were there one, the numbers must not vanish in silence.
                damage(cursor, endOfGap(from: cursor, limit: head), nil)
            }
        }
    }

    /// With `sync` 0 nothing is handed over that a power cut could take back, as long as the disk serves.
    private func mustBeStoredFirst(_ slot: Slot) -> Bool {
        syncNanoseconds == 0 && phase == .open && failure == nil && !isVolatile && !slot.wasHanded && !slot.isAcknowledged
    }

    private mutating func again(_ index: Int) -> Handover {
        held[index].isOut = true
        if case .unknown = held[index].reading.stamp, held[index].reading.boot == boot {
            if let stamp = retroactiveStamp(held[index].position, held[index].reading.instant) { held[index].reading.stamp = stamp }
        }
        cursor += 1
        return .reading(held[index].reading)
    }

    private mutating func hand(_ slot: Slot, _ unstamped: Bool) -> Handover? {
        if slot.isOut || slot.isAcknowledged || slot.isRejected {
            cursor += 1
            return nil
        }
        let reading = stamped(slot)
        if case .unknown = reading.stamp, !unstamped {
            isWaitingForClock = true
            return nil
        }
        cursor += 1
        return .reading(reading)
    }

    /// A record of `reader`; nil: it needs no hand-over, or something has to be known first. In place: a copy of the page for each
    /// of its records takes longer than all the rest.
    private mutating func handStored(_ index: Int, _ unstamped: Bool) -> Handover? {
        let record = reader!.records[index]
        let span = reader!.header.span
        switch record.content {
        case .acknowledged:
            let end = endOfGap(from: cursor, limit: record.end)
            acknowledged.insert(first: cursor, end: end, stored: 0)
            settle()
            return nil
        case .loss(let cause, let count, let atMost, let sensors):
            addLoss(
                LossEntry(
                    span: span, first: record.first, end: record.end, count: count, atMost: atMost,
                    cause: cause, sensors: sensors, isFrozen: true
                ).from(cursor), counts: false)
            return nil
        case .reading(let series, let instant, let outcome):
            let pageBoot = reader!.header.boot
            var stamp = reader!.stamp(position: record.first, instant: instant)
            if case .unknown = stamp {
                if pageBoot == boot.rawValue, record.first >= searchesClockBelow {
                    if let known = retroactiveStamp(record.first, instant) {
                        stamp = known
                    } else if !unstamped {
                        isWaitingForClock = true
                        return nil
                    }
                } else {
                    guard let clock = clock(ofBoot: pageBoot, from: reader!.header.number) else { return nil }
                    if let record = clock.first { stamp = .estimated(record.time(of: instant)) }
                }
            }
            let reading = StampedReading(
                stream: StreamID(span.stream), sequence: SequenceNumber(record.first - span.base), schema: reader!.schemas[series],
                boot: BootID(pageBoot), instant: instant, stamp: stamp, outcome: outcome)
            hold(HeldReading(position: record.first, reading: reading, isOut: true))
            cursor = record.end
            return .reading(reading)
        }
    }

    // MARK: Pages

    /// Makes `reader` the page that holds `cursor`, or finds that there is none. False: a page has to be read first.
    private mutating func advanceReader() -> Bool {
        guard let disk, let newest = disk.newestNumber else {
            // Not by `??`: what stands behind it is a closure, and would be given a copy of the ring.
            let limit = if let disk { disk.logEnd } else { head }
            damage(cursor, endOfGap(from: cursor, limit: limit), nil)
            return true
        }
        if let reader, reader.header.first > cursor || reader.header.number < disk.tailPage { self.reader = nil }
        if reader == nil, nextPage == nil {
            guard let found = locate() else { return false }
            nextPage = found
        }
        while let number = nextPage, number <= newest {
            switch page(number) {
            case .missing: return false
            case .invalid:
                // Behind the last page in the log there are copies only.
                let isInLog = disk.placed.map { number < $0 } ?? false
                nextPage = isInLog ? number + 1 : nextInMemory(from: number + 1) ?? newest + 1
            case .page(let page):
                if mustTellFirst(page.header) { return false }
                let previous = reader
                note(page.header.span)
                noteEarlier(page.header.state.span)
                takeReader(page)
                // A page that is being filled may have more when it is looked at again.
                nextPage = disk.open?.number == number ? number : number + 1
                if page.header.end <= cursor {
                    if nextPage == number { nextPage = number + 1 }
                    continue
                }
                if page.header.first > cursor {
                    var before: UInt64?
                    if let previous, previous.header.end == cursor {
                        before = previous.header.storedBefore + previous.header.readings
                    } else if cursor == disk.tailPosition {
                        before = disk.tailStored
                    }
                    let hole = Hole(
                        from: cursor, to: page.header.first, storedBefore: before, storedBehind: page.header.storedBefore,
                        sameProcess: page.header.sameProcess, page.header.state)
                    damage(cursor, endOfGap(from: cursor, limit: page.header.first), hole)
                }
                return true
            }
        }
        nextPage = nil
        reader = nil
        damage(cursor, endOfGap(from: cursor, limit: disk.logEnd), nil)
        return true
    }

    private mutating func takeReader(_ page: StoredPage) {
        reader = page
        readAttempts = 0
        guard let disk else { return }
        drainedSegment = disk.layout.segment(of: page.header.number)
    }

    /// What was drained is told to the file once per segment, and nothing of the next one is handed over before that is durable: so a crash
    /// repeats one segment and what was in flight, no more. A disk that fails holds up nothing.
    private mutating func mustTellFirst(_ header: PageHeader) -> Bool {
        guard let disk, let drainedSegment, disk.layout.segment(of: header.number) != drainedSegment, disk.toldEnd < cursor,
            disk.watermark != watermark
        else { return false }
        wantsState = true
        return failure == nil && !isStopping
    }

    private enum Look {
        case page(StoredPage)
        case invalid
        case missing
    }

    private mutating func page(_ number: UInt64) -> Look {
        guard let disk else { return .invalid }
        if let open = disk.open, open.number == number {
            let header = PageHeader(
                ringID: disk.ringID, filePages: disk.layout.pages, kind: .log, number: open.number,
                revision: disk.revision, span: open.span, boot: open.boot, first: open.first, end: open.end,
                storedBefore: open.storedBefore, readings: open.readings, recordBytes: open.bytes.count,
                state: counters, clock: open.clock, firstClock: disk.hasClock ? firstClock : nil,
                notBefore: notBefore)
            let bytes = header.encode(records: open.bytes, filePage: 0)
            return StoredPage(header: header, bytes: bytes, at: 0).map { .page($0) } ?? .invalid
        }
        if let copy = disk.unplaced.first(where: { $0.header.number == number }) {
            return StoredPage(header: copy.header, bytes: copy.bytes, at: 0).map { .page($0) } ?? .invalid
        }
        guard let placed = disk.placed, number <= placed else { return .invalid }
        if unreadable == number { return .invalid }
        if let chunk, number >= chunk.first, number < chunk.first + UInt64(chunk.count) {
            let offset = Int(number - chunk.first) * RingLayout.pageSize
            guard let header = PageHeader(chunk.bytes, at: offset, filePage: disk.layout.filePage(of: number)),
                isOfRing(header, number), let page = StoredPage(header: header, bytes: chunk.bytes, at: offset)
            else { return .invalid }
            return .page(page)
        }
        let size = disk.layout.segmentPages
        let inSegment = size - number % size
        let count = readAttempts > 0 ? 1 : min(Self.chunkPages, inSegment, placed - number + 1)
        wanted = .chunk(number: number, count: Int(count))
        return .missing
    }

    func nextInMemory(from number: UInt64) -> UInt64? {
        guard let disk else { return nil }
        var next: UInt64?
        for copy in disk.unplaced where copy.header.number >= number && copy.header.number < next ?? .max {
            next = copy.header.number
        }
        if let open = disk.open, open.number >= number, open.number < next ?? .max { next = open.number }
        return next
    }

    mutating func nextRead() -> StorageRequest? {
        guard let wanted, let disk else { return nil }
        self.wanted = nil
        switch wanted {
        case .chunk(let number, let count):
            job = .read(number: number, count: count)
            return .read(first: disk.layout.filePage(of: number), count: count)
        case .probe(let number):
            job = .search(number: number)
            return .read(first: disk.layout.filePage(of: number), count: 1)
        }
    }

    mutating func read(
        _ number: UInt64, _ count: Int, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]
    ) {
        switch result {
        case .read(let bytes):
            guard bytes.count >= count * RingLayout.pageSize else { return }
            chunk = Chunk(first: number, count: count, bytes: bytes)
        case .failed(let error):
            // Not given up in haste: a disk that is gone for a minute takes nothing with it.
            readAttempts += 1
            if readAttempts > 5 {
                unreadable = number
                readAttempts = 1
            } else {
                failed(error, "read", now, &actions)
            }
        case .opened, .written: break
        }
    }

    // MARK: Acknowledgements

    mutating func acknowledge(_ name: Handover.Name) {
        switch name {
        case .reading(let stream, let sequence):
            guard let position = position(stream, sequence) else { return }
            if let index = heldIndex(of: position) {
                _ = held.remove(at: index)
                acknowledged.insert(first: position, end: position + 1, stored: 1)
            } else if let index = pending.index(of: position), pending[index].wasHanded, !pending[index].isAcknowledged {
                pending.noteAcknowledged(at: index)
                acknowledged.insert(first: position, end: position + 1, stored: 0)
            } else if let index = writing.index(of: position), writing[index].wasHanded, !writing[index].isAcknowledged {
                writing.noteAcknowledged(at: index)
                acknowledged.insert(first: position, end: position + 1, stored: 0)
            } else {
                return
            }
        case .loss(let stream, let first, let last):
            guard let position = position(stream, first), let index = lossIndex(at: position),
                losses[index].isFrozen, losses[index].loss.first == first, losses[index].loss.last == last,
                position > watermark, !acknowledged.contains(position)
            else { return }
            // It stays in the list until the watermark is past it: a restart tells all again that lies behind it.
            let loss = losses[index]
            acknowledged.insert(first: loss.first, end: loss.end, stored: loss.stored)
        }
        settle()
    }

    func position(_ stream: StreamID, _ sequence: SequenceNumber) -> UInt64? {
        guard let span = spans.last(where: { $0.stream == stream.rawValue }), sequence.rawValue > 0,
            sequence.rawValue < UInt64(Int64.max)
        else { return nil }
        return span.base + sequence.rawValue
    }

    /// Moves the watermark over what is acknowledged.
    mutating func settle() {
        guard let range = acknowledged.removeRange(from: watermark + 1) else { return }
        watermark = range.end - 1
        settled += range.stored
        // A page that a failed sync has written all the same may hold readings that were counted as never stored.
        if let logEnd = disk?.logEnd, watermark + 1 >= logEnd { settled = disk!.stored }
        while let first = losses.first, first.end <= watermark + 1 { losses.removeFirst() }
        while spans.count > 1, spans[1].base <= watermark { spans.removeFirst() }
        pruneClocks()
        if disk?.hadUnsettled == true, disk!.stored == settled { wantsState = true }
    }

    mutating func rewind() {
        cursor = watermark + 1
        for index in held.indices { held[index].isOut = false }
        for index in losses.indices { losses[index].isOut = false }
        for index in 0..<writing.count { writing[index].isOut = false }
        for index in 0..<pending.count {
            if pending[index].position >= handedEnd { break }
            pending[index].isOut = false
        }
    }

    func heldIndex(of position: UInt64) -> Int? {
        let index = held.index(from: position)
        return index < held.count && held.position(at: index) == position ? index : nil
    }

    mutating func hold(_ reading: HeldReading) { held.insert(reading) }
}
