internal import Telemetry

/// Finds the newest state of a ring file, reading as few pages as it can.
///
/// The search (RecoverySearch.swift) is written as if every page were at hand; where one is missing it stops with
/// `NeedPage`, and runs again from its start when that page has come. So it has no states of its own, and the pages it
/// needs are few. Only a scan, which reads whole segments, is a fold over its pages.
struct Recovery: Hashable, Sendable {
    enum Step: Hashable {
        case request(StorageRequest)
        case found(Recovered)
        /// Nothing but zeros: a file that was reserved and never used.
        case blank
        case notARing
        /// Something could not be read.
        case failed(StorageError)
    }

    struct NeedPage: Error {
        var page: UInt64
    }

    struct Probe: Hashable {
        var filePage: UInt64
        var header: PageHeader?
        var isBlank: Bool
        var bytes: [UInt8]
    }

    /// A scan over segments: which are left, and what was found.
    struct Scan: Hashable {
        var segments: [UInt64]
        var isOfAll: Bool
        var next: UInt64 = 0
        /// Pages in the request that is under way.
        var count: UInt64 = 0
        var newest: UInt64?
        var ringID: UInt64?
        var sawOnlyZeros = true
        var readsSingly = false
    }

    private static let scanPages: UInt64 = 64
    private static let maximumAttempts = 3

    let filePages: UInt64
    private(set) var probes: [Probe] = []
    private(set) var finishedScan: Scan?
    private var pending: UInt64?
    private var scan: Scan?
    private var scanLayout: RingLayout?
    private var lastError: StorageError?
    private var last: StorageRequest?
    private var attempts = 1
    private var pagesRead: UInt64 = 0
    /// A page that cannot be read now is not a page that is damaged: what it holds may come back with the disk.
    let takesErrorsForDamage: Bool

    init(fileSize: UInt64, takesErrorsForDamage: Bool) {
        filePages = fileSize / UInt64(RingLayout.pageSize)
        self.takesErrorsForDamage = takesErrorsForDamage
    }

    /// The next thing to do, from the start (nil) or after a result.
    mutating func step(_ result: StorageResult?) -> Step {
        if let result {
            // A disk that is only slow to answer well must not cost what was stored.
            if case .failed(let error) = result, let last {
                lastError = error
                if attempts < Self.maximumAttempts {
                    attempts += 1
                    return .request(last)
                }
                if !takesErrorsForDamage, scan == nil || scan!.count == 1 { return .failed(error) }
            }
            attempts = 1
            take(result)
        }
        let next = advance()
        if case .request(let request) = next { last = request }
        return next
    }

    private mutating func advance() -> Step {
        if let request = nextOfScan() { return .request(request) }
        let outcome: Search
        do throws(NeedPage) {
            outcome = try search()
        } catch {
            pending = error.page
            return .request(.read(first: error.page, count: 1))
        }
        switch outcome {
        case .scan(let layout, let segments, let isOfAll):
            scanLayout = layout
            scan = Scan(segments: segments, isOfAll: isOfAll)
            guard let request = nextOfScan() else { return .notARing }
            return .request(request)
        case .found(var recovered):
            recovered.pagesRead = pagesRead
            return .found(recovered)
        case .laterVersion:
            return .failed(.laterVersion)
        case .blank:
            return lastError.map { .failed($0) } ?? .blank
        case .notARing:
            return lastError.map { .failed($0) } ?? .notARing
        }
    }

    private mutating func take(_ result: StorageResult) {
        var bytes: [UInt8] = []
        switch result {
        case .read(let read): bytes = read
        case .failed(let error): lastError = error
        case .opened, .written: break
        }
        if scan != nil {
            takeScanned(bytes)
        } else if let page = pending {
            pagesRead += 1
            pending = nil
            let isWhole = bytes.count == RingLayout.pageSize
            probes.append(
                Probe(
                    filePage: page, header: isWhole ? PageHeader(bytes, filePage: page) : nil,
                    isBlank: isWhole && bytes.allSatisfy { $0 == 0 }, bytes: bytes))
        }
    }

