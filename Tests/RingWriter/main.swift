import Glibc
import LinuxIO
import RingStore
import Telemetry

// Writes into a ring until the power goes, and says what it promises: for scripts/power-cuts, inside its virtual machine.
//
//   ring-writer FILE [no-sync]
//
// At the start it reads all that the ring hands over and says "C FIRST LAST HOLES": the ids of the oldest and the newest reading, and how
// many are missing between them without a loss. Then "A ID" when all up to this reading is in the file, and "K ID" before it
// acknowledges all up to this one. `no-sync`: a writer that promises without a sync, which has to be caught.

func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(1, $0.baseAddress!, $0.count) }
}

func instant() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
}

struct Writer {
    private let file: RingFile
    private let syncs: Bool
    private var ring: Ring
    private var ids: [(id: Int, name: Handover.Name)] = []
    private var lost: UInt64 = 0
    private var promised = 0

    init(path: String, syncs: Bool) {
        file = RingFile(path: path)
        self.syncs = syncs
        let sensors = [SensorSchema(sensor: "air", quantities: [Quantity(name: "value", unit: "1", decimals: 0)])]
        ring = Ring(
            configuration: RingConfiguration(size: 1 << 20, sync: .zero), schemas: sensors, boot: BootID(1),
            random: RandomSource(seed: UInt64(instant().nanoseconds)))
    }

    private mutating func handle(_ input: RingInput) {
        perform(ring.handle(input, at: instant()))
    }

    private mutating func perform(_ actions: [RingAction]) {
        for case .storage(var request) in actions {
            if !syncs, case .write(let pages, _) = request { request = .write(pages, sync: false) }
            let result = file.perform(request)
            if case .failed(let error) = result { say("E \(error)") }
            handle(.storage(result))
        }
    }

    private mutating func take() {
        while true {
            let (handover, actions) = ring.next(at: instant(), unstamped: true)
            perform(actions)
            switch handover {
            case .reading(let reading)?:
                if case .measurements(let values) = reading.outcome { ids.append((Int(values[0]), handover!.name)) }
            case .loss(let loss)?:
                if loss.cause != .restart { lost += loss.count ?? loss.last.rawValue - loss.first.rawValue + 1 }
                handle(.acknowledged(handover!.name))
            case nil:
                if actions.isEmpty { return }
            }
        }
    }

    private mutating func acknowledge(butLast kept: Int) {
        guard ids.count > kept else { return }
        let done = ids.prefix(ids.count - kept)
        say("K \(done.last!.id)")
        for item in done { handle(.acknowledged(item.name)) }
        ids.removeFirst(done.count)
    }

    mutating func run() {
        handle(.start)
        take()
        let first = ids.first?.id ?? 0
        let last = ids.last?.id ?? 0
        say("C \(first) \(last) \(ids.isEmpty ? 0 : last - first + 1 - ids.count) \(lost)")
        guard let line = readLine(), var id = Int(line) else { return }
        while true {
            id += 1
            handle(.append(Reading(sensor: 0, instant: instant(), outcome: .measurements([Int64(id)]))))
            if ring.status.inMemory == 0, !ring.status.isInMemoryOnly { say("A \(id)") }
            take()
            if id % 20 == 0 { acknowledge(butLast: 50) }
        }
    }
}

guard CommandLine.arguments.count > 1 else { exit(64) }
var writer = Writer(path: CommandLine.arguments[1], syncs: !CommandLine.arguments.contains("no-sync"))
writer.run()
