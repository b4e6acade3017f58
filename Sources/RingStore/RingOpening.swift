internal import Telemetry

// Opening the file, or going on without it; the reservation of numbers.

/// A file header on its way to the disk: it reserves numbers and carries the state.
struct HeaderWrite: Hashable, Sendable {
    var reserved: UInt64
    var amount: UInt64
    var state: RingState
    var revision: UInt64
    /// The newest look at the clocks that it tells of.
    var clock: ClockRecord?
    /// All before this position had been handed over.
    var cursor: UInt64
}

extension Ring {
    mutating func start(_ now: Instant) {
        guard phase == .idle else { return }
        phase = .opening
        phase = .closed(retryAt: now)
    }

    mutating func opened(_ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        switch result {
        case .opened(let size, let isNew, let isReserved):
            phase = .opening
            isFileLost = false
            if !isReserved {
                actions.append(.notice(Notice(.warning, "no space is reserved for the ring bytes=\(size)")))
            }
            if isNew {
                create(size: size, now, &actions)
            } else {
                recover(size, now, &actions)
            }
        case .failed(let error): giveUp(error.text, now, &actions)
        case .read, .written: preconditionFailure("an opening is answered as such")
        }
    }

    mutating func recover(_ size: UInt64, _ now: Instant, _ actions: inout [RingAction]) {
        step(Recovery(fileSize: size, takesErrorsForDamage: takesErrorsForDamage), nil, now, &actions)
    }

    /// So many openings have met a page that cannot be read: a minute has gone by, it is damaged.
    var takesErrorsForDamage: Bool { unreadableOpenings >= 6 }

    mutating func couldNotRead(_ error: StorageError, _ now: Instant, _ actions: inout [RingAction]) {
        unreadableOpenings += 1
        giveUp(error.text, now, &actions)
    }

    /// In memory for now; the file is tried again.
    mutating func giveUp(_ why: String, _ now: Instant, _ actions: inout [RingAction]) {
        openAttempts += 1
        disk = nil
        phase = .closed(retryAt: now.advanced(by: Self.backOff(openAttempts)))
        if openAttempts == 1 {
            actions.append(
                .notice(Notice(.error, "the ring cannot be opened, readings are held in memory error=\(why)")))
        }
        goVolatile(&actions)
        sayOpened(&actions)
    }

    private mutating func sayOpened(_ actions: inout [RingAction]) {
        guard !hasSaidOpened else { return }
        hasSaidOpened = true
        actions.append(.opened)
    }

    // MARK: A new ring

    private mutating func create(size: UInt64, _ now: Instant, _ actions: inout [RingAction]) {
        guard let layout = RingLayout(pages: size / UInt64(RingLayout.pageSize)) else {
            giveUp(StorageError.notAFile.text, now, &actions)
            return
        }
        // The watermark of what was handed over in memory so far is the ring's first.
        var disk = Disk(
            layout: layout, ringID: unfinishedRingID ?? random.next(), revision: 2, logEnd: watermark + 1, stored: 0, open: nil,
            openSlot: nil, nextNumber: 0, placed: nil, unplaced: [], preparedThrough: nil, preparation: nil,
            tailPage: 0, tailPosition: watermark + 1, tailStored: 0, headerTurn: 0, badSlot: nil, watermark: watermark,
            hadUnsettled: false, hasClock: false)
        disk.headerStreams = [spans[spans.count - 1].stream, spans[spans.count - 1].stream]
        counters = RingState()
        settled = 0
        let (reserved, amount) = reservation(now)
        var state = currentState(disk)
        state.reserved = reserved
        reservedAmount = amount
        var pages: [PageWrite] = []
        for (index, page) in layout.headers.enumerated() {
            let header = fileHeader(disk, state, revision: UInt64(index + 1))
            pages.append(PageWrite(page: page, bytes: header.encode(records: [], filePage: page)))
        }
        job = .create(disk)
        unfinishedRingID = disk.ringID
        reservedByCreation = reserved
        count(pages)
        actions.append(.storage(.write(pages, sync: true)))
    }

    mutating func created(_ disk: Disk, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        if case .failed(let error) = result {
            giveUp(error.text, now, &actions)
            return
        }
        syncs += 1
        self.disk = disk
        unfinishedRingID = nil
        reserved = reservedByCreation
        nowOpen(now, &actions)
        actions.append(
            .notice(
                Notice(
                    .info,
                    "a new ring stream=\(StreamID(spans[spans.count - 1].stream).text) bytes=\(disk.layout.pages * 4096)")))
    }

