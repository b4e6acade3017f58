/// `broker.connect` as {every, for_at_most}: connect, send, disconnect.
package struct ConnectSchedule: Hashable, Sendable {
    /// 10 s to 7 d, from the start of one connection to that of the next.
    package var every: Duration
    /// 5 s to 1 d, below `every`.
    package var forAtMost: Duration

    package init(every: Duration, forAtMost: Duration) {
        self.every = every
        self.forAtMost = forAtMost
    }

    /// For how long a broker waits for a device that is asleep before it counts as gone: `every` + 2 × `for_at_most`, whole seconds.
    package var patienceSeconds: UInt32 {
        UInt32(clamping: (every + forAtMost * 2).nanoseconds / 1_000_000_000 + 1)
    }
}
