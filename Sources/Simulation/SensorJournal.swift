internal import Sensors
package import Telemetry

/// What was truly measured: each reading that a sensor gave, with the time that was true then.
///
/// The first quantity of every sensor of a simulation is a number that no other reading has, so that what arrives can be
/// told from what was measured.
package final class SensorJournal {
    package struct Entry: Sendable {
        package var reading: Reading
        package var boot: BootID
        package var trueTime: WallTime
        /// In which run of the process.
        package var run: Int
    }

    package private(set) var entries: [Entry] = []
    /// How far the simulation has looked.
    package var seen = 0
    package var run = 0
    package var clock: SimulatedClock
    /// What the thermometer would show, in tenths.
    package var temperature: Int64 = 200
    /// The thermometer answers.
    package var answers = true

    package init(clock: SimulatedClock) { self.clock = clock }

    func take(_ outcome: Outcome, of sensor: Int, isThermometer: Bool, at instant: Instant) -> Outcome {
        let id = entries.count
        let marked: Outcome
        switch outcome {
        case .measurements where isThermometer:
            marked = answers
                ? .measurements([Int64(id), temperature]) : .noReading(NoReading(.noAnswer, detail: "\(id) no front"))
        case .measurements(let values): marked = .measurements([Int64(id)] + values)
        case .noReading(let why): marked = .noReading(NoReading(why.code, detail: "\(id) \(why.detail)"))
        case .event: preconditionFailure("a sensor gives readings")
        }
        entries.append(
            Entry(
                reading: Reading(sensor: sensor, instant: instant, outcome: marked), boot: clock.boot,
                trueTime: clock.trueTime(of: instant), run: run))
        return marked
    }
}

/// A real driver, whose readings are written down and numbered.
final class WatchedSensor: AnySensor {
    private let inner: any AnySensor
    private let index: Int
    private let isThermometer: Bool
    private let journal: SensorJournal

    init(_ inner: any AnySensor, index: Int, isThermometer: Bool, journal: SensorJournal) {
        self.inner = inner
        self.index = index
        self.isThermometer = isThermometer
        self.journal = journal
    }

    var deadline: Instant? { inner.deadline }
    var saved: [UInt8] { inner.saved }
    var savedRevision: Int { inner.savedRevision }
    func restore(_ saved: [UInt8]) { inner.restore(saved) }

    func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] {
        inner.handle(input, at: now).map { action in
            guard case .reading(let outcome, let instant) = action else { return action }
            return .reading(
                journal.take(outcome, of: index, isThermometer: isThermometer, at: instant), at: instant)
        }
    }

    func copy() -> any AnySensor {
        WatchedSensor(inner.copy(), index: index, isThermometer: isThermometer, journal: journal)
    }
}
