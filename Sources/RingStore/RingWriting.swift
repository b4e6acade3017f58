internal import Telemetry

// From memory to the file: the tail page goes to tail slots in turn, a full page to its place.

/// Pages on their way to the disk, and what holds once they are there.
struct Batch: Hashable, Sendable {
    var after: Disk
    /// As in the last page of the batch.
    var state: RingState
    /// All before this position had been handed over.
    var cursor: UInt64
    var hasClock: Bool
    var slot: Int?
    /// The highest page number that was sent to its place.
    var highestPlaced: UInt64?
}

extension Ring {
    /// Something in memory must go to the file now.
    @inline(__always) func isWriteDue(_ now: Instant) -> Bool {
        if wantsClock { return true }
        guard let oldest = pending.firstInstant, !isRefusing else { return false }
        if syncNanoseconds == 0 || memoryBytes >= configuration.memory / 4 { return true }
        return oldest.advanced(byNanoseconds: syncNanoseconds) <= now
    }

    /// Readings of this boot are in the file without a time, which has become known since.
    @inline(__always) var wantsClock: Bool {
        firstClock != nil && unclockedEnd > watermark + 1 && disk?.hasClock == false
    }

    /// Unacknowledged and in memory only.
    var unwritten: UInt64 {
        var count: UInt64 = 0
        for index in 0..<pending.count where !pending[index].isAcknowledged { count += 1 }
        for index in 0..<writing.count where !writing[index].isAcknowledged { count += 1 }
        return count
    }

    func currentState(_ disk: Disk) -> RingState {
        var state = counters
        for loss in losses where loss.cause == .rejected && loss.stored > 0 {
            // A crash makes readings of them again, and then they are counted again.
            state.lost -= loss.stored
            state.rejected -= loss.stored
        }
        state.watermark = watermark
        state.reserved = reserved
        state.span = spans[spans.count - 1]
        state.isClean = false
        state.handedEnd = handedEnd
        state.stored = disk.stored
        state.settled = settled
        state.early = earlyLosses(disk)
        state.heldEvicted = UInt64(held.index(from: disk.tailPosition))
        return state
    }

    /// - Parameter withReadings: false when only the state is to be told: readings that are not due stay in memory, since the
    ///   broker is about to acknowledge them. Written here they would be unsettled on the disk, and their settling would be the
    ///   reason for the next page, without an end.
    mutating func submitBatch(_ now: Instant, withReadings: Bool) -> StorageRequest? {
        guard let disk else { return nil }
        var batch = Batch(after: disk, state: currentState(disk), cursor: cursor, hasClock: firstClock != nil)
        var pages: [PageWrite] = []
        if !disk.unplaced.isEmpty {
            placeCopies(&batch, &pages)
        } else {
            fill(&batch, &pages, upTo: withReadings ? fillEnd(disk.logEnd) : disk.logEnd)
        }
        guard !pages.isEmpty else { return nil }
        self.disk!.revision = batch.after.revision
        if firstClock == nil { unclockedEnd = max(unclockedEnd, batch.after.logEnd) }
        var taken: [Slot] = []
        while let first = pending.first, first.position < batch.after.logEnd {
            let slot = pending.removeFirst()
            if slot.isAcknowledged {
                memoryBytes -= Slot.bytes(slot.reading)
            } else {
                taken.append(slot)
            }
        }
        writing = SlotQueue(taken)
        lossBarrier = max(lossBarrier, batch.after.logEnd)
        job = .batch(batch)
        count(pages)
        return .write(pages, sync: true)
    }

