package import RingStore
package import Telemetry

/// A ring file on a disk that keeps only what was synced, and not always that.
///
/// The fault model: a power cut keeps any subset of the sectors of 512 bytes that were written and not synced, in any
/// order, and may leave garbage or zeros in the page that was being written or damage its neighbours. Requests fail as a
/// real disk's do; after a failed sync the page cache shows what the disk does not have.
package struct SimulatedStorage: Sendable {
    package static let pageSize = 4096
    package static let sectorSize = 512

    /// How the disk behaves. Chances are out of 1,000.
    package struct Faults: Hashable, Sendable {
        package var writeFails = 0
        package var readFails = 0
        package var syncFails = 0
        package var openFails = 0
        /// Every request fails with this.
        package var allFail: StorageError?
        /// A power cut leaves garbage in a page that was being written.
        package var garbage = 0
        /// A power cut damages a page beside one that was being written.
        package var neighbour = 0
        /// A sync is answered, and does nothing: a disk that lies. Not survived; the checks have to see it.
        package var ignoresSync = false
        package init() {}
    }

    package var faults = Faults()
    package private(set) var random: RandomSource
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
            if happens(faults.openFails) { return .failed(.inputOutput) }
            return open(size)
        case .setAside(let size):
            setAsideCount += 1
            durable = nil
            return open(size)
        case .beginCopy(let size):
            copy = nil
            if happens(faults.writeFails) { return .failed(.noSpace) }
            copy = [UInt8](repeating: 0, count: Int(size))
            return .opened(size: size, isNew: true, isReserved: true)
        case .writeCopy(let pages, let sync):
            for page in pages { putInCopy(page) }
            if happens(faults.writeFails) || sync && happens(faults.syncFails) {
                copy = nil
                return .failed(.inputOutput)
            }
            return .written
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
        case .write(let pages, let sync):
            for (index, page) in pages.enumerated() {
                if happens(faults.writeFails) {
                    // A short write: some pages went out, and perhaps a part of this one.
                    if happens(500) { put(PageWrite(page: page.page, bytes: Array(page.bytes.prefix(512)))) }
                    return .failed(index % 2 == 0 ? .inputOutput : .noSpace)
                }
                put(page)
            }
            guard sync else { return .written }
            if happens(faults.syncFails) {
                // The kernel forgets that the pages are dirty: a later sync will not write them, a read shows them.
                keepSome()
                unsynced = []
                return .failed(.inputOutput)
            }
            if !faults.ignoresSync { syncAll() }
            syncs += 1
            return .written
        }
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
        if let durable, !durable.isEmpty {
            // Where only the process ended, what it wrote is still in the page cache, synced or not.
            if cache.isEmpty { cache = durable }
            return .opened(size: UInt64(durable.count), isNew: false, isReserved: true)
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
        cache.replaceSubrange(start..<start + page.bytes.count, with: page.bytes)
        unsynced.append(page)
    }

    private mutating func syncAll() {
        for page in unsynced {
            let start = Int(page.page) * Self.pageSize
            durable!.replaceSubrange(start..<start + page.bytes.count, with: page.bytes)
        }
        unsynced = []
    }

    /// Any subset of the sectors reaches the disk; the writes in any order.
    private mutating func keepSome() {
        // All, none and halves, so that the extremes are seen often.
        let chance = [0, 0, 150, 500, 850, 1000, 1000].randomElement(using: &random)!
        for page in unsynced.shuffled(using: &random) {
            for offset in stride(from: 0, to: page.bytes.count, by: Self.sectorSize) where happens(chance) {
                let start = Int(page.page) * Self.pageSize + offset
                durable!.replaceSubrange(
                    start..<start + Self.sectorSize, with: page.bytes[offset..<offset + Self.sectorSize])
            }
        }
    }

    /// The power fails.
    package mutating func crash() {
        guard durable != nil else { return }
        keepSome()
        for page in unsynced {
            if happens(faults.garbage) { damage(page.page, zeros: happens(300)) }
            if happens(faults.neighbour) {
                damage(happens(500) ? page.page + 1 : page.page - min(page.page, 1), zeros: happens(300))
            }
        }
        unsynced = []
        cache = durable!
    }

    /// Writes a request as far as a cut lets it: the pages are out, none is synced.
    package mutating func performUnsynced(_ request: StorageRequest) {
        if faults.allFail == nil, request == .finishCopy, copy != nil, happens(500) { takeCopy() }
        guard faults.allFail == nil, case .write(let pages, _) = request, durable != nil else { return }
        let count = Int.random(in: 0...pages.count, using: &random)
        for page in pages.prefix(count) { put(page) }
    }

    package mutating func damage(_ page: UInt64, zeros: Bool) {
        guard durable != nil, Int(page) * Self.pageSize < durable!.count else { return }
        for offset in 0..<Self.pageSize {
            durable![Int(page) * Self.pageSize + offset] = zeros ? 0 : UInt8(truncatingIfNeeded: random.next())
        }
    }

    /// For exhaustive crash points: which sectors that are not synced, in order of the writes, reach the disk.
    package var unsyncedSectors: Int { unsynced.reduce(0) { $0 + $1.bytes.count / Self.sectorSize } }

    package mutating func crash(keeping keep: (Int) -> Bool) {
        var index = 0
        for page in unsynced {
            for offset in stride(from: 0, to: page.bytes.count, by: Self.sectorSize) {
                if keep(index) {
                    let start = Int(page.page) * Self.pageSize + offset
                    durable!.replaceSubrange(
                        start..<start + Self.sectorSize, with: page.bytes[offset..<offset + Self.sectorSize])
                }
                index += 1
            }
        }
        unsynced = []
        cache = durable ?? []
    }

    package mutating func restore(_ image: [UInt8]) {
        durable = image
        cache = image
        unsynced = []
    }

    package mutating func putUnsynced(_ pages: [PageWrite]) {
        for page in pages { put(page) }
    }
}
