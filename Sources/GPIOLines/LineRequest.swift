internal import CGPIOD
internal import CLinux
import Telemetry

/// What a C call left in `errno`.
struct CallFailure: Error {
    var what: String
    var number: Int32
    init(_ what: String) {
        self.what = what
        number = clinux_errno()
    }

    /// The same as a problem of a line, where no more is known than the number.
    func problem(of reference: LineReference) -> LineProblem {
        switch number {
        case ENODEV, ENXIO: .gone(reference)
        case EACCES, EPERM: .notPermitted(reference, what: what)
        default: .system(reference, what: what, number: number, text: unsafe String(cString: strerror(number)))
        }
    }
}

/// One requested line of a character device. The corresponding C type is `struct gpiod_line_request` of libgpiod 2.
///
/// The chip's own handle is closed: the request keeps the line.
@safe final class LineRequest {
    private let handle: OpaquePointer
    /// Events carry numbers, and the kernel debounces.
    let isNumbered: Bool
    let eventCapacity: Int

    /// The corresponding C function is `gpiod_chip_request_lines()`.
    /// - Parameter firstInterface: the requests of libgpiod 1.6 whatever the kernel has.
    init(
        path: String, offset: Int, consumer: String, settings: LineSettings, firstInterface: Bool
    ) throws(CallFailure) {
        var words = cSettings(settings)
        let capacity = Swift.min(Swift.max(settings.eventBufferSize, 1), 1024)
        guard
            let handle = unsafe cgpiod_request_line(
                path, UInt32(offset), consumer, &words, UInt32(capacity), firstInterface)
        else { throw CallFailure("request of \(path) offset \(offset)") }
        unsafe self.handle = handle
        isNumbered = unsafe cgpiod_request_is_numbered(handle)
        eventCapacity = Int(unsafe cgpiod_request_event_capacity(handle))
    }

    deinit { unsafe cgpiod_request_release(handle) }

    /// The corresponding C function is `gpiod_line_request_reconfigure_lines()`.
    func reconfigure(_ settings: LineSettings) throws(CallFailure) {
        var words = cSettings(settings)
        if unsafe cgpiod_request_reconfigure(handle, &words) != 0 { throw CallFailure("reconfigure") }
    }

    /// The logical value. The corresponding C function is `gpiod_line_request_get_value()`.
    func value() throws(CallFailure) -> Bool {
        let value = unsafe cgpiod_request_get_value(handle)
        if value < 0 { throw CallFailure("get value") }
        return value != 0
    }

    /// Nil where the request has no events to wait for.
    var descriptor: Int32? {
        let descriptor = unsafe cgpiod_request_get_fd(handle)
        return descriptor < 0 ? nil : descriptor
    }

    /// The events that wait, at most `eventCapacity` and 63; timestamps are moved by `clockDifference` to the boot clock.
    /// The corresponding C function is `gpiod_line_request_read_edge_events()`.
    func readEdgeEvents(clockDifference: Int64) throws(CallFailure) -> [EdgeEvent] {
        var events: [EdgeEvent] = []
        var buffer = [cgpiod_edge_event](repeating: cgpiod_edge_event(), count: 64)
        while events.count < eventCapacity {
            let count = unsafe cgpiod_request_read_edge_events(handle, &buffer, buffer.count)
            if count < 0 { throw CallFailure("read edge events") }
            for event in buffer.prefix(Int(count)) {
                events.append(
                    EdgeEvent(
                        instant: Instant(nanoseconds: Int64(bitPattern: event.timestamp_ns) &+ clockDifference),
                        kind: event.is_rising ? .rising : .falling, lineSequence: event.line_seqno))
            }
            // A short read has emptied the buffer; what comes now makes the descriptor readable again.
            if count < Swift.min(buffer.count, eventCapacity) { break }
        }
        return events
    }
}

private func cSettings(_ settings: LineSettings) -> cgpiod_line_settings {
    var words = cgpiod_line_settings()
    switch settings.direction {
    case .input: words.direction = Int32(CGPIOD_DIRECTION_INPUT.rawValue)
    case .output(let active):
        words.direction = Int32(CGPIOD_DIRECTION_OUTPUT.rawValue)
        words.output_value = active
    }
    words.edge =
        switch settings.edge {
        case .none: Int32(CGPIOD_EDGE_NONE.rawValue)
        case .rising: Int32(CGPIOD_EDGE_RISING.rawValue)
        case .falling: Int32(CGPIOD_EDGE_FALLING.rawValue)
        case .both: Int32(CGPIOD_EDGE_BOTH.rawValue)
        }
    words.bias =
        switch settings.bias {
        case .asIs: Int32(CGPIOD_BIAS_AS_IS.rawValue)
        case .disabled: Int32(CGPIOD_BIAS_DISABLED.rawValue)
        case .pullUp: Int32(CGPIOD_BIAS_PULL_UP.rawValue)
        case .pullDown: Int32(CGPIOD_BIAS_PULL_DOWN.rawValue)
        }
    words.is_active_low = settings.isActiveLow
    let microseconds = settings.debouncePeriod.nanoseconds / 1000
    words.debounce_period_us = UInt32(clamping: microseconds)
    return words
}
