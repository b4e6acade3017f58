internal import Telemetry

// Making room: the oldest segment is read once more, what is not settled in it becomes a loss, a page that tells of the
// loss is synced, and only then is the segment overwritten with zeros.

extension Ring {
    private static let chunkPages: UInt64 = 16

    /// The old segment is being read: its readings are not handed over until it is known which are lost.
    var isEvicting: Bool {
        switch disk?.preparation?.step {
        case .lastPage, .scan: true
        case .evicted, .blocked, nil: false
        }
    }

    /// With `drop-newest`: the oldest segment holds what is not settled, so it stays.
    var isBlocked: Bool {
        guard configuration.whenFull == .dropNewest, let disk else { return false }
        return disk.isBlocked
    }

    /// And there is no room before it: new readings are not taken. A page that goes on in a slot is for the losses. Asked with
    /// each reading: with `drop-oldest` the ring is not looked at.
    @inline(__always) var isRefusing: Bool {
        guard configuration.whenFull == .dropNewest, let disk else { return false }
        return disk.isOutOfRoom
    }

    mutating func nextPreparation(_ now: Instant, isUrgent: Bool) -> StorageRequest? {
        guard disk?.hasToPrepare == true, let disk else { return nil }
        if disk.preparation == nil {
            guard let wanted = disk.segmentToPrepare else { return nil }
            beginPreparation(of: wanted)
        }
        guard let preparation = self.disk!.preparation else { return nil }
        let layout = disk.layout
        switch preparation.step {
        case .lastPage(let number):
            job = .evictionPage(number: number)
            return .read(first: layout.filePage(of: number), count: 1)
        case .scan(let eviction):
            // One page that cannot be read must not cost the others.
            let count = readAttempts > 0 ? 1 : min(Self.chunkPages, eviction.endPage - eviction.nextPage)
            job = .evictionScan(number: eviction.nextPage, count: Int(count))
            return .read(first: layout.filePage(of: eviction.nextPage), count: Int(count))
        case .blocked(let end):
            if configuration.whenFull == .dropNewest, watermark + 1 < end { return nil }
            self.disk!.preparation!.step = .scan(scan(of: preparation.segment))
            return nextPreparation(now, isUrgent: isUrgent)
        case .evicted:
            if disk.lossNeedsPage { return isUrgent || disk.isStuck ? submitHeader(now) : nil }
            // One array for all pieces: the zeros need no more memory than one of them.
            let pieces = min(layout.segmentPages, Self.chunkPages)
            let zeros = [UInt8](repeating: 0, count: Int(pieces) * RingLayout.pageSize)
            let first = layout.filePage(of: layout.firstNumber(ofSegment: preparation.segment))
            var pages: [PageWrite] = []
            for page in stride(from: 0, to: layout.segmentPages, by: Int(pieces)) {
                pages.append(PageWrite(page: first + page, bytes: zeros))
            }
            job = .zero(segment: preparation.segment)
            count(pages)
            return .write(pages, sync: true)
        }
    }

    private mutating func beginPreparation(of segment: UInt64) {
        let layout = disk!.layout
        var step = Disk.Preparation.Step.evicted
        if segment >= layout.segments {
            let end = layout.firstNumber(ofSegment: segment - layout.segments + 1)
            if disk!.tailPage < end { step = .lastPage(end - 1) }
        }
        disk!.preparation = .init(segment: segment, step: step)
    }

    /// Of the old segment in the place of this one.
    private func scan(of segment: UInt64) -> Eviction {
        let layout = disk!.layout
        let first = layout.firstNumber(ofSegment: segment - layout.segments)
        return Eviction(
            nextPage: max(first, disk!.tailPage), endPage: first + layout.segmentPages, expected: disk!.tailPosition,
            expectedStored: disk!.tailStored)
    }

    mutating func evictionPage(_ number: UInt64, _ result: StorageResult) {
        guard var disk, let segment = disk.preparation?.segment else { return }
        var header: PageHeader?
        if case .read(let bytes) = result, let found = PageHeader(bytes, filePage: disk.layout.filePage(of: number)),
            isOfRing(found, number)
        {
            header = found
        }
        let scan = scan(of: segment)
        if let header, header.end <= watermark + 1, number + 1 == scan.endPage {
            // All of it is settled; there is nothing to count.
            search = nil
            disk.tailPage = number + 1
            disk.tailPosition = header.end
            disk.tailStored = header.storedBefore + header.readings
            // That it is settled has to be known to the file before it is gone from it.
            if disk.watermark + 1 < header.end { disk.lossNeedsPage = true }
            disk.preparation!.step = .evicted
        } else if configuration.whenFull == .dropNewest, let header, header.end > watermark + 1 {
            disk.preparation!.step = .blocked(end: header.end)
        } else if configuration.whenFull == .dropNewest, header == nil, number > scan.nextPage {
            // Damaged: those before it may not be.
            disk.preparation!.step = .lastPage(number - 1)
        } else {
            disk.preparation!.step = .scan(scan)
        }
        self.disk = disk
    }

