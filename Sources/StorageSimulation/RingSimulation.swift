package import RingStore
package import Telemetry

/// A ring, a broker that comes and goes, and power cuts, all from one seed.
package struct RingSimulation: Sendable {
    /// A deliberate mistake, to show that the checks see it.
    package enum Mutant: String, CaseIterable, Sendable {
        /// Law 1. Syncs are answered and not done.
        case lyingDisk
        /// Law 1. A sync that failed is believed.
        case believedSync
        /// Law 1. A loss is not published.
        case swallowedLoss
        /// Law 2. A reading is acknowledged that was not handed to the broker yet: it is lost when the connection goes.
        case earlyAcknowledgement
        /// Law 3. The next process starts from an image of the disk that is some time old.
        case restoredImage
        /// Law 3. Numbers are used that were not reserved.
        case forgottenReservation
        /// Law 4. Two readings change places on their way.
        case swappedOrder
        /// Law 5. Bits that have rotted are believed.
        case ignoredChecksum
        /// Law 6. The watermark is never written, so that all that is kept is repeated.
        case forgottenWatermark
    }

    package struct Options: Sendable {
        package var lives = 4
        package var stepsPerLife = 120
        package var size: UInt64 = 256 << 10
        /// `buffer.size` is another one at some starts.
        package var otherSizes: [UInt64] = []
        package var memory = 64 << 10
        package var sync: Duration = .seconds(5)
        package var whenFull = WhenFull.dropOldest
        package var cutsPower = true
        package var stopsCleanly = true
        /// Chances out of 1,000 for each request.
        package var faults = SimulatedStorage.Faults()
        /// For a while at a time all that writes fails with one of these.
        package var failures: [StorageError] = []
        /// Some requests take 10 s.
        package var stalls = false
        /// Long details fill the ring fast.
        package var longReadings = false
        package var mutant: Mutant?
        /// How many of 1,000 readings the broker rejects, or does not take now.
        package var refusesPermille = 0
        package init() {}
    }
    package let seed: UInt64
    package let options: Options
    package private(set) var oracle: RingOracle
    package private(set) var storage: SimulatedStorage
    package private(set) var cuts = 0
    package private(set) var maximumOpeningReads = 0
    /// Prints what goes to the disk and comes from it, and what is lost.
    package var isTraced = false
    /// The run ends with what the last life has left.
    package var leavesBacklog = false
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
    /// How often the broker did not take a reading.
    private var refusals: [Handover.Name: Int] = [:]
    private var mostRefusals = 0
    private var delayed = 0
    private var refused: UInt64 = 0
    private var answerableAt = Instant.zero
    /// Not delivered yet, by a mistake.
    private var late: Handover?
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
            configuration: RingConfiguration(
                size: ([options.size] + options.otherSizes).randomElement(using: &random)!, sync: options.sync,
                memory: options.memory, whenFull: options.whenFull),
            schemas: sensors, boot: BootID(boot), random: RandomSource(seed: random.next()))
    }

    private mutating func chance(_ permille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < permille }

    /// All violations of the laws, none when all is well.
    package mutating func run() -> [String] {
        storage.faults = options.faults
        oracle.forgivesDamage = options.faults.neighbour > 0 || options.faults.bitRot > 0
        switch options.mutant {
        case .lyingDisk: storage.faults.ignoresSync = true
        case .believedSync:
            storage.faults.syncFails = 100
            storage.faults.hidesFailedSync = true
        case .forgottenReservation: storage.forgery = .reservation
        case .ignoredChecksum:
            storage.faults.bitRot = 1000
            storage.forgery = .checksum
        case .forgottenWatermark: storage.forgery = .watermark
        case .swallowedLoss, .earlyAcknowledgement, .restoredImage, .swappedOrder, nil: break
        }
        for life in 0..<options.lives {
            live(steps: options.stepsPerLife / 2 + Int.random(in: 0...options.stepsPerLife, using: &random))
            if !oracle.violations.isEmpty { break }
            if life + 1 < options.lives { end() }
        }
        if oracle.violations.isEmpty, !leavesBacklog {
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
        if !options.failures.isEmpty, chance(storage.faults.writesFail == nil ? 15 : 40) {
            storage.faults.writesFail = storage.faults.writesFail == nil ? options.failures.randomElement(using: &random)! : nil
        }
        // The disk takes its time.
        if request != nil, answerableAt <= now {
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
        while flying.count < Self.window {
            let (handover, actions) = ring.next(at: now, unstamped: chance(500))
            take(actions)
            guard let handover else { break }
            deliver(handover)
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
            if case .reading = name, options.refusesPermille > 0, chance(options.refusesPermille) {
                refusals[name, default: 0] += 1
                mostRefusals = max(mostRefusals, refusals[name]!)
                input(chance(500) ? .rejected(name) : .postponed(name))
                continue
            }
            oracle.acknowledged(name)
            input(.acknowledged(name))
        }
    }

    private func trace(_ text: @autoclosure () -> String) {
        if isTraced { print("\(now.nanoseconds / 1_000_000) ms: \(text())") }
    }

    private mutating func deliver(_ handover: Handover) {
        if case .loss(let loss) = handover {
            trace("loss \(loss.stream.text)/\(loss.first.rawValue)...\(loss.last.rawValue) \(loss.cause.text) count \(loss.count.map { "\($0)" } ?? "nil")")
        }
        switch (options.mutant, handover) {
        case (.swallowedLoss, .loss): return
        case (.swappedOrder, .reading) where late == nil && chance(20): late = handover
        default:
            oracle.handOver(handover)
            if let late { oracle.handOver(late) }
            late = nil
        }
    }

    private mutating func input(_ input: RingInput) {
        take(ring.handle(input, at: now))
        checkBounds()
        if options.whenFull == .dropNewest {
            let sum = ring.status.lossesByCause.reduce(0, +)
            oracle.refused(Int(sum - refused))
            refused = sum
        }
        guard case .storage(let result) = input else { return }
        let status = ring.status
        oracle.saw(status)
        oracle.checkSettled(status)
        if case .written = result, isOpen, !status.isInMemoryOnly, status.inMemory == 0 { oracle.allDurable() }
    }

    /// Law 6. A record more than the memory holds is there until it is dropped. After a crash one segment and what may be in flight comes
    /// again.
    private mutating func checkBounds() {
        if ring.memoryBytes > options.memory + 512 {
            oracle.noteViolation("law 6: \(ring.memoryBytes) bytes in memory, \(options.memory) are allowed")
        }
        if let bytes = storage.durable?.count, bytes != Int(options.size), !options.otherSizes.contains(UInt64(bytes)) {
            oracle.noteViolation("law 6: the file has \(bytes) bytes")
        }
        // One that is refused holds the watermark where it is, while those that were in flight with it are acknowledged; then it goes out
        // first, with as many behind it again.
        let bound = Self.readingsInSegment + Self.window * (1 + mostRefusals)
        if checksRepeats, oracle.repeats > bound {
            oracle.noteViolation("law 6: \(oracle.repeats) acknowledged readings came again, \(bound) are allowed")
        }
    }

    /// A failing disk cannot be told how far the broker is, and damage may take what it was told.
    private var checksRepeats: Bool {
        options.longReadings && options.faults == SimulatedStorage.Faults() && options.failures.isEmpty && options.otherSizes.isEmpty
    }
    /// Long ones, in a segment of one page.
    private static let readingsInSegment = 18
    private static let window = 20

    private mutating func take(_ actions: [RingAction]) {
        for action in actions {
            switch action {
            case .storage(let next):
                precondition(request == nil, "one request at a time")
                request = next
                delayed = 0
                answerableAt = options.stalls && chance(100) ? now.advanced(by: .seconds(10)) : now
            case .opened: isOpen = true
            case .stopped: isStopped = true
            case .notice(let notice): trace("\(notice.text) (tail \(ring.status.tail.rawValue), watermark \(ring.status.watermark.rawValue))")
            }
        }
    }

    private mutating func answer() {
        guard let next = request else { return }
        request = nil
        let result = storage.perform(next)
        trace("\(next.summary): \(result.summary)")
        input(.storage(result))
    }

    /// The process ends: by a power cut, a crash of the process alone, or a clean stop.
    private mutating func end() {
        let isClean = options.stopsCleanly && chance(250)
        let status = ring.status
        trace("the end of a life: \(status.stream.text) head \(status.head.rawValue) watermark \(status.watermark.rawValue) in memory \(status.inMemory)")
        if isClean {
            input(.stop)
            for _ in 0..<10_000 where !isStopped { answer() }
            if !isStopped { oracle.noteViolation("a stop does not end") }
        }
        oracle.saw(ring.status)
        // The stream of the moment may never have reached the disk.
        if ring.status.isInMemoryOnly || !isOpen { volatile.insert(ring.status.stream.rawValue) }
        if isClean, ring.status.inMemory > 0 { oracle.crash() }
        if !isClean {
            cuts += 1
            if let request { storage.performUnsynced(request) }
            trace(request.map { "cut in \($0.summary)" } ?? "cut")
            if options.cutsPower { storage.crash() }
            oracle.crash()
        }
        storage.rot()
        if mayForget {
            var known = storage.knownNumbers
            for stream in volatile { known[stream] = .max - 1 }
            oracle.forget(beyond: known)
        }
        readImage(isWhole: isClean && !options.cutsPower && options.faults == SimulatedStorage.Faults())
        oracle.restart()
        if options.mutant == .restoredImage, let image = images.first, image != nil { storage.restore(image!) }
        request = nil
        flying = []
        late = nil
        refused = 0
        isOpen = false
        isStopped = false
        isOnline = chance(300)
        if chance(600) {
            boot += 1
            knowsClock = false
        }
        ring = Self.newRing(options, sensors, boot, &random)
    }

    /// A disk that fails or damages may leave no whole page that names a stream.
    private var mayForget: Bool {
        let faults = options.faults
        return faults.neighbour > 0 || faults.bitRot > 0 || faults.writeFails > 0 || faults.syncFails > 0
    }

    /// Between two lives somebody looks at the file.
    private mutating func readImage(isWhole: Bool) {
        guard let image = storage.durable, chance(isWhole ? 1000 : 150), options.mutant == nil else { return }
        oracle.checkImage(ImageReader(image, verifies: false))
        let check = ImageReader(image, verifies: true)
        oracle.checkImage(check)
        // A copy in a slot that an earlier end of a process has cut short is damage that costs nothing.
        if isWhole, check.damages.contains(where: { $0.place != .slot || $0.loss != nil }) || !check.isRing {
            oracle.noteViolation("verify finds damage in a file that is whole: \(check.damages)")
        }
    }

    /// The disk is good, the broker answers: everything comes out.
    private mutating func settleAll() {
        storage.faults = SimulatedStorage.Faults()
        storage.faults.ignoresSync = options.mutant == .lyingDisk
        isOnline = true
        var quiet = 0
        for _ in 0..<200_000 where quiet < 3 && oracle.violations.isEmpty {
            now = now.advanced(by: .seconds(1))
            if let deadline = ring.deadline, deadline <= now { input(.timer) }
            if request != nil { answer() }
            let (handover, actions) = ring.next(at: now, unstamped: true)
            take(actions)
            if let handover {
                deliver(handover)
                flying.append(handover.name)
                quiet = 0
            } else {
                for name in flying {
                    oracle.acknowledged(name)
                    input(.acknowledged(name))
                }
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

extension StorageRequest {
    fileprivate var summary: String {
        switch self {
        case .open: "open"
        case .setAside: "set aside"
        case .read(let first, let count): "read \(first), \(count) pages"
        case .write(let pages, _):
            "write " + pages.map { page in
                func get(_ at: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(page.bytes[at + $1]) << UInt64(8 * $1) } }
                return "\(page.page) (number \(get(24)), positions \(get(56))..<\(get(64)))"
            }.joined(separator: ", ")
        case .beginCopy: "begin a copy"
        case .writeCopy(let pages, _): "copy \(pages.count) pages"
        case .finishCopy: "finish the copy"
        }
    }
}

extension StorageResult {
    fileprivate var summary: String {
        switch self {
        case .opened(_, let isNew, _): isNew ? "new" : "opened"
        case .read: "read"
        case .written: "written"
        case .failed(let error): "failed, \(error)"
        }
    }
}
