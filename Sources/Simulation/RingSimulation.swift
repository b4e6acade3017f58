internal import RingStore
internal import Telemetry

/// A ring, a broker that comes and goes, and power cuts, all from one seed.
package struct RingSimulation: Sendable {
    /// A deliberate mistake, to show that the checks see it.
    package enum Mutant: String, CaseIterable, Sendable {
        /// Syncs are answered and not done.
        case lyingDisk
        /// A reading is acknowledged that was not handed to the broker yet: it is lost when the connection goes.
        case earlyAcknowledgement
        /// The next process starts from an image of the disk that is some time old.
        case restoredImage
    }

    package struct Options: Sendable {
        package var lives = 4
        package var stepsPerLife = 120
        package var size: UInt64 = 256 << 10
        package var memory = 64 << 10
        package var sync: Duration = .seconds(5)
        package var cutsPower = true
        package var stopsCleanly = true
        /// Chances out of 1,000 for each request.
        package var faults = SimulatedStorage.Faults()
        /// Long details fill the ring fast.
        package var longReadings = false
        package var mutant: Mutant?
        package init() {}
    }
    package let seed: UInt64
    package let options: Options
    package private(set) var oracle: RingOracle
    package private(set) var storage: SimulatedStorage
    package private(set) var cuts = 0
    package private(set) var maximumOpeningReads = 0
    private var random: RandomSource
    private let sensors: [SensorSchema]
    private var now = Instant.zero
    private var boot: UInt32 = 1
    private var nextID = 0
    private var volatile: Set<UInt32> = []
    private var ring: Ring
    private var request: StorageRequest?
    private var isOpen = false
    private var isStopped = false
    private var isOnline = false
    private var knowsClock = false
    private var clockOffset: Int64 = 1_700_000_000_000_000_000
    private var flying: [Handover.Name] = []
    private var delayed = 0
    private var images: [[UInt8]?] = []

    package init(seed: UInt64, options: Options) {
        self.seed = seed
        self.options = options
        random = RandomSource(seed: seed)
        storage = SimulatedStorage(seed: random.next())
        sensors = [
            SensorSchema(
                sensor: "air",
                quantities: [
                    Quantity(name: "temperature", unit: "Cel", decimals: 1),
                    Quantity(name: "humidity", unit: "%RH", decimals: 1),
                ]),
            SensorSchema(sensor: "door", quantities: [Quantity(name: "state", unit: "1", decimals: 0)]),
            SensorSchema(sensor: "rain", quantities: [Quantity(name: "pulses", unit: "1", decimals: 0)]),
        ]
        oracle = RingOracle(sensors: sensors)
        ring = Self.newRing(options, sensors, boot, &random)
    }

    private static func newRing(
        _ options: Options, _ sensors: [SensorSchema], _ boot: UInt32, _ random: inout RandomSource
    ) -> Ring {
        Ring(
            configuration: RingConfiguration(size: options.size, sync: options.sync, memory: options.memory),
            schemas: sensors, boot: BootID(boot), random: RandomSource(seed: random.next()))
    }

    private mutating func chance(_ permille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < permille }

    /// All violations of the laws, none when all is well.
    package mutating func run() -> [String] {
        storage.faults = options.faults
        if options.faults.garbage > 0 || options.faults.neighbour > 0 { oracle.forgivesDamage = true }
        for life in 0..<options.lives {
            live(steps: options.stepsPerLife / 2 + Int.random(in: 0...options.stepsPerLife, using: &random))
            if !oracle.violations.isEmpty { break }
            if life + 1 < options.lives { end() }
        }
        if oracle.violations.isEmpty {
            settleAll()
            oracle.finish(volatile: volatile)
        }
        for mistake in storage.mistakes { return oracle.violations + [mistake] }
        return oracle.violations
    }

    private mutating func live(steps: Int) {
        input(.start)
        for _ in 0..<steps where oracle.violations.isEmpty {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...1500, using: &random)))
            step()
        }
    }

    private mutating func step() {
        if let deadline = ring.deadline, deadline <= now { input(.timer) }
        // The disk takes its time.
        if request != nil {
            delayed += 1
            if delayed > 3 || chance(700) { answer() }
        }
        if chance(800) {
            let burst = chance(50) ? 60 : 3
            for _ in 0...Int.random(in: 0...burst, using: &random) { append() }
        }
        if !knowsClock, chance(30) { knowsClock = true }
        if knowsClock, chance(300) {
            if chance(50) { clockOffset += Int64.random(in: -5_000_000_000...5_000_000_000, using: &random) }
            input(
                .clock(
                    ClockReading(
                        instant: now, wallTime: WallTime(nanoseconds: now.nanoseconds + clockOffset), isKnown: true)))
        }
        if chance(isOnline ? 60 : 80) {
            isOnline.toggle()
            if !isOnline {
                flying = []
                input(.rewind)
            }
        }
        if isOnline { publish() }
        oracle.saw(ring.status)
        if options.mutant == .restoredImage, chance(100), let image = storage.durable { images = Array(images.suffix(2)) + [image] }
    }

    private mutating func append() {
        let id = nextID
        nextID += 1
        let sensor = Int.random(in: 0..<3, using: &random)
        let outcome: Outcome
        if options.longReadings || chance(60) {
            let filler = String(repeating: "x", count: options.longReadings ? 190 : 20)
            outcome = .noReading(NoReading(.checksum, detail: "\(id) \(filler)"))
        } else if sensor == 0 {
            outcome = .measurements([Int64(id), Int64.random(in: -1_000_000...1_000_000, using: &random)])
        } else {
            outcome = .measurements([Int64(id)])
        }
        let reading = Reading(sensor: sensor, instant: now, outcome: outcome)
        oracle.append(reading)
        input(.append(reading))
    }

    private mutating func publish() {
        while flying.count < 20 {
            let (handover, actions) = ring.next(at: now, unstamped: chance(500))
            take(actions)
            guard let handover else { break }
            oracle.handOver(handover)
            flying.append(handover.name)
        }
        if options.mutant == .earlyAcknowledgement, chance(100) {
            let (handover, actions) = ring.next(at: now, unstamped: true)
            take(actions)
            if let handover { input(.acknowledged(handover.name)) }
        }
        let count = flying.isEmpty ? 0 : Int.random(in: 0...flying.count, using: &random)
        for _ in 0..<count {
            let index = chance(800) ? 0 : Int.random(in: 0..<flying.count, using: &random)
            let name = flying.remove(at: index)
            oracle.acknowledged(name)
            input(.acknowledged(name))
        }
    }

    private mutating func input(_ input: RingInput) {
        take(ring.handle(input, at: now))
        guard case .storage(let result) = input else { return }
        let status = ring.status
        oracle.saw(status)
        if case .written = result, isOpen, !status.isInMemoryOnly, status.inMemory == 0 { oracle.allDurable() }
    }

    private mutating func take(_ actions: [RingAction]) {
        for action in actions {
            switch action {
            case .storage(let next):
                precondition(request == nil, "one request at a time")
                request = next
                delayed = 0
            case .opened: isOpen = true
            case .stopped: isStopped = true
            case .notice: break
            }
        }
    }

    private mutating func answer() {
        guard let next = request else { return }
        request = nil
        if options.mutant == .lyingDisk { storage.faults.ignoresSync = true }
        input(.storage(storage.perform(next)))
    }

    /// The process ends: by a power cut, a crash of the process alone, or a clean stop.
    private mutating func end() {
        let isClean = options.stopsCleanly && chance(250)
        if isClean {
            input(.stop)
            for _ in 0..<10_000 where !isStopped { answer() }
            if !isStopped { oracle.noteViolation("a stop does not end") }
        }
        oracle.saw(ring.status)
        // The stream of the moment may never have reached the disk.
        if ring.status.isInMemoryOnly || !isOpen { volatile.insert(ring.status.stream.rawValue) }
        if ring.status.isInMemoryOnly { oracle.forgivesDamage = oracle.forgivesDamage || false }
        if isClean, ring.status.inMemory > 0 { oracle.crash() }
        if !isClean {
            cuts += 1
            if let request { storage.performUnsynced(request) }
            if options.cutsPower { storage.crash() }
            oracle.crash()
        }
        oracle.restart()
        if options.mutant == .restoredImage, let image = images.first, image != nil { storage.restore(image!) }
        request = nil
        flying = []
        isOpen = false
        isStopped = false
        isOnline = chance(300)
        if chance(600) {
            boot += 1
            knowsClock = false
        }
        ring = Self.newRing(options, sensors, boot, &random)
    }

    /// The disk is good, the broker answers: everything comes out.
    private mutating func settleAll() {
        storage.faults = SimulatedStorage.Faults()
        isOnline = true
        var quiet = 0
        for _ in 0..<200_000 where quiet < 3 && oracle.violations.isEmpty {
            now = now.advanced(by: .seconds(1))
            if let deadline = ring.deadline, deadline <= now { input(.timer) }
            if request != nil { answer() }
            let (handover, actions) = ring.next(at: now, unstamped: true)
            take(actions)
            if let handover {
                oracle.handOver(handover)
                flying.append(handover.name)
                quiet = 0
            } else {
                for name in flying { input(.acknowledged(name)) }
                flying = []
                if request == nil, ring.status.unacknowledged == 0, !ring.status.isInMemoryOnly { quiet += 1 }
            }
        }
        let status = ring.status
        if quiet < 3 {
            oracle.noteViolation("\(status.unacknowledged) readings do not come out, in memory \(status.inMemory)")
        }
        if status.watermark.rawValue + 1 != status.head.rawValue {
            oracle.noteViolation("law 2: watermark \(status.watermark.rawValue) stays below head \(status.head.rawValue)")
        }
    }
}
