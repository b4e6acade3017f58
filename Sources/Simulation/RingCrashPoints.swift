package import RingStore
internal import Telemetry

/// Every point of a short history at which the power can fail, and at each of them every subset of the sectors that are
/// not synced, as far as they can be counted.
package struct RingCrashPoints: Sendable {
    package private(set) var crashes = 0
    package private(set) var violations: [String] = []

    private let sensors = [SensorSchema(sensor: "air", quantities: [Quantity(name: "value", unit: "1", decimals: 0)])]
    private let configuration: RingConfiguration
    private var ring: Ring
    private var storage = SimulatedStorage(seed: 1)
    private var oracle: RingOracle
    private var now = Instant.zero
    private var flying: [Handover.Name] = []

    /// `ignoresSync`: a deliberate mistake, which the checks have to see.
    package init(configuration: RingConfiguration, ignoresSync: Bool = false) {
        self.configuration = configuration
        storage.faults.ignoresSync = ignoresSync
        oracle = RingOracle(sensors: sensors)
        ring = Ring(configuration: configuration, schemas: sensors, boot: BootID(1), random: RandomSource(seed: 1))
    }

    /// `detail`: bytes of each reading; long ones fill pages and segments soon.
    package mutating func run(readings: Int, detail: Int) {
        input(.start)
        for id in 0..<readings where violations.isEmpty {
            now = now.advanced(by: .seconds(1))
            let text = "\(id) " + String(repeating: "x", count: detail)
            let reading = Reading(sensor: 0, instant: now, outcome: .noReading(NoReading(.short, detail: text)))
            oracle.append(reading)
            input(.append(reading))
            if id == readings / 2 {
                input(.clock(ClockReading(instant: now, wallTime: WallTime(nanoseconds: 1 << 60), isKnown: true)))
            }
            if id % 3 == 2 { publish() }
            if id % 7 == 6 {
                flying = []
                input(.rewind)
            }
        }
        input(.stop)
    }

    private mutating func publish() {
        for _ in 0..<4 {
            let (handover, actions) = ring.next(at: now, unstamped: true)
            perform(actions)
            guard let handover else { break }
            oracle.handOver(handover)
            flying.append(handover.name)
        }
        // The second is acknowledged before the first.
        if flying.count > 1 { input(.acknowledged(flying.remove(at: 1))) }
        if !flying.isEmpty { input(.acknowledged(flying.removeFirst())) }
    }

    private mutating func input(_ input: RingInput) {
        perform(ring.handle(input, at: now))
        oracle.saw(ring.status)
    }

    private mutating func perform(_ actions: [RingAction]) {
        for case .storage(let request) in actions {
            crashAll(request)
            let result = storage.perform(request)
            input(.storage(result))
            let status = ring.status
            if case .written = result, !status.isInMemoryOnly, status.inMemory == 0 { oracle.allDurable() }
        }
    }

    private mutating func crashAll(_ request: StorageRequest) {
        guard case .write(let pages, _) = request, violations.isEmpty else { return }
        var written = storage
        written.putUnsynced(pages)
        let sectors = written.unsyncedSectors
        // Eight sectors, one page, have 256 subsets; of more, each prefix, each suffix, each one alone and each one missing.
        if sectors <= 8 {
            for subset in 0..<(1 << sectors) { crash(written) { subset >> $0 & 1 == 1 } }
        } else {
            let step = max(1, sectors / 24)
            for cut in stride(from: 0, through: sectors, by: step) {
                crash(written) { $0 < cut }
                crash(written) { $0 >= cut }
                crash(written) { $0 == cut }
                crash(written) { $0 != cut }
            }
        }
    }

    private mutating func crash(_ written: SimulatedStorage, _ keep: (Int) -> Bool) {
        guard violations.isEmpty else { return }
        crashes += 1
        var storage = written
        storage.crash(keeping: keep)
        var oracle = oracle
        oracle.crash()
        oracle.restart()
        var next = Ring(
            configuration: configuration, schemas: sensors, boot: BootID(2), random: RandomSource(seed: 2))
        var actions = next.handle(.start, at: now)
        for _ in 0..<100_000 {
            if case .storage(let request)? = actions.first(where: { if case .storage = $0 { true } else { false } }) {
                actions = next.handle(.storage(storage.perform(request)), at: now)
                continue
            }
            let (handover, more) = next.next(at: now, unstamped: true)
            actions = more
            if let handover {
                oracle.handOver(handover)
                actions += next.handle(.acknowledged(handover.name), at: now)
            } else if more.isEmpty {
                break
            }
        }
        oracle.saw(next.status)
        // A stream whose first headers were not synced has never been anything but memory.
        oracle.finish(volatile: storage.syncs == 0 ? [ring.status.stream.rawValue] : [])
        violations = oracle.violations + storage.mistakes
    }
}
