import Testing

@testable import Telemetry

struct InstantTests {
    @Test func `durations convert to whole nanoseconds towards zero and stay at the ends of the range`() {
        #expect(Duration.milliseconds(5).nanoseconds == 5_000_000)
        #expect(Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999).nanoseconds == 1)
        #expect(Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999).nanoseconds == -1)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test func `an instant does not run over`() {
        #expect(Instant.distantFuture.advanced(by: .seconds(1)) == .distantFuture)
        #expect(Instant(nanoseconds: 5).advanced(by: .nanoseconds(-7)).nanoseconds == -2)
    }

    @Test func `the distance of two instants is signed`() {
        let a = Instant(nanoseconds: 10), b = Instant(nanoseconds: 4)
        #expect(a.duration(to: b) == .nanoseconds(-6))
        #expect(a.advanced(by: a.duration(to: b)) == b)
    }

    @Test func `the earlier of two deadlines, of which either may be missing`() {
        let a = Instant(nanoseconds: 1), b = Instant(nanoseconds: 2)
        #expect(earliest(a, b) == a)
        #expect(earliest(nil, b) == b)
        #expect(earliest(a, nil) == a)
        #expect(earliest(nil, nil) == nil)
    }
}
