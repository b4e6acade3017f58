import Telemetry
import Testing

@testable import RingStore

let air = SensorSchema(
    sensor: "air",
    quantities: [
        Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "humidity", unit: "%RH", decimals: 1),
    ])
let door = SensorSchema(sensor: "door", quantities: [Quantity(name: "state", unit: "1", decimals: 0)])

func seconds(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

func airReading(_ value: Int64, at time: Double) -> Reading {
    Reading(sensor: 0, instant: seconds(time), outcome: .measurements([value, 500]))
}

func doorReading(_ value: Int64, at time: Double) -> Reading {
    Reading(sensor: 1, instant: seconds(time), outcome: .measurements([value]))
}

/// A ring on a file in memory, driven synchronously. Requests can be held back or refused.
struct Bench {
    var ring: Ring
    var file: [UInt8]?
    var now: Instant = .zero
    var notices: [Notice] = []
    var isOpen = false
    var isStopped = false
    /// Requests in the order they were made.
    var requests: [StorageRequest] = []
    var held: StorageRequest?
    var holds = false
    /// What every request is answered with.
    var error: StorageError?
    /// The file is not under its name any more: seen by writes, until it is set aside.
    var isGone = false
    /// File pages that a read fails on.
    var unreadable: Set<UInt64> = []
    /// What the requests of a copy are answered with, from this one on.
    var copyError: (after: Int, StorageError)?
    var setAside = 0
    /// `NAME.new`
    var copy: [UInt8]?

    init(
        size: UInt64 = 256 << 10, sync: Duration = .seconds(5), memory: Int = 1 << 20, file: [UInt8]? = nil,
        boot: UInt32 = 1, seed: UInt64 = 1, whenFull: WhenFull = .dropOldest
    ) {
        self.file = file
        ring = Ring(
            configuration: RingConfiguration(size: size, sync: sync, memory: memory, whenFull: whenFull), schemas: [air, door],
            boot: BootID(boot), random: RandomSource(seed: seed))
    }

    /// The next process on the same file.
    func restarted(boot: UInt32 = 1, seed: UInt64 = 2, size: UInt64 = 256 << 10, whenFull: WhenFull = .dropOldest) -> Bench {
        var next = Bench(size: size, file: file, boot: boot, seed: seed, whenFull: whenFull)
        next.now = now
        next.input(.start)
        return next
    }

    mutating func input(_ input: RingInput) { take(ring.handle(input, at: now)) }

    mutating func advance(to time: Double) {
        now = seconds(time)
        for _ in 0..<1000 {
            guard let deadline = ring.deadline, deadline <= now else { return }
            input(.timer)
        }
    }

    mutating func take(_ actions: [RingAction]) {
        for action in actions {
            switch action {
            case .storage(let request):
                requests.append(request)
                if holds { held = request } else { input(.storage(perform(request))) }
            case .notice(let notice): notices.append(notice)
            case .opened: isOpen = true
            case .stopped: isStopped = true
            }
        }
    }

    mutating func release() {
        guard let request = held else { return }
        held = nil
        input(.storage(perform(request)))
    }

    mutating func perform(_ request: StorageRequest) -> StorageResult {
        if let error { return .failed(error) }
        switch request {
        case .beginCopy, .writeCopy, .finishCopy:
            copyError?.after -= 1
            if let copyError, copyError.after < 0 {
                copy = nil
                return .failed(copyError.1)
            }
        default: break
        }
        switch request {
        case .open(let size):
            if let file, !file.isEmpty { return .opened(size: UInt64(file.count), isNew: false, isReserved: true) }
            file = [UInt8](repeating: 0, count: Int(size))
            return .opened(size: size, isNew: true, isReserved: true)
        case .setAside(let size):
            setAside += 1
            isGone = false
            file = [UInt8](repeating: 0, count: Int(size))
            return .opened(size: size, isNew: true, isReserved: true)
        case .read(let first, let count):
            if unreadable.contains(where: { $0 >= first && $0 < first + UInt64(count) }) { return .failed(.inputOutput) }
            let start = Int(first) * 4096
            let end = start + count * 4096
            var bytes = start < file!.count ? Array(file![start..<min(end, file!.count)]) : []
            bytes += [UInt8](repeating: 0, count: end - start - bytes.count)
            return .read(bytes)
        case .write(let pages, _):
            if isGone { return .failed(.gone) }
            Self.put(pages, in: &file!)
            return .written
        case .beginCopy(let size):
            copy = [UInt8](repeating: 0, count: Int(size))
            return .opened(size: size, isNew: true, isReserved: true)
        case .writeCopy(let pages, _):
            Self.put(pages, in: &copy!)
            return .written
        case .finishCopy:
            file = copy
            copy = nil
            return .opened(size: UInt64(file!.count), isNew: false, isReserved: true)
        }
    }

    private static func put(_ pages: [PageWrite], in file: inout [UInt8]) {
        for page in pages {
            let start = Int(page.page) * 4096
            if file.count < start + page.bytes.count {
                file += [UInt8](repeating: 0, count: start + page.bytes.count - file.count)
            }
            file.replaceSubrange(start..<start + page.bytes.count, with: page.bytes)
        }
    }

    mutating func next(unstamped: Bool = true) -> Handover? {
        for _ in 0..<100 {
            let before = requests.count
            let (handover, actions) = ring.next(at: now, unstamped: unstamped)
            take(actions)
            if handover != nil || requests.count == before { return handover }
        }
        return nil
    }

    /// All that can be handed over now; acknowledged at once if asked.
    mutating func drain(acknowledge: Bool = false, unstamped: Bool = true) -> [Handover] {
        var all: [Handover] = []
        while let handover = next(unstamped: unstamped) {
            all.append(handover)
            if acknowledge { input(.acknowledged(handover.name)) }
        }
        return all
    }

    var writes: [[PageWrite]] {
        requests.compactMap { if case .write(let pages, _) = $0 { pages } else { nil } }
    }
    var reads: Int {
        requests.reduce(0) { if case .read(_, let count) = $1 { $0 + count } else { $0 } }
    }
}

extension Handover {
    var reading: StampedReading? { if case .reading(let reading) = self { reading } else { nil } }
    var loss: Loss? { if case .loss(let loss) = self { loss } else { nil } }
}

func numbers(_ handovers: [Handover]) -> [UInt64] { handovers.compactMap { $0.reading?.sequence.rawValue } }

/// `#expect` for calls that change what they are made on, which the macro does not take.
func check(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}

/// A number in a page, and the checksum made good: what an attacker can do and a disk cannot.
func forged(_ file: [UInt8], page: Int, at offset: Int, _ value: UInt64, bytes: Int) -> [UInt8] {
    var file = file
    var image = Array(file[page * 4096..<(page + 1) * 4096])
    image.put(value, at: offset, bytes: bytes)
    var crc = CRC32C()
    crc.update(image.get(at: 8, bytes: 8))
    crc.update(image.get(at: 24, bytes: 8))
    crc.update(UInt64(page))
    crc.update(image, from: 4, to: 4096)
    image.put(UInt64(crc.value), at: 0, bytes: 4)
    file.replaceSubrange(page * 4096..<(page + 1) * 4096, with: image)
    return file
}

/// Behind the end all is zero.
func pages(of file: [UInt8], _ first: UInt64, _ count: Int) -> [UInt8] {
    let start = min(Int(first) * 4096, file.count)
    let bytes = Array(file[start..<min(start + count * 4096, file.count)])
    return bytes + [UInt8](repeating: 0, count: count * 4096 - bytes.count)
}
