import Telemetry
import Testing

@testable import Sensors

struct SingleWireExchangeTests {
    static let bits = SingleWire.bits([0x02, 0x0E, 0x01, 0x00])

    @Test func `an exchange is timed at the fall of its start pulse, or of the response where none was recorded`() {
        let with = SingleWireExchange.cut(SingleWire(idle: 1000, start: 1100).edges([Self.bits]))
        #expect(with.map { $0.time } == [1_000_000])
        #expect(with.map { $0.release } == [2_100_000])
        #expect(with.map { $0.pulses.count } == [42])
        let without = SingleWireExchange.cut(SingleWire(idle: 1000, start: nil).edges([Self.bits]))
        #expect(without.map { $0.time } == [1_000_000])
        #expect(without.map { $0.pulses.count } == [41])
    }

    @Test func `a start pulse that was under way when the recording began leaves the time to the response`() {
        let edges = SingleWire(idle: 0, start: 1100, wait: 30).edges([Self.bits])
        var late = Array(edges.dropFirst())
        late[0] = RecordedEdge(time: 0, isHigh: false)
        let exchanges = SingleWireExchange.cut(late)
        #expect(exchanges.map { $0.time } == [1_130_000])
        #expect(exchanges.map { $0.hasStart } == [true])
    }

    @Test(arguments: [100.0, 150, 1000, 2_000_000], [800.0, 1100, 20_000, 250_000])
    func `answers are cut apart at start pulses, however short the idle time`(_ idle: Double, _ start: Double) {
        let exchanges = SingleWireExchange.cut(SingleWire(idle: idle, start: start).edges([Self.bits, Self.bits, Self.bits]))
        #expect(exchanges.map { $0.pulses.count } == [42, 42, 42])
    }

    @Test func `answers without start pulses are cut apart at idle times`() {
        let exchanges = SingleWireExchange.cut(SingleWire(idle: 101, start: nil).edges([Self.bits, Self.bits]))
        #expect(exchanges.map { $0.pulses.count } == [41, 41])
    }

    @Test func `disturbances of an idle line are no exchanges`() {
        let spikes: [(idle: Double, widths: [Double])] = [(500, [2]), (1000, [3, 4, 5]), (70, [1])]
        let answer = (idle: 400.0, widths: SingleWire().widths(Self.bits))
        let exchanges = SingleWireExchange.cut(SingleWire.edges(spikes + [answer] + spikes))
        #expect(exchanges.map { $0.pulses.count } == [42])
        #expect(SingleWireExchange.cut(SingleWire.edges(spikes)).isEmpty)
    }

    @Test func `a line that falls and stays low is told when there is nothing else`() {
        let edges = [RecordedEdge(time: 0, isHigh: true), RecordedEdge(time: 500, isHigh: false)]
        #expect(SingleWireExchange.cut(edges).map { $0.endsLow } == [true])
        let behind = SingleWire().edges([Self.bits])
        let exchanges = SingleWireExchange.cut(behind + [RecordedEdge(time: behind.last!.time + 9_000_000, isHigh: false)])
        #expect(exchanges.map { $0.pulses.count } == [42])
    }

    @Test func `a start pulse that ends a pulse of an answer takes that pulse with it`() {
        var widths = SingleWire().widths(Self.bits)
        widths.removeLast(2)
        widths += [15, 1100]
        let exchanges = SingleWireExchange.cut(SingleWire.edges([(1000, widths)]))
        #expect(exchanges.map { $0.pulses.count } == [41, 0])
    }

    @Test func `levels that do not change are nothing`() {
        #expect(SingleWireExchange.cut([]).isEmpty)
        #expect(SingleWireExchange.cut([RecordedEdge(time: 0, isHigh: false)]).isEmpty)
        let high = RecordedEdge(time: 0, isHigh: true)
        #expect(SingleWireExchange.cut([high, RecordedEdge(time: 9_000_000, isHigh: true)]).isEmpty)
    }
}
