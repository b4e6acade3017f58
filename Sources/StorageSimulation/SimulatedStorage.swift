package import RingStore
package import Telemetry

/// A ring file on a disk that keeps only what was synced, and not always that.
///
/// The fault model is written in docs/reliability.md. A power cut keeps any subset of the sectors of 512 bytes that were
/// written and not synced, in any order, and may leave garbage or zeros in the page that was being written or damage its
/// neighbours. Requests fail as a real disk's do; after a failed sync the page cache shows what the disk does not have.
package struct SimulatedStorage: Sendable {
    package static let pageSize = 4096
    package static let sectorSize = 512

    /// How the disk behaves. Chances are out of 1,000.
    package struct Faults: Hashable, Sendable {
        /// EIO or ENOSPC in the midst of a write: the sectors before it went out.
        package var writeFails = 0
        package var readFails = 0
        package var syncFails = 0
        package var openFails = 0
        /// Every request fails with this.
        package var allFail: StorageError?
        /// All that writes or opens for writing fails with this; reads go on: a file system that is full or read-only.
        package var writesFail: StorageError?
        /// A power cut leaves garbage in a page that was being written.
        package var garbage = 0
        /// A power cut damages a page beside one that was being written.
        package var neighbour = 0
        /// At the end of a life, some bits of pages that were synced have flipped.
        package var bitRot = 0
        /// A sync is answered, and does nothing: a disk that lies. Not survived; the checks have to see it.
        package var ignoresSync = false
        /// A sync that failed is answered as done: a ring that does not look at its result. The checks have to see it.
        package var hidesFailedSync = false
        package init() {}
    }

    package var faults = Faults()
    /// A deliberate mistake of the ring's own, made in its pages: the checks have to see it.
    package var forgery: Forgery?
    package var random: RandomSource
    /// What the disk holds; nil: there is no file.
    package var durable: [UInt8]?
    /// What a read sees.
    package private(set) var cache: [UInt8] = []
    private var unsynced: [PageWrite] = []
    /// `NAME.new`: its bytes, synced or not. Before it takes the name all of it is synced.
    package private(set) var copy: [UInt8]?
    package private(set) var setAsideCount = 0
    package private(set) var pagesRead = 0
    package private(set) var pagesWritten = 0
    package private(set) var syncs = 0
    /// Bits that have rotted so far.
    package private(set) var rotted = 0
    /// Requests outside the file, or not of whole pages: mistakes of the ring.
    package private(set) var mistakes: [String] = []

    package init(seed: UInt64) { random = RandomSource(seed: seed) }

    private mutating func happens(_ chance: Int) -> Bool {
        chance > 0 && Int.random(in: 0..<1000, using: &random) < chance
    }

    package mutating func perform(_ request: StorageRequest) -> StorageResult {
        if let error = faults.allFail { return .failed(error) }
        switch request {
        case .open(let size):
            if let error = faults.writesFail, error != .noSpace || durable == nil { return .failed(error) }
            if happens(faults.openFails) { return .failed(.inputOutput) }
            return open(size)
        case .setAside(let size):
            if let error = faults.writesFail { return .failed(error) }
            setAsideCount += 1
            durable = nil
            return open(size)
        case .beginCopy(let size):
            copy = nil
            if let error = faults.writesFail { return .failed(error) }
            if happens(faults.writeFails) { return .failed(.noSpace) }
            copy = [UInt8](repeating: 0, count: Int(size))
            return .opened(size: size, isNew: true, isReserved: true)
        case .writeCopy(let pages, let sync): return writeCopy(pages, sync)
        case .finishCopy:
            let fails = happens(faults.syncFails)
            if !fails || happens(500) { takeCopy() }
            copy = nil
            return fails ? .failed(.inputOutput) : .opened(size: UInt64(durable!.count), isNew: false, isReserved: true)
        case .read(let first, let count):
            pagesRead += count
            if happens(faults.readFails) { return .failed(.inputOutput) }
            let start = Int(first) * Self.pageSize
            let end = start + count * Self.pageSize
            var bytes = start < cache.count ? Array(cache[start..<min(end, cache.count)]) : []
            bytes += [UInt8](repeating: 0, count: end - start - bytes.count)
            return .read(bytes)
        case .write(let pages, let sync): return write(pages, sync)
        }
    }

    private mutating func write(_ pages: [PageWrite], _ sync: Bool) -> StorageResult {
        if let error = faults.writesFail { return .failed(error) }
        for page in pages {
            if happens(faults.writeFails) {
                putShort(page, sectors: Int.random(in: 0..<page.bytes.count / Self.sectorSize, using: &random))
                return .failed(happens(500) ? .inputOutput : .noSpace)
            }
            put(page)
        }
        guard sync else { return .written }
        if happens(faults.syncFails) {
            // The kernel forgets that the pages are dirty: a later sync will not write them, a read shows them.
            keepSome()
            unsynced = []
            return faults.hidesFailedSync ? .written : .failed(.inputOutput)
        }
        if !faults.ignoresSync { syncAll() }
        syncs += 1
        return .written
    }

    private mutating func writeCopy(_ pages: [PageWrite], _ sync: Bool) -> StorageResult {
        for page in pages { putInCopy(page) }
        if let error = faults.writesFail {
            copy = nil
            return .failed(error)
        }
        if happens(faults.writeFails) || sync && happens(faults.syncFails) {
            copy = nil
            return .failed(.inputOutput)
        }
        return .written
    }

    private mutating func putInCopy(_ page: PageWrite) {
        let start = Int(page.page) * Self.pageSize
        guard let count = copy?.count, start + page.bytes.count <= count else {
            mistakes.append("a write of \(page.bytes.count) bytes at page \(page.page) is outside the copy")
            return
        }
        copy!.replaceSubrange(start..<start + page.bytes.count, with: page.bytes)
    }

    private mutating func takeCopy() {
        guard let copy else {
            mistakes.append("there is no copy that could take the name")
            return
        }
        durable = copy
        cache = copy
        unsynced = []
    }

    private mutating func open(_ size: UInt64) -> StorageResult {
        copy = nil
        if durable?.isEmpty == false {
            // Where only the process ended, what it wrote is still in the page cache, synced or not, and so is what a failed
            // sync has left there. An opening syncs the one and forgets the other.
            if happens(faults.syncFails) {
                keepSome()
                unsynced = []
                return .failed(.inputOutput)
            }
            syncAll()
            cache = self.durable!
            return .opened(size: UInt64(cache.count), isNew: false, isReserved: true)
        }
        durable = [UInt8](repeating: 0, count: Int(size))
        cache = durable!
        unsynced = []
        return .opened(size: size, isNew: true, isReserved: true)
    }

    private mutating func put(_ page: PageWrite) {
        let start = Int(page.page) * Self.pageSize
        pagesWritten += max(page.bytes.count / Self.pageSize, 1)
        guard start + page.bytes.count <= cache.count else {
            mistakes.append("a write of \(page.bytes.count) bytes at page \(page.page) is outside the file")
            return
        }
        var page = page
        forgery?.forge(&page)
        cache.replaceSubrange(start..<start + page.bytes.count, with: page.bytes)
        unsynced.append(page)
    }

    /// Only the first sectors of it go out.
    package mutating func putShort(_ page: PageWrite, sectors: Int) {
        if sectors > 0 { put(PageWrite(page: page.page, bytes: Array(page.bytes.prefix(sectors * Self.sectorSize)))) }
    }

    private mutating func syncAll() {
        for page in unsynced {
            let start = Int(page.page) * Self.pageSize
            durable!.replaceSubrange(start..<start + page.bytes.count, with: page.bytes)
        }
        unsynced = []
    }

    private mutating func keep(_ page: PageWrite, _ offset: Int) {
        let start = Int(page.page) * Self.pageSize + offset
        durable!.replaceSubrange(start..<start + Self.sectorSize, with: page.bytes[offset..<offset + Self.sectorSize])
    }

    /// Any subset of the sectors reaches the disk; the writes in any order.
    private mutating func keepSome() {
        // All, none and halves, so that the extremes are seen often.
        let chance = [0, 0, 150, 500, 850, 1000, 1000].randomElement(using: &random)!
        for page in unsynced.shuffled(using: &random) {
            for offset in stride(from: 0, to: page.bytes.count, by: Self.sectorSize) where happens(chance) { keep(page, offset) }
        }
    }

    /// The power fails.
    package mutating func crash() {
        guard durable != nil else { return }
        keepSome()
        for page in unsynced {
            let last = page.page + UInt64(max(page.bytes.count / Self.pageSize, 1)) - 1
            if happens(faults.garbage) { damage(UInt64.random(in: page.page...last, using: &random), zeros: happens(300)) }
            if happens(faults.neighbour) {
                damage(happens(500) ? last + 1 : page.page - min(page.page, 1), zeros: happens(300))
            }
        }
        unsynced = []
        cache = durable!
    }

    /// Writes a request as far as a cut lets it: the pages are out, the last of them perhaps in part, none is synced.
    package mutating func performUnsynced(_ request: StorageRequest) {
        guard faults.allFail == nil, faults.writesFail == nil else { return }
        if request == .finishCopy, copy != nil, happens(500) { takeCopy() }
        guard case .write(let pages, _) = request, durable != nil else { return }
        let count = Int.random(in: 0...pages.count, using: &random)
        for page in pages.prefix(count) { put(page) }
        if count < pages.count, happens(500) {
            putShort(pages[count], sectors: Int.random(in: 0..<pages[count].bytes.count / Self.sectorSize, using: &random))
        }
    }

    package mutating func damage(_ page: UInt64, zeros: Bool) {
        guard durable != nil, Int(page) * Self.pageSize < durable!.count else { return }
        for offset in 0..<Self.pageSize {
            durable![Int(page) * Self.pageSize + offset] = zeros ? 0 : UInt8(truncatingIfNeeded: random.next())
        }
    }

    /// While nobody looks, bits of one page that holds something flip.
    package mutating func rot() {
        guard durable != nil, happens(faults.bitRot) else { return }
        let written = (0..<durable!.count / Self.pageSize).filter { page in
            durable![page * Self.pageSize..<(page + 1) * Self.pageSize].contains { $0 != 0 }
        }
        guard let page = written.randomElement(using: &random) else { return }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let byte = page * Self.pageSize + Int.random(in: 0..<Self.pageSize, using: &random)
            durable![byte] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            rotted += 1
        }
        forgery?.mend(&durable!, page: page)
        cache = durable!
    }

    /// How far the numbers of each stream go, as an opening can learn it.
    package var knownNumbers: [UInt32: UInt64] { Forgery.numbers(in: durable ?? []) }

    package mutating func restore(_ image: [UInt8]) {
        durable = image
        cache = image
        unsynced = []
    }

    // MARK: For crash points that are enumerated

    /// What is written and not synced, in order of the writes.
    package var unsyncedSectorCounts: [Int] { unsynced.map { $0.bytes.count / Self.sectorSize } }

    /// - Parameter keep: whether a sector, by its write and its place in that, reaches the disk.
    package mutating func crash(keeping keep: (Int, Int) -> Bool) {
        for (index, page) in unsynced.enumerated() {
            for offset in stride(from: 0, to: page.bytes.count, by: Self.sectorSize) where keep(index, offset / Self.sectorSize) {
                self.keep(page, offset)
            }
        }
        unsynced = []
        cache = durable ?? []
    }

    /// A sync has failed: what it kept of the pages is said by `keep`; the page cache shows all of them.
    package mutating func failSync(keeping keep: (Int, Int) -> Bool) {
        let shown = cache
        crash(keeping: keep)
        cache = shown
    }

    package mutating func putUnsynced(_ pages: [PageWrite]) {
        for page in pages { put(page) }
    }
}
