import LinuxIO
import RingStore
import Telemetry

/// A ring on a real file, driven in one thread: for tests of the tools that read one.
struct RingWriter {
    private let file: RingFile
    var ring: Ring
    var now = Instant(nanoseconds: 10_000_000_000)

    /// An open ring of 256 KiB whose clock is known: at 10 s it is 2026-11-24T08:12:13Z.
    init(_ path: String, _ schema: SensorSchema) {
        file = RingFile(path: path)
        ring = Ring(
            configuration: RingConfiguration(size: 256 << 10, sync: .zero), schemas: [schema], boot: BootID(0x0a1b_2c3d),
            random: RandomSource(seed: 5))
        perform(.start)
        perform(.clock(ClockReading(instant: now, wallTime: WallTime(nanoseconds: 1_795_507_933_000_000_000), isKnown: true)))
    }

    mutating func perform(_ input: RingInput) {
        var inputs = [input]
        while !inputs.isEmpty {
            for action in ring.handle(inputs.removeFirst(), at: now) {
                if case .storage(let request) = action { inputs.append(.storage(file.perform(request))) }
            }
        }
    }

    /// A reading now; then a second passes.
    mutating func append(_ outcome: Telemetry.Outcome) {
        perform(.append(Reading(sensor: 0, instant: now, outcome: outcome)))
        now = now.advanced(by: .seconds(1))
    }

    mutating func stop() {
        perform(.stop)
        file.close()
    }
}
