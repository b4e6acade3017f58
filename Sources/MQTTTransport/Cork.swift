internal import CMosquitto
internal import Telemetry

/// The messages of one turn in few segments of TCP. The library writes each by itself, and each would be a segment, an interrupt and a
/// wake-up of the broker. The first goes out at once; what follows it in the same turn goes out together at its end.
struct Cork {
    private var count = 0

    /// Before a message is written.
    mutating func willSend(on socket: @autoclosure () -> Int32) {
        if count == 1 { cmosquitto_cork(socket(), true) }
        count += 1
    }

    /// At the end of a turn.
    mutating func pull(from socket: @autoclosure () -> Int32) {
        if count > 1 { cmosquitto_cork(socket(), false) }
        count = 0
    }
}
