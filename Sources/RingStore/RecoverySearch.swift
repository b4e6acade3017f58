internal import Telemetry

extension Recovery {
    enum Search {
        case found(Recovered)
        case blank
        case notARing
        /// One of its pages was written by a later version, which may have changed every page in between.
        case laterVersion
        /// These segments must be read as a whole; then the search runs again.
        case scan(RingLayout, [UInt64], isOfAll: Bool)
    }

    private enum Place {
        case number(UInt64)
        case blank
        case invalid
    }

    private enum Newest {
        case number(UInt64?)
        case scan([UInt64])
        case scanAll
    }

    @inline(never) private func probe(_ page: UInt64) throws(NeedPage) -> Probe {
        guard let probe = probes.first(where: { $0.filePage == page }) else { throw NeedPage(page: page) }
        return probe
    }

    func search() throws(NeedPage) -> Search {
        guard filePages > 0 else { return .notARing }
        // The file may have been cut or lengthened: its headers know the size it had. Or a header lies: nothing is looked for behind the
        // end of the file.
        var pages = filePages
        let front = try probe(0)
        if PageHeader.isOfLaterVersion(front.bytes, filePage: 0) { return .laterVersion }
        if let header = front.header, header.kind == .file { pages = header.filePages }
        guard let layout = RingLayout(pages: pages) else { return .notARing }
        let back = try probe(layout.pages - 1)
        var slots: [Probe] = []
        for slot in layout.slots { slots.append(try probe(slot)) }
        // One whole page of a later version is enough: this program would write over what it cannot read. Where no page is whole,
        // one that says so.
        let isUnknown = ringID(filePages: pages) == nil && finishedScan?.ringID == nil
        for probe in [front, back] + slots
        where PageHeader.isOfLaterVersion(probe.bytes, filePage: probe.filePage, mayBeDamaged: isUnknown) { return .laterVersion }
        guard let ringID = ringID(filePages: pages) ?? finishedScan?.ringID else {
            // Headers and slots are gone, or there never were any.
            guard let finishedScan else { return .scan(layout, segments(of: layout), isOfAll: true) }
            let isBlank = front.isBlank && back.isBlank && slots.allSatisfy { $0.isBlank }
            return isBlank && finishedScan.sawOnlyZeros ? .blank : .notARing
        }
        let finder = Finder(recovery: self, layout: layout, ringID: ringID)
        var copies: [Recovered.Unplaced] = []
        for (index, probe) in slots.enumerated() {
            if let header = probe.header, header.kind == .log, finder.isOfRing(header) {
                copies.append(.init(slot: index, header: header, bytes: probe.bytes))
            }
        }
        let headers = [front, back].map { probe -> PageHeader? in
            guard let header = probe.header, header.kind == .file, finder.isOfRing(header) else { return nil }
            return header
        }
        let hint = max(copies.map { $0.header.number }.max() ?? 0, headers.compactMap { $0?.number }.max() ?? 0)
        let placed: UInt64?
        switch try finder.newestPlaced(hint: hint) {
        case .scan(let segments): return .scan(layout, segments, isOfAll: false)
        case .scanAll: return .scan(layout, segments(of: layout), isOfAll: true)
        case .number(let number): placed = number
        }
        guard placed != nil || !copies.isEmpty || headers.contains(where: { $0 != nil }) else { return .notARing }
        var (tailPage, tail, oldest) = try finder.tail(placed: placed)
        let unplaced = try finder.unplaced(copies, placed: placed, oldest: oldest)
        if let first = unplaced.first?.header, placed == nil || first.number < tailPage { (tailPage, tail) = (first.number, first) }
        var newest: PageHeader?
        if let placed { newest = try finder.log(placed) }
        if let last = unplaced.last?.header, newest == nil || last.number > newest!.number { newest = last }
        var latest: PageHeader?
        for header in headers + copies.map({ $0.header }) + [newest] {
            if let header, latest == nil || header.revision > latest!.revision { latest = header }
        }
        guard let latest else { return .notARing }
        var clock: ClockRecord?
        for header in headers + [latest] {
            guard let header, header.boot == latest.boot, let found = header.clock ?? header.firstClock else { continue }
            if clock == nil || found.instant > clock!.instant { clock = found }
        }
        var recovered = Recovered(
                filePages: filePages, layout: layout, ringID: ringID, latest: latest, clock: clock, placed: placed, unplaced: unplaced,
                newest: newest, tailPage: tailPage, tail: tail,
                headerRevisions: headers.map { $0?.revision }, headerSpans: headers.map { $0?.state.span },
                isDoubtful: headers.contains { $0 == nil } || layout.pages != filePages
                    || finishedScan?.isOfAll == true, lastTime: Self.lastTime(copies, boot: latest.boot))
        for (probe, header) in zip([front, back], headers) {
            guard let header else { continue }
            recovered.untold += header.spans(in: probe.bytes)
            recovered.reservedByHeaders = max(recovered.reservedByHeaders, header.state.reserved)
        }
        return .found(recovered)
    }

