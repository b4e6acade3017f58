package import Telemetry

/// What happens to a sensor: its line, its edges, its time.
package enum SensorInput: Hashable, Sendable {
    /// The agent starts, or the line was lost and is to be requested again: ask for the line.
    case start
    /// The line is requested (or reconfigured to input) as asked; its logical level now.
    case lineReady(isActive: Bool)
    /// Edges in the order the kernel saw them. `lostBefore`: edges known to be missing ahead of the first of these;
    /// the level is then read again and comes as `.level`.
    case edges([EdgeEvent], lostBefore: UInt32)
    /// The answer to `readLevel`, or the level read again after a gap.
    case level(isActive: Bool)
    /// The line could not be had, or went away. The agent asks again with back-off by `.start`; the driver must not. It says the
    /// failure as a reading, in its own rhythm: at each slot of a sampled sensor, once and with each heartbeat of a contact.
    case lineFailed(NoReading)
    /// `deadline` has come.
    case timer
    /// A person asks for a reading now (`godwit read`).
    case readNow
    /// The sensor ends: the daemon stops, or a reload takes it away. What was counted and not said yet is said now, and so is
    /// what edges that are still to come add to it.
    case finish
}

package enum SensorAction: Hashable, Sendable {
    /// Request the line with these settings; when it is held already, reconfigure it (a switch of direction).
    case configureLine(LineSettings)
    /// Answered by `.level`.
    case readLevel
    /// Let go of the line.
    case releaseLine
    /// A reading, or why there is none, and when it was taken.
    case reading(Outcome, at: Instant)
}

/// One sensor: a value that is told what happens and answers with actions and one deadline.
///
/// A driver never sleeps and never reads a clock. What it keeps must be bounded.
package protocol SensorDriver: SendableMetatype {
    static var model: ModelDescription { get }
    /// - Parameter origin: the instant of the start; the first deadline of a sampled sensor is derived from it.
    init(settings: SensorSettings, origin: Instant)
    mutating func handle(_ input: SensorInput, at now: Instant) -> [SensorAction]
    var deadline: Instant? { get }
    /// What is kept of the sensor over a restart, at most 255 bytes; empty: nothing.
    var saved: [UInt8] { get }
    /// Rises with each change of `saved`.
    var savedRevision: Int { get }
    /// Takes what `saved` gave, of another process or of the same sensor before a reload; once, at any time. Bytes of
    /// another model, or of settings that they do not fit, are ignored.
    mutating func restore(_ saved: [UInt8])
    /// The readings of a whole recording, for `godwit decode` and the replay of a chip.
    /// - Parameter edges: of the sensor's line, physical levels, in order; the first gives the level at the start.
    static func decode(recording edges: [RecordedEdge], settings: SensorSettings) -> [DecodedReading]
}

extension SensorDriver {
    package var saved: [UInt8] { [] }
    package var savedRevision: Int { 0 }
    package mutating func restore(_ saved: [UInt8]) {}
}

/// One row of an edge list: the physical level from this time on.
package struct RecordedEdge: Hashable, Sendable {
    /// Nanoseconds from the start of the recording.
    package var time: Int64
    package var isHigh: Bool
    package init(time: Int64, isHigh: Bool) {
        self.time = time
        self.isHigh = isHigh
    }
}

/// A reading of a recording, at its time in the recording (contract 7, `godwit decode`).
package struct DecodedReading: Hashable, Sendable {
    package var time: Int64
    package var outcome: Outcome
    package init(time: Int64, outcome: Outcome) {
        self.time = time
        self.outcome = outcome
    }
}

/// A driver of any model, behind one class: Embedded Swift has no existentials of values.
package protocol AnySensor: AnyObject {
    func handle(_ input: SensorInput, at now: Instant) -> [SensorAction]
    var deadline: Instant? { get }
    var saved: [UInt8] { get }
    var savedRevision: Int { get }
    func restore(_ saved: [UInt8])
    /// A copy that shares nothing with this one, so that an agent that holds sensors is still a value.
    func copy() -> any AnySensor
}

package final class SensorBox<Driver: SensorDriver>: AnySensor {
    package var driver: Driver
    package init(_ driver: Driver) { self.driver = driver }
    package func handle(_ input: SensorInput, at now: Instant) -> [SensorAction] { driver.handle(input, at: now) }
    package var deadline: Instant? { driver.deadline }
    package var saved: [UInt8] { driver.saved }
    package var savedRevision: Int { driver.savedRevision }
    package func restore(_ saved: [UInt8]) { driver.restore(saved) }
    package func copy() -> any AnySensor { SensorBox(driver) }
}

/// One model in the catalog: its facts, and how its driver and its decoder are called.
package struct CatalogEntry: Sendable {
    package var model: ModelDescription
    package var make: @Sendable (SensorSettings, Instant) -> any AnySensor
    package var decode: @Sendable ([RecordedEdge], SensorSettings) -> [DecodedReading]

    package init<Driver: SensorDriver>(_ type: Driver.Type) {
        model = type.model
        make = { SensorBox(Driver(settings: $0, origin: $1)) }
        decode = { Driver.decode(recording: $0, settings: $1) }
    }
}