    /// Pages that a crash has left in tail slots only: to their places, before a slot is written again.
    private func placeCopies(_ batch: inout Batch, _ pages: inout [PageWrite]) {
        while let copy = batch.after.unplaced.first, batch.after.isPrepared(copy.header.number) {
            var header = copy.header
            header.revision = batch.after.takeRevision()
            header.state = batch.state
            let place = batch.after.layout.filePage(of: header.number)
            let records = Array(copy.bytes[PageHeader.size..<PageHeader.size + header.recordBytes])
            pages.append(PageWrite(page: place, bytes: header.encode(records: records, filePage: place)))
            batch.after.unplaced.removeFirst()
            // Or it fills a gap: its place was damaged, and those behind it are whole.
            guard batch.after.placed.map({ $0 < header.number }) ?? true else { continue }
            batch.after.placed = header.number
            batch.highestPlaced = header.number
        }
        // Their clock is what they were written with.
        batch.hasClock = false
    }

    /// Mutating, so that it is not given a copy of the ring.
    private mutating func fill(_ batch: inout Batch, _ pages: inout [PageWrite], upTo stop: UInt64) {
        var slotIndex = pending.firstIndex(from: batch.after.logEnd)
        var lossIndex = losses.count
        if let first = losses.firstIndex(where: { $0.end > batch.after.logEnd }) { lossIndex = first }
        var page = batch.after.open
        batch.after.isFull = false
        while batch.after.logEnd < stop {
            let position = batch.after.logEnd
            let span = self.span(of: position)
            if let open = page, open.span != span {
                guard place(open, &batch, &pages) else { break }
                page = nil
            }
            if page == nil { page = newPage(&batch.after, at: position) }
            while slotIndex < pending.count, pending[slotIndex].isAcknowledged || pending[slotIndex].position < position {
                slotIndex += 1
            }
            while lossIndex < losses.count, losses[lossIndex].end <= position { lossIndex += 1 }
            let nextSlot = slotIndex < pending.count ? pending[slotIndex].position : stop
            let nextLoss = lossIndex < losses.count ? max(losses[lossIndex].first, position) : stop
            let isTaken: Bool
            if nextSlot == position {
                // The ring is full: this page takes losses only, so that it has room for them.
                if !isStopping, isBlocked, !batch.after.isPrepared(page!.number) { break }
                let reading = pending[slotIndex].reading
                isTaken = page!.append(reading, schema: schemas[reading.sensor], clock: clockInForce(at: position))
                if isTaken { batch.after.stored += 1 }
            } else if nextLoss == position {
                isTaken = page!.appendLoss(losses[lossIndex].from(position))
            } else {
                let end = min(nextSlot, nextLoss, stop, spans.first { $0.base >= position }.map { $0.base + 1 } ?? stop)
                isTaken = page!.appendAcknowledged(end - position)
            }
            if isTaken {
                batch.after.logEnd = page!.end
            } else {
                precondition(!page!.isEmpty, "every record fits an empty page")
                guard place(page!, &batch, &pages) else { break }
                page = nil
            }
        }
        if page == nil, pages.isEmpty { page = newPage(&batch.after, at: batch.after.logEnd) }
        batch.after.open = page
        guard let page else { return }
        if isStopping, batch.after.logEnd >= fillEnd(batch.after.logEnd), waiting.isEmpty {
            batch.state.isClean = true
            batch.state.reserved = head - 1
        }
        writeToSlot(page, &batch, &pages)
    }

    /// One behind the last position that has to be in the file.
    private func fillEnd(_ logEnd: UInt64) -> UInt64 {
        if isStopping, watermark + 1 < head { return head }
        var index = pending.count
        while index > 0, pending[index - 1].isAcknowledged { index -= 1 }
        return index > 0 ? max(logEnd, pending[index - 1].position + 1) : logEnd
    }

    private func newPage(_ disk: inout Disk, at position: UInt64) -> PageBuilder {
        defer { disk.nextNumber += 1 }
        return PageBuilder(
            number: disk.nextNumber, span: span(of: position), boot: boot.rawValue, first: position,
            storedBefore: disk.stored, clock: clockInForce(at: position))
    }

