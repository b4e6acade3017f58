import Telemetry
import Testing

@testable import Sensors

struct SensorDriverTests {
    @Test func `a box runs its driver, and a copy of it goes its own way`() {
        let entry = CatalogEntry(Synthetic.self)
        let box = entry.make(settings("synthetic", every: .seconds(1), ["waveform": .text("counter")]), .zero)
        _ = box.handle(.timer, at: .zero)
        let copy = box.copy()
        let first = box.handle(.timer, at: seconds(1))
        let second = box.handle(.timer, at: seconds(2))
        #expect(first == [.reading(.measurements([1000]), at: seconds(1))])
        #expect(second == [.reading(.measurements([2000]), at: seconds(2))])
        #expect(copy.deadline == seconds(1))
        let copied = copy.handle(.timer, at: seconds(1))
        #expect(copied == first)
    }

    @Test func `a box gives what its driver keeps over a restart, and a driver keeps nothing unless it says so`() {
        let counter = CatalogEntry(PulseCounter.self).make(settings("pulse-counter", every: .seconds(60)), .zero)
        var total = RunningTotal(unit: "1", decimals: 0)
        _ = total.add(5)
        let before = counter.savedRevision
        counter.restore(total.saved)
        #expect(counter.saved == total.saved)
        #expect(counter.savedRevision > before)
        let plain = CatalogEntry(Synthetic.self).make(settings("synthetic", every: .seconds(1)), .zero)
        plain.restore(total.saved)
        #expect(plain.saved.isEmpty && plain.savedRevision == 0)
    }
}
