// How and when readings go out: the configuration says it, the agent does it.

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

/// `publish.batch`: readings that go out in one message.
package struct BatchLimits: Hashable, Sendable {
    /// 2 to 1000
    package var readings: Int
    /// How long the oldest waits for the others; below `buffer.sync`.
    package var age: Duration

    package init(readings: Int, age: Duration) {
        self.readings = readings
        self.age = age
    }
}

/// `publish.live`: the newest reading of each sensor on `P/live/<sensor>`, or not; retained by the broker, or not.
package enum LiveMode: Hashable, Sendable { case off, on, retained }
