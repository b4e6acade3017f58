internal import CLinux
package import Telemetry

/// One epoll with its timers and its signals; level-triggered throughout.
///
/// A source is known by a key that the caller chooses. A descriptor that a library closes and opens again may come back
/// under the same number: `set` with another generation then registers it anew.
@safe package final class Reactor {
    package struct Key: Hashable, Sendable {
        package var rawValue: UInt64
        package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    }

    package struct Event: Sendable {
        package var key: Key
        package var isReadable: Bool
        package var isWritable: Bool
    }

    private struct Source {
        var descriptor: Int32
        var generation: UInt64
        var events: UInt32
    }

    package static let deadlineKey = Key(.max)
    package static let clockStepKey = Key(.max - 1)
    package static let signalKey = Key(.max - 2)

    private let epoll: Int32
    private let deadlineTimer: Int32
    private let stepTimer: Int32
    private let signals: Int32
    private var sources = ShortTable<Key, Source>()
    private var armed: Instant?
    /// One for all turns.
    private var buffer = unsafe [epoll_event](repeating: epoll_event(), count: 32)

    /// - Parameter signalNumbers: blocked already in every thread; they arrive as `signalKey`.
    package init(signalNumbers: [Int32]) throws(SystemError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw .last }
        deadlineTimer = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        if deadlineTimer < 0 { throw .last }
        stepTimer = timerfd_create(CLOCK_REALTIME, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        if stepTimer < 0 { throw .last }
        var taken = sigset_t()
        unsafe sigemptyset(&taken)
        for number in signalNumbers { unsafe sigaddset(&taken, number) }
        signals = unsafe signalfd(-1, &taken, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        if signals < 0 { throw .last }
        set(Self.deadlineKey, descriptor: deadlineTimer, generation: 0, writable: false)
        set(Self.clockStepKey, descriptor: stepTimer, generation: 0, writable: false)
        set(Self.signalKey, descriptor: signals, generation: 0, writable: false)
        armStepTimer()
    }

    /// Registers a source, or changes what it waits for; costs nothing when nothing changed.
    package func set(_ key: Key, descriptor: Int32, generation: UInt64, readable: Bool = true, writable: Bool) {
        let events = (readable ? UInt32(EPOLLIN.rawValue) : 0) | (writable ? UInt32(EPOLLOUT.rawValue) : 0)
        let old = sources[key]
        if let old, old.descriptor == descriptor, old.generation == generation, old.events == events { return }
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = key.rawValue
        if let old, old.descriptor == descriptor, old.generation == generation {
            _ = unsafe epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
        } else {
            if let old, old.descriptor != descriptor { _ = epoll_ctl(epoll, EPOLL_CTL_DEL, old.descriptor, nil) }
            if unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0, clinux_errno() == EEXIST {
                _ = unsafe epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
            }
        }
        sources[key] = Source(descriptor: descriptor, generation: generation, events: events)
    }

    /// A descriptor that is closed already has left the epoll by itself: the call then does nothing.
    package func remove(_ key: Key) {
        guard let source = sources.removeValue(forKey: key) else { return }
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, source.descriptor, nil)
    }

    /// Arms the one timer; nil disarms it.
    package func arm(_ deadline: Instant?) {
        guard deadline != armed else { return }
        armed = deadline
        var setting = itimerspec()
        if let deadline {
            // An instant in the past fires at once; zero would disarm.
            let nanoseconds = max(deadline.nanoseconds, 1)
            setting.it_value.tv_sec = time_t(nanoseconds / 1_000_000_000)
            setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        }
        _ = unsafe timerfd_settime(deadlineTimer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    /// Waits until something happens.
    /// - Parameter immediately: only looks, without waiting.
    /// - Returns: what `event(_:)` is to be asked for, until the next call.
    package func wait(immediately: Bool) -> Range<Int> {
        0..<max(0, Int(unsafe epoll_wait(epoll, &buffer, 32, immediately ? 0 : -1)))
    }

    /// What the last `wait` has found; an error or a hang-up counts as readable.
    package func event(_ index: Int) -> Event {
        let flags = unsafe buffer[index].events
        let broken = UInt32(EPOLLERR.rawValue) | UInt32(EPOLLHUP.rawValue)
        return Event(
            key: Key(unsafe buffer[index].data.u64), isReadable: flags & (UInt32(EPOLLIN.rawValue) | broken) != 0,
            isWritable: flags & UInt32(EPOLLOUT.rawValue) != 0)
    }

    /// To be called for an event of `deadlineKey`.
    package func deadlineFired() {
        drain(deadlineTimer)
        armed = nil
    }

    /// To be called for an event of `clockStepKey`; true when the wall clock was set.
    package func clockStepped() -> Bool {
        var count: UInt64 = 0
        let result = unsafe withUnsafeMutableBytes(of: &count) { unsafe read(stepTimer, $0.baseAddress, 8) }
        let stepped = result < 0 && clinux_errno() == ECANCELED
        armStepTimer()
        return stepped
    }

    /// To be called for an event of `signalKey`: the numbers that have arrived.
    package func takeSignals() -> [Int32] {
        var numbers: [Int32] = []
        var info = signalfd_siginfo()
        while unsafe withUnsafeMutableBytes(of: &info, { unsafe read(signals, $0.baseAddress, $0.count) }) > 0 {
            numbers.append(Int32(info.ssi_signo))
        }
        return numbers
    }

    /// A timer that never fires, but is cancelled when the wall clock is set (`timerfd_create(2)`).
    private func armStepTimer() {
        var setting = itimerspec()
        setting.it_value.tv_sec = time_t(Int32.max) * 4
        _ = unsafe timerfd_settime(
            stepTimer, Int32(TFD_TIMER_ABSTIME) | clinux_tfd_timer_cancel_on_set(), &setting, nil)
    }

    private func drain(_ descriptor: Int32) {
        var count: UInt64 = 0
        _ = unsafe withUnsafeMutableBytes(of: &count) { unsafe read(descriptor, $0.baseAddress, 8) }
    }
}

/// Blocks the signals in this thread and all that it starts, and ignores SIGPIPE. Before any thread starts.
package func blockSignals() {
    var all = sigset_t()
    unsafe sigfillset(&all)
    // What a fault of our own raises must not be blocked: it would end the process without a word.
    for number in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP] { unsafe sigdelset(&all, number) }
    _ = unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    clinux_ignore(SIGPIPE)
}
