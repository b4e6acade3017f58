internal import Telemetry

// What the ring does next: one storage request at a time, the most urgent first.

extension Ring {
    mutating func pump(_ now: Instant, _ actions: inout [RingAction]) {
        // Each step makes a request, or changes what the next one sees.
        while job == nil {
            guard let request = nextRequest(now, &actions) else { break }
            actions.append(.storage(request))
        }
        if job == nil, isStopping {
            isStopping = false
            isStopped = true
            sayWhatIsLeft(&actions)
            actions.append(.stopped)
        }
    }

    private mutating func nextRequest(_ now: Instant, _ actions: inout [RingAction]) -> StorageRequest? {
        switch phase {
        case .idle, .opening: return nil
        case .closed(let retryAt):
            guard retryAt <= now, !isStopping, !isStopped else { return nil }
            job = .open
            return .open(size: configuration.size)
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
        if needsReservation(now) { return submitHeader(now) }
        if let request = nextWrite(now) { return request }
        if isStopping { return nil }
        if !isEvicting, let request = nextRead() { return request }
        return nextPreparation(now, isUrgent: false)
    }

    private mutating func nextWrite(_ now: Instant) -> StorageRequest? {
        guard let disk else { return nil }
        if isWriteDue(now) || isStopping && isUnfinished {
            if disk.isStuck { return nextPreparation(now, isUrgent: true) }
            return submitBatch(now, withReadings: true)
        }
        if wantsState, !isStopping {
            wantsState = false
            if disk.watermark != watermark || disk.hadUnsettled || disk.lossNeedsPage {
                return submitBatch(now, withReadings: false)
            }
        }
        return nil
    }

    /// Both for the last page of a stop: all is written, and the numbers are exact.
    private var isUnfinished: Bool {
        guard let disk else { return false }
        return !pending.isEmpty || !isCleanWritten && (disk.watermark != watermark || reserved != head - 1)
    }

    mutating func finish(_ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]) {
        guard let job else { return }
        self.job = nil
        switch job {
        case .open: opened(result, now, &actions)
        case .recover(let recovery): recover(recovery, result, now, &actions)
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
        let attempts = (failure?.attempts ?? 0) + 1
        failure = Failure(retryAt: now.advanced(by: Self.backOff(attempts)), attempts: attempts)
        if attempts == 1 {
            actions.append(
                .notice(Notice(.error, "the ring cannot be \(what), readings are held in memory error=\(error.text)")))
        }
        if !hasNumber || !waiting.isEmpty { goVolatile(&actions) }
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
        case .other(let number): "errno \(number)"
        }
    }
}
