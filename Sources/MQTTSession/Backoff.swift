package import Telemetry

/// Delays between attempts by decorrelated jitter: each is drawn evenly between `minimum` and three times the one
/// before it, and never above `maximum`. Devices that lost one broker at the same moment come back spread out.
///
/// - Source: M. Brooker, "Exponential Backoff And Jitter" (2015), the variant "decorrelated".
package struct Backoff: Hashable, Sendable {
    package let minimum: Duration
    package let maximum: Duration
    private var previous: Int64

    /// - Precondition: `minimum` is above zero and not above `maximum`.
    package init(minimum: Duration, maximum: Duration) {
        precondition(minimum > .zero && minimum <= maximum, "a delay is drawn from a range that is not empty")
        self.minimum = minimum
        self.maximum = maximum
        previous = minimum.nanoseconds
    }

    package mutating func next(_ random: inout RandomSource) -> Duration {
        let (tripled, overflow) = previous.multipliedReportingOverflow(by: 3)
        let upper = min(overflow ? Int64.max : tripled, maximum.nanoseconds)
        previous = Int64.random(in: minimum.nanoseconds...max(upper, minimum.nanoseconds), using: &random)
        return .nanoseconds(previous)
    }

    package mutating func reset() { previous = minimum.nanoseconds }
}
