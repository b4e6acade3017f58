import Testing

@testable import Telemetry

@Suite struct AlertEventTests {
    @Test func `states are said as in the contract, and numbered for ever`() {
        #expect(AlertEvent.State.allCases.map(\.text) == ["raised", "cleared", "silent"])
        #expect(AlertEvent.State.allCases.map(\.rawValue) == [1, 2, 3])
    }
}
