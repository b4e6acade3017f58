package import RingStore
internal import Telemetry

/// A short life of a ring, of which every crash point is tried.
package struct History: Sendable {
    /// Of what was written and not synced, which subsets a cut leaves.
    package enum Depth: Sendable {
        /// Every subset of whole pages; and of each page every subset of its sectors, the others all there or all gone.
        case sectors
        /// Every subset of whole pages; and each page torn in the middle.
        case pages
        /// All and nothing.
        case extremes
    }

    package var name: String
    package var configuration: RingConfiguration
    package var readings: Int
    /// Bytes of each reading; long ones fill pages and segments soon.
    package var detail: Int
    package var publishes = true
    package var depth = Depth.sectors
    /// The whole history is played once more for each request and each way in which it can fail.
    package var failsEachRequest = false
    /// A deliberate mistake, which the checks have to see.
    package var ignoresSync = false

    package init(_ name: String, readings: Int, detail: Int, sync: Int, _ change: (inout History) -> Void = { _ in }) {
        self.name = name
        configuration = RingConfiguration(size: 256 << 10, sync: .seconds(sync))
        self.readings = readings
        self.detail = detail
        change(&self)
    }

    package static let all: [History] = [
        History("sync-each-turn", readings: 14, detail: 180, sync: 0),
        History("two-pages", readings: 45, detail: 190, sync: 3),
        History("outage", readings: 45, detail: 190, sync: 3) { $0.publishes = false },
        History("once-around", readings: 1300, detail: 190, sync: 30) {
            $0.publishes = false
            $0.depth = .pages
        },
        History("full-drop-newest", readings: 1300, detail: 190, sync: 30) {
            $0.publishes = false
            $0.depth = .pages
            $0.configuration.whenFull = .dropNewest
        },
        History("one-request-fails", readings: 24, detail: 190, sync: 2) {
            $0.depth = .pages
            $0.failsEachRequest = true
        },
        History("one-request-fails-in-an-outage", readings: 24, detail: 190, sync: 2) {
            $0.publishes = false
            $0.depth = .extremes
            $0.failsEachRequest = true
        },
    ]
}

/// Every point of a short history at which the power can fail, and at each of them every subset of the sectors that are
/// not synced, as far as they can be counted.
package struct RingCrashPoints: Sendable {
    package private(set) var crashes = 0
    package private(set) var violations: [String] = []
    private let history: History

    package init(history: History) { self.history = history }

    package mutating func run() {
        var life = CrashedLife(history, failing: nil)
        life.run()
        take(life, "")
        guard history.failsEachRequest else { return }
        for number in 0..<life.requests {
            for failure in CrashedLife.Failure.allCases where violations.isEmpty {
                var life = CrashedLife(history, failing: (number, failure))
                life.run()
                take(life, "request \(number), \(failure): ")
            }
        }
    }

    private mutating func take(_ life: CrashedLife, _ text: String) {
        crashes += life.crashes
        violations = life.violations.map { text + $0 }
    }
}

/// One life, cut at each of its writes.
struct CrashedLife: Sendable {
    enum Failure: CaseIterable {
        case isNotDone
        case noSpace
        case shortWrite
        case syncKeepsNothing
        case syncKeepsAll
        case syncKeepsHalf
    }

    private(set) var crashes = 0
    private(set) var violations: [String] = []
    private(set) var requests = 0
    private let history: History
    private let failing: (request: Int, failure: Failure)?
    private let sensors = [SensorSchema(sensor: "air", quantities: [Quantity(name: "value", unit: "1", decimals: 0)])]
    private var ring: Ring
    private var storage = SimulatedStorage(seed: 1)
    private var oracle: RingOracle
    private var now = Instant.zero
    private var flying: [Handover.Name] = []
    private var volatile: Set<UInt32> = []
    private var isOpen = false
    private var refused: UInt64 = 0

    init(_ history: History, failing: (request: Int, failure: Failure)?) {
        self.history = history
        self.failing = failing
        storage.faults.ignoresSync = history.ignoresSync
        oracle = RingOracle(sensors: sensors)
        ring = Ring(configuration: history.configuration, schemas: sensors, boot: BootID(1), random: RandomSource(seed: 1))
    }

    mutating func run() {
        input(.start)
        for id in 0..<history.readings where violations.isEmpty {
            now = now.advanced(by: .seconds(1))
            if let deadline = ring.deadline, deadline <= now { input(.timer) }
            let text = "\(id) " + String(repeating: "x", count: history.detail)
            let reading = Reading(sensor: 0, instant: now, outcome: .noReading(NoReading(.short, detail: text)))
            oracle.append(reading)
            input(.append(reading))
            if id == history.readings / 2 {
                input(.clock(ClockReading(instant: now, wallTime: WallTime(nanoseconds: 1 << 60), isKnown: true)))
            }
            if history.publishes, id % 3 == 2 { publish() }
            if history.publishes, id % 7 == 6 {
                flying = []
                input(.rewind)
            }
        }
        input(.stop)
        violations += storage.mistakes
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
        if flying.count > 1 { acknowledge(flying.remove(at: 1)) }
        if !flying.isEmpty { acknowledge(flying.removeFirst()) }
    }

