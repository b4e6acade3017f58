import Telemetry
import Testing

@testable import RingStore

@Suite struct StateKeeperTests {
    /// A keeper on a file in memory; each write can be refused or torn.
    private struct Desk {
        var keeper = StateKeeper()
        var file: [UInt8]?
        var loaded: [[UInt8]?] = []
        var settled: [Bool] = []
        var settledThrough = 0
        var revision = 0
        var notices: [Notice] = []
        var writes = 0
        var error: StorageError?
        var tear: Int?
        var now = Instant.zero
        var held: StorageRequest?
        var holds = false

        mutating func input(_ input: StateInput) {
            for action in keeper.handle(input, at: now) {
                switch action {
                case .storage(let request): if holds { held = request } else { self.input(.storage(perform(request))) }
                case .loaded(let bytes): loaded.append(bytes)
                case .settled(let revision, let isKept):
                    settled.append(isKept)
                    settledThrough = max(settledThrough, revision)
                case .notice(let notice): notices.append(notice)
                }
            }
        }

        mutating func save(_ bytes: [UInt8]) {
            revision += 1
            input(.save(bytes, revision: revision))
        }

        mutating func release() {
            guard let request = held else { return }
            held = nil
            input(.storage(perform(request)))
        }

        mutating func perform(_ request: StorageRequest) -> StorageResult {
            if let error { return .failed(error) }
            switch request {
            case .open(let size), .setAside(let size):
                let isNew = file == nil
                if isNew { file = [UInt8](repeating: 0, count: Int(size)) }
                return .opened(size: size, isNew: isNew, isReserved: true)
            case .read(let first, let count): return .read(Array(file![Int(first) * 4096..<(Int(first) + count) * 4096]))
            case .write(let pages, let sync):
                #expect(sync)
                writes += 1
                for page in pages {
                    for (index, byte) in page.bytes.prefix(tear ?? .max).enumerated() { file![Int(page.page) * 4096 + index] = byte }
                }
                return .written
            case .beginCopy, .writeCopy, .finishCopy: return .failed(.notPermitted)
            }
        }

        func restarted() -> Desk {
            var next = Desk()
            next.file = file
            next.input(.start)
            return next
        }
    }

    @Test func `a new file has nothing, and what is saved is there after a restart`() {
        var desk = Desk()
        desk.input(.start)
        #expect(desk.loaded == [nil])
        for length in [0, 1, 4064, 4065, 20_000, StateKeeper.maximumBytes] {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }
            desk.save(bytes)
            #expect(desk.settled.last == true)
            desk = desk.restarted()
            #expect(desk.loaded == [bytes])
        }
        #expect(desk.notices.isEmpty)
    }

    @Test func `a write that is torn at any byte leaves the state before it`() {
        var desk = Desk()
        desk.input(.start)
        desk.save([1, 2, 3])
        desk.save([4, 5, 6])
        for cut in [0, 1, 4, 8, 16, 24, 27, 28, 32, 33, 34] {
            var torn = desk
            torn.tear = cut
            torn.save([7, 8, 9])
            #expect(torn.restarted().loaded == [[4, 5, 6]], "cut at \(cut)")
        }
        desk.tear = 35
        desk.save([7, 8, 9])
        #expect(desk.restarted().loaded == [[7, 8, 9]])
    }

    @Test func `what is saved while a write is under way is written after it, the newest only`() {
        var desk = Desk()
        desk.input(.start)
        desk.holds = true
        desk.save([1])
        for value in 2...9 as ClosedRange<UInt8> { desk.save([value]) }
        desk.release()
        #expect(desk.settledThrough == 1)
        desk.release()
        #expect(desk.settledThrough == 9)
        #expect(desk.settled == [true, true])
        #expect(desk.writes == 2)
        #expect(desk.restarted().loaded == [[9]])
    }

    @Test func `a failing disk is told at once, tried again with back-off, and never overwrites the good copy`() {
        var desk = Desk()
        desk.input(.start)
        desk.save([1])
        desk.error = .inputOutput
        desk.save([2])
        #expect(desk.settled == [true, false])
        desk.save([3])
        #expect(desk.settled == [true, false, false])
        #expect(desk.keeper.deadline == seconds(1))
        #expect(desk.notices.count == 1)
        #expect(desk.restarted().loaded == [[1]])
        desk.error = nil
        desk.now = seconds(1)
        desk.input(.timer)
        #expect(desk.settled.last == true)
        #expect(desk.restarted().loaded == [[3]])
        #expect(desk.keeper.deadline == nil)
    }

    @Test func `a file that cannot be opened gives nothing, once, and is kept when it comes back`() {
        var desk = Desk()
        desk.error = .noSpace
        desk.input(.start)
        #expect(desk.loaded == [nil])
        desk.save([5])
        desk.error = nil
        desk.now = seconds(1)
        desk.input(.timer)
        #expect(desk.loaded == [nil])
        #expect(desk.restarted().loaded == [[5]])
    }

    @Test func `any bytes in the file are survived: the older copy, or nothing and a word`() {
        var random = RandomSource(seed: 11)
        for _ in 0..<300 {
            var desk = Desk()
            desk.input(.start)
            desk.save([1, 2])
            desk.save([3, 4])
            for _ in 0..<1 + Int(random.next() % 4) {
                let slot = Int(random.next() % 2) * Int(StateKeeper.slotPages) * 4096
                desk.file![slot + Int(random.next() % 34)] ^= UInt8(1 + random.next() % 255)
            }
            let next = desk.restarted()
            #expect(next.loaded.count == 1)
            #expect([[1, 2], [3, 4], nil].contains(next.loaded[0]))
            if next.loaded[0] == nil { #expect(next.notices.count == 1) }
        }
        var desk = Desk()
        desk.file = [UInt8](repeating: 0xA5, count: Int(StateKeeper.fileSize))
        desk.input(.start)
        #expect(desk.loaded == [nil])
        #expect(desk.notices.count == 1)
    }

    @Test func `what is too large is refused with a word, and the rest goes on`() {
        var desk = Desk()
        desk.input(.start)
        desk.save([UInt8](repeating: 1, count: StateKeeper.maximumBytes + 1))
        #expect(desk.settled == [false])
        #expect(desk.notices.count == 1)
        desk.save([2])
        #expect(desk.restarted().loaded == [[2]])
    }
}