    /// Those that begin within the file.
    private func segments(of layout: RingLayout) -> [UInt64] {
        Array((0..<layout.segments).prefix { layout.filePage(of: layout.firstNumber(ofSegment: $0)) < filePages })
    }

    /// Of the last reading of this boot. A slot always holds the page that was written last, or one shortly before it.
    /// The latest by the boot clock: the wall clock may have been set back.
    private static func lastTime(_ copies: [Recovered.Unplaced], boot: UInt32) -> ClockRecord? {
        var last: ClockRecord?
        for copy in copies where copy.header.boot == boot {
            guard let time = StoredPage(header: copy.header, bytes: copy.bytes, at: 0)?.lastTime else { continue }
            if last == nil || time.instant > last!.instant { last = time }
        }
        return last
    }

    /// The parts of the search that look at the log.
    private struct Finder {
        var recovery: Recovery
        var layout: RingLayout
        var ringID: UInt64

        func isOfRing(_ header: PageHeader) -> Bool {
            header.ringID == ringID && header.filePages == layout.pages
        }

        @inline(never) func place(_ place: UInt64) throws(NeedPage) -> Place {
            // Behind the end of a file that was cut there is nothing, and it need not be read for that.
            guard layout.filePage(of: place) < recovery.filePages else { return .blank }
            let probe = try recovery.probe(layout.filePage(of: place))
            if let header = probe.header, header.kind == .log, isOfRing(header),
                header.number % layout.logPages == place
            {
                return .number(header.number)
            }
            return probe.isBlank ? .blank : .invalid
        }

        /// The log page `number` in its place.
        @inline(never) func log(_ number: UInt64) throws(NeedPage) -> PageHeader? {
            guard case .number(number) = try place(number % layout.logPages) else { return nil }
            return try recovery.probe(layout.filePage(of: number)).header
        }

        /// The highest number in the log. `hint`: the number of a page that was not placed yet when it was written.
        func newestPlaced(hint: UInt64) throws(NeedPage) -> Newest {
            if let scan = recovery.finishedScan {
                if scan.isOfAll || scan.newest != nil { return .number(scan.newest) }
                return .scanAll
            }
            guard let segment = try newestSegment() else { return .scanAll }
            var newest: UInt64?
            var place: UInt64 = 0
            if let segment {
                place = layout.firstNumber(ofSegment: segment.index)
                var low: UInt64 = 0
                var high = layout.segmentPages
                while high - low > 1 {
                    let middle = (low + high) / 2
                    switch try self.place(place + middle) {
                    case .number(segment.first + middle): low = middle
                    case .number, .blank: high = middle
                    case .invalid: return .scan([segment.index])
                    }
                }
                newest = segment.first + low
            }
            // A higher number exists: the log has a hole, where a write has failed or was torn.
            if hint > newest.map({ $0 + 1 }) ?? 0 {
                let here = layout.segment(of: newest ?? 0)
                let there = layout.segment(of: hint)
                guard there - here <= 1 else { return .scanAll }
                let first = here % layout.segments
                let second = there % layout.segments
                return .scan(first == second ? [first] : [first, second])
            }
            return .number(newest)
        }