    /// False: the segment of its place is not ready.
    private func place(_ page: PageBuilder, _ batch: inout Batch, _ pages: inout [PageWrite]) -> Bool {
        guard batch.after.isPrepared(page.number) else {
            batch.after.isFull = true
            return false
        }
        let filePage = batch.after.layout.filePage(of: page.number)
        pages.append(PageWrite(page: filePage, bytes: image(page, &batch, filePage)))
        batch.after.placed = page.number
        batch.highestPlaced = page.number
        batch.after.open = nil
        batch.after.openSlot = nil
        return true
    }

    private func writeToSlot(_ page: PageBuilder, _ batch: inout Batch, _ pages: inout [PageWrite]) {
        // The newest good copy is of this page, or of one that is placed in this batch and not synced yet.
        let slot = batch.after.layout.slot(
            forPage: page.number, newest: disk?.openSlot, avoided: batch.after.badSlot.map { [$0] } ?? [])
        let filePage = batch.after.layout.slots[slot]
        pages.append(PageWrite(page: filePage, bytes: image(page, &batch, filePage)))
        batch.slot = slot
        batch.after.openSlot = slot
    }

    private func image(_ page: PageBuilder, _ batch: inout Batch, _ filePage: UInt64) -> [UInt8] {
        batch.state.stored = batch.after.stored
        let header = PageHeader(
            ringID: batch.after.ringID, filePages: batch.after.layout.pages, kind: .log, number: page.number,
            revision: batch.after.takeRevision(), span: page.span, boot: page.boot, first: page.first, end: page.end,
            storedBefore: page.storedBefore, readings: page.readings, recordBytes: page.bytes.count,
            state: batch.state, clock: page.clock, firstClock: firstClock, notBefore: notBefore, sameProcess: sameProcess(before: page.first))
        return header.encode(records: page.bytes, filePage: filePage)
    }

    func sameProcess(before position: UInt64) -> UInt64 { position - min(position, processFirst) }

    mutating func wrote(_ batch: Batch, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        let taken = writing.removeAll()
        if case .failed(let error) = result {
            var slots: [Slot] = []
            for var slot in taken {
                // It may be on the disk all the same: dropping it now could make one number a loss and a reading.
                slot.wasSent = true
                if slot.isAcknowledged { memoryBytes -= Slot.bytes(slot.reading) } else { slots.append(slot) }
            }
            pending = SlotQueue(slots + pending.removeAll())
            for slot in slots where slot.isRejected { reject(at: slot.position) }
            disk!.badSlot = batch.slot
            if error != .noSpace, let highest = batch.highestPlaced { disk!.jump(past: highest) }
            failed(error, "written", now, &actions)
            return
        }
        syncs += 1
        if disk!.stored <= settled { oldestStored = taken.first?.reading.instant }
        // What was read of a place that has got its page now is old.
        if batch.after.unplaced.count < disk!.unplaced.count { chunk = nil }
        disk = batch.after
        disk!.badSlot = nil
        noteDurable(batch.state, cursor: batch.cursor, hasClock: batch.hasClock)
        if batch.state.isClean {
            reserved = batch.state.reserved
            isCleanWritten = true
        }
        for slot in taken {
            memoryBytes -= Slot.bytes(slot.reading)
            if slot.isAcknowledged {
                if slot.position <= watermark || !acknowledged.addStored(at: slot.position) { settled += 1 }
            } else if slot.wasHanded {
                hold(HeldReading(position: slot.position, reading: stamped(slot), isOut: slot.isOut))
                if slot.isRejected { reject(at: slot.position) }
            }
        }
    }

    /// A page with this state is synced.
    mutating func noteDurable(_ state: RingState, cursor: UInt64, hasClock: Bool) {
        disk!.watermark = state.watermark
        disk!.toldEnd = cursor
        disk!.hadUnsettled = state.stored > state.settled
        if hasClock { disk!.hasClock = true }
        disk!.lossNeedsPage = false
    }

    mutating func count(_ pages: [PageWrite]) {
        for page in pages { writtenBytes += UInt64(page.bytes.count) }
    }
}