    private mutating func acknowledge(_ name: Handover.Name) {
        oracle.acknowledged(name)
        input(.acknowledged(name))
    }

    private mutating func input(_ input: RingInput) {
        let actions = ring.handle(input, at: now)
        if history.configuration.whenFull == .dropNewest {
            let sum = ring.status.lossesByCause.reduce(0, +)
            oracle.refused(Int(sum - refused))
            refused = sum
        }
        perform(actions)
        oracle.saw(ring.status)
        oracle.checkSettled(ring.status)
        if ring.status.isInMemoryOnly { volatile.insert(ring.status.stream.rawValue) }
    }

    private mutating func perform(_ actions: [RingAction]) {
        if actions.contains(.opened) { isOpen = true }
        for case .storage(let request) in actions {
            crashAll(request)
            let result = answer(request)
            requests += 1
            input(.storage(result))
            let status = ring.status
            if case .written = result, !status.isInMemoryOnly, status.inMemory == 0 {
                oracle.allDurable()
                volatile = []
            }
        }
    }

    private mutating func answer(_ request: StorageRequest) -> StorageResult {
        guard let failing, failing.request == requests else { return storage.perform(request) }
        guard case .write(let pages, _) = request else { return .failed(.inputOutput) }
        switch failing.failure {
        case .isNotDone: return .failed(.inputOutput)
        case .noSpace: return .failed(.noSpace)
        case .shortWrite:
            storage.putUnsynced(Array(pages.dropLast()))
            storage.putShort(pages[pages.count - 1], sectors: 3)
        case .syncKeepsNothing:
            storage.putUnsynced(pages)
            storage.failSync { _, _ in false }
        case .syncKeepsAll:
            storage.putUnsynced(pages)
            storage.failSync { _, _ in true }
        case .syncKeepsHalf:
            storage.putUnsynced(pages)
            storage.failSync { _, sector in sector % 2 == 0 }
        }
        return .failed(.inputOutput)
    }

    // MARK: Crashes

    private mutating func crashAll(_ request: StorageRequest) {
        guard case .write(let pages, _) = request, violations.isEmpty else { return }
        var written = storage
        written.putUnsynced(pages)
        let counts = written.unsyncedSectorCounts
        if history.depth == .extremes || counts.count > 8 {
            crash(written) { _, _ in false }
            crash(written) { _, _ in true }
            for cut in counts.indices.dropFirst() { crash(written) { write, _ in write < cut } }
            return
        }
        for subset in 0..<(1 << counts.count) { crash(written) { write, _ in subset >> write & 1 == 1 } }
        for (torn, sectors) in counts.enumerated() {
            for othersAreThere in counts.count > 1 ? [false, true] : [false] {
                tear(written, torn, sectors, othersAreThere)
            }
        }
    }

    private mutating func tear(_ written: SimulatedStorage, _ torn: Int, _ sectors: Int, _ others: Bool) {
        if history.depth == .sectors, sectors <= 8 {
            for subset in 1..<(1 << sectors) - 1 {
                crash(written) { write, sector in write == torn ? subset >> sector & 1 == 1 : others }
            }
        } else {
            for part in [1, sectors / 2, sectors - 1] {
                crash(written) { write, sector in write == torn ? sector < part : others }
                crash(written) { write, sector in write == torn ? sector >= part : others }
            }
        }
    }

    /// The power comes back, another process opens the file and hands over all there is.
    private mutating func crash(_ written: SimulatedStorage, _ keep: (Int, Int) -> Bool) {
        guard violations.isEmpty else { return }
        crashes += 1
        var storage = written
        storage.crash(keeping: keep)
        var oracle = oracle
        oracle.crash()
        oracle.restart()
        var next = Ring(
            configuration: history.configuration, schemas: sensors, boot: BootID(2), random: RandomSource(seed: 2))
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
                oracle.acknowledged(handover.name)
                actions += next.handle(.acknowledged(handover.name), at: now)
            } else if more.isEmpty {
                break
            }
        }
        oracle.saw(next.status)
        oracle.checkSettled(next.status)
        // A stream whose first headers were not synced has never been anything but memory.
        var volatile = volatile
        if storage.syncs == 0 || !isOpen || ring.status.isInMemoryOnly { volatile.insert(ring.status.stream.rawValue) }
        oracle.finish(volatile: volatile)
        violations = oracle.violations + storage.mistakes
    }
}