    private mutating func takeScanned(_ bytes: [UInt8]) {
        guard var scan, let layout = scanLayout else { return }
        if bytes.isEmpty, scan.count > 1 {
            // One bad page must not hide the others.
            scan.readsSingly = true
            self.scan = scan
            return
        }
        pagesRead += scan.count
        let start = layout.firstNumber(ofSegment: scan.segments[0]) + scan.next
        for index in 0..<scan.count {
            let offset = Int(index) * RingLayout.pageSize
            guard offset + RingLayout.pageSize <= bytes.count else {
                scan.sawOnlyZeros = false
                break
            }
            let place = start + index
            let header = PageHeader(bytes, at: offset, filePage: layout.filePage(of: place))
            if let header, header.kind == .log, header.number % layout.logPages == place {
                if scan.ringID == nil { scan.ringID = ringID(filePages: layout.pages) ?? header.ringID }
                if header.ringID == scan.ringID {
                    scan.newest = max(scan.newest ?? header.number, header.number)
                }
                scan.sawOnlyZeros = false
            } else if scan.sawOnlyZeros {
                scan.sawOnlyZeros = bytes[offset..<offset + RingLayout.pageSize].allSatisfy { $0 == 0 }
            }
        }
        scan.next += scan.count
        if scan.next >= layout.segmentPages {
            scan.next = 0
            scan.readsSingly = false
            scan.segments.removeFirst()
        }
        self.scan = scan
    }

    private mutating func nextOfScan() -> StorageRequest? {
        guard var scan, let layout = scanLayout else { return nil }
        while let segment = scan.segments.first {
            let first = layout.filePage(of: layout.firstNumber(ofSegment: segment)) + scan.next
            guard first < filePages else {
                // The rest is cut off.
                scan.segments.removeFirst()
                scan.next = 0
                scan.readsSingly = false
                continue
            }
            scan.count = min(scan.readsSingly ? 1 : Self.scanPages, layout.segmentPages - scan.next, filePages - first)
            self.scan = scan
            return .read(first: first, count: Int(scan.count))
        }
        finishedScan = scan
        self.scan = nil
        return nil
    }

    func header(at page: UInt64) -> PageHeader? { probes.first { $0.filePage == page }?.header }

    /// Which ring this is: the newest file header says so, else the newest other page that was read.
    func ringID(filePages: UInt64) -> UInt64? {
        var best: PageHeader?
        for probe in probes {
            guard let header = probe.header, header.filePages == filePages else { continue }
            guard let known = best else {
                best = header
                continue
            }
            if known.kind != header.kind ? header.kind == .file : header.revision > known.revision { best = header }
        }
        return best?.ringID
    }
}

/// What an opening has found.
struct Recovered: Hashable, Sendable {
    /// A page that lies in a tail slot only; its place in the log has not got it.
    struct Unplaced: Hashable {
        var slot: Int
        var header: PageHeader
        var bytes: [UInt8]
    }

    /// Of the file as it is.
    var filePages: UInt64
    /// As its headers tell.
    var layout: RingLayout
    var ringID: UInt64
    /// The page that was written last, whatever it is.
    var latest: PageHeader
    /// The newest look at the clocks in the boot of `latest` that the file headers or `latest` tell of.
    var clock: ClockRecord?
    /// The highest page number that has its place in the log.
    var placed: UInt64?
    /// In order of their numbers.
    var unplaced: [Unplaced]
    /// The log page with the highest number, in its place or a slot.
    var newest: PageHeader?
    /// The first page of the oldest segment that is still there, and its first position, where it could be read.
    var tailPage: UInt64
    var tail: PageHeader?
    /// Revisions of the two file headers; nil: damaged.
    var headerRevisions: [UInt64?]
    /// The present stream, as each of the two file headers knows it.
    var headerSpans: [StreamSpan?]
    var reservedByHeaders: UInt64 = 0
    /// Earlier streams that the headers name.
    var untold: [StreamSpan] = []
    /// The newest state may be lost: numbers must not go on in the same stream.
    var isDoubtful: Bool
    /// The wall time of the newest readings of the boot that wrote `latest`, where the slots tell it.
    var lastTime: ClockRecord?
    var pagesRead: UInt64 = 0

    /// One behind the last position in the log. A page that was written later may know more than the newest of the log that is left.
    var logEnd: UInt64 { max(newest?.end ?? 1, latest.end, 1) }
    /// Numbers up to this position may have been used. Where the newest state may be gone, what any header has reserved.
    var used: UInt64 { max(latest.state.reserved, logEnd - 1, latest.state.watermark, isDoubtful ? reservedByHeaders : 0) }

    /// Readings in the log before its tail, which may be behind the page that was found: its readings count as evicted already. Nil: not known.
    func stored(before tailPosition: UInt64) -> UInt64? {
        // Of an empty log nothing is gone.
        guard newest != nil else { return 0 }
        guard let tail else { return nil }
        if tailPosition == tail.first { return tail.storedBefore }
        return tailPosition == tail.end ? tail.storedBefore + tail.readings : nil
    }

    /// The end of the file is missing. It is read as far as it goes, and never written.
    var isCut: Bool { layout.pages > filePages }

    /// Where the place of this log page is cut off, and of all behind it in this lap: the first number of the next.
    func numberBehindCut(_ number: UInt64) -> UInt64? {
        layout.filePage(of: number) < filePages ? nil : (number / layout.logPages + 1) * layout.logPages
    }
}
