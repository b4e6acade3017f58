internal import Telemetry

/// Carries what is not settled over into a file of another size, before the ring is opened: `NAME.new` is written whole and synced,
/// then it takes the name. Until then nothing changes, so a cut at any point leaves one whole ring under the name.
///
/// Pages get new numbers, from 0 on, and keep their records, positions and counters: what was damaged stays a hole that is counted.
struct Resizing: Hashable, Sendable {
    enum Step: Hashable {
        case request(StorageRequest)
        /// The new file is the open one.
        case done(size: UInt64)
        /// Nothing was changed.
        case kept(String)
        /// The file has to be opened anew, some time later.
        case failed(StorageError)
    }

    private enum Phase: Hashable {
        case looking(PageSearch)
        case beginning
        case copying
        case heading
        case finishing
    }

    private static let chunkPages: UInt64 = 16

    let found: Recovered
    private let layout: RingLayout
    /// The stream that begins with the new file: where the old one was cut, its numbers are in doubt.
    private let nextSpan: StreamSpan?
    private let takesErrorsForDamage: Bool
    private var phase = Phase.beginning
    /// The next page of the old file, and the number that the next one gets.
    private var from: UInt64
    private var to: UInt64 = 0
    private var count: UInt64 = 0
    private var attempts = 0
    private var revision: UInt64
    private var lastPage: Page?

    private struct Page: Hashable {
        var header: PageHeader
        var records: [UInt8]
    }

    init(_ found: Recovered, layout: RingLayout, nextSpan: StreamSpan? = nil, takesErrorsForDamage: Bool) {
        self.found = found
        self.layout = layout
        self.nextSpan = nextSpan
        self.takesErrorsForDamage = takesErrorsForDamage
        revision = found.latest.revision
        from = found.unplaced.first?.header.number ?? 0
        if found.placed != nil, found.isCut {
            // All that is there.
            from = found.tailPage
        } else if let placed = found.placed {
            phase = .looking(
                PageSearch(.position(found.latest.state.watermark + 1), low: found.tailPage, high: placed + 1, isLowProven: false))
        }
    }

    private var size: UInt64 { layout.pages * UInt64(RingLayout.pageSize) }

    /// The next thing to do, from the start (nil) or after a result.
    mutating func step(_ result: StorageResult?) -> Step {
        switch (phase, result) {
        case (.looking(var search), _):
            if let result {
                guard let bytes = read(result) else { return retry(result) }
                attempts = 0
                search.take(page(bytes, at: 0, search.probe)?.header)
            }
            guard search.isDone else {
                phase = .looking(search)
                return .request(.read(first: found.layout.filePage(of: search.probe), count: 1))
            }
            from = search.low
            return begin()
        case (.beginning, nil): return begin()
        case (.beginning, .failed(let error)?): return .kept(error.text)
        case (.beginning, _):
            phase = .copying
            return copy([])
        case (.copying, let result?) where count > 0:
            guard let bytes = read(result) else { return retry(result) }
            return take(bytes)
        case (.copying, .failed(let error)?): return .kept(error.text)
        case (.copying, _): return copy([])
        case (.heading, .failed(let error)?): return .kept(error.text)
        case (.heading, _):
            phase = .finishing
            return .request(.finishCopy)
        case (.finishing, .opened(let size, _, _)?): return .done(size: size)
        case (.finishing, .failed(let error)?): return .failed(error)
        case (.finishing, _): return .failed(.inputOutput)
        }
    }

    private var newest: UInt64? { found.newest?.number }

    private mutating func begin() -> Step {
        // One segment to go on in and one ahead have to be free. Of a file that was cut, which cannot stay as it is, the newest pages go
        // over the oldest.
        if !found.isCut, let newest, newest + 1 - min(newest + 1, from) > (layout.segments - 2) * layout.segmentPages {
            return .kept("the unacknowledged readings do not fit it")
        }
        phase = .beginning
        return .request(.beginCopy(size: size))
    }

    private func read(_ result: StorageResult) -> [UInt8]? {
        if case .read(let bytes) = result { return bytes }
        // Tried often enough: it is damaged.
        return takesErrorsForDamage && attempts >= 2 && count <= 1 ? [] : nil
    }

    private mutating func retry(_ result: StorageResult) -> Step {
        guard case .failed(let error) = result else { return .failed(.inputOutput) }
        if attempts >= 2, !takesErrorsForDamage { return .failed(error) }
        attempts += 1
        if case .looking(let search) = phase { return .request(.read(first: found.layout.filePage(of: search.probe), count: 1)) }
        count = 1
        return .request(.read(first: found.layout.filePage(of: from), count: 1))
    }

    private func page(_ bytes: [UInt8], at offset: Int, _ number: UInt64) -> Page? {
        guard let header = PageHeader(bytes, at: offset, filePage: found.layout.filePage(of: number)), header.kind == .log,
            header.number == number, header.ringID == found.ringID, header.filePages == found.layout.pages
        else { return nil }
        let start = offset + PageHeader.size
        return Page(header: header, records: Array(bytes[start..<start + header.recordBytes]))
    }

    private mutating func take(_ bytes: [UInt8]) -> Step {
        var pages: [Page] = []
        for index in 0..<count {
            let copy = found.unplaced.first { $0.header.number == from }
            if let page = copy.map({ Self.page(of: $0) }) ?? page(bytes, at: Int(index) * RingLayout.pageSize, from) {
                pages.append(page)
            }
            from += 1
        }
        count = 0
        attempts = 0
        return copy(pages)
    }

