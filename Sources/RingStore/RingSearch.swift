internal import Telemetry

// Finding a page in the log by bisection: the page that holds a position, or the first clock record of an earlier boot.

/// Looks for the last page of which something is true that is true of no page behind it.
struct PageSearch: Hashable, Sendable {
    enum Goal: Hashable {
        /// The page begins at or before this position.
        case position(UInt64)
        /// The page is of this boot, and no clock was known.
        case clock(boot: UInt32)
    }
    var goal: Goal
    /// It is true here.
    var low: UInt64
    /// It is not true here, or this is behind the last page.
    var high: UInt64
    /// The middle, or a page behind it while those before are invalid.
    var probe: UInt64
    /// The first clock record of the boot, in the first page that has one.
    private(set) var clock: ClockRecord?
    /// Nothing was found at `low` itself: it is only the place to begin.
    var isLowProven: Bool

    init(_ goal: Goal, low: UInt64, high: UInt64, isLowProven: Bool) {
        self.goal = goal
        self.low = low
        self.high = high
        self.isLowProven = isLowProven
        probe = 0
        aim()
    }

    var isDone: Bool { isLowProven ? high - low <= 1 : high <= low }

    mutating func aim() { probe = isLowProven ? low + (high - low) / 2 : low }

    /// There is nothing at the probe, nor from there to `next`.
    mutating func skip(to next: UInt64) {
        probe = next
        guard probe >= high else { return }
        high = isLowProven ? low + (high - low) / 2 : low
        aim()
    }

    mutating func take(_ header: PageHeader?) {
        guard let header else { return skip(to: probe + 1) }
        let isTrue: Bool
        switch goal {
        case .position(let position): isTrue = header.first <= position
        case .clock(let boot):
            isTrue = header.boot == boot && header.firstClock == nil
            // Each is before the one that was found last.
            if header.boot == boot, let first = header.firstClock { clock = first }
        }
        if isTrue {
            low = probe
            isLowProven = true
        } else {
            // All pages between the middle and the probe are invalid.
            high = isLowProven ? low + (high - low) / 2 : low
        }
        aim()
    }
}

/// What a search for the clock of an earlier boot has found; nil: it never knew the time.
struct BootClock: Hashable, Sendable {
    var boot: UInt32
    var first: ClockRecord?
}

extension Ring {
    /// The number of the page to begin reading at: the last that begins at or before `cursor`, or the oldest. Nil: a
    /// page has to be read first.
    mutating func locate() -> UInt64? {
        guard let disk, let newest = disk.newestNumber else { return 0 }
        if search?.goal != .position(cursor) {
            search = PageSearch(.position(cursor), low: disk.tailPage, high: newest + 1, isLowProven: false)
        }
        guard runSearch() else { return nil }
        defer { search = nil }
        return search!.low
    }

    /// The first clock record of an earlier boot, whose pages without a clock reach at least to page `number`. Nil: a
    /// page has to be read first.
    mutating func clock(ofBoot boot: UInt32, from number: UInt64) -> BootClock? {
        if let known = bootClocks.first(where: { $0.boot == boot }) { return known }
        guard let disk, let newest = disk.newestNumber else { return BootClock(boot: boot, first: nil) }
        if search?.goal != .clock(boot: boot) {
            search = PageSearch(.clock(boot: boot), low: number, high: newest + 1, isLowProven: true)
        }
        guard runSearch() else { return nil }
        note(BootClock(boot: boot, first: search!.clock))
        search = nil
        return bootClocks.last
    }

    private mutating func note(_ clock: BootClock) {
        if bootClocks.count >= 4 { bootClocks.removeFirst() }
        bootClocks.append(clock)
    }

    /// Goes on as far as pages are in memory. True: done.
    private mutating func runSearch() -> Bool {
        while let search, !search.isDone {
            let number = search.probe
            if let open = disk?.open, open.number == number {
                take(first: open.first, open)
            } else if let copy = disk?.unplaced.first(where: { $0.header.number == number }) {
                take(copy.header)
            } else if let placed = disk?.placed, number <= placed {
                wanted = .probe(number: number)
                return false
            } else {
                self.search!.skip(to: nextInMemory(from: number + 1) ?? .max)
            }
        }
        return true
    }

    private mutating func take(first: UInt64, _ open: PageBuilder) {
        take(
            PageHeader(
                ringID: 0, filePages: 0, kind: .log, number: open.number, revision: 0, span: open.span,
                boot: open.boot, first: open.first, end: open.end, storedBefore: open.storedBefore,
                readings: open.readings, recordBytes: 0, state: RingState(), clock: open.clock,
                firstClock: firstClock, notBefore: nil))
    }

    @inline(never) private mutating func take(_ header: PageHeader?) {
        search?.take(header)
    }

    mutating func searched(
        _ number: UInt64, _ result: StorageResult, _ now: Instant, _ actions: inout [RingAction]
    ) {
        if case .failed(let error) = result, readAttempts < 5 {
            readAttempts += 1
            failed(error, "read", now, &actions)
            return
        }
        readAttempts = 0
        guard search != nil, search!.probe == number else { return }
        if case .read(let bytes) = result, let disk,
            let header = PageHeader(bytes, filePage: disk.layout.filePage(of: number)), isOfRing(header, number)
        {
            take(header)
        } else {
            take(nil)
        }
    }
}