        /// The segment that was begun last and the number of its first page; `.some(nil)`: the log is empty; nil: the
        /// first pages of the segments do not say.
        func newestSegment() throws(NeedPage) -> (index: UInt64, first: UInt64)?? {
            let size = layout.segmentPages
            let last = layout.segments - 1
            switch try place(0) {
            case .invalid:
                return nil
            case .blank:
                // Zeros wait here for the next lap, perhaps in the segment before it too; or the log was never used.
                for index in [last, last - 1] {
                    switch try place(index * size) {
                    case .number(let number): return .some((index, number))
                    case .invalid: return nil
                    case .blank: break
                    }
                }
                if case .blank = try place(size) { return .some(nil) }
                return nil
            case .number(let start):
                var low: UInt64 = 0
                var high = layout.segments
                while high - low > 1 {
                    let middle = (low + high) / 2
                    switch try place(middle * size) {
                    case .number(start + middle * size): low = middle
                    case .number(let number) where number > start: return nil
                    case .number, .blank: high = middle
                    case .invalid: return nil
                    }
                }
                // A segment whose first page failed is not the end: look behind it.
                for index in [low + 1, low + 2] where index <= last {
                    switch try place(index * size) {
                    case .number(let number) where number > start: return nil
                    case .invalid: return nil
                    case .number, .blank: break
                    }
                }
                return .some((low, start + low * size))
            }
        }

        /// The oldest whole page of the oldest segment that has not been zeroed for the next lap, and where that segment begins. No
        /// header: there is none among the first pages, and where the log begins is not known.
        func tail(placed: UInt64?) throws(NeedPage) -> (page: UInt64, header: PageHeader?, oldest: UInt64) {
            guard let placed else { return (0, nil, 0) }
            let newest = layout.segment(of: placed)
            let oldest = newest + 1 >= layout.segments ? newest + 1 - layout.segments : 0
            // One or two are zeroed; more are blank only where writes have failed.
            for segment in oldest...newest {
                let first = layout.firstNumber(ofSegment: segment)
                switch try place(first % layout.logPages) {
                case .number(first): return (first, try log(first), first)
                case .invalid:
                    // Damaged, but the pages behind it may be whole.
                    for number in first..<min(first + 4, placed + 1) {
                        if let header = try log(number) { return (number, header, first) }
                    }
                    return (first, nil, first)
                case .number, .blank: break
                }
            }
            let first = layout.firstNumber(ofSegment: newest)
            return (first, try log(first), first)
        }

        /// The next page that is in its place; those between may be damaged too, but not many are looked at.
        private func whole(behind number: UInt64, placed: UInt64) throws(NeedPage) -> PageHeader? {
            var next = number + 1
            while next <= placed, next <= number + 8 {
                if let header = try log(next) { return header }
                next += 1
            }
            return nil
        }

        /// The copies in slots whose pages are not in the log.
        func unplaced(_ copies: [Recovered.Unplaced], placed: UInt64?, oldest: UInt64) throws(NeedPage)
            -> [Recovered.Unplaced]
        {
            var newest: [Recovered.Unplaced] = []
            for copy in copies.sorted(by: { ($0.header.number, $0.header.revision) < ($1.header.number, $1.header.revision) }) {
                if newest.last?.header.number == copy.header.number { newest.removeLast() }
                newest.append(copy)
            }
            var needed: [Recovered.Unplaced] = []
            for copy in newest {
                let number = copy.header.number
                if let placed, number <= placed {
                    guard number >= oldest, try log(number) == nil else { continue }
                    // Where the next whole page begins later, this copy fills the gap; where it begins with the same
                    // position, it has taken over the records.
                    guard let next = try whole(behind: number, placed: placed), next.first > copy.header.first else { continue }
                }
                // A later copy that begins no later holds the same records, and more.
                while let last = needed.last, copy.header.first <= last.header.first { needed.removeLast() }
                needed.append(copy)
            }
            return needed
        }
    }
}
