import Glibc
import LinuxIO
import RingStore
import Telemetry

/// Drives a ring on a file, or on memory where the disk is not what is measured.
struct Driver {
    var ring: Ring
    private let file: RingFile?
    private var memory: [UInt8] = []
    /// When it was open, and how many pages had been read for that.
    private(set) var opened: (at: Int64, pagesRead: Int)?
    private var pagesRead = 0
    var now: Instant = .zero

    static let sensor = SensorSchema(
        sensor: "air",
        quantities: [
            Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "humidity", unit: "%RH", decimals: 1),
        ])

    init(path: String?, size: UInt64, sync: Duration, memory: Int = 64 << 20) {
        file = path.map { RingFile(path: $0) }
        ring = Ring(
            configuration: RingConfiguration(size: size, sync: sync, memory: memory), schemas: [Self.sensor], boot: BootID(1),
            random: RandomSource(seed: 1))
    }

    mutating func handle(_ input: RingInput) {
        let actions = ring.handle(input, at: now)
        if !actions.isEmpty { perform(actions) }
    }

    mutating func next() -> Handover? {
        while true {
            let (handover, actions) = ring.next(at: now, unstamped: true)
            if handover != nil || actions.isEmpty { return handover }
            perform(actions)
        }
    }

    private mutating func perform(_ actions: [RingAction]) {
        for action in actions {
            switch action {
            case .storage(let request): handle(.storage(perform(request)))
            case .opened: opened = (nanoseconds(), pagesRead)
            case .notice(let notice):
                if notice.level == .error { say("ring-bench: \(notice.text)") }
            case .stopped: break
            }
        }
    }

    private mutating func perform(_ request: StorageRequest) -> StorageResult {
        if case .read(_, let count) = request {
            pagesRead += count
        }
        if let file { return file.perform(request) }
        switch request {
        case .open(let size):
            memory = [UInt8](repeating: 0, count: Int(size))
            return .opened(size: size, isNew: true, isReserved: true)
        case .read(let first, let count): return .read(Array(memory[Int(first) * 4096..<(Int(first) + count) * 4096]))
        case .write(let pages, _):
            for page in pages {
                let start = Int(page.page) * 4096
                page.bytes.withUnsafeBytes { bytes in
                    memory.withUnsafeMutableBytes { $0.baseAddress!.advanced(by: start).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count) }
                }
            }
            return .written
        case .setAside, .beginCopy, .writeCopy, .finishCopy: return .failed(.notPermitted)
        }
    }

    /// What is in memory goes to the file now.
    mutating func flush() {
        while let deadline = ring.deadline {
            now = max(now, deadline)
            handle(.timer)
            if ring.status.inMemory == 0 { return }
        }
    }
}

/// A thermometer's two values, which move a little; the instants are those of a timer on a busy machine.
struct Thermometer {
    private var state: UInt64 = 7
    private var temperature: Int64 = 215
    private var instant: Int64
    private let every: Int64

    init(everyNanoseconds: Int64, from instant: Int64 = 1_000_000_000) {
        every = everyNanoseconds
        self.instant = instant
    }

    mutating func next() -> Reading {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        temperature += Int64((state >> 33) % 3) - 1
        instant += every
        // Up to 0.2 ms late.
        return Reading(
            sensor: 0, instant: Instant(nanoseconds: instant + Int64((state >> 40) % 200_000)),
            outcome: .measurements([temperature, 526 + temperature / 8]))
    }
}

func say(_ text: String) {
    print(text)
    fflush(nil)
}

func nanoseconds() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

/// Of this thread: what else the machine does is not counted.
func processorNanoseconds() -> Int64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

private func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// `VmRSS` or `VmHWM` of this process, in KiB.
func memoryUse(_ key: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix(key + ":") { return Int(text.filter { $0.isNumber }) ?? 0 }
    }
    return 0
}
