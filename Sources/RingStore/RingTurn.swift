internal import Telemetry

// What the ring does next: one storage request at a time, the most urgent first.

extension Ring {
    mutating func pump(_ now: Instant, _ actions: inout [RingAction]) {
        dropAcknowledged()
        // Each step makes a request, or changes what the next one sees.
        while job == nil {
            guard let request = nextRequest(now, &actions) else { break }
            actions.append(.storage(request))
        }
        isQuiet = phase == .open && failure == nil && waiting.isEmpty && !isStopping && !isVolatile && (job != nil || !wantsState && wanted == nil)
        if job == nil, isStopping {
            isStopping = false
            isStopped = true
            sayWhatIsLeft(&actions)
            actions.append(.stopped)
        }
    }

    /// Also one that was acknowledged before the one in front of it was lost or refused: else it would be due for ever, and never written.
    mutating func dropAcknowledged() {
        while pending.isFirstAcknowledged { memoryBytes -= pending.dropFirst() }
    }

    private mutating func nextRequest(_ now: Instant, _ actions: inout [RingAction]) -> StorageRequest? {
        switch phase {
        case .idle, .opening: return nil
        case .closed(let retryAt):
            guard retryAt <= now, !isStopping, !isStopped else { return nil }
            job = .open
            return isFileLost ? .setAside(size: configuration.size) : .open(size: configuration.size)
        case .open: break
        }
        if isStopped { return nil }
        if let failure {
            if !waiting.isEmpty { goVolatile(&actions) }
            guard failure.retryAt <= now || isStopping && failure.attempts < 2 else { return nil }
            // The next try tells whether the disk serves again: one header page, which is never a reading's only copy.
            return submitHeader(now)
        }
        numberWaiting()
        refuseWhatWaits(&actions)
        if needsReservation(now) { return submitHeader(now) }
        if let request = nextWrite(now) { return request }
        if isStopping { return nil }
        if !isEvicting, let request = nextRead() { return request }
        return nextPreparation(now, isUrgent: false)
    }

    private mutating func nextWrite(_ now: Instant) -> StorageRequest? {
        guard let stored = disk?.watermark else { return nil }
        if isWriteDue(now) || isStopping && isUnfinished {
            if !disk!.isStuck { return submitBatch(now, withReadings: true) }
            if let request = nextPreparation(now, isUrgent: true) { return request }
            // With `drop-newest` only what is acknowledged makes room; that it is has to come to the file meanwhile.
        }
        if wantsState, !isStopping {
            wantsState = false
            if stored != watermark || disk!.hadUnsettled || disk!.lossNeedsPage {
                return submitBatch(now, withReadings: false) ?? (disk!.isStuck ? submitHeader(now) : nil)
            }
        }
        return nil
    }

    /// Both for the last page of a stop: all is written, and the numbers are exact.
    private var isUnfinished: Bool {
        guard let disk else { return false }
        return !pending.isEmpty && !isRefusing || !isCleanWritten && (disk.watermark != watermark || reserved != head - 1)
    }

    mutating func finish(_ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        guard let job else { return }
        self.job = nil
        switch job {
        case .open: opened(result, now, &actions)
        case .recover(let recovery): recover(recovery, result, now, &actions)
        case .resize(let resizing): resize(resizing, result, now, &actions)
        case .create(let disk): created(disk, result, now, &actions)
        case .header(let header): wrote(header, result, now, &actions)
        case .batch(let batch): wrote(batch, result, now, &actions)
        case .read(let number, let count): read(number, count, result, now, &actions)
        case .search(let number): searched(number, result, now, &actions)
        case .evictionPage(let number): evictionPage(number, result)
        case .evictionScan(let number, let count): evictionScan(number, count, result, now, &actions)
        case .zero(let segment): zeroed(segment, result, now, &actions)
        }
    }

    /// The disk has failed; it is tried again, less often each time up to five minutes.
    mutating func failed(_ error: StorageError, _ what: String, _ now: Instant, _ actions: inout [RingAction]) {
        if error == .gone { return loseFile(now, &actions) }
        let attempts = (failure?.attempts ?? 0) + 1
        failure = Failure(retryAt: now.advanced(by: Self.backOff(attempts)), attempts: attempts)
        if attempts == 1 {
            actions.append(
                .notice(Notice(.error, "the ring cannot be \(what), readings are held in memory error=\(error.text)")))
        }
        if !hasNumber || !waiting.isEmpty { goVolatile(&actions) }
    }

    /// Somebody has taken the file away: what is in memory goes into a new one, what only the file had is lost.
    private mutating func loseFile(_ now: Instant, _ actions: inout [RingAction]) {
        guard let disk else { return }
        actions.append(.notice(Notice(.error, "the ring was deleted, replaced or cut while it was in use, a new one begins")))
        let stored = disk.stored - min(disk.stored, settled + acknowledged.stored)
        let count = stored - min(stored, UInt64(held.count))
        self.disk = nil
        reader = nil
        nextPage = nil
        chunk = nil
        search = nil
        wanted = nil
        unreadable = nil
        failure = nil
        let runs = unsettledRuns(watermark + 1, disk.logEnd)
        for run in runs { damage(run.first, run.end, runs.count == 1 ? Hole(stored: count) : nil) }
        keepHeld()
        acknowledged.forgetStored()
        for index in losses.indices { losses[index].stored = 0 }
        unclockedEnd = 0
        storedClock = nil
        isFileLost = true
        phase = .closed(retryAt: now)
    }

    /// What waits for its acknowledgement goes into the new file too; of an earlier boot it stays in memory only.
    private mutating func keepHeld() {
        var slots: [Slot] = []
        var left: [HeldReading] = []
        for item in held.removeAll() {
            guard item.reading.boot == boot, let sensor = schemas.firstIndex(of: item.reading.schema) else {
                left.append(item)
                continue
            }
            let reading = Reading(sensor: sensor, instant: item.reading.instant, outcome: item.reading.outcome)
            memoryBytes += Slot.bytes(reading)
            slots.append(Slot(position: item.position, reading: reading, wasHanded: true, isOut: item.isOut))
        }
        for item in left { held.insert(item) }
        pending = SlotQueue(slots + pending.removeAll())
    }

    mutating func succeeded(_ actions: inout [RingAction]) {
        guard failure != nil else { return }
        failure = nil
        actions.append(.notice(Notice(.info, "the ring is written again")))
    }

    /// 1 s, 2 s, 4 s … 300 s.
    static func backOff(_ attempts: Int) -> Duration { .seconds(min(300, 1 << min(attempts - 1, 9))) }

    private func sayWhatIsLeft(_ actions: inout [RingAction]) {
        let left = unwritten
        guard left > 0 else { return }
        actions.append(.notice(Notice(.error, "readings are lost with the process, the ring could not be written count=\(left)")))
    }
}

extension StorageError {
    var text: String {
        switch self {
        case .noSpace: "no space left"
        case .inputOutput: "input/output error"
        case .notPermitted: "not permitted"
        case .locked: "another process holds it"
        case .notAFile: "not a regular file"
        case .laterVersion: "a later version of Godwit has written it; install that one, or move the file away"
        case .gone: "the file was deleted, replaced or cut"
        case .other(let number): "errno \(number)"
        }
    }
}