    private mutating func nowOpen(_ now: Instant, _ actions: inout [RingAction]) {
        phase = .open
        openAttempts = 0
        unreadableOpenings = 0
        failure = nil
        isVolatile = false
        rateSince = now
        rateHead = head
        numberWaiting()
        sayOpened(&actions)
    }

    // MARK: A ring that is there

    mutating func recover(_ recovery: Recovery, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        step(recovery, result, now, &actions)
    }

    private mutating func step(
        _ recovery: Recovery, _ result: StorageResult?, _ now: Instant, _ actions: inout [RingAction]
    ) {
        var recovery = recovery
        switch recovery.step(result) {
        case .request(let request):
            job = .recover(recovery)
            actions.append(.storage(request))
        case .found(let recovered) where recovered.ringID == unfinishedRingID:
            // Its headers came to the disk after all: it is this process's own, and empty.
            create(size: recovery.filePages * UInt64(RingLayout.pageSize), now, &actions)
        case .found(let recovered):
            guard let resizing = resizing(recovered) else { return adopt(recovered, now, &actions) }
            resize(resizing, nil, now, &actions)
        case .blank: create(size: recovery.filePages * UInt64(RingLayout.pageSize), now, &actions)
        case .notARing:
            actions.append(.notice(Notice(.error, "the file is no ring or damaged beyond use, it is set aside")))
            job = .open
            actions.append(.storage(.setAside(size: configuration.size)))
        case .failed(let error): couldNotRead(error, now, &actions)
        }
    }

    mutating func adopt(_ found: Recovered, _ now: Instant, _ actions: inout [RingAction]) {
        let state = found.latest.state
        let logEnd = found.logEnd
        let stored = max(found.newest.map { $0.storedBefore + $0.readings } ?? 0, state.stored)
        let used = found.used
        // An empty log begins behind all numbers: what is in doubt then lies before it.
        let end = found.newest == nil ? used + 1 : logEnd
        // What is in memory has come later than all that is in the file.
        shiftMemory(by: used)
        processFirst = used + 1
        var tailPosition = found.tail?.first ?? (found.newest == nil ? end : min(end, state.watermark + 1))
        if let early = state.early.last { tailPosition = min(max(tailPosition, early.end), end) }
        var headerTurn = 0
        if let first = found.headerRevisions[0], found.headerRevisions[1].map({ $0 < first }) ?? true { headerTurn = 1 }
        let unplaced = found.unplaced.filter { !Self.isNeedless($0.header) }
        var disk = Disk(
            layout: found.layout, ringID: found.ringID, revision: found.latest.revision, logEnd: end, stored: stored,
            open: nil, openSlot: nil,
            nextNumber: max(unplaced.last.map { $0.header.number + 1 } ?? 0, found.placed.map { $0 + 1 } ?? 0),
            placed: found.placed, unplaced: unplaced, preparedThrough: found.placed.map { found.layout.segment(of: $0) },
            preparation: nil, tailPage: found.tailPage, tailPosition: tailPosition,
            tailStored: found.stored(before: tailPosition), headerTurn: headerTurn, badSlot: nil, watermark: state.watermark,
            hadUnsettled: stored > state.settled,
            hasClock: found.newest.map { $0.boot == boot.rawValue && $0.firstClock != nil } ?? false)
        disk.headerStreams = found.headerSpans.map { $0?.stream }
        if let newest = found.newest, newest.boot == boot.rawValue, newest.firstClock == nil { unclockedEnd = end }
        self.disk = disk
        counters = state
        settled = min(stored, state.settled + state.heldEvicted)
        adoptSpans(found, used)
        watermark = state.watermark
        recoveredThrough = max(found.newest == nil ? 0 : logEnd - 1, state.watermark)
        cursor = watermark + 1
        adoptClock(found, used)
        let lost = adoptLosses(
            state, tailPosition: tailPosition, end: end, used: used, isLogEmpty: found.newest == nil)
        settle()
        if found.isDoubtful, spans[spans.count - 1].base < used {
            spans.append(StreamSpan(stream: drawStream(), base: used))
        }
        say(found, lost, &actions)
        phase = .open
        openAttempts = 0
        unreadableOpenings = 0
        isVolatile = head > used + 1
        reserved = used
    }

    /// By the boot clock, in which both were made.
    private static func later(_ a: ClockRecord?, _ b: ClockRecord?) -> ClockRecord? {
        guard let a, let b else { return a ?? b }
        return a.instant < b.instant ? b : a
    }

    /// A page without a record, which keeps a number for later, or a clock.
    private static func isNeedless(_ header: PageHeader) -> Bool {
        header.first == header.end && header.firstClock == nil
    }

