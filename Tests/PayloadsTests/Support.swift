import Payloads
import Telemetry

/// 2026-11-24T08:12:13.123Z, the time of the contract's example.
let exampleTime = WallTime(nanoseconds: 1_795_507_933_123_456_789)
let exampleStream = StreamID(0x7f3a_9c12)
let exampleBoot = BootID(0x0a1b_2c3d)

let air = SensorSchema(
    sensor: "air",
    quantities: [
        Quantity(name: "temperature", unit: "Cel", decimals: 1), Quantity(name: "humidity", unit: "%RH", decimals: 1),
    ])

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