    mutating func evictionScan(
        _ number: UInt64, _ count: Int, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]
    ) {
        guard case .scan(var eviction)? = disk?.preparation?.step else { return }
        if case .failed(let error) = result, readAttempts < 5 {
            readAttempts += 1
            failed(error, "read", now, &actions)
            return
        }
        readAttempts = 0
        if case .read(let bytes) = result {
            for index in 0..<UInt64(count) {
                let offset = Int(index) * RingLayout.pageSize
                let filePage = disk!.layout.filePage(of: number + index)
                if let header = PageHeader(bytes, at: offset, filePage: filePage), isOfRing(header, number + index),
                    let page = StoredPage(header: header, bytes: bytes, at: offset)
                {
                    note(header.span)
                    noteEarlier(header.state.span)
                    evict(page, &eviction)
                }
            }
        }
        eviction.nextPage += UInt64(count)
        disk!.preparation!.step = .scan(eviction)
        if eviction.nextPage >= eviction.endPage { commit(eviction, &actions) }
    }

    private func evict(_ page: StoredPage, _ eviction: inout Eviction) {
        let header = page.header
        guard header.end > eviction.expected else { return }
        if header.first > eviction.expected {
            let hole = Hole(
                from: eviction.expected, to: header.first, storedBefore: eviction.expectedStored, storedBehind: header.storedBefore,
                sameProcess: header.sameProcess, header.state)
            for gap in unsettledRuns(eviction.expected, header.first) {
                var loss = LossEntry(
                    span: gap.span, first: gap.first, end: gap.end, count: gap.isWhole ? hole.count : nil,
                    atMost: gap.end - gap.first, cause: .damaged)
                // They are settled with it all the same.
                if gap.isWhole, hole.count == nil { loss.stored = hole.stored ?? 0 }
                eviction.losses.append(loss)
            }
        }
        for record in page.records where record.end > max(eviction.expected, watermark + 1) {
            let first = max(record.first, eviction.expected)
            switch record.content {
            case .reading(let series, _, _):
                if acknowledged.contains(record.first) || heldIndex(of: record.first) != nil || lossIndex(at: record.first) != nil {
                    continue
                }
                var entry = LossEntry(
                    span: header.span, first: record.first, end: record.end, count: 1, cause: .evicted,
                    sensors: [.init(sensor: page.schemas[series].sensor, count: 1)])
                if let last = eviction.losses.last, last.cause == .evicted, last.end == entry.first, last.span == entry.span {
                    entry = last
                    entry.end = record.end
                    entry.count! += 1
                    entry.add(page.schemas[series].sensor, 1)
                    eviction.losses.removeLast()
                }
                eviction.losses.append(entry)
            case .loss(let cause, let count, let atMost, let sensors):
                if acknowledged.contains(first) || lossIndex(at: first) != nil { continue }
                eviction.losses.append(
                    LossEntry(
                        span: header.span, first: record.first, end: record.end, count: count, atMost: atMost,
                        cause: cause, sensors: sensors, isCounted: true
                    ).from(first))
            case .acknowledged:
                let first = max(first, watermark + 1)
                if !acknowledged.contains(first) {
                    eviction.acknowledged.append(.init(first: first, end: record.end, stored: 0))
                }
            }
        }
        eviction.expected = header.end
        eviction.expectedStored = header.storedBefore + header.readings
    }

    private mutating func commit(_ eviction: Eviction, _ actions: inout [RingAction]) {
        var count: UInt64 = 0
        for loss in eviction.losses {
            settled += loss.isCounted ? 0 : loss.count ?? 0
            if loss.cause == .evicted, !loss.isCounted { count += loss.count ?? 0 }
            addLoss(loss, counts: !loss.isCounted)
        }
        for range in eviction.acknowledged {
            let first = max(range.first, watermark + 1)
            if first < range.end, !acknowledged.contains(first) {
                acknowledged.insert(first: first, end: range.end, stored: 0)
            }
        }
        for index in losses.indices where losses[index].stored > 0 && losses[index].end <= eviction.expected {
            // No page has it any more: the pages from now on tell that it is lost.
            if !acknowledged.contains(losses[index].first) { settled += losses[index].stored }
            losses[index].stored = 0
        }
        settle()
        disk!.tailPage = eviction.endPage
        disk!.tailPosition = max(eviction.expected, disk!.tailPosition)
        disk!.tailStored = eviction.expectedStored ?? disk!.tailStored
        if reader.map({ $0.header.number < eviction.endPage }) ?? true {
            reader = nil
            nextPage = nil
        }
        chunk = nil
        search = nil
        disk!.preparation!.step = .evicted
        disk!.lossNeedsPage = 
            !eviction.losses.isEmpty || disk!.lossNeedsPage || disk!.watermark + 1 < disk!.tailPosition
        if count > 0 {
            actions.append(.notice(Notice(.warning, "the ring is full, the oldest readings are evicted count=\(count)")))
        }
    }

    mutating func zeroed(_ segment: UInt64, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        if case .failed(let error) = result {
            // Nothing in it is needed. A bad segment is passed over.
            if error != .noSpace { disk!.jump(past: disk!.layout.firstNumber(ofSegment: segment)) }
            failed(error, "prepared", now, &actions)
            return
        }
        syncs += 1
        disk!.preparedThrough = segment
        disk!.preparation = nil
    }

    func isOfRing(_ header: PageHeader, _ number: UInt64) -> Bool {
        guard let disk else { return false }
        return header.kind == .log && header.number == number && header.ringID == disk.ringID
            && header.filePages == disk.layout.pages
    }
}