    private mutating func adoptSpans(_ found: Recovered, _ used: UInt64) {
        let memory = spans
        spans = []
        let headers = [found.tail, found.newest, found.latest] + found.unplaced.map({ $0.header })
        for case let header? in headers { note(header.span) }
        note(found.latest.state.span)
        for case let header? in headers { noteEarlier(header.state.span) }
        // The older header may be all that still names a stream, of which nothing has come into the log.
        for case let span? in found.headerSpans { note(span) }
        for span in found.untold { noteEarlier(span) }
        for early in found.latest.state.early { note(early.span) }
        // Readings that were numbered in memory keep their stream; without any, the file's goes on.
        if head > used + 1 { for span in memory { note(span) } }
    }

    private mutating func adoptClock(_ found: Recovered, _ used: UInt64) {
        // What was handed over before the file could be read went without it, and has to come again the same.
        let takesNotBefore = !hasSaidOpened && handedEnd <= used + 1
        let latest = found.latest
        if latest.boot == boot.rawValue {
            // Readings in the file were stamped by the boot's first record. What was handed over while the file could not be opened was
            // stamped by this process's own.
            if !hasSaidOpened || firstClock == nil { firstClock = latest.firstClock ?? firstClock }
            if let newest = found.newest, newest.boot == boot.rawValue, newest.firstClock != nil { searchesClockBelow = used + 1 }
            storedClock = found.clock
            if clocks.isEmpty, let clock = found.clock {
                clocks = [ClockRecord(instant: clock.instant, wallTime: clock.wallTime, position: min(clock.position, head))]
            }
            if takesNotBefore { notBefore = latest.notBefore }
        } else if takesNotBefore {
            // A clock record may be as old as the boot: as long as nothing steps the clock there is no other.
            notBefore = Self.later(found.lastTime, found.clock)?.wallTime ?? latest.notBefore
        }
    }

    /// What the file cannot give any more, and the numbers that a crash leaves in doubt.
    private mutating func adoptLosses(
        _ state: RingState, tailPosition: UInt64, end: UInt64, used: UInt64, isLogEmpty: Bool
    ) -> UInt64 {
        let after = watermark + 1
        for early in state.early where early.end > after {
            let entry = LossEntry(
                span: early.span, first: early.first, end: early.end, count: early.count,
                atMost: early.end - early.first, cause: early.cause)
            addLoss(entry.from(after), counts: false)
        }
        let gaps = unsettledRuns(after, tailPosition)
        for gap in gaps {
            // These were in memory, waiting for their acknowledgement; or the state that told of them is lost.
            let isKnown = gaps.count == 1 && gap.end <= state.early.last?.first ?? 0
            if isKnown, state.heldEvicted == 0 {
                acknowledged.insert(first: gap.first, end: gap.end, stored: 0)
                continue
            }
            addLoss(
                LossEntry(
                    span: gap.span, first: gap.first, end: gap.end, count: isKnown ? state.heldEvicted : nil,
                    atMost: gap.end - gap.first, cause: isLogEmpty ? .restart : .evicted), counts: false)
        }
        // Before the first stream that is known: nobody can ask for these.
        if after < tailPosition, let base = spans.first?.base, base >= after {
            acknowledged.insert(first: after, end: min(base + 1, tailPosition), stored: 0)
        }
        var first = max(end, after)
        let total = used + 1 > first ? used + 1 - first : 0
        while first <= used {
            let span = self.span(of: first)
            let next = spans.first { $0.base >= first }.map { $0.base + 1 } ?? used + 1
            let lossEnd = min(next, used + 1)
            addLoss(
                LossEntry(
                    span: span, first: first, end: lossEnd, count: nil, atMost: lossEnd - first, cause: .restart),
                counts: false)
            first = lossEnd
        }
        return total
    }

    /// Everything in memory gets later positions; its names stay, since the bases move too.
    private mutating func shiftMemory(by distance: UInt64) {
        guard distance > 0 else { return }
        pending.shift(by: distance)
        for index in losses.indices {
            losses[index].first += distance
            losses[index].end += distance
            losses[index].span.base += distance
        }
        for index in clocks.indices { clocks[index].position += distance }
        firstClock?.position += distance
        for index in spans.indices { spans[index].base += distance }
        acknowledged.shift(by: distance)
        if watermark > 0 { acknowledged.insert(first: distance + 1, end: distance + watermark + 1, stored: 0) }
        lossBarrier += distance
        head += distance
        handedEnd += distance
    }

