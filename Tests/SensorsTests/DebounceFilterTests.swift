import Sensors
import Telemetry
import Testing

struct DebounceFilterTests {
    static func edge(_ milliseconds: Int64, _ kind: EdgeEvent.Kind) -> EdgeEvent {
        EdgeEvent(instant: at(milliseconds), kind: kind, lineSequence: 0)
    }
    static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func `an edge is reported when its level has held for the period, stamped at the end of it`() {
        var filter = DebounceFilter(period: .milliseconds(20), isActive: false)
        #expect(filter.deadline == nil)
        let result1 = filter.handle(Self.edge(100, .rising))
        #expect(result1 == nil)
        #expect(filter.deadline == Self.at(120))
        let result2 = filter.settle(at: Self.at(119))
        #expect(result2 == nil)
        #expect(!filter.isActive)
        let result3 = filter.settle(at: Self.at(125))
        #expect(result3 == EdgeEvent(instant: Self.at(120), kind: .rising, lineSequence: 1))
        #expect(filter.isActive)
        #expect(filter.deadline == nil)
    }

    @Test func `each bounce starts the period anew`() {
        var filter = DebounceFilter(period: .milliseconds(20), isActive: false)
        for time: Int64 in [0, 4, 8] {
            let result4 = filter.handle(Self.edge(time, .rising))
            #expect(result4 == nil)
            let result5 = filter.handle(Self.edge(time + 2, .falling))
            #expect(result5 == nil)
        }
        let result6 = filter.handle(Self.edge(12, .rising))
        #expect(result6 == nil)
        #expect(filter.deadline == Self.at(32))
        let result7 = filter.settle(at: Self.at(32))
        #expect(result7?.kind == .rising)
    }

    @Test func `a pulse shorter than the period leaves no trace`() {
        var filter = DebounceFilter(period: .milliseconds(20), isActive: true)
        let result8 = filter.handle(Self.edge(0, .falling))
        #expect(result8 == nil)
        let result9 = filter.handle(Self.edge(19, .rising))
        #expect(result9 == nil)
        let result10 = filter.settle(at: Self.at(500))
        #expect(result10 == nil)
        #expect(filter.isActive)
        #expect(filter.deadline == nil)
    }

    @Test func `an edge that comes late gives the settled one before it`() {
        var filter = DebounceFilter(period: .milliseconds(20), isActive: false)
        let result11 = filter.handle(Self.edge(0, .rising))
        #expect(result11 == nil)
        let result12 = filter.handle(Self.edge(50, .falling))
        #expect(result12 == EdgeEvent(instant: Self.at(20), kind: .rising, lineSequence: 1))
        let result13 = filter.settle(at: Self.at(70))
        #expect(result13?.lineSequence == 2)
    }

    @Test func `a level read after lost edges settles like an edge, and one that is known already changes nothing`() {
        var filter = DebounceFilter(period: .milliseconds(20), isActive: false)
        let result14 = filter.resynchronize(isActive: false, at: Self.at(0))
        #expect(result14 == nil)
        #expect(filter.deadline == nil)
        let result15 = filter.resynchronize(isActive: true, at: Self.at(5))
        #expect(result15 == nil)
        let result16 = filter.resynchronize(isActive: true, at: Self.at(15))
        #expect(result16 == nil)
        let result17 = filter.settle(at: Self.at(25))
        #expect(result17 == EdgeEvent(instant: Self.at(25), kind: .rising, lineSequence: 1))
    }
}
