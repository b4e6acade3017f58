package import Telemetry

package enum StateInput: Hashable, Sendable {
    /// Once, first.
    case start
    /// What is to be kept from now on; it replaces what was asked before and is not written yet. `revision` rises.
    case save([UInt8], revision: Int)
    case storage(StorageResult)
    case timer
}

package enum StateAction: Hashable, Sendable {
    case storage(StorageRequest)
    /// Once: what was kept, nil when there was nothing or it cannot be had.
    case loaded([UInt8]?)
    /// All up to this revision is kept, or could not be: a disk that fails is not waited for.
    case settled(revision: Int, isKept: Bool)
    case notice(Notice)
}

/// Keeps one value over crashes: two slots of one file, written in turn and synced, so that one of them is always whole.
///
/// A slot: magic, version, generation, length, CRC32C of all before and of the content, then the content; only the pages
/// that it fills are written. The newer valid slot counts. A write that failed is repeated in the same slot: the other
/// one may be the only good copy.
package struct StateKeeper: Hashable, Sendable {
    package static let slotPages: UInt64 = 64
    package static let fileSize = 2 * slotPages * 4096
    package static let maximumBytes = Int(slotPages) * 4096 - headerBytes
    static let headerBytes = 32
    private static let magic: UInt64 = 0x3153_5747  // "GWS1"
    private static let version: UInt64 = 1

    private enum Job: Hashable {
        case open
        case head(Int)
        case content(Int)
        case write
    }

    private struct Wanted: Hashable {
        var bytes: [UInt8]
        var revision: Int
    }

    private struct Head: Hashable {
        var generation: UInt64
        var length: Int
        var page: [UInt8]
    }

    private var job: Job?
    private var heads: [Head?] = [nil, nil]
    private var isOpen = false
    private var hasLoaded = false
    private var generation: UInt64 = 0
    /// Where the next one is written.
    private var slot = 0
    private var wanted: Wanted?
    private var retryAt: Instant?
    private var attempts = 0
    /// Something stood in the file that is no state.
    private var isDamaged = false

    package init() {}

    package var deadline: Instant? { job == nil ? retryAt : nil }

    @inline(never) package mutating func handle(_ input: StateInput, at now: Instant) -> [StateAction] {
        var actions: [StateAction] = []
        switch input {
        case .start: retryAt = now
        case .save(let bytes, let revision): want(bytes, revision, &actions)
        case .storage(let result): finish(result, now, &actions)
        case .timer: break
        }
        pump(now, &actions)
        return actions
    }

    private mutating func want(_ bytes: [UInt8], _ revision: Int, _ actions: inout [StateAction]) {
        guard bytes.count <= Self.maximumBytes else {
            actions.append(.notice(Notice(.error, "the state is too large to be kept bytes=\(bytes.count) most=\(Self.maximumBytes)")))
            actions.append(.settled(revision: revision, isKept: false))
            return
        }
        wanted = Wanted(bytes: bytes, revision: revision)
        if attempts > 0 { actions.append(.settled(revision: revision, isKept: false)) }
    }

    private mutating func pump(_ now: Instant, _ actions: inout [StateAction]) {
        guard job == nil else { return }
        if let retryAt {
            guard retryAt <= now else { return }
            self.retryAt = nil
            if !isOpen {
                job = .open
                actions.append(.storage(.open(size: Self.fileSize)))
                return
            }
        }
        guard isOpen, let wanted else { return }
        job = .write
        let page = PageWrite(page: UInt64(slot) * Self.slotPages, bytes: Self.slot(wanted.bytes, generation: generation + 1))
        actions.append(.storage(.write([page], sync: true)))
        writing = wanted
    }
    /// What the write that is under way carries.
    private var writing: Wanted?

    private mutating func finish(_ result: StorageResult, _ now: Instant, _ actions: inout [StateAction]) {
        guard let job else { return }
        self.job = nil
        if case .failed(let error) = result {
            failed(error, now, &actions)
            return
        }
        switch (job, result) {
        case (.open, .opened(_, let isNew, _)): opened(isNew: isNew, &actions)
        case (.head(let index), .read(let bytes)): takeHead(index, bytes, &actions)
        case (.content(let index), .read(let bytes)): takeContent(index, bytes, &actions)
        case (.write, .written): written(&actions)
        default: preconditionFailure("a request is answered as such")
        }
    }

    private mutating func failed(_ error: StorageError, _ now: Instant, _ actions: inout [StateAction]) {
        attempts += 1
        if attempts == 1 {
            actions.append(.notice(Notice(.error, "the state cannot be kept error=\(error.text)")))
        }
        retryAt = now.advanced(by: Ring.backOff(attempts))
        isOpen = isOpen && hasLoaded && error != .gone
        writing = nil
        load(nil, &actions)
        if let wanted { actions.append(.settled(revision: wanted.revision, isKept: false)) }
    }

    private mutating func load(_ bytes: [UInt8]?, _ actions: inout [StateAction]) {
        isOpen = isOpen || bytes != nil
        guard !hasLoaded else { return }
        hasLoaded = true
        actions.append(.loaded(bytes))
    }

    // MARK: Reading

    private mutating func opened(isNew: Bool, _ actions: inout [StateAction]) {
        heads = [nil, nil]
        isDamaged = false
        if isNew {
            isOpen = true
            load(nil, &actions)
        } else {
            readHead(0, &actions)
        }
    }

    private mutating func readHead(_ index: Int, _ actions: inout [StateAction]) {
        job = .head(index)
        actions.append(.storage(.read(first: UInt64(index) * Self.slotPages, count: 1)))
    }

    private mutating func takeHead(_ index: Int, _ bytes: [UInt8], _ actions: inout [StateAction]) {
        if bytes.count == 4096, bytes.get(at: 0, bytes: 4) == Self.magic, bytes.get(at: 4, bytes: 4) == Self.version {
            let length = bytes.get(at: 16, bytes: 8)
            if length <= UInt64(Self.maximumBytes) {
                heads[index] = Head(generation: bytes.get(at: 8, bytes: 8), length: Int(length), page: bytes)
            }
        }
        if heads[index] == nil, bytes.contains(where: { $0 != 0 }) { isDamaged = true }
        if index == 0 { readHead(1, &actions) } else { readNewest(&actions) }
    }

    private mutating func readNewest(_ actions: inout [StateAction]) {
        let newest = heads.indices.filter { heads[$0] != nil }.max { heads[$0]!.generation < heads[$1]!.generation }
        guard let newest, let head = heads[newest] else {
            if isDamaged { actions.append(.notice(Notice(.error, "the kept state is damaged, it begins anew"))) }
            isOpen = true
            load(nil, &actions)
            return
        }
        job = .content(newest)
        actions.append(.storage(.read(first: UInt64(newest) * Self.slotPages, count: Self.pages(head.length))))
    }

    private mutating func takeContent(_ index: Int, _ bytes: [UInt8], _ actions: inout [StateAction]) {
        guard let head = heads[index] else { return }
        let end = Self.headerBytes + head.length
        guard bytes.count >= end, Self.checksum(bytes, end: end) == bytes.get(at: 24, bytes: 4) else {
            heads[index] = nil
            isDamaged = true
            readNewest(&actions)
            return
        }
        generation = head.generation
        slot = 1 - index
        isOpen = true
        load(Array(bytes[Self.headerBytes..<end]), &actions)
    }

    // MARK: Writing

    private mutating func written(_ actions: inout [StateAction]) {
        if attempts > 0 { actions.append(.notice(Notice(.info, "the state is kept again"))) }
        attempts = 0
        generation += 1
        slot = 1 - slot
        if let writing { actions.append(.settled(revision: writing.revision, isKept: true)) }
        if wanted == writing { wanted = nil }
        writing = nil
    }

    private static func pages(_ length: Int) -> Int { (headerBytes + length + 4095) / 4096 }

    private static func slot(_ content: [UInt8], generation: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: pages(content.count) * 4096)
        bytes.put(magic, at: 0, bytes: 4)
        bytes.put(version, at: 4, bytes: 4)
        bytes.put(generation, at: 8, bytes: 8)
        bytes.put(UInt64(content.count), at: 16, bytes: 8)
        for (index, byte) in content.enumerated() { bytes[headerBytes + index] = byte }
        bytes.put(checksum(bytes, end: headerBytes + content.count), at: 24, bytes: 4)
        return bytes
    }

    /// Of the header but its own field, and of the content.
    private static func checksum(_ bytes: [UInt8], end: Int) -> UInt64 {
        var crc = CRC32C()
        crc.update(bytes, from: 0, to: 24)
        crc.update(bytes, from: 28, to: end)
        return UInt64(crc.value)
    }
}
