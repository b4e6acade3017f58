import RingStore
import Telemetry
import Testing

private let schema = SensorSchema(sensor: "air", quantities: [Quantity(name: "temperature", unit: "Cel", decimals: 1)])

private func reading(_ value: Int64, at seconds: Int64) -> Reading {
    Reading(sensor: 0, instant: Instant(nanoseconds: seconds * 1_000_000_000), outcome: .measurements([value]))
}

@Test func `what is appended is handed over in order, and again after a rewind`() {
    var ring = Ring(
        configuration: RingConfiguration(), schemas: [schema], boot: BootID(1), random: RandomSource(seed: 1))
    _ = ring.handle(.append(reading(1, at: 1)), at: .zero)
    #expect(ring.handle(.start, at: .zero) == [.opened])
    _ = ring.handle(.append(reading(2, at: 2)), at: .zero)
    var numbers: [UInt64] = []
    while case .reading(let reading)? = ring.next(at: .zero, unstamped: true).handover {
        numbers.append(reading.sequence.rawValue)
    }
    #expect(numbers == [1, 2])
    let stream = ring.status.stream
    _ = ring.handle(.acknowledged(.reading(stream, SequenceNumber(1))), at: .zero)
    #expect(ring.status.watermark == SequenceNumber(1))
    _ = ring.handle(.rewind, at: .zero)
    #expect(ring.next(at: .zero, unstamped: true).handover?.name == .reading(stream, SequenceNumber(2)))
}