    private static func page(of copy: Recovered.Unplaced) -> Page {
        Page(header: copy.header, records: Array(copy.bytes[PageHeader.size..<PageHeader.size + copy.header.recordBytes]))
    }

    /// Writes these, or goes on reading.
    private mutating func copy(_ pages: [Page]) -> Step {
        if !pages.isEmpty { return .request(.writeCopy(pages.map { write($0) }, sync: false)) }
        if let placed = found.placed, from <= placed {
            if let next = found.numberBehindCut(from) { return passCut(next) }
            count = min(Self.chunkPages, found.layout.segmentPages - from % found.layout.segmentPages, placed - from + 1)
            return .request(.read(first: found.layout.filePage(of: from), count: Int(count)))
        }
        if let copy = found.unplaced.first(where: { $0.header.number >= from }) {
            from = copy.header.number + 1
            return self.copy([Self.page(of: copy)])
        }
        phase = .heading
        return .request(.writeCopy(ends(), sync: true))
    }

    /// Of the pages that are cut off only a slot may have one.
    private mutating func passCut(_ next: UInt64) -> Step {
        if let copy = found.unplaced.first(where: { $0.header.number >= from }), copy.header.number < next {
            from = copy.header.number + 1
            return self.copy([Self.page(of: copy)])
        }
        from = next
        return copy([])
    }

    private mutating func write(_ page: Page) -> PageWrite {
        var page = page
        page.header.number = to
        to += 1
        lastPage = page
        return image(page, layout.filePage(of: page.header.number))
    }

    @inline(never) private mutating func image(_ page: Page, _ filePage: UInt64, _ state: RingState? = nil) -> PageWrite {
        revision += 1
        var header = page.header
        header.ringID = found.ringID
        header.filePages = layout.pages
        header.revision = revision
        header.state = state ?? found.latest.state
        return PageWrite(page: filePage, bytes: header.encode(records: page.records, filePage: filePage))
    }

    /// A copy of the newest page in a slot, which tells the next boot the last time, and the headers.
    private mutating func ends() -> [PageWrite] {
        var pages: [PageWrite] = []
        if let last = lastPage {
            let slot = layout.slots[layout.slot(forPage: last.header.number, newest: nil, avoided: [])]
            pages.append(image(last, slot))
        }
        var header = found.latest
        let end = found.logEnd
        header.kind = .file
        header.number = to
        header.recordBytes = 0
        header.readings = 0
        header.first = end
        header.end = end
        header.clock = found.clock
        header.span = header.state.span
        let records = PageHeader.records(of: found.untold)
        pages.append(image(Page(header: header, records: records), layout.headers[0]))
        var state = header.state
        if let nextSpan {
            state.span = nextSpan
            state.reserved = found.used
            state.isClean = false
            header.span = nextSpan
        }
        pages.append(image(Page(header: header, records: records), layout.headers[1], state))
        return pages
    }
}

extension Ring {
    /// Another size is wanted, and can be tried: not where the numbers of the file are in doubt, which has to be written down first. A
    /// file that was cut is not written at all: what it still has goes into a new one.
    mutating func resizing(_ found: Recovered) -> Resizing? {
        let pages = configuration.size / UInt64(RingLayout.pageSize)
        if found.isCut, let layout = RingLayout(pages: pages) {
            let isNeeded = found.latest.state.span.base < found.used
            return Resizing(
                found, layout: layout, nextSpan: isNeeded ? StreamSpan(stream: drawStream(), base: found.used) : nil,
                takesErrorsForDamage: takesErrorsForDamage)
        }
        guard pages != found.layout.pages, !found.isDoubtful, !hasSaidSize, let layout = RingLayout(pages: pages) else { return nil }
        return Resizing(found, layout: layout, takesErrorsForDamage: takesErrorsForDamage)
    }

    mutating func resize(_ resizing: Resizing, _ result: StorageResult?, _ now: Instant, _ actions: inout [RingAction]) {
        var resizing = resizing
        switch resizing.step(result) {
        case .request(let request):
            if case .writeCopy(let pages, _) = request { count(pages) }
            job = .resize(resizing)
            actions.append(.storage(request))
        case .done(let size):
            syncs += 2
            if resizing.found.isCut {
                actions.append(.notice(Notice(.warning, "the ring's file was cut, what was left is in a new one, and a new stream begins bytes=\(size)")))
            } else {
                actions.append(.notice(Notice(.info, "the ring has another size bytes=\(size)")))
            }
            recover(size, now, &actions)
        case .kept(let why) where resizing.found.isCut: giveUp("it was cut, and no new one can be made: \(why)", now, &actions)
        case .kept(let why):
            keepsSize(resizing.found, why, &actions)
            adopt(resizing.found, now, &actions)
        case .failed(let error): couldNotRead(error, now, &actions)
        }
    }

    mutating func keepsSize(_ found: Recovered, _ why: String, _ actions: inout [RingAction]) {
        guard !hasSaidSize else { return }
        hasSaidSize = true
        let bytes = found.layout.pages * UInt64(RingLayout.pageSize)
        actions.append(
            .notice(
                Notice(.warning, "the ring keeps its size until the next start bytes=\(bytes) wanted=\(configuration.size) error=\(why)")))
    }
}
