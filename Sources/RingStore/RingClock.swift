package import Telemetry

// The wall time of readings: by the clock record in force for them, or by the first of their boot.

extension Ring {
    /// The newest clock record of this boot, also from an earlier process.
    package var clockOfThisBoot: ClockReading? {
        (clocks.last ?? firstClock).map { ClockReading(instant: $0.instant, wallTime: $0.wallTime, isKnown: true) }
    }

    /// The newest wall time that the file holds of earlier boots; nil until it is open, and where there is none.
    package var lastTimeBefore: WallTime? { notBefore }

    private static let tolerance: UInt64 = 10_000_000

    /// Whether the ring has something to note of this look at the clocks. Asked with each reading.
    package func hasUse(for reading: ClockReading) -> Bool {
        reading.isKnown && (!waiting.isEmpty || isNews(reading))
    }

    private func isNews(_ reading: ClockReading) -> Bool {
        clocks.last.map { Self.hasDrifted(reading, from: $0.instant, $0.wallTime) } ?? true
    }

    /// - Returns: nothing has changed by it.
    mutating func clock(_ reading: ClockReading) -> Bool {
        guard reading.isKnown else { return true }
        if waiting.isEmpty { return !note(reading) }
        wait(for: reading)
        return false
    }

    /// A clock that comes before waiting readings have their numbers keeps its place among them.
    private mutating func wait(for reading: ClockReading) {
        for item in waiting.reversed() {
            guard case .clock(let last) = item else { continue }
            if !Self.hasDrifted(reading, from: last.instant, last.wallTime) { return }
            break
        }
        waiting.append(.clock(reading))
    }

    /// - Returns: it made a record.
    @discardableResult mutating func note(_ reading: ClockReading) -> Bool {
        guard isNews(reading) else { return false }
        let record = ClockRecord(instant: reading.instant, wallTime: reading.wallTime, position: head)
        if firstClock == nil { firstClock = record }
        if clocks.last?.position == head { clocks.removeLast() }
        clocks.append(record)
        return true
    }

    private static func hasDrifted(_ reading: ClockReading, from instant: Instant, _ wallTime: WallTime) -> Bool {
        let expected = wallTime.moved(from: instant, to: reading.instant)
        return (reading.wallTime.nanoseconds &- expected.nanoseconds).magnitude > Self.tolerance
    }

    /// The wall clock was set by more than a second since the file was told of it: the next process of this boot may have to go on
    /// by it. While it runs at most once a minute, should the clock be mad.
    @inline(__always) func wantsStepStored(_ now: Instant) -> Bool {
        guard let last = clocks.last, let stored = storedClock ?? firstClock, !isCleanWritten else { return false }
        guard (last.wallTime.nanoseconds &- stored.time(of: last.instant).nanoseconds).magnitude > 1_000_000_000 else { return false }
        return isStopping || rateSince.map { $0.duration(to: now) >= .seconds(60) } ?? true
    }

    func clockInForce(at position: UInt64) -> ClockRecord? { clocks.last { $0.position <= position } }

    /// Keeps the records that readings in memory may still need.
    mutating func pruneClocks() {
        while clocks.count > 1, clocks[1].position <= watermark + 1 { clocks.removeFirst() }
        // Each is of a step or a drift; so many unsettled ones are a clock gone mad, and the oldest readings in memory
        // are stamped by the record behind them.
        if clocks.count > 1024 { clocks.removeFirst(512) }
    }

    /// By a record that came later in this boot. A stored reading has to wait until that record is stored too: else a
    /// crash would take back what was published. And while the file is being opened it may know an earlier record of this boot.
    func retroactiveStamp(_ position: UInt64, _ instant: Instant) -> Stamp? {
        guard let firstClock, hasSaidOpened || phase == .open, position >= unclockedEnd || disk?.hasClock == true else { return nil }
        return .estimated(firstClock.time(of: instant))
    }

    /// For what is told of a reading beside the stream: as it will be stamped that is appended now.
    package func stampOfNext(taken instant: Instant) -> Stamp {
        clocks.last.map { .synced($0.time(of: instant)) } ?? stampNow(taken: instant)
    }

    /// The same of one that was appended before the wall time of this boot was known.
    package func stampNow(taken instant: Instant) -> Stamp {
        firstClock.map { .estimated($0.time(of: instant)) } ?? .unknown(notBefore: notBefore)
    }

    func stamped(_ slot: Slot) -> StampedReading {
        let span = self.span(of: slot.position)
        let instant = slot.reading.instant
        let stamp: Stamp
        if let clock = clockInForce(at: slot.position) {
            stamp = .synced(clock.time(of: instant))
        } else {
            stamp = retroactiveStamp(slot.position, instant) ?? .unknown(notBefore: notBefore)
        }
        return StampedReading(
            stream: StreamID(span.stream), sequence: SequenceNumber(slot.position - span.base),
            schema: schemas[slot.reading.sensor], boot: boot, instant: instant, stamp: stamp,
            outcome: slot.reading.outcome)
    }
}
