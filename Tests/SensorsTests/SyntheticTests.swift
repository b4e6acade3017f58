import Foundation
@testable import Sensors
import Telemetry
import Testing


struct SyntheticTests {
    static func sensor(_ values: SettingValues, every: Duration = .seconds(1)) -> Synthetic {
        Synthetic(
            settings: SensorSettings(id: "load", name: "load", model: "synthetic", every: every, values: values),
            origin: .zero)
    }

    static func values(_ sensor: Synthetic, at milliseconds: [Int64]) -> [Int64] {
        var sensor = sensor
        return milliseconds.flatMap { time -> [Int64] in
            let now = Instant(nanoseconds: time * 1_000_000)
            return sensor.handle(.timer, at: now).flatMap { action -> [Int64] in
                guard case .reading(.measurements(let values), let at) = action, at == now else { return [] }
                return values
            }
        }
    }

    @Test(arguments: [
        ("sine", [5000, 10000, 5000, 0, 5000]),
        ("square", [10000, 10000, 0, 0, 10000]),
        ("ramp", [0, 2500, 5000, 7500, 0]),
        ("counter", [0, 1000, 2000, 3000, 4000]),
    ] as [(String, [Int64])])
    func `each waveform has its values at the quarters of its period`(_ waveform: String, _ expected: [Int64]) {
        let sensor = Self.sensor([
            "waveform": .text(waveform), "minimum": .decimal(.zero), "maximum": .decimal(Decimal(10, decimals: 0)),
            "period": .duration(.seconds(4)),
        ])
        #expect(Self.values(sensor, at: [0, 1000, 2000, 3000, 4000]) == expected)
    }

    @Test func `the sine is within 1e-11 of the C library's`() {
        for step in 0..<100_000 {
            let turns = Double(step) / 100_000
            #expect(abs(sineOfTurns(turns) - sin(turns * 2 * .pi)) < 1e-11, "at \(turns) turns")
        }
    }

    @Test func `the first reading comes at the origin and a late turn does not move the next`() {
        var sensor = Self.sensor(["waveform": .text("counter")])
        #expect(sensor.deadline == .zero)
        _ = sensor.handle(.timer, at: .zero)
        #expect(sensor.deadline == Instant(nanoseconds: 1_000_000_000))
        _ = sensor.handle(.timer, at: Instant(nanoseconds: 1_700_000_000))
        #expect(sensor.deadline == Instant(nanoseconds: 2_000_000_000))
        // A turn ahead of the deadline gives nothing.
        #expect(sensor.handle(.timer, at: Instant(nanoseconds: 1_800_000_000)).isEmpty)
        // Slots that went by are not made up.
        #expect(sensor.handle(.timer, at: Instant(nanoseconds: 9_000_000_000)).count == 1)
        #expect(sensor.deadline == Instant(nanoseconds: 10_000_000_000))
    }

    @Test func `a person's request gives a reading between the slots and leaves the grid alone`() {
        var sensor = Self.sensor(["waveform": .text("ramp")])
        _ = sensor.handle(.timer, at: .zero)
        let actions = sensor.handle(.readNow, at: Instant(nanoseconds: 300_000_000))
        #expect(actions == [.reading(.measurements([5]), at: Instant(nanoseconds: 300_000_000))])
        #expect(sensor.deadline == Instant(nanoseconds: 1_000_000_000))
    }

    @Test func `a minimum above the maximum is a problem of the key`() {
        let settings = SensorSettings(
            id: "a", name: "a", model: "synthetic",
            values: ["minimum": .decimal(Decimal(3, decimals: 0)), "maximum": .decimal(Decimal(25, decimals: 1))])
        #expect(Synthetic.model.check(settings).map(\.key) == ["minimum"])
    }
}
