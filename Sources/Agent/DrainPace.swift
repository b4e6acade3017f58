internal import Telemetry

/// `broker.rate_limit`: how fast a backlog goes out, so that a small broker, and who listens to it, is not flooded.
///
/// From each connect on, until nothing waits in the ring, tenths of a second get a tenth of the limit each, so that a drain wakes the
/// process ten times a second and not once for each reading. Later readings go as they come.
struct DrainPace: Hashable {
    static let slice = Duration.milliseconds(100)

    /// Readings a second; nil: as fast as the window allows.
    var limit: Int?
    private(set) var isDraining = false
    /// What may still go in this slice, in readings × 10, so that limits below ten a second are kept too.
    private var room = 0
    private var nextSlice: Instant?

    init(limit: Int?) { self.limit = limit }

    mutating func connected() {
        isDraining = limit != nil
        room = 0
        nextSlice = nil
    }

    mutating func drained() {
        isDraining = false
        nextSlice = nil
    }

    /// Whether a reading may go now.
    mutating func allows(at now: Instant) -> Bool {
        guard isDraining, let limit else { return true }
        if nextSlice.map({ $0 <= now }) ?? true {
            // What a slice did not use is no credit for the next; below ten a second it takes several to make one reading.
            room = min(room, 9) + limit
            // A turn that is a little late must not make all later ones late.
            let next = nextSlice?.advanced(by: Self.slice) ?? now
            nextSlice = next > now ? next : now.advanced(by: Self.slice)
        }
        return room >= 10
    }

    /// One has gone.
    mutating func spend() { if isDraining { room -= 10 } }

    /// When more may go; nil: there is room now, or no limit.
    var deadline: Instant? { isDraining && room < 10 ? nextSlice : nil }
}
