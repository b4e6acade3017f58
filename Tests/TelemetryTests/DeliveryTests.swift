import Telemetry
import Testing

@Suite struct DeliveryTests {
    @Test func `a broker waits for one interval and two connections`() {
        #expect(ConnectSchedule(every: .seconds(900), forAtMost: .seconds(120)).patienceSeconds == 1141)
        #expect(ConnectSchedule(every: .milliseconds(10_500), forAtMost: .seconds(5)).patienceSeconds == 21)
    }
}
