import MQTTSession
import Telemetry
import Testing

@Suite struct HistoriesTests {
    private func at(_ seconds: Int) -> Instant { Instant.zero.advanced(by: .seconds(seconds)) }

    @Test(arguments: [
        ([0, 10, 20, 30, 40], true), ([0, 15, 30, 45, 60], true), ([0, 15, 30, 45, 61], false),
        ([0, 1, 2, 3], false), ([0, 100, 101, 102, 103, 104], true),
    ])
    func `five closes within a minute are told from fewer and slower ones`(seconds: [Int], isTold: Bool) {
        var history = CloseHistory()
        let last = seconds.map { history.add(at: at($0)) }.last
        #expect(last == isTold)
    }

    @Test func `it is said once in ten minutes`() {
        var history = CloseHistory()
        let said = [0, 1, 599, 600, 601].map { history.mayBeSaid(at: at($0)) }
        #expect(said == [true, false, false, true, false])
    }

    @Test func `a failure is a warning when it is new and after ten minutes`() {
        var log = FailureLog()
        let refused = ConnectionFailure.unreachable("refused")
        let steps: [(ConnectionFailure, Int)] = [
            (refused, 0), (refused, 1), (.nameNotFound("x"), 2), (refused, 3), (refused, 602), (refused, 603),
        ]
        let worth = steps.map { log.isWorthAWarning($0.0, at: at($0.1)) }
        #expect(worth == [true, false, true, true, false, true])
    }
}