    private mutating func say(_ found: Recovered, _ lost: UInt64, _ actions: inout [RingAction]) {
        if found.isDoubtful {
            let stream = StreamID(spans[spans.count - 1].stream).text
            actions.append(.notice(Notice(.warning, "the ring was damaged, a new stream begins stream=\(stream)")))
        }
        if found.layout.pages != configuration.size / UInt64(RingLayout.pageSize) { keepsSize(found, "it was damaged", &actions) }
        let unacknowledged = status.unacknowledged
        actions.append(
            .notice(
                Notice(
                    .info,
                    "the ring is open stream=\(StreamID(spans[spans.count - 1].stream).text) unacknowledged=\(unacknowledged) in_doubt=\(lost) pages_read=\(found.pagesRead)"
                )))
    }

    // MARK: The reservation of numbers

    func needsReservation(_ now: Instant) -> Bool {
        // A copy of all that is known of the file would take longer than the rest of a turn.
        guard disk != nil, !isStopped else { return false }
        if isVolatile || head > reserved { return !isStopping || !waiting.isEmpty || isVolatile }
        if wantsStepStored(now) { return true }
        return !isStopping && reserved - head < reservedAmount / 2 || hasHeaderOfEarlierStream
    }

    /// A new stream is named in both headers: while nothing of it is in the log, no one page that rots may take its name away.
    private var hasHeaderOfEarlierStream: Bool {
        guard let streams = disk?.headerStreams else { return false }
        return streams.contains { $0 != spans[spans.count - 1].stream }
    }

    /// Two hours at the present rate; the first of a process is for one reading a second.
    func reservation(_ now: Instant) -> (reserved: UInt64, amount: UInt64) {
        var amount: UInt64 = 7200
        if let rateSince {
            let seconds = UInt64(max(rateSince.duration(to: now).nanoseconds / 1_000_000_000, 10))
            amount = max(1024, (head - rateHead) * 7200 / seconds)
            // The rate so far may be of a quiet hour.
            amount = max(amount, UInt64(waiting.count) * 2)
        }
        return (head - 1 + amount, amount)
    }

    mutating func submitHeader(_ now: Instant) -> StorageRequest? {
        guard var disk else { return nil }
        let (reserved, amount) = reservation(now)
        var state = currentState(disk)
        state.reserved = max(reserved, isVolatile ? 0 : self.reserved)
        let page = disk.layout.headers[disk.headerTurn]
        let revision = disk.takeRevision()
        // Even a try that fails uses up the revision and the turn.
        self.disk!.revision = revision
        self.disk!.headerTurn = 1 - disk.headerTurn
        let header = fileHeader(disk, state, revision: revision)
        job = .header(
            HeaderWrite(
                reserved: state.reserved, amount: amount, state: state, revision: revision, clock: header.clock, cursor: cursor))
        let records = PageHeader.records(of: untoldStreams(disk.logEnd))
        let pages = [PageWrite(page: page, bytes: header.encode(records: records, filePage: page))]
        count(pages)
        return .write(pages, sync: true)
    }

    /// Earlier streams of which the log does not have all yet: the header that is written over may be the only other page that names them.
    private func untoldStreams(_ logEnd: UInt64) -> [StreamSpan] {
        (0..<spans.count - 1).filter { spans[$0 + 1].base >= logEnd }.map { spans[$0] }
    }

    mutating func wrote(_ header: HeaderWrite, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        if case .failed(let error) = result {
            // It may be torn now. While there is nothing else, the other one is left alone, but for a place that never serves.
            if disk!.isEmpty, (failure?.attempts ?? 0) % 4 != 3 { disk!.headerTurn = 1 - disk!.headerTurn }
            failed(error, "written", now, &actions)
            sayOpened(&actions)
            return
        }
        syncs += 1
        succeeded(&actions)
        reserved = header.reserved
        reservedAmount = header.amount
        disk!.headerStreams[1 - disk!.headerTurn] = header.state.span.stream
        storedClock = header.clock ?? storedClock
        // A stream that began while it was on its way is not named in it.
        if header.state.span == spans[spans.count - 1] { isVolatile = false }
        noteDurable(header.state, cursor: header.cursor, hasClock: false)
        rateSince = now
        rateHead = head
        numberWaiting()
        sayOpened(&actions)
    }

    func fileHeader(_ disk: Disk, _ state: RingState, revision: UInt64) -> PageHeader {
        PageHeader(
            ringID: disk.ringID, filePages: disk.layout.pages, kind: .file, number: disk.placed.map { $0 + 1 } ?? 0,
            revision: revision, span: spans[spans.count - 1], boot: boot.rawValue, first: disk.logEnd,
            end: disk.logEnd, storedBefore: disk.stored, readings: 0, recordBytes: 0, state: state,
            clock: clocks.last, firstClock: firstClock, notBefore: notBefore, sameProcess: sameProcess(before: disk.logEnd))
    }
}
